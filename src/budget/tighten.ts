/**
 * What budgets ask of a call before it gets its permit, which is for exact bytes: a cap of output tokens where it has none, a lower
 * one where less is left, and the word that a soft limit was reached.
 */
import type { Call, Constraints, RoutePlan, Scope } from '../contract/index.ts';
import type { Budgets, Share } from './accounts.ts';
import { affordable, needOf } from './cost.ts';
import { countsTokens, DEFAULT_OUTPUT_TOKENS, type Estimate, estimateOf } from './estimate.ts';
import { leftOf, type Treasury } from './treasury.ts';

/** Undefined when budgets ask nothing. What it answers is merged into the limits of the decision, and can only tighten. */
export type Tighten = (
  call: Call,
  plan: RoutePlan,
  constraints: Constraints,
  scope: Scope,
) => Promise<Constraints | undefined>;

/** An answer shorter than this helps nobody: better to refuse than to pay for half a sentence. */
const LEAST_TOKENS = 16;

export const tightenBy =
  (treasury: Treasury, budgets: Budgets): Tighten =>
  async (call, plan, constraints, scope) => {
    if (call.via.length > 0) return undefined;
    const shares = budgets.sharesOf(call, constraints.budgetClass, scope.clock.wallMs());
    if (shares.length === 0) return undefined;
    const soft = await treasury.beyondSoft(shares);
    if (soft.length > 0) scope.span.set({ 'budget.soft': soft.map(({ budget }) => budget.name) });
    const counting = shares.filter(({ budget }) => budget.unit !== 'calls');
    if (plan.target.kind !== 'model' || !countsTokens(plan) || counting.length === 0) return undefined;
    return capped(treasury, counting, plan, constraints, estimateOf(call, plan.operation.price));
  };

const capped = async (
  treasury: Treasury,
  shares: readonly Share[],
  plan: RoutePlan,
  constraints: Constraints,
  estimate: Estimate,
): Promise<Constraints | undefined> => {
  const asked = estimate.outputCap === null ? DEFAULT_OUTPUT_TOKENS : Math.ceil(estimate.outputCap / estimate.answers);
  const wanted = Math.min(asked, constraints.maxTokens ?? Number.POSITIVE_INFINITY);
  // A stream pays as it goes, and is cut when it must be.
  const fits = estimate.streams ? wanted : await mostThatFits(treasury, shares, plan, estimate);
  const cap = fits < wanted && fits >= LEAST_TOKENS ? fits : wanted;
  return estimate.outputCap === null || cap < wanted ? { maxTokens: cap } : undefined;
};

/** Output tokens of one answer that every account has room for. One whose calls wait for room asks nobody to be brief. */
const mostThatFits = async (
  treasury: Treasury,
  shares: readonly Share[],
  { operation }: RoutePlan,
  { inputTokens, answers }: Estimate,
): Promise<number> => {
  const { price } = operation;
  const before = needOf(price, { input: inputTokens, output: 0, cacheRead: 0, cacheWrite: 0 });
  const each = shares
    .filter(({ budget }) => budget.hard === 'refuse')
    .map(async (share) => {
      const left = leftOf(await treasury.stateOf(share));
      if (share.budget.unit === 'tokens') return left - before.tokens;
      return price === undefined ? 0 : affordable(price, left - before.micros);
    });
  return Math.floor(Math.min(Number.POSITIVE_INFINITY, ...(await Promise.all(each))) / answers);
};
