/** Records of calls put together into what somebody asked for: one row for each tree of calls. */
import type { CallEvent, CallStatus } from '../../../src/contract/index.ts';
import { callerText, costOf, isHeld, isPriced, messageOf, rulesOf, textOf, tokensOf } from './facts.ts';

/** `running`: calls below it are over, and it is not. `part`: long since, so its own record is elsewhere. */
export type RequestStatus = CallStatus | 'held' | 'running' | 'part';

export interface RequestRow {
  readonly trace: string;
  readonly callId: string;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly status: RequestStatus;
  readonly caller: string;
  readonly kind: string;
  readonly target: string;
  readonly operation: string;
  /** Domains of the agents that called in it, in the order of their first call. */
  readonly domains: readonly string[];
  /** Names of agents, models and tools that were called. */
  readonly called: readonly string[];
  readonly agents: number;
  readonly spans: number;
  readonly tokens: number;
  /** Micro-USD; null when nothing in it has a price. */
  readonly costMicros: number | null;
  readonly rules: readonly string[];
  readonly policy: string;
  readonly session: string;
  /** Why it did not go well; empty when it did. */
  readonly message: string;
}

/** A tree whose root has not been heard of for so long is not running any more. */
const RUNNING_MS = 60_000;

/** Newest first. */
export const requestsOf = (events: readonly CallEvent[], nowMs: number): readonly RequestRow[] =>
  [...Map.groupBy(events, ({ trace }) => trace).values()]
    .map((tree) => rowOf(tree, nowMs))
    .sort((a, b) => b.startedAtMs - a.startedAtMs);

const rowOf = (events: readonly CallEvent[], nowMs: number): RequestRow => {
  const tree = events.toSorted((a, b) => a.startedAtMs - b.startedAtMs || b.durationMs - a.durationMs);
  const root = tree.find(({ lineage }) => lineage.depth === 0) ?? tree[0]!;
  const last = tree.findLast(({ callId }) => callId === root.callId)!;
  const endMs = Math.max(...tree.map(({ startedAtMs, durationMs }) => startedAtMs + durationMs));
  const { callId, trace, session = '', target } = root;
  return {
    ...{ trace, callId, session, kind: target.kind, target: target.name, operation: target.operation },
    startedAtMs: root.startedAtMs,
    durationMs: Math.max(0, endMs - root.startedAtMs),
    status: statusOf(root, last, nowMs - endMs),
    caller: callerText(root),
    domains: unique(tree.map(({ principal }) => principal?.domain ?? '').filter((domain) => domain !== '')),
    called: unique(tree.map(({ target: { name } }) => name)),
    agents: new Set(tree.flatMap((event) => (event.target.kind === 'agent' ? [event.target.name] : []))).size,
    spans: tree.reduce((sum, { steps }) => sum + 1 + steps.length, 0),
    tokens: tree.reduce((sum, event) => sum + tokensOf(event), 0),
    costMicros: tree.some(isPriced) ? tree.reduce((sum, event) => sum + costOf(event), 0) : null,
    rules: unique(tree.flatMap((event) => (event.status === 'denied' ? rulesOf(event) : []))),
    policy: textOf(root.attributes['policy.version']),
    message: messageOf(isHeld(root) ? last : root),
  };
};

/** As it entered the house; of a call that was held, what became of it since. */
const statusOf = (root: CallEvent, last: CallEvent, agoMs: number): RequestStatus => {
  if (root.lineage.depth > 0) return agoMs < RUNNING_MS ? 'running' : 'part';
  if (isHeld(last)) return 'held';
  return isHeld(root) ? last.status : root.status;
};

const unique = (items: readonly string[]): readonly string[] => [...new Set(items)];

export interface Bucket {
  readonly fromMs: number;
  readonly ok: number;
  readonly held: number;
  readonly bad: number;
}

/** So many buckets of the same length up to now. */
export const bucketsOf = (
  rows: readonly RequestRow[],
  { fromMs, toMs, buckets }: { readonly fromMs: number; readonly toMs: number; readonly buckets: number },
): readonly Bucket[] => {
  const width = (toMs - fromMs) / buckets;
  const made = Array.from({ length: buckets }, (_, at) => ({ fromMs: fromMs + at * width, ok: 0, held: 0, bad: 0 }));
  for (const { startedAtMs, status } of rows) {
    const bucket = made[Math.floor((startedAtMs - fromMs) / width)];
    if (bucket !== undefined) bucket[moodOf(status)]++;
  }
  return made;
};

/** Red is for failures only: a no of policy is a decision that worked, and waits like a held call for somebody to look. */
export const moodOf = (status: RequestStatus): 'ok' | 'held' | 'bad' =>
  status === 'failed' || status === 'unknown' || status === 'refused'
    ? 'bad'
    : status === 'held' || status === 'denied'
      ? 'held'
      : 'ok';
