/** Throws away what nobody asks for any more: replies and payloads of calls that are over, runs of plans, what people decided about them and what they came to, traces with what agents said in them, logs, sums and incidents. What is unknown stays, and so does the audit. */
import { KEEP_SUMS_MS, MINUTE_MS, type Stores, type Timer, USAGE_STEPS, type UsageStep } from '../../contract/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger } from '../../telemetry/index.ts';

type Removed = {
  readonly calls: number;
  readonly approvals: number;
  /** Accounts of windows that are over, and what was charged to them. */
  readonly money: number;
  readonly tasks: number;
  /** Of plans. */
  readonly runs: number;
  readonly traces: number;
  /** That agents said. */
  readonly agentSpans: number;
  /** Per minute. */
  readonly sums: number;
  readonly usage: number;
  readonly incidents: number;
  /** Records of logs. */
  readonly logs: number;
};

export interface HouseOptions {
  readonly stores: Pick<
    Stores,
    | 'calls'
    | 'approvals'
    | 'ledger'
    | 'tasks'
    | 'plans'
    | 'traces'
    | 'agentSpans'
    | 'sums'
    | 'usage'
    | 'incidents'
    | 'logs'
  >;
  readonly world: Pick<World, 'clock'>;
  /** How long records of calls and traces are kept, but not sums. Never under a day: idempotency keys live that long (R6). */
  readonly keepMs: number;
  readonly done: (removed: Removed) => void;
  readonly failed: (cause: unknown) => void;
}

export const DEFAULT_KEEP_MS = 7 * 24 * 3_600_000;
export const LEAST_KEEP_MS = 24 * 3_600_000;

/** A start is busy enough. */
const FIRST_MS = 60_000;
const EVERY_MS = 3_600_000;

/** Every node with a store keeps house. */
export const houseOf = (
  { keepMs = DEFAULT_KEEP_MS }: { readonly keepMs?: number | undefined },
  {
    stores,
    world,
    logger,
    aged,
  }: Pick<HouseOptions, 'stores' | 'world'> & {
    readonly logger: Pick<Logger, 'log'>;
    /** Hears how many traces of calls were too old. */
    readonly aged?: (events: number) => void;
  },
): (() => void) =>
  keepHouse({
    ...{ stores, world, keepMs },
    done: (removed) => {
      aged?.(removed.traces);
      logger.log('info', 'old records were removed', removed);
    },
    failed: (cause) => logger.log('warn', 'old records could not be removed', { cause: String(cause) }),
  });

/** What it answers ends it. */
export const keepHouse = ({ stores, world, keepMs, done, failed }: HouseOptions): (() => void) => {
  let timer: Timer;
  const clean = async (): Promise<void> => {
    const beforeMs = world.clock.wallMs() - Math.max(LEAST_KEEP_MS, keepMs);
    const calls = await stores.calls.prune(beforeMs);
    // After its call: these stay for as long as anybody may ask what became of that.
    const approvals = await stores.approvals.prune(beforeMs);
    const money = await stores.ledger.prune(beforeMs);
    const tasks = await stores.tasks.prune(beforeMs);
    const runs = await stores.plans.prune(beforeMs);
    const traces = await stores.traces.prune(beforeMs);
    const agentSpans = await stores.agentSpans.prune(beforeMs);
    // At every level for the same time: a hub takes nothing that is older from those below.
    const sums = await stores.sums.prune(Math.floor((world.clock.wallMs() - KEEP_SUMS_MS) / MINUTE_MS));
    const usage = await stores.usage.prune(usageBefore(world.clock.wallMs()));
    const incidents = await stores.incidents.prune(world.clock.wallMs() - KEEP_SUMS_MS);
    const logs = await stores.logs.prune(beforeMs);
    const removed = { calls, approvals, money, tasks, runs, traces, agentSpans, sums, usage, incidents, logs };
    if (Object.values(removed).some((count) => count > 0)) done(removed);
  };
  const after = (delayMs: number): void => {
    timer = world.clock.after(delayMs, () => {
      clean().catch(failed);
      after(EVERY_MS);
    });
  };
  after(FIRST_MS);
  return () => timer.cancel();
};

const usageBefore = (nowMs: number): Readonly<Record<UsageStep, number>> => ({
  minute: nowMs - USAGE_STEPS.minute.keepMs,
  hour: nowMs - USAGE_STEPS.hour.keepMs,
  day: nowMs - USAGE_STEPS.day.keepMs,
});
