/**
 * A thread that sleeps between ticks and wakes the load generator at each of them. Timers of the event loop are late by up to
 * a millisecond, which would be most of what an open loop measures here; a futex with a timeout is late by tens of microseconds.
 */
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { monotonicMs } from './clock.ts';

interface Beat {
  readonly stop: Int32Array<SharedArrayBuffer>;
  readonly startMs: number;
  readonly intervalMs: number;
}

/** Calls `onTick` at `startMs` of the monotonic clock and then each `intervalMs`, until the returned function is called. */
export function startMetronome(startMs: number, intervalMs: number, onTick: () => void): () => Promise<void> {
  const beat: Beat = { stop: new Int32Array(new SharedArrayBuffer(4)), startMs, intervalMs };
  const worker = new Worker(new URL(import.meta.url), { workerData: beat });
  worker.on('message', onTick);
  return async () => {
    Atomics.store(beat.stop, 0, 1);
    Atomics.notify(beat.stop, 0);
    await worker.terminate();
  };
}

function tickUntilStopped({ stop, startMs, intervalMs }: Beat): void {
  for (let tick = 0; Atomics.load(stop, 0) === 0; ) {
    const waitMs = startMs + tick * intervalMs - monotonicMs();
    if (waitMs > 0) Atomics.wait(stop, 0, 0, waitMs);
    parentPort?.postMessage(null);
    // A tick that was missed is not made up for: the listener looks at the clock and sends all that is due.
    tick = Math.max(tick + 1, Math.ceil((monotonicMs() - startMs) / intervalMs));
  }
}

if (!isMainThread) tickUntilStopped(workerData as Beat);
