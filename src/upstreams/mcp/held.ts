/** Calls of legacy servers that wait for a modern client to come back with what they asked for. */
import { type Clock, type Endpoint, Fault, type Timer } from '../../contract/index.ts';
import type { Talk } from './answering.ts';
import type { Leash } from './leash.ts';
import type { Wire } from './wire.ts';

export interface Held {
  readonly owner: string;
  readonly endpoint: Endpoint;
  readonly operation: string;
  readonly talk: Talk;
  readonly leash: Leash;
  /** What the client came back with, by key, as JSON text; and the call that it came with. */
  back?: { readonly wire: Wire; readonly answers: ReadonlyMap<string, string> };
}

/** A person may have to be asked. */
export const HELD_MS = 10 * 60_000;
const MOST = 500;
const MOST_OF_OWNER = 20;

/** What a state that we gave begins with: a server's own would be another. */
const PREFIX = 'dev.airspace.held.';

export const isOurs = (state: string): boolean => state.startsWith(PREFIX);

export class HeldCalls {
  readonly #clock: Clock;
  readonly #held = new Map<string, { readonly held: Held; readonly timer: Timer }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Answers the state to come back with. Throws `overloaded`. */
  put(held: Held, id: string): string {
    const owned = [...this.#held.values()].filter((one) => one.held.owner === held.owner).length;
    if (owned >= MOST_OF_OWNER || this.#held.size >= MOST)
      throw new Fault(
        'overloaded',
        'too many calls of MCP servers wait for answers of their clients; answer those first',
      );
    const state = PREFIX + id;
    const timer = this.#clock.after(HELD_MS, () => this.#end(state));
    this.#held.set(state, { held, timer });
    held.leash.untie();
    return state;
  }

  /** Once. Undefined: there is none, it is over, or it is another's. */
  take(state: string, owner: string, endpoint: Endpoint, operation: string): Held | undefined {
    const found = this.#held.get(state);
    const { held } = found ?? {};
    if (held === undefined || held.owner !== owner || held.operation !== operation) return undefined;
    if (held.endpoint.id !== endpoint.id || held.endpoint.url !== endpoint.url) return undefined;
    this.#held.delete(state);
    found?.timer.cancel();
    return held;
  }

  stop(): void {
    for (const state of [...this.#held.keys()]) this.#end(state);
  }

  #end(state: string): void {
    const found = this.#held.get(state);
    if (found === undefined) return;
    this.#held.delete(state);
    found.timer.cancel();
    found.held.leash.cancel(new Fault('cancelled', 'nobody came back with what the MCP server asked for'));
    found.held.talk.said.return(undefined).catch(() => {});
  }
}
