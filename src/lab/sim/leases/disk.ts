/** A store that takes time and dies with its process: what was asked of it just before a crash may be on it or not, and nobody hears. */
import type { Clock } from '../../../contract/index.ts';

export interface Life {
  /** False from the crash on. */
  isAlive: boolean;
}

const NEVER = new Promise<never>(() => {});

/** Every command waits a little before it happens and before it is answered. */
export const onDisk = <S extends object>(store: S, life: Life, clock: Clock, random: () => number): S => {
  const pause = (): Promise<void> => new Promise((later) => void clock.after(random() * 4, later));
  return new Proxy(store, {
    get: (target, name) => {
      const own = Reflect.get(target, name);
      if (typeof own !== 'function') return own;
      return async (...args: unknown[]) => {
        await pause();
        if (!life.isAlive) return NEVER;
        const answer = await own.apply(target, args);
        await pause();
        return life.isAlive ? answer : NEVER;
      };
    },
  });
};

/** Timers that a crash ends. `rate`: of its monotonic clock against true time. */
export const clockOf = (clock: Clock, life: Life, rate: number, skew: { wallMs: number }): Clock => ({
  nowMs: () => clock.nowMs() * rate,
  wallMs: () => clock.wallMs() + skew.wallMs,
  after: (delayMs, run) => clock.after(delayMs / rate, () => (life.isAlive ? run() : undefined)),
});
