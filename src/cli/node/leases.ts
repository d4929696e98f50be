/** Leases of this process: what a hub hands out, and what a node that joined one spends by itself. */
import {
  LeaseRecords,
  Lessee,
  Lessor,
  type LessorParts,
  leasedCalls,
  leasedLedger,
  Split,
  type SplitParts,
  splitCalls,
  splitLedger,
  Treasury,
} from '../../budget/index.ts';
import type { CallJournal, LedgerStore } from '../../contract/index.ts';
import type { NodeHub } from '../../control/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import type { Member } from './member.ts';

export interface LessorOptions extends Pick<LessorParts, 'ledger' | 'snapshot' | 'granting'> {
  readonly nodes: NodeHub;
  readonly world: World;
  readonly logger: Logger;
}

/** Resolves when it knows what nodes hold from before a restart. */
export const lessorOf = async ({ nodes, world, logger, ...parts }: LessorOptions): Promise<Lessor> => {
  const lessor = new Lessor({
    ...parts,
    clock: world.clock,
    lessees: (tenant) =>
      nodes.list(tenant).filter(({ node, state }) => node.role !== 'hub' && state !== 'silent').length,
    flag: (node, text) => logger.log('warn', `node ${text}`, { node: node.id }),
  });
  await lessor.restore(new Set(nodes.list(null).map(({ node }) => node.tenant)));
  return lessor;
};

export interface Leasing {
  readonly treasury: Treasury;
  /** Both books of a node that stands below others. */
  readonly ledger: LedgerStore;
  /** The node's record of calls, with what they set aside taken from leases. */
  readonly calls: CallJournal;
  /** Says what the last run of the node did not get through. */
  start(): Promise<void>;
  /** In order: gives back what no call holds. Before the link closes. */
  stop(inOrder: boolean): Promise<void>;
}

/** `isAbove`: which budgets are of the levels above. Default: all, because a sidecar has none of its own. */
export const leasing = (
  { membership, stores, world, lease }: Member,
  logger: Logger,
  isAbove: SplitParts['isAbove'] = () => true,
): Leasing => {
  const { clock, random, ids } = world;
  const { id: node, tenant } = membership.node;
  const records = new LeaseRecords(stores.ledger, tenant, clock);
  const lessee = new Lessee({ ...{ records, clock, random, newId: ids.callId, node }, send: lease });
  const parts = { lessee, records, ledger: stores.ledger, tenant };
  const books = { own: stores.ledger, leased: leasedLedger(parts), isAbove };
  const split = new Split(books);
  const ledger = splitLedger(split, books);
  const treasury = new Treasury({
    ledger,
    clock,
    notice: ({ kind, text, ...about }) =>
      logger.log(kind === 'refused' ? 'info' : 'warn', `budget ${text}`, { kind, ...about }),
  });
  return {
    treasury,
    ledger,
    calls: splitCalls(split, stores.calls, leasedCalls(stores.calls, parts)),
    start: async () => {
      await lessee.start();
      treasury.start();
    },
    stop: async (inOrder) => {
      treasury.stop();
      await lessee.stop(inOrder);
    },
  };
};
