/** Definitions of runs, read once for all runs of the same one. */
import { type PlanRun, PlanSpec } from '../contract/index.ts';
import { examinePlan } from './definition.ts';
import type { Definition } from './shape.ts';

const MOST = 200;

export class Definitions {
  readonly #known = new Map<string, Definition>();

  /** It was found good when it was applied; whether those that it calls are still there is seen when they are called. */
  of({ plan, definition }: Pick<PlanRun, 'plan' | 'definition'>): Definition {
    const key = `${plan} ${definition}`;
    const before = this.#known.get(key);
    if (before !== undefined) return before;
    const made = examinePlan(plan, PlanSpec.parse(JSON.parse(definition)), () => '').definition;
    if (this.#known.size >= MOST) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, made);
    return made;
  }
}
