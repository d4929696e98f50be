/**
 * What rules check besides what they decide. A call in the scope of a rule that reads its payload is denied when the payload does
 * not fit, and when a fact that the rule reads cannot be had: even a permit keeps calls out, and without it they may come in.
 */
import type { PolicyEntry, PolicyLevel } from '../../contract/index.ts';
import { readsArguments } from '../arguments/index.ts';
import type { EntityStore } from '../entities.ts';
import type { Est } from '../est.ts';
import { type FactsRead, factsRead } from '../facts/index.ts';
import { scopesCover } from './covers.ts';

interface Reading {
  readonly entry: PolicyEntry;
  readonly est: Est;
  readonly args: boolean;
  readonly facts: FactsRead;
}

type Rules = Pick<PolicyLevel, 'policies' | 'limits'>;

/** Ids of rules whose checks nothing in the level makes any more, although it has a permit that could let such calls in. */
export const lostChecks = (before: Rules, after: Rules, entities: EntityStore): readonly string[] => {
  const permits = after.policies.filter(({ effect }) => effect === 'permit').map(readingOf);
  const all = [...after.policies, ...after.limits].map(readingOf);
  return [...before.policies, ...before.limits]
    .map(readingOf)
    .filter(
      (rule) =>
        permits.some((permit) => !readsAsMuch(permit, rule)) &&
        !all.some((other) => readsAsMuch(other, rule) && scopesCover(other.est, rule.est, entities)),
    )
    .map(({ entry: { id } }) => id);
};

const readingOf = (entry: PolicyEntry): Reading => {
  const est = entry.est as Est;
  return { entry, est, args: readsArguments(est), facts: factsRead(est) };
};

const readsAsMuch = (one: Reading, other: Reading): boolean =>
  (one.args || !other.args) && (one.facts === 'all' || (other.facts !== 'all' && other.facts.isSubsetOf(one.facts)));
