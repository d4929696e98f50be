/** How long to wait before the next try: quick while it may be a hiccup, spread widely once it is an outage. */
import type { CancelSignal, Clock } from '../contract/index.ts';

const QUICK_TRIES = 4;
const FIRST_MS = 100;
const LONGEST_MS = 30_000;

/**
 * Delay after `failures` failed tries in a row (from 1): 100, 200, 400, 800 ms, then random between 0 and a bound that doubles up to 30 s,
 * so that a returning hub is not met by everybody at once.
 */
export const backoffMs = (failures: number, random: () => number): number => {
  const doubled = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 20));
  return failures <= QUICK_TRIES ? doubled : random() * doubled;
};

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
