/** Waits until every connected node says that it runs a snapshot: only then is a change of policy a fact. */
import type { NodeView } from '../../../contract/index.ts';
import type { Admin } from '../../admin.ts';

export interface Acknowledged {
  readonly nodes: number;
  /** Connected, and without it when the patience was over. */
  readonly missing: readonly { readonly id: string; readonly reason: string }[];
}

const POLL_MS = 20;
const PATIENCE_MS = 30_000;

/** Nodes that are silent are not waited for: they have another bound, the staleness that each kind of call allows. */
export const acknowledged = async (admin: Admin, seq: number, patienceMs = PATIENCE_MS): Promise<Acknowledged> => {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const { items } = await admin.get<{ items: NodeView[] }>('/v1/nodes');
    const alive = items.filter(({ state }) => state === 'alive');
    const missing = alive.filter(({ snapshotSeq }) => snapshotSeq < seq);
    if (missing.length === 0 || performance.now() > endMs || missing.every(({ refused }) => refused !== null)) {
      return {
        nodes: alive.length - missing.length,
        missing: missing.map(({ node, snapshotSeq, refused }) => ({
          id: node.id,
          reason: refused ?? `it runs snapshot ${snapshotSeq}`,
        })),
      };
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};
