/** Questions of a server for one call, kept until the call looks. */
import type { Incoming } from './wire.ts';

export class Inbox {
  readonly #questions: Incoming[] = [];
  #wake: () => void = () => {};

  put(question: Incoming): void {
    this.#questions.push(question);
    this.#wake();
  }

  take(): Incoming | undefined {
    return this.#questions.shift();
  }

  /** Resolves when there is something. */
  arrived(): Promise<void> {
    if (this.#questions.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
