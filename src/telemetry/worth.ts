/** Why a finished call keeps its whole trace when only a share of traces is kept: what went wrong, and what stands out among its like. */
import { type CallEvent, type EventWorth, isDenied, isHeld } from '../contract/index.ts';
import { Histogram } from './histogram.ts';
import { countIn } from './numbers.ts';

/** Slow and expensive whatever its like are. */
export const SLOW_MS = 10_000;
export const EXPENSIVE_MICROS = 1_000_000;

/** Calls of an operation until there is a 99th percentile, and until there is the next one. */
const FIRST_CALLS = 100;
const CALLS = 1_000;
/** Operations that are compared with their like; one that comes later has the two bounds above. */
const MOST_OPERATIONS = 1_000;

/** The 99th percentile of what came lately: of whole windows, so that it follows an operation that changes. */
class Usual {
  #bound = Number.POSITIVE_INFINITY;
  #needed = FIRST_CALLS;
  #window = new Histogram();

  /** Is it above what was usual before it? */
  isAbove(value: number): boolean {
    const isAbove = value > this.#bound;
    this.#window.record(value);
    if (this.#window.count >= this.#needed) {
      this.#bound = this.#window.quantile(0.99);
      this.#needed = CALLS;
      this.#window = new Histogram();
    }
    return isAbove;
  }
}

export class Notable {
  readonly #operations = new Map<string, { readonly took: Usual; readonly cost: Usual }>();

  /** Undefined: it is one of many. */
  why(event: CallEvent): Exclude<EventWorth, 'unjudged'> | undefined {
    if (isHeld(event)) return 'held';
    if (isDenied(event)) return 'denied';
    if (event.status !== 'ok') return 'failed';
    const usual = this.#usualOf(event);
    const micros = countIn(event.attributes, 'cost.micros');
    // Both look at each call, also when the first of them says yes.
    const isSlow = usual?.took.isAbove(event.durationMs) === true || event.durationMs > SLOW_MS;
    const isDear = micros > 0 && (usual?.cost.isAbove(micros / 1_000) === true || micros > EXPENSIVE_MICROS);
    if (isSlow) return 'slow';
    return isDear ? 'expensive' : undefined;
  }

  #usualOf({ tenant, target: { kind, name, operation } }: CallEvent) {
    const key = JSON.stringify([tenant, kind, name, operation]);
    const known = this.#operations.get(key);
    if (known !== undefined || this.#operations.size >= MOST_OPERATIONS) return known;
    const usual = { took: new Usual(), cost: new Usual() };
    this.#operations.set(key, usual);
    return usual;
  }
}
