/**
 * The real world: monotonic time, one ticking timer for all, and chance from the operating system.
 * This is the only kernel file that touches wall time, timers and entropy; everything else asks the World it is given.
 */
import { randomFillSync } from 'node:crypto';
import type { Clock, Ids, Timer } from '../contract/index.ts';
import { prng } from './prng.ts';
import type { World } from './scope.ts';
import { TimerWheel } from './wheel.ts';

/** Coarse on purpose: no deadline of ours is finer, and a call then costs a list entry and no libuv timer. */
const TICK_MS = 8;
/** Random bytes fetched at once: 256 ids of 16 bytes. */
const POOL_BYTES = 4096;

export const systemWorld = (): World => ({ clock: systemClock(), ids: systemIds(), random: systemRandom() });

/** The interval runs only while timers wait, and never keeps a process alive. */
const systemClock = (): Clock => {
  const nowMs = (): number => performance.now();
  const wheel = new TimerWheel(nowMs(), TICK_MS);
  let ticking: NodeJS.Timeout | undefined;
  const tick = (): void => {
    try {
      wheel.advance(nowMs());
    } finally {
      if (wheel.size === 0) {
        clearInterval(ticking);
        ticking = undefined;
      }
    }
  };
  return {
    nowMs,
    wallMs: () => Date.now(),
    after(delayMs: number, run: () => void): Timer {
      const timer = wheel.add(nowMs(), delayMs, run);
      ticking ??= setInterval(tick, TICK_MS).unref();
      return timer;
    },
  };
};

const systemIds = (): Ids => {
  const pool = Buffer.allocUnsafe(POOL_BYTES);
  let used = POOL_BYTES;
  const hex = (bytes: number): string => {
    if (used + bytes > POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    const from = used;
    used += bytes;
    const text = pool.toString('hex', from, used);
    // Nobody who later reads this memory learns an id.
    pool.fill(0, from, used);
    return text;
  };
  return { traceId: () => hex(16), spanId: () => hex(8), callId: () => hex(16) };
};

const systemRandom = (): (() => number) => {
  const seed = randomFillSync(new Uint32Array(4));
  return prng(seed[0]!, seed[1]!, seed[2]!, seed[3]!);
};
