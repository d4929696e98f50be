/** Proof of who began a call tree: the assertion of nodes, said to nobody in particular and valid for as long as a tree can last. */
import type { Clock, NodeEntry, Principal } from '../contract/index.ts';
import { AssertionSigner, AssertionVerifier, type KnownNodes } from './assertion.ts';
import type { NodeKey } from './nodekey.ts';

/** No node can have this id: it has a character that ids lack. */
const AUDIENCE = 'trees:';
/** No tree lasts longer. */
const VALID_MS = 3_600_000;

export const originSigner = (node: string, key: NodeKey, clock: Clock): ((origin: Principal) => string) => {
  const signer = new AssertionSigner(node, key, clock, VALID_MS);
  return (origin) => signer.assert(origin, AUDIENCE);
};

/** Undefined for what is no proof, any more or at all: a node proves only for whom it may speak. */
export const originVerifier = (known: KnownNodes): ((proof: string, wallMs: number) => Principal | undefined) => {
  const verifier = new AssertionVerifier(AUDIENCE, known, VALID_MS);
  return (proof, wallMs) => {
    try {
      return verifier.verify(proof, wallMs);
    } catch {
      return undefined;
    }
  };
};

/**
 * Can the agent speak to another node than this one, and so show it what it was handed? It can where a sidecar of it joined, and with a
 * key of its own wherever there is another hub.
 */
export const speaksElsewhere = (
  self: Pick<NodeEntry, 'id' | 'role'>,
  nodes: Iterable<NodeEntry>,
  keys: Iterable<{ readonly tenant: string; readonly principal: { readonly kind: string; readonly name: string } }>,
): ((tenant: string, agent: string) => boolean) => {
  const others = [...nodes].filter(({ id }) => id !== self.id);
  // Another instance of the own agent has a sidecar too, and is another process.
  const isSidecar = self.role === 'sidecar';
  const withSidecar = new Set(
    others.flatMap(({ role, tenant, agent }) => (role === 'sidecar' && !isSidecar ? [`${tenant}/${agent}`] : [])),
  );
  const otherHubs = others.some(({ role }) => role !== 'sidecar');
  const withKey = new Set<string>();
  if (otherHubs)
    for (const { tenant, principal } of keys)
      if (principal.kind === 'agent') withKey.add(`${tenant}/${principal.name}`);
  return (tenant, agent) => withSidecar.has(`${tenant}/${agent}`) || withKey.has(`${tenant}/${agent}`);
};
