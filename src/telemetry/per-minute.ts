/** So much in a minute for each of those who say something, whatever others say. It remembers who spoke in this minute, and nobody else. */
import type { Clock } from '../contract/index.ts';

const MINUTE_MS = 60_000;

interface Window {
  readonly minute: number;
  count: number;
}

export class PerMinute {
  readonly #clock: Pick<Clock, 'wallMs'>;
  readonly #most: number;
  readonly #windows = new Map<string, Window>();

  constructor(clock: Pick<Clock, 'wallMs'>, most: number) {
    this.#clock = clock;
    this.#most = most;
  }

  /** How many of so many still fit. They are counted. */
  room(who: string, wanted: number): number {
    const minute = Math.floor(this.#clock.wallMs() / MINUTE_MS);
    let window = this.#windows.get(who);
    if (window?.minute !== minute) {
      for (const [other, { minute: theirs }] of this.#windows) if (theirs !== minute) this.#windows.delete(other);
      window = { minute, count: 0 };
      this.#windows.set(who, window);
    }
    const room = Math.min(wanted, this.#most - window.count);
    window.count += room;
    return room;
  }

  /** Until the next one begins. */
  leftMs(): number {
    return MINUTE_MS - (this.#clock.wallMs() % MINUTE_MS);
  }
}
