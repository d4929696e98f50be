/** One call in a virtual world, ready to be tried: what tests and simulations of layers start from. */
import type { Attributes, Scope } from '../contract/index.ts';
import type { Canceller } from './cancel.ts';
import { rootScope } from './scope.ts';
import { VirtualWorld } from './virtual.ts';

export interface TrialStep extends Attributes {
  readonly name: string;
}

export interface Trial {
  readonly world: VirtualWorld;
  readonly scope: Scope;
  readonly canceller: Canceller;
  /** What the layers noted in the span, in order. */
  readonly steps: readonly TrialStep[];
}

/** `world`: give the same one to several trials to let them meet. */
export const trial = (seed = 1, world: VirtualWorld = new VirtualWorld(seed)): Trial => {
  const steps: TrialStep[] = [];
  const { scope, canceller } = rootScope(world, {
    spanId: world.ids.spanId(),
    set: () => {},
    step: (name, _startMs, attributes) => steps.push({ name, ...attributes }),
  });
  return { world, scope, canceller, steps };
};
