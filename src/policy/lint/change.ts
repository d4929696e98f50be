/**
 * What a change of policy does to what is allowed, told from the rules alone: wider where it might allow more, narrower where
 * it can only allow less. Levels are joined by AND, so each level can be judged for itself.
 */
import type { Constraints, PolicyEntry, PolicyLevel } from '../../contract/index.ts';
import { constraintsOf } from '../annotations.ts';
import { meet } from '../constraints.ts';
import type { EntityStore } from '../entities.ts';
import type { Est } from '../est.ts';
import { lostChecks } from './checks.ts';
import { covers, isAsHard } from './covers.ts';

export type Direction = 'wider' | 'narrower' | 'unclear';

export interface Change {
  readonly tenant: string;
  readonly level: string;
  /** `@id` of the rule; empty when it is about the level. */
  readonly id: string;
  readonly direction: Direction;
  /** `permit added`, `forbid has fewer conditions`, ... */
  readonly what: string;
}

/** Empty when nothing changes what is allowed. `entitiesOf` gives the hierarchy of a tenant as it will be. */
export const compareLevels = (
  base: readonly PolicyLevel[],
  next: readonly PolicyLevel[],
  entitiesOf: (tenant: string) => EntityStore,
): readonly Change[] => {
  const keys = new Set([...base, ...next].map(keyOf));
  return [...keys].sort().flatMap((key) => {
    const before = base.find((level) => keyOf(level) === key);
    const after = next.find((level) => keyOf(level) === key);
    const { tenant, level } = (after ?? before) as PolicyLevel;
    return compareLevel(before, after, entitiesOf(tenant)).map((change) => ({ tenant, level, ...change }));
  });
};

const keyOf = ({ tenant, level }: PolicyLevel): string => `${tenant}/${level}`;

type Found = Omit<Change, 'tenant' | 'level'>;

const compareLevel = (
  before: PolicyLevel | undefined,
  after: PolicyLevel | undefined,
  entities: EntityStore,
): Found[] => {
  // The organisation always has a say, and without policies it says no; a domain without policies is not asked.
  if (after === undefined)
    return [{ id: '', direction: before?.level === 'org' ? 'narrower' : 'wider', what: 'level removed' }];
  if (before === undefined)
    return [{ id: '', direction: after.level === 'org' ? 'wider' : 'narrower', what: 'level added' }];
  const changes = [
    ...compareRules(before.policies, after.policies, entities),
    ...compareLimits(before.limits, after.limits, entities),
  ];
  const told = new Set(changes.flatMap(({ id, direction }) => (direction === 'narrower' ? [] : [id])));
  const lost = lostChecks(before, after, entities).filter((id) => !told.has(id));
  return [
    ...changes,
    ...lost.map((id): Found => ({ id, direction: 'unclear', what: 'what it reads is not checked any more' })),
  ];
};

const compareRules = (
  before: readonly PolicyEntry[],
  after: readonly PolicyEntry[],
  entities: EntityStore,
): Found[] => {
  const removed = before.filter(({ id }) => !after.some((one) => one.id === id));
  const added = after.filter(({ id }) => !before.some((one) => one.id === id));
  const kept = after.flatMap((now) => {
    const then = before.find(({ id }) => id === now.id);
    return then === undefined ? [] : [[then, now] as const];
  });
  // A rule that others of its side already say changes nothing.
  return [
    ...removed.filter((rule) => !saidBy(rule, after, entities)).map((rule) => gone(rule)),
    ...added.filter((rule) => !saidBy(rule, before, entities)).map((rule) => come(rule)),
    ...kept.flatMap(([then, now]) => compareRule(then, now, entities)),
  ];
};

const saidBy = (rule: PolicyEntry, others: readonly PolicyEntry[], entities: EntityStore): boolean =>
  others.some(
    (other) => other.effect === rule.effect && isAsHard(other, rule) && covers(estOf(other), estOf(rule), entities),
  );

const estOf = ({ est }: PolicyEntry): Est => est as Est;

const gone = ({ id, effect }: PolicyEntry): Found => ({
  id,
  direction: effect === 'permit' ? 'narrower' : 'wider',
  what: `${effect} removed`,
});

const come = ({ id, effect }: PolicyEntry): Found => ({
  id,
  direction: effect === 'permit' ? 'wider' : 'narrower',
  what: `${effect} added`,
});

const compareRule = (then: PolicyEntry, now: PolicyEntry, entities: EntityStore): Found[] => {
  const { id, effect } = now;
  if (then.effect !== effect)
    return [{ id, direction: effect === 'permit' ? 'wider' : 'narrower', what: `${then.effect} became ${effect}` }];
  const matchesMore = covers(estOf(now), estOf(then), entities);
  const matchesLess = covers(estOf(then), estOf(now), entities);
  const harder = isAsHard(now, then);
  const softer = isAsHard(then, now);
  if (matchesMore && matchesLess && harder && softer) return [];
  const stronger = matchesMore && harder;
  const weaker = matchesLess && softer;
  if (stronger) return [{ id, direction: effect === 'permit' ? 'wider' : 'narrower', what: `${effect} matches more` }];
  if (weaker) return [{ id, direction: effect === 'permit' ? 'narrower' : 'wider', what: `${effect} matches less` }];
  return [{ id, direction: 'unclear', what: `${effect} changed` }];
};

/** A limit only tightens: one that is gone, or asks for less, lets through more. */
const compareLimits = (
  before: readonly PolicyEntry[],
  after: readonly PolicyEntry[],
  entities: EntityStore,
): Found[] => [
  ...before
    .filter(({ id }) => !after.some((one) => one.id === id))
    .map(({ id }): Found => ({ id, direction: 'wider', what: 'limit removed' })),
  ...after.flatMap((now): Found[] => {
    const then = before.find(({ id }) => id === now.id);
    if (then === undefined) return [{ id: now.id, direction: 'narrower', what: 'limit added' }];
    return compareLimit(then, now, entities);
  }),
];

const compareLimit = (then: PolicyEntry, now: PolicyEntry, entities: EntityStore): Found[] => {
  const tighter = isTighter(now, then) && covers(estOf(now), estOf(then), entities);
  const looser = isTighter(then, now) && covers(estOf(then), estOf(now), entities);
  if (tighter && looser) return [];
  const direction = tighter ? 'narrower' : looser ? 'wider' : 'unclear';
  return [{ id: now.id, direction, what: 'limit changed' }];
};

/** Meeting with the other changes nothing. */
const isTighter = (one: PolicyEntry, other: PolicyEntry): boolean => {
  const own = constraintsOf(one);
  return canonical(meet(own, constraintsOf(other))) === canonical(own);
};

/** A list of models is as its author wrote it; everything else has one form. */
const canonical = ({ models, ...rest }: Constraints): string =>
  JSON.stringify([models?.toSorted(), Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1))]);
