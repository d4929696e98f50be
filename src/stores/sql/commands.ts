/** Everything that can be asked of a database, by name: plain data in, plain data out, so that it can cross a thread. */
import {
  countWaiting,
  listApprovals,
  pruneApprovals,
  putApproval,
  readApproval,
  readDueApprovals,
  readLatestApproval,
} from './approvals.ts';
import { appendAudit, readAudit, readAuditHeads, recentAudit } from './audit.ts';
import { acceptCall, concludeCall, pruneCalls, readCall, readOpenCalls, readUnresolved, reopenCall } from './calls.ts';
import { appendEvents, pruneEvents, readTrace, recentEvents } from './events.ts';
import { liftKill, listKills, putKill } from './kills.ts';
import {
  carryReservation,
  creditAccount,
  expireReservations,
  extendReservation,
  pruneLedger,
  readAccount,
  readAccounts,
  readEntries,
  readReservation,
  reserve,
  settleReservation,
} from './ledger.ts';
import { listNodes, nextOf, putNode, putToken, removeNode, takeToken } from './nodes.ts';
import { claimSetting, putPeer, readPeers, removePeer } from './peers.ts';
import { listReleases, putRelease, readInForce, readRelease } from './releases.ts';
import { commit, listResources, readHistory, readVersion } from './resources.ts';
import { claimTenantKey, listSecrets, listTenantKeys, putSecret, rekeySecrets, removeSecret } from './secrets.ts';
import { beginCall, endCall, settleUnknown } from './send.ts';
import {
  listTasks,
  pruneTasks,
  putContext,
  putPush,
  putTask,
  readContext,
  readOpenTasks,
  readPushes,
  readTask,
  removePush,
} from './tasks.ts';

/**
 * Writers run inside a transaction that they share with others.
 *
 * INVARIANT: a writer that refuses answers a `Refusal` before it has written anything. What it throws is trouble with the
 * storage itself, and undoes the transaction.
 */
export const WRITERS = {
  commit,
  acceptCall,
  concludeCall,
  pruneCalls,
  putNode,
  removeNode,
  putToken,
  takeToken,
  nextOf,
  putKill,
  liftKill,
  putRelease,
  claimSetting,
  putPeer,
  removePeer,
  beginCall,
  endCall,
  settleUnknown,
  reopenCall,
  reserve,
  extendReservation,
  settleReservation,
  carryReservation,
  expireReservations,
  creditAccount,
  pruneLedger,
  putApproval,
  pruneApprovals,
  appendAudit,
  appendEvents,
  pruneEvents,
  putSecret,
  removeSecret,
  claimTenantKey,
  rekeySecrets,
  putTask,
  putContext,
  putPush,
  removePush,
  pruneTasks,
} as const;

export const READERS = {
  listResources,
  readHistory,
  readVersion,
  readCall,
  readOpenCalls,
  readUnresolved,
  listNodes,
  listKills,
  readRelease,
  listReleases,
  readInForce,
  readPeers,
  readAccount,
  readAccounts,
  readEntries,
  readReservation,
  readApproval,
  readLatestApproval,
  countWaiting,
  listApprovals,
  readDueApprovals,
  readAudit,
  recentAudit,
  readAuditHeads,
  readTrace,
  recentEvents,
  listSecrets,
  listTenantKeys,
  readTask,
  listTasks,
  readOpenTasks,
  readContext,
  readPushes,
} as const;

export type Writers = typeof WRITERS;
export type Readers = typeof READERS;

/** What an operation takes besides the session, and what it answers in the end. */
export type ArgsOf<F> = F extends (session: never, args: infer A) => unknown ? A : never;
export type AnswerOf<F> = F extends (...args: never) => infer R ? Awaited<R> : never;

/** One database as the stores see it. A resolved `write` is as durable as the database promises. */
export interface Lane {
  write<K extends keyof Writers>(name: K, args: ArgsOf<Writers[K]>): Promise<AnswerOf<Writers[K]>>;
  /** Sees everything that was acknowledged before. */
  read<K extends keyof Readers>(name: K, args: ArgsOf<Readers[K]>): Promise<AnswerOf<Readers[K]>>;
}
