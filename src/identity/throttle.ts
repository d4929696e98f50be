/** Bounds how often somebody may try to get in, by the account that they name and by the address that they come from. */
import { type Clock, Fault } from '../contract/index.ts';

export const TRIES = 5;
export const PER_MS = 60_000;
const MOST_KEYS = 10_000;

interface Window {
  readonly sinceMs: number;
  tries: number;
}

export class LoginThrottle {
  readonly #clock: Clock;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts one try under each name. Throws `rate_limited` when one of them had its tries, before anything is compared. */
  count(...names: readonly string[]): void {
    const windows = names.map((name) => this.#windowOf(name));
    const full = windows.find(({ tries }) => tries >= TRIES);
    if (full !== undefined) {
      const retryAfterMs = full.sinceMs + PER_MS - this.#clock.nowMs();
      throw new Fault('rate_limited', `too many tries to log in; wait a minute`, { retryAfterMs });
    }
    for (const window of windows) window.tries += 1;
  }

  #windowOf(name: string): Window {
    const nowMs = this.#clock.nowMs();
    const known = this.#windows.get(name);
    if (known !== undefined && nowMs - known.sinceMs < PER_MS) return known;
    const window = { sinceMs: nowMs, tries: 0 };
    this.#windows.delete(name);
    if (this.#windows.size >= MOST_KEYS) this.#windows.delete(this.#windows.keys().next().value!);
    this.#windows.set(name, window);
    return window;
  }
}
