/** Small, complete runs of plans, and the words that calls and owners have for them. */
import type { PlanRun, RunAppend, RunFact, RunHead, StepBegin, StepEnd, Stores } from '../../contract/index.ts';
import { begin, end, hexId, record, reply } from './samples.ts';

export const head = (id: number, change: Partial<RunHead> = {}): RunHead => ({
  id: hexId(id),
  tenant: 'default',
  plan: 'trip',
  domain: 'sales',
  definition: '{"steps":[]}',
  digest: 'a'.repeat(64),
  principal: { kind: 'user', tenant: 'default', id: 'ada', roles: ['planner'] },
  lineage: { root: hexId(id), depth: 0 },
  trace: hexId(id + 1_000_000),
  session: '',
  input: '{"to":"Oslo"}',
  taint: ['input'],
  startedAtMs: id,
  deadlineAtMs: 1_000_000,
  ...change,
});

export const intent = (step: string, call: number, taint: readonly string[] = ['agent/flights']): RunFact => ({
  ...{ kind: 'intent', step, attempt: 1, call: hexId(call), target: 'agent/flights/find', digest: 'd'.repeat(64) },
  ...{ idempotent: false, estimateMicros: 0, timeoutMs: 1_000 },
  taint,
});

export const ended = (
  step: string,
  call: number,
  change: Partial<Extract<RunFact, { kind: 'ended' }>> = {},
): RunFact => ({
  ...{ kind: 'ended', step, call: hexId(call), outcome: 'failed', code: 'denied', message: 'no' },
  ...{ executed: 'no', retryable: false, result: null, costMicros: 0 },
  ...change,
});

/** As an owner writes it. */
export const appending = (run: PlanRun, facts: readonly RunFact[], change: Partial<RunAppend> = {}): RunAppend => ({
  ...{ tenant: run.tenant, run: run.id, epoch: run.epoch, afterSeq: run.seq, facts },
  ...{ state: 'running', dueMs: null, audit: [], atMs: 10 },
  ...change,
});

export const stepBegin = (run: number, step: string, call: number): StepBegin => ({
  ...{ tenant: 'default', run: hexId(run), step, call: hexId(call) },
});

export const stepEnd = (run: number, step: string, call: number, change: Partial<StepEnd> = {}): StepEnd => ({
  ...{ run: hexId(run), step, call: hexId(call), outcome: 'ok', code: '', message: '' },
  ...{ executed: 'yes', retryable: false, costMicros: 7 },
  reply: { contentType: 'application/json', body: new TextEncoder().encode('{"seat":"4A"}') },
  ...change,
});

/** Starts a run, takes it, and writes what it intends. */
export const intending = async ({ plans }: Stores, id: number, ...facts: readonly RunFact[]): Promise<PlanRun> => {
  await plans.start(head(id), [], 1);
  const run = (await plans.claim({ holder: 'hub', nowMs: 1, leaseMs: 100, limit: 99 })).find(
    (one) => one.id === hexId(id),
  )!;
  await plans.append(appending(run, facts));
  return (await plans.get('default', hexId(id)))!;
};

/** The first transaction of a call that is a step. */
export const beginStep = ({ calls }: Pick<Stores, 'calls'>, run: number, step: string, call: number) =>
  calls.begin(
    begin({
      record: record(call, {
        state: 'dispatched',
        idempotencyKey: `${hexId(run)}/${step}`,
        step: { run: hexId(run), step },
      }),
      step: stepBegin(run, step, call),
      atMs: 20,
    }),
  );

/** Its last one. */
export const endStep = (
  { calls }: Pick<Stores, 'calls'>,
  run: number,
  step: string,
  call: number,
  change: Partial<StepEnd> = {},
  state: 'done' | 'unknown' | 'cancelled' | 'forgotten' = 'done',
) =>
  calls.end(
    end(hexId(call), {
      outcome: { state, reply: state === 'done' ? reply() : null },
      step: stepEnd(run, step, call, change),
      atMs: 30,
    }),
  );

/** `started`, `intent find`: what is in a history. */
export const historyOf = async ({ plans }: Stores, run: number): Promise<readonly string[]> => {
  const events = await plans.events('default', hexId(run), 0, 10_000);
  return events.map((event) => ('step' in event ? `${event.kind} ${event.step}` : event.kind));
};
