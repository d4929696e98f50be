/** How long to wait before the next try: quick while it may be a hiccup, spread widely once it is an outage. */
import type { CancelSignal, Clock } from '../contract/index.ts';

const QUICK_TRIES = 4;
const FIRST_MS = 100;
const LONGEST_MS = 30_000;
/** Of a quick try: enough that those who lost the hub in one moment do not all ask in one moment. */
const QUICK_SPREAD = 0.5;

/**
 * Delay after `failures` failed tries in a row (from 1): about 100, 200, 400, 800 ms, then random between 0 and a bound that doubles up to
 * 30 s, so that a returning hub is not met by everybody at once. `askedMs`: what the hub asked for, and half as much again by chance.
 */
export const backoffMs = (failures: number, random: () => number, askedMs = 0): number => {
  const doubled = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  const ownMs = failures <= QUICK_TRIES ? doubled * (1 + QUICK_SPREAD * random()) : random() * doubled;
  return Math.max(ownMs, askedMs === 0 ? 0 : askedMs * (1 + random() / 2));
};

/** An interval, give or take a tenth: what began together does not stay together. */
export const jittered = (intervalMs: number, random: () => number): number => intervalMs * (0.9 + 0.2 * random());

/** Resolves after the delay, or as soon as the signal fires. */
export const pause = (clock: Clock, signal: CancelSignal, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    let forget = (): void => {};
    const timer = clock.after(delayMs, () => {
      forget();
      resolve();
    });
    forget = signal.onCancel(() => {
      timer.cancel();
      resolve();
    });
  });
