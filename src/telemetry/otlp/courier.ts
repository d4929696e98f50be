/** Brings one body after the other to a collector, again and again where that can help, and says what became of each. */
import type { Clock } from '../../contract/index.ts';
import type { PartialSuccess } from '../../dialects/otlp/index.ts';

/** What became of one request. */
export type Delivery =
  | { readonly kind: 'taken'; readonly partial: PartialSuccess }
  /** Trying again later can help. `afterMs`: what the collector asked for. */
  | { readonly kind: 'later'; readonly why: string; readonly afterMs?: number }
  | { readonly kind: 'refused'; readonly why: string };

export interface CourierOptions {
  readonly clock: Clock;
  /** Uniform in [0, 1): nodes that lost a collector in one moment must not all ask in one moment. */
  readonly random: () => number;
  /** Sends one body. Must end by itself, and must not throw. */
  readonly send: (body: Uint8Array) => Promise<Delivery>;
  /** Tries of one request. Default 5: with the pauses between them about half a minute. */
  readonly tries?: number;
  /** Hears why there will be another try. */
  readonly failed?: (why: string) => void;
}

export type Delivered =
  | { readonly kind: 'taken'; readonly partial: PartialSuccess }
  | { readonly kind: 'lost'; readonly reason: 'refused' | 'unavailable'; readonly why: string };

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
/** A collector that asks for more is not waited for: what waits here is memory. */
const LONGEST_ASKED_MS = 60_000;

export class Courier {
  readonly #options: CourierOptions;
  readonly #tries: number;
  #isHurried = false;
  /** Ends a pause early. */
  #wake: () => void = () => {};

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#tries = options.tries ?? 5;
  }

  async deliver(body: Uint8Array): Promise<Delivered> {
    for (let attempt = 1; ; attempt++) {
      const delivery = await this.#options.send(body);
      if (delivery.kind === 'taken') return delivery;
      const { why } = delivery;
      if (delivery.kind === 'refused') return { kind: 'lost', reason: 'refused', why };
      if (attempt >= this.#tries || this.#isHurried || (delivery.afterMs ?? 0) > LONGEST_ASKED_MS)
        return { kind: 'lost', reason: 'unavailable', why };
      this.#options.failed?.(why);
      await this.#pause(this.#pauseMs(attempt, delivery.afterMs));
    }
  }

  /** From now on there are no pauses, and one try for each. */
  hurry(): void {
    this.#isHurried = true;
    this.#wake();
  }

  #pauseMs(attempt: number, askedMs = 0): number {
    const doubled = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempt - 1));
    return Math.max(askedMs, doubled * (0.5 + this.#options.random()));
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#options.clock.after(delayMs, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
