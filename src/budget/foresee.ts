/** What a call would come to, said before there is one: the same arithmetic as for calls, and nothing is set aside. */
import type { RoutePlan } from '../contract/index.ts';
import { type Need, NO_TOKENS, needOf } from './cost.ts';
import { countsTokens, DEFAULT_OUTPUT_TOKENS, estimateOf, type Sized } from './estimate.ts';
import { worst } from './meter.ts';

/** Of one call, in every unit. */
export interface Foreseen {
  /** As it would be set aside for an answer of nothing: what does not hold this refuses every such call. */
  readonly least: Need;
  readonly expected: Need;
  /** As it would be set aside. */
  readonly most: Need;
}

type Called = Pick<RoutePlan, 'target' | 'operation'>;

/**
 * `sized`: the payload; undefined when it is not known before. `usualTokens`: what answers tend to have; undefined: nobody has seen enough.
 * Undefined: nobody can say, because tokens decide and the payload is not known.
 */
export const foresee = (
  called: Called,
  sized: Sized | undefined,
  usualTokens: number | undefined,
): Foreseen | undefined => {
  const { price } = called.operation;
  if (!countsTokens(called)) {
    const need = needOf(price, NO_TOKENS);
    return { least: need, expected: need, most: need };
  }
  if (sized === undefined) return undefined;
  const estimate = estimateOf(sized, price);
  const cap = estimate.outputCap ?? DEFAULT_OUTPUT_TOKENS;
  return {
    least: worst(price, estimate, 0),
    expected: worst(price, estimate, Math.min(cap, usualTokens ?? cap)),
    most: worst(price, estimate, cap),
  };
};

/** It would spend money, and nobody has said how much: where a budget counts money, it is refused. */
export const isUnpriced = ({ target, operation }: Called): boolean =>
  operation.price === undefined && (target.kind === 'model' || operation.effect === 'spend');
