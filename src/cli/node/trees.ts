/** The ground that call trees stand on, from the keys of this node and what a snapshot and a roster say. */
import type { NodeEntry, Principal, Snapshot } from '../../contract/index.ts';
import {
  type KnownNodes,
  mayHandTo,
  type NodeKey,
  originSigner,
  originVerifier,
  Seal,
  speaksElsewhere,
} from '../../identity/index.ts';
import { Recent, type World } from '../../kernel/index.ts';
import { type Ground, type OpenRun, type TreeRules, Trees } from '../../lineage/index.ts';

/** The trees of a node, and what is needed to stand them on another snapshot. */
export interface TreeParts {
  readonly trees: Trees;
  groundOf(snapshot: Snapshot, rules: TreeRules, known: KnownNodes, nodes: Iterable<NodeEntry>): Ground;
}

const MOST_OPENED = 10_000;

/** `self`: as other nodes know this one. */
export const treesOf = (self: NodeEntry, key: NodeKey, { clock }: Pick<World, 'clock'>): TreeParts => {
  const seal = new Seal(self.id, key);
  const prove: (origin: Principal) => string = originSigner(self.id, key, clock);
  return {
    trees: new Trees(self.id),
    groundOf: ({ keys }, rules, known, nodes) => ({
      rules,
      prove,
      // What this node proved comes back to it, and no roster of its own lists it.
      provenOrigin: originVerifier({ ...known, node: (id) => (id === self.id ? self : known.node(id)) }),
      openRun: opening(seal, known),
      opened: new Recent(MOST_OPENED),
      seal: (text, others) => seal.put(text, others),
      speaksElsewhere: speaksElsewhere(self, nodes, keys),
    }),
  };
};

const opening =
  (seal: Seal, known: KnownNodes): OpenRun =>
  (token) => {
    const opened = seal.open(token, (id) => known.node(id));
    if ('broken' in opened) return opened.broken === 'elsewhere' ? { elsewhere: opened.node } : undefined;
    const { text, issuer } = opened;
    return {
      text,
      own: issuer === null,
      mayHandTo: (tenant, agent) => issuer === null || mayHandTo(issuer, tenant, agent),
    };
  };
