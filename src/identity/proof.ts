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
  // Few calls ask, and snapshots and rosters come often.
  let speaking: ReadonlySet<string> | undefined;
  return (tenant, agent) => {
    speaking ??= speakingElsewhere(self, nodes, keys);
    return speaking.has(`${tenant}/${agent}`);
  };
};

const speakingElsewhere = (...[self, nodes, keys]: Parameters<typeof speaksElsewhere>): ReadonlySet<string> => {
  const speaking = new Set<string>();
  let hasOtherHub = false;
  for (const { id, role, tenant, agent } of nodes) {
    if (id === self.id) continue;
    if (role !== 'sidecar') hasOtherHub = true;
    // Another instance of the own agent has a sidecar too, and is another process.
    else if (self.role !== 'sidecar') speaking.add(`${tenant}/${agent}`);
  }
  if (hasOtherHub)
    for (const { tenant, principal } of keys)
      if (principal.kind === 'agent') speaking.add(`${tenant}/${principal.name}`);
  return speaking;
};
