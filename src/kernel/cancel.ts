/** Cancellation that is synchronous and cheap: a list of listeners and a reason. */
import type { CancelSignal, Fault } from '../contract/index.ts';

const nothing = (): void => {};

export class Canceller implements CancelSignal {
  #reason: Fault | undefined;
  #listeners: ((reason: Fault) => void)[] = [];
  #release: () => void = nothing;

  /** A child ends when its parent does; `release` it when its work is over, so that the parent forgets it. */
  static childOf(parent: CancelSignal): Canceller {
    const child = new Canceller();
    child.#release = parent.onCancel((reason) => child.cancel(reason));
    return child;
  }

  get reason(): Fault | undefined {
    return this.#reason;
  }

  /** The first reason stays. */
  cancel(reason: Fault): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    const listeners = this.#listeners;
    this.#listeners = [];
    for (const listener of listeners) listener(reason);
  }

  onCancel(listener: (reason: Fault) => void): () => void {
    if (this.#reason !== undefined) {
      listener(this.#reason);
      return nothing;
    }
    this.#listeners.push(listener);
    return () => {
      const at = this.#listeners.indexOf(listener);
      if (at >= 0) this.#listeners.splice(at, 1);
    };
  }

  release(): void {
    this.#release();
    this.#release = nothing;
  }
}
