/** Throws away what nobody asks for any more: replies and payloads of calls that are over, what people decided about them and what they came to, and traces. What is unknown stays, and so does the audit. */
import type { Stores, Timer } from '../../contract/index.ts';
import type { World } from '../../kernel/index.ts';
import type { Logger } from '../../telemetry/index.ts';

type Removed = {
  readonly calls: number;
  readonly approvals: number;
  /** Accounts of windows that are over, and what was charged to them. */
  readonly money: number;
  readonly tasks: number;
  readonly traces: number;
};

export interface HouseOptions {
  readonly stores: Pick<Stores, 'calls' | 'approvals' | 'ledger' | 'tasks' | 'traces'>;
  readonly world: Pick<World, 'clock'>;
  /** How long records of calls and traces are kept. Never under a day: idempotency keys live that long (R6). */
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
  { stores, world, logger }: Pick<HouseOptions, 'stores' | 'world'> & { readonly logger: Pick<Logger, 'log'> },
): (() => void) =>
  keepHouse({
    ...{ stores, world, keepMs },
    done: (removed) => logger.log('info', 'old records were removed', removed),
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
    const traces = await stores.traces.prune(beforeMs);
    if (calls + approvals + money + tasks + traces > 0) done({ calls, approvals, money, tasks, traces });
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
