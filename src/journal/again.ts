/** Calls that run once more: what a process that died had begun, and what is sent again to find out how it ended. */
import type { CallRecord } from '../contract/index.ts';
import { DEFAULT_TIMEOUT_MS, Fault } from '../contract/index.ts';
import { conclude } from './concluding.ts';
import { keepFault } from './keep.ts';
import type { JournalOptions } from './options.ts';
import type { Runs } from './runs.ts';

export interface AgainParts extends Pick<JournalOptions, 'store' | 'world'> {
  readonly runs: Runs;
  /** Resolves when it is over; never throws. */
  readonly start: (record: CallRecord) => Promise<void>;
}

/** How many calls run again after a restart, and of how many nobody knows the outcome. Steps of runs are in the hands of their runs. */
export interface Recovered {
  readonly resumed: number;
  readonly unknown: number;
}

/** As `Journal.recover`. */
export const recover = async (parts: AgainParts, left: readonly CallRecord[]): Promise<Recovered> => {
  const { store, world, runs, start } = parts;
  let resumed = 0;
  let unknown = 0;
  for (const record of left) {
    if (record.step !== undefined && record.state === 'accepted') await leaveToRun(parts, record);
    else if (
      record.step === undefined &&
      record.detached &&
      record.request !== null &&
      (record.state === 'accepted' || record.idempotent)
    ) {
      resumed++;
      if (record.state === 'dispatched') {
        runs.noteMayHaveRun(record.id);
        await settleRemains(parts, record);
      }
      void start(record);
    } else {
      unknown++;
      const fault = new Fault('upstream_broken', 'the node stopped after sending this call; its outcome is unknown');
      await conclude(store, record, 'unknown', keepFault(fault), fault, world.clock.wallMs());
    }
  }
  return { resumed, unknown };
};

/** Whoever takes up its run tries a step again, under a call of its own; two who try would be one too many. */
const leaveToRun = async ({ store, world }: AgainParts, record: CallRecord): Promise<void> => {
  const fault = new Fault('unavailable', 'the node stopped before it sent this call');
  await conclude(store, record, 'done', keepFault(fault), fault, world.clock.wallMs());
};

/** It runs again because it may, and each of its runs costs: what was set aside for the one before is spent. */
const settleRemains = async ({ store, world }: AgainParts, { id, tenant }: CallRecord): Promise<void> => {
  await store.end({ tenant, id, outcome: null, amounts: {}, audit: [], atMs: world.clock.wallMs() });
};

/** As `Journal.replay`. */
export const sendAgain = async ({ store, runs, start }: AgainParts, record: CallRecord): Promise<boolean> => {
  const { request } = record;
  if (request === null || runs.has(record.id)) return false;
  if (!(await store.reopen(record.tenant, record.id))) return false;
  runs.noteAgain(record.id);
  // Nobody waits for it: a caller in a hurry, whose time was over before the answer came, is no reason to hurry again.
  const timeoutMs = Math.max(DEFAULT_TIMEOUT_MS, request.timeoutMs);
  await start({ ...record, state: 'dispatched', request: { ...request, timeoutMs } });
  return true;
};
