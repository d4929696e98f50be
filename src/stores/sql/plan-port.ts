/** The port for runs of plans over a database, whatever its engine. */
import type {
  PlanRun,
  PlanStore,
  RunAppend,
  RunBlob,
  RunEvent,
  RunFact,
  RunFilter,
  RunHead,
  StepBegin,
  StepEnd,
} from '../../contract/index.ts';
import { orThrow } from '../refusals.ts';
import { costOf, endedFact, guardedSteps, isNews, isOver, moveOf, resolvedFact, type StepFact } from '../runs.ts';
import type { Lane } from './commands.ts';
import { chained } from './money.ts';
import type { AppendArgs, StartArgs } from './plan-history.ts';
import type { BeginStepArgs, EndStepArgs } from './plan-steps.ts';
import type { RunSearch } from './plans.ts';
import { inSteps } from './steps.ts';
import type { RunBlobRow, RunRow } from './tables.ts';

/** Runs removed by one transaction. */
const PRUNE_STEP = 100;

/** `opener` names this process among those that share the database; whoever is alone needs no name. */
export const plansOver = (lane: Lane, opener = ''): PlanStore => ({
  start: async (head, audit, atMs) =>
    runOf(await lane.write('startRun', { ...startArgs(head, atMs), audit: audit.map(chained) })),
  claim: async (by) => (await lane.write('claimRuns', { ...by, opener })).map(runOf),
  renew: ({ holder, untilMs, runs }) => lane.write('renewRuns', { holder, untilMs, runs }),
  release: async ({ tenant, id, epoch }) => {
    await lane.write('releaseRun', { tenant, id, epoch });
  },
  append: async (append) => orThrow(await lane.write('appendRun', appendArgs(append))),
  wish: async (tenant, id, wish, by, audit, atMs) => {
    const body = textOf({ kind: 'wished', by, wish });
    const isRetry = wish.wish === 'retry';
    return orThrow(await lane.write('wishRun', { tenant, id, isRetry, body, audit: audit.map(chained), atMs }));
  },
  get: async (tenant, id) => {
    const row = await lane.read('readRun', { tenant, id });
    return row === undefined ? undefined : runOf(row);
  },
  events: async (tenant, id, afterSeq, limit) =>
    (await lane.read('readRunEvents', { tenant, id, afterSeq, limit })).map(
      ({ seq, at_ms, body }): RunEvent => ({ ...JSON.parse(body), seq, atMs: at_ms }),
    ),
  blob: async (tenant, id, digest) => {
    const row = await lane.read('readRunBlob', { tenant, id, digest });
    return row === undefined ? undefined : { digest, contentType: row.content_type, body: new Uint8Array(row.body) };
  },
  list: async (filter) => (await lane.read('listRuns', searchOf(filter))).map(runOf),
  prune: (beforeMs) => inSteps((limit) => lane.write('pruneRuns', { beforeMs, limit }), PRUNE_STEP),
});

/** What a beginning needs to know of the step that it is. */
export const beginStepArgs = ({ tenant, run, step, call }: StepBegin): BeginStepArgs => ({
  ...{ tenant, run, step, call },
  body: textOf({ kind: 'dispatched', step, call }),
});

export const endStepArgs = (tenant: string, end: StepEnd): EndStepArgs => stepArgs(tenant, end.run, endedFact(end));

export const resolveStepArgs = (tenant: string, end: StepEnd, verdict: 'executed' | 'not_executed'): EndStepArgs =>
  stepArgs(tenant, end.run, resolvedFact(end, verdict));

const PHASES = ['waiting', 'begun', 'unknown', 'ended'] as const;

const stepArgs = (tenant: string, run: string, { fact, blob }: StepFact): EndStepArgs => {
  const { step, call } = fact;
  return {
    ...{ tenant, run, step, call },
    body: cutAtTaint(fact),
    phase: moveOf(fact)!.phase,
    from: PHASES.filter((phase) => isNews(phase, fact)),
    cost: costOf([fact]),
    blob: blob === null ? null : blobRow(tenant, run, blob),
  };
};

/** The taint stands with the intent, where only the writer sees it. */
const cutAtTaint = (fact: StepFact['fact']): readonly string[] => {
  if (fact.result === null) return [textOf(fact)];
  const { result, ...rest } = fact;
  const { taint: _, ...shown } = result;
  return [`${textOf(rest).slice(0, -1)},"result":${textOf(shown).slice(0, -1)},"taint":`, '}}'];
};

const startArgs = (head: RunHead, atMs: number): Omit<StartArgs, 'audit'> => ({
  row: {
    ...{ tenant: head.tenant, id: head.id, plan: head.plan, principal: principalText(head.principal) },
    ...{ state: 'running', seq: 1, epoch: 0, holder: '', opener: '', lease_until: 0 },
    ...{ due: atMs, claim_at: atMs, started_at: head.startedAtMs, ended_at: null, cost: 0 },
    head: textOf(head),
  },
  body: textOf({ kind: 'started' } satisfies RunFact),
  atMs,
});

const appendArgs = (append: RunAppend): AppendArgs => {
  const { tenant, run, epoch, afterSeq, facts, state, dueMs, blobs = [], audit, atMs } = append;
  const moves = facts.flatMap((fact) => moveOf(fact) ?? []);
  return {
    ...{ tenant, id: run, epoch, afterSeq, state, dueMs, atMs },
    bodies: facts.map(textOf),
    moves: moves.map((move) => ({ ...move, taint: move.taint === null ? null : textOf(move.taint) })),
    guarded: guardedSteps(moves),
    isOver: isOver(state),
    cost: costOf(facts),
    blobs: blobs.map((blob) => blobRow(tenant, run, blob)),
    audit: audit.map(chained),
  };
};

const blobRow = (tenant: string, run: string, { digest, contentType, body }: RunBlob): RunBlobRow => ({
  ...{ tenant, run, digest, content_type: contentType },
  // A view into a larger buffer would drag the whole buffer to the writer's thread.
  body: new Uint8Array(body),
});

const searchOf = ({ tenant, plan, state, principal, after, limit }: RunFilter): RunSearch => ({
  tenant,
  plan: plan ?? '',
  state: state ?? '',
  principal: principal === undefined ? '' : principalText(principal),
  afterMs: after?.startedAtMs ?? Number.MAX_VALUE,
  afterId: after?.id ?? '',
  limit,
});

const principalText = ({ kind, id }: { readonly kind: string; readonly id: string }): string =>
  JSON.stringify([kind, id]);

const textOf = (value: object): string => JSON.stringify(value);

const runOf = (row: RunRow): PlanRun => ({
  ...(JSON.parse(row.head) as RunHead),
  state: row.state as PlanRun['state'],
  seq: row.seq,
  epoch: row.epoch,
  holder: row.holder,
  leaseUntilMs: row.lease_until,
  dueMs: row.due,
  endedAtMs: row.ended_at,
  costMicros: row.cost,
});
