/** Everything that can be asked of a database, by name: plain data in, plain data out, so that it can cross a thread. */
import { appendAgentSpans, pruneAgentSpans, readAgentSpans } from './agent-spans.ts';
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
import { appendEvents, pruneEvents, readTrace, recentEvents, takeEvents } from './events.ts';
import { listIncidents, namedIncidents, pruneIncidents, putIncident, unfinishedIncidents } from './incidents.ts';
import {
  addToSpool,
  droppedOfSpool,
  nextOfSpool,
  readMarks,
  removeFromSpool,
  waitingInSpool,
  writeMarks,
} from './keeping.ts';
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
import { appendLogs, pruneLogs, readLogs } from './logs.ts';
import { appendNodeAudit, readNodeAudit, readNodeAuditHeads } from './node-audit.ts';
import { listNodes, nextOf, putNode, putToken, removeNode, takeToken } from './nodes.ts';
import { claimSetting, putPeer, readPeers, removePeer } from './peers.ts';
import { appendRun, startRun, wishRun } from './plan-history.ts';
import {
  claimRuns,
  freeRuns,
  listRuns,
  pruneRuns,
  readRun,
  readRunBlob,
  readRunEvents,
  releaseRun,
  renewRuns,
} from './plans.ts';
import { listReleases, putRelease, readInForce, readRelease } from './releases.ts';
import { commit, listResources, readHistory, readVersion } from './resources.ts';
import { arrivedEvents, dropTraces, newestEvent, removeOldest, telemetrySize } from './room.ts';
import { claimTenantKey, listSecrets, listTenantKeys, putSecret, rekeySecrets, removeSecret } from './secrets.ts';
import { beginCall, endCall, settleUnknown } from './send.ts';
import { nextSums, pruneSums, readSums, sentSums, takeSums, totalSums } from './sums.ts';
import { judgedThrough, putJudged } from './tally.ts';
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
import { pruneUsage, readUsage } from './usage.ts';

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
  putIncident,
  pruneIncidents,
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
  takeEvents,
  pruneEvents,
  appendAgentSpans,
  pruneAgentSpans,
  appendLogs,
  pruneLogs,
  takeSums,
  nextSums,
  sentSums,
  pruneSums,
  pruneUsage,
  removeOldest,
  dropTraces,
  putJudged,
  writeMarks,
  addToSpool,
  removeFromSpool,
  appendNodeAudit,
  putSecret,
  removeSecret,
  claimTenantKey,
  rekeySecrets,
  putTask,
  putContext,
  putPush,
  removePush,
  pruneTasks,
  startRun,
  claimRuns,
  renewRuns,
  releaseRun,
  freeRuns,
  appendRun,
  wishRun,
  pruneRuns,
} as const;

export const READERS = {
  listResources,
  readHistory,
  readVersion,
  readCall,
  readOpenCalls,
  readUnresolved,
  listNodes,
  listIncidents,
  namedIncidents,
  unfinishedIncidents,
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
  readNodeAudit,
  readNodeAuditHeads,
  readMarks,
  nextOfSpool,
  droppedOfSpool,
  waitingInSpool,
  readTrace,
  recentEvents,
  readAgentSpans,
  readLogs,
  readSums,
  totalSums,
  readUsage,
  telemetrySize,
  newestEvent,
  arrivedEvents,
  judgedThrough,
  listSecrets,
  listTenantKeys,
  readTask,
  listTasks,
  readOpenTasks,
  readContext,
  readPushes,
  readRun,
  readRunEvents,
  readRunBlob,
  listRuns,
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
