/**
 * The calls that run here by themselves, and what is known of each while it does. Everything that a run needs to remember
 * between its parts is here, and is forgotten when it is over.
 */
import type { CancelSignal, Fault, Reply } from '../contract/index.ts';
import type { Canceller } from '../kernel/index.ts';

/** Resolves when a budget may have room: false when a try is not worth it. Throws when the call is over before. */
export type Room = (signal: CancelSignal) => Promise<boolean>;

export class Runs {
  /** Detached calls accepted and now running here, with what cancels them. */
  readonly #running = new Map<string, Canceller>();
  /** Detached calls that a budget had no room for, with what waits until it has. */
  readonly #short = new Map<string, Room>();
  /** Those of them that may have run before: what a later try says of itself says nothing about an earlier one. */
  readonly #mayHaveRun = new Set<string>();
  /** Of these, those that are sent again to find out: whoever asked for it looks at the record by itself. */
  readonly #again = new Set<string>();
  /** Their way from the first transaction to the last: it may take longer than their deadline. */
  readonly #passes = new Map<string, Promise<void>>();

  begin(id: string, canceller: Canceller): void {
    this.#running.set(id, canceller);
  }

  has(id: string): boolean {
    return this.#running.has(id);
  }

  /** False when it does not run here. */
  cancel(id: string, why: Fault): boolean {
    const canceller = this.#running.get(id);
    canceller?.cancel(why);
    return canceller !== undefined;
  }

  /** Forgets it, unless it waited for room and runs again under the same id. */
  end(id: string, canceller: Canceller): void {
    if (this.#running.get(id) !== canceller) return;
    this.#running.delete(id);
    this.#again.delete(id);
    this.#mayHaveRun.delete(id);
    this.#passes.delete(id);
  }

  /** Before it begins. */
  noteMayHaveRun(id: string): void {
    this.#mayHaveRun.add(id);
  }

  mayHaveRun(id: string): boolean {
    return this.#mayHaveRun.has(id);
  }

  /** Before it begins. */
  noteAgain(id: string): void {
    this.#again.add(id);
    this.#mayHaveRun.add(id);
  }

  isAgain(id: string): boolean {
    return this.#again.has(id);
  }

  /** A deadline ends the waiting of a caller and not the work below; until that is over, nobody else says how the call ended. */
  passing(id: string, pass: Promise<Reply>): Promise<Reply> {
    const over = pass.then(() => {});
    over.catch(() => {});
    this.#passes.set(id, over);
    return pass;
  }

  /** Settles as its pass does; undefined when it did not come that far. */
  passOf(id: string): Promise<void> | undefined {
    return this.#passes.get(id);
  }

  noteShort(id: string, room: Room): void {
    this.#short.set(id, room);
  }

  /** What it waits for; undefined when no budget refused it. */
  takeShort(id: string): Room | undefined {
    const room = this.#short.get(id);
    this.#short.delete(id);
    return room;
  }
}
