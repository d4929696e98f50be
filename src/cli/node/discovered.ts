/** What was found out at somebody else's, for a while: strangers may make us ask, and must not make us ask for each of them. */
import type { Clock } from '../../contract/index.ts';

/** As long as keys of issuers count as fresh: addresses of a provider change more seldom. */
export const FOUND_MS = 3_600_000;
/** Somebody who waits for a provider to come back tries again after about so long. */
export const MISSED_MS = 30_000;

interface Found<T> {
  readonly answer: Promise<T>;
  /** Monotonic; infinite while it is being asked. */
  untilMs: number;
}

export class Discovered<T> {
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #found = new Map<string, Found<T>>();

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock;
  }

  /** Answers, or throws, what `ask` did the last time; all who come while it asks get the same. */
  of(name: string, ask: () => Promise<T>): Promise<T> {
    this.#forget();
    const known = this.#found.get(name);
    if (known !== undefined) return known.answer;
    const found: Found<T> = { answer: ask(), untilMs: Number.POSITIVE_INFINITY };
    this.#found.set(name, found);
    const holdsFor = (ms: number) => (): void => {
      found.untilMs = this.#clock.nowMs() + ms;
    };
    found.answer.then(holdsFor(FOUND_MS), holdsFor(MISSED_MS));
    return found.answer;
  }

  #forget(): void {
    const nowMs = this.#clock.nowMs();
    for (const [name, { untilMs }] of this.#found) if (untilMs <= nowMs) this.#found.delete(name);
  }
}
