/** The end of a conversation with a server: that of the call it is for, until the server waits for a client to come back. */
import type { Fault, Scope } from '../../contract/index.ts';
import { Canceller, silentSpan } from '../../kernel/index.ts';

export class Leash {
  readonly #own = new Canceller();
  #untie = (): void => {};
  readonly scope: Scope;

  /** `canOutlive`: the conversation may go on when the call is over; then no deadline of the call is told to the server. */
  constructor(scope: Scope, canOutlive: boolean) {
    const { clock, ids, random, span } = scope;
    const deadlineMs = canOutlive ? Number.POSITIVE_INFINITY : scope.deadlineMs;
    this.scope = { clock, ids, random, signal: this.#own, deadlineMs, span };
    this.tie(scope);
  }

  /** Ends with this call, from now on. */
  tie({ signal }: Scope): void {
    this.#untie();
    this.#untie = signal.onCancel((reason) => this.#own.cancel(reason));
  }

  untie(): void {
    this.#untie();
    this.#untie = () => {};
  }

  cancel(reason: Fault): void {
    this.untie();
    this.#own.cancel(reason);
  }
}

const LAST_WORDS_MS = 2_000;

/** For what must still be said when the call itself is over: nobody waits for it, and it takes no longer than that. */
export const afterwards = ({ clock, ids, random }: Scope): Scope => ({
  clock,
  ids,
  random,
  signal: new Canceller(),
  deadlineMs: clock.nowMs() + LAST_WORDS_MS,
  span: silentSpan(ids.spanId()),
});
