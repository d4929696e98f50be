/** Leases of this process: what a hub hands out, and what a node that joined one spends by itself. */
import {
  LeaseRecords,
  Lessee,
  Lessor,
  type LessorParts,
  leasedCalls,
  leasedLedger,
  Treasury,
} from '../../budget/index.ts';
import type { CallJournal, LeaseReply, LeaseRequest, NodeEntry, Stores } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { type NodeHub, type NodeLink, parseLeaseRequest } from '../../control/index.ts';
import type { LeasePort } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger } from '../../telemetry/index.ts';

export interface LessorOptions extends Pick<LessorParts, 'ledger' | 'snapshot'> {
  readonly nodes: NodeHub;
  readonly world: World;
  readonly logger: Logger;
}

/** Resolves when it knows what nodes hold from before a restart. */
export const leasePort = async ({ nodes, world, logger, ...parts }: LessorOptions): Promise<LeasePort> => {
  const lessor = new Lessor({
    ...parts,
    clock: world.clock,
    lessees: (tenant) =>
      nodes.list(tenant).filter(({ node, state }) => node.role !== 'hub' && state !== 'silent').length,
    flag: (node, text) => logger.log('warn', `node ${text}`, { node: node.id }),
  });
  await lessor.restore(new Set(nodes.list(null).map(({ node }) => node.tenant)));
  return { take: async (node, request) => lessor.take(node, parseLeaseRequest(request)) };
};

/** A hub without a ledger of its own has nothing to hand out. */
export const leasesAbove = (elsewhere: () => Fault): LeasePort => ({ take: () => Promise.reject(elsewhere()) });

/** The link comes up after what is sent over it. */
export const leaseOver = (link: NodeLink | undefined, request: LeaseRequest): Promise<LeaseReply> => {
  if (link === undefined) return Promise.reject(new Fault('unavailable', 'this node is not up yet'));
  return link.lease(request);
};

export interface LesseeOptions {
  readonly node: NodeEntry;
  readonly stores: Pick<Stores, 'calls' | 'ledger'>;
  readonly world: World;
  readonly logger: Logger;
  /** Rejects while there is no hub. */
  readonly send: (request: LeaseRequest) => Promise<LeaseReply>;
}

export interface Leasing {
  readonly treasury: Treasury;
  /** The node's record of calls, with what they set aside taken from leases. */
  readonly calls: CallJournal;
  /** Says what the last run of the node did not get through. */
  start(): Promise<void>;
  /** Gives back what no call holds. Before the link closes. */
  stop(): Promise<void>;
}

export const leasing = ({ node, stores, world, logger, send }: LesseeOptions): Leasing => {
  const { clock, random, ids } = world;
  const { tenant } = node;
  const records = new LeaseRecords(stores.ledger, tenant, clock);
  const lessee = new Lessee({
    ...{ records, clock, random, newId: ids.callId, tenant, node: node.id, send },
    mayHaveRoom: (account) => treasury.waiting.wake(account, WOKEN),
  });
  const parts = { lessee, records, ledger: stores.ledger, tenant };
  const treasury: Treasury = new Treasury({
    ledger: leasedLedger(parts),
    clock,
    notice: ({ kind, text, ...about }) =>
      logger.log(kind === 'refused' ? 'info' : 'warn', `budget ${text}`, { kind, ...about }),
  });
  return {
    treasury,
    calls: leasedCalls(stores.calls, parts),
    start: async () => {
      await lessee.start();
      treasury.start();
    },
    stop: async () => {
      treasury.stop();
      await lessee.stop();
    },
  };
};

/** Of those that wait for room, as many try again: the first of them asks the hub, and the others hear what it says. */
const WOKEN = 2;
