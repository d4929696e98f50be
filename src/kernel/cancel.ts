/** Cancellation that is synchronous and cheap: a list of listeners and a reason. */
import type { CancelSignal, Fault } from '../contract/index.ts';

type Listener = (reason: Fault) => void;

const nothing = (): void => {};

export class Canceller implements CancelSignal {
  #reason: Fault | undefined;
  readonly #listeners: Listener[] = [];
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

  /** Listeners that still wait. Zero after a call is over, or something leaks. */
  get listening(): number {
    return this.#listeners.length;
  }

  /**
   * The first reason stays. Listeners run in the order they came.
   * INVARIANT: every listener runs, even after another threw, and none runs after it was taken away.
   */
  cancel(reason: Fault): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    let failure: { readonly thrown: unknown } | undefined;
    for (let listener = this.#listeners.shift(); listener !== undefined; listener = this.#listeners.shift()) {
      try {
        listener(reason);
      } catch (thrown) {
        failure ??= { thrown };
      }
    }
    if (failure !== undefined) throw failure.thrown;
  }

  onCancel(listener: Listener): () => void {
    if (this.#reason !== undefined) {
      listener(this.#reason);
      return nothing;
    }
    this.#listeners.push(listener);
    let kept = true;
    return () => {
      if (!kept) return;
      kept = false;
      const at = this.#listeners.indexOf(listener);
      if (at >= 0) this.#listeners.splice(at, 1);
    };
  }

  release(): void {
    this.#release();
    this.#release = nothing;
  }
}
