/** The signals of overload (L5) that a process can read about itself: event-loop delay and heap. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { OverloadLevel, World } from '../../kernel/index.ts';

const READ_MS = 250;
/** One second, twice what a standing queue takes to be dropped (L3). */
const READINGS = 4;
/** L5. */
const DELAY_MS = 70;
const HEAP_SHARE = 0.8;

export interface Overload {
  readonly level: () => OverloadLevel;
  stop(): void;
}

/** Reads the signals four times a second; a call only reads a number. `given`: what counts instead of them. */
export const watchOverload = (world: World, given?: Overload['level']): Overload => {
  if (given !== undefined) return { level: given, stop: () => {} };
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  const lasting = new Lasting();
  let level: OverloadLevel = 0;
  let stopped = false;
  const read = (): void => {
    if (stopped) return;
    level = lasting.next(levelOf(delay.percentile(99) / 1e6, heapShare()));
    delay.reset();
    world.clock.after(READ_MS, read);
  };
  world.clock.after(READ_MS, read);
  return {
    level: () => level,
    stop: () => {
      stopped = true;
      delay.disable();
    },
  };
};

/** A machine that stumbles once is not overloaded: a level counts when the last readings were all at least that bad. */
export class Lasting {
  readonly #readings: OverloadLevel[] = [];

  next(reading: OverloadLevel): OverloadLevel {
    this.#readings.push(reading);
    if (this.#readings.length > READINGS) this.#readings.shift();
    return this.#readings.length < READINGS ? 0 : (Math.min(...this.#readings) as OverloadLevel);
  }
}

/** One signal sheds batch work, a loop that is far behind sheds all but interactive work too. */
export const levelOf = (delayMs: number, heap: number): OverloadLevel => {
  if (delayMs > 4 * DELAY_MS || heap > 0.95) return 2;
  return delayMs > DELAY_MS || heap > HEAP_SHARE ? 1 : 0;
};

const heapShare = (): number => {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return used / limit;
};
