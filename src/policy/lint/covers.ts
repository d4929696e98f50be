/** Does one rule apply wherever another one does? Told from scopes and clauses alone: a yes is certain, a no only means not seen. */
import type { PolicyEntry } from '../../contract/index.ts';
import { approvalOf } from '../approval-spec.ts';
import { clausesOf } from '../clauses.ts';
import type { EntityStore } from '../entities.ts';
import type { EntityJson, Est, Expr, Scope } from '../est.ts';
import { SCOPE_PARTS } from '../text.ts';
import { type EntityRef, entityFromJson } from '../value.ts';

/** Every request that `narrow` matches, `wide` matches too. */
export const covers = (wide: Est, narrow: Est, entities: EntityStore): boolean =>
  scopesCover(wide, narrow, entities) && clausesCover(wide, narrow);

/** The same without the conditions. */
export const scopesCover = (wide: Est, narrow: Est, entities: EntityStore): boolean =>
  SCOPE_PARTS.every((part) => scopeCovers(wide[part], narrow[part], entities));

/** A forbid that an approval cures is weaker than one that nothing does, and than one that asks more people. */
export const isAsHard = (other: PolicyEntry, rule: PolicyEntry): boolean =>
  other.annotations['remedy'] === undefined ||
  (other.annotations['remedy'] === rule.annotations['remedy'] && asksAsMuch(other, rule));

const asksAsMuch = (other: PolicyEntry, rule: PolicyEntry): boolean => {
  const [more, less] = [approvalOf(other), approvalOf(rule)];
  const everyRole = less.roles.every((role) => more.roles.includes(role));
  return more.quorum >= less.quorum && more.ttlMs <= less.ttlMs && everyRole;
};

/** Fewer clauses are more requests. */
const clausesCover = (wide: Est, narrow: Est): boolean => {
  const given = new Set(clausesOf(narrow).map(keyOf));
  return clausesOf(wide).every((clause) => given.has(keyOf(clause)));
};

const keyOf = (clause: Expr): string => JSON.stringify(clause);

const scopeCovers = (wide: Scope, narrow: Scope, entities: EntityStore): boolean => {
  if (wide.op === 'All') return true;
  if (narrow.op === 'All') return false;
  if (narrow.op === '==') return takes(wide, entityFromJson(narrow.entity), entities);
  if (narrow.op === 'in') return membersOf(narrow).every((group) => within(wide, group, entities));
  const outer = narrow.in === undefined ? undefined : entityFromJson(narrow.in.entity);
  if (wide.op === 'is')
    return (
      wide.entity_type === narrow.entity_type &&
      (wide.in === undefined || (outer !== undefined && isWithin(outer, [wide.in.entity], entities)))
    );
  return outer !== undefined && within(wide, outer, entities);
};

const membersOf = (scope: Extract<Scope, { op: 'in' }>): readonly EntityRef[] =>
  ('entities' in scope ? scope.entities : [scope.entity]).map(entityFromJson);

/** Is this one entity in the scope? */
const takes = (scope: Scope, ref: EntityRef, entities: EntityStore): boolean => {
  if (scope.op === 'All') return true;
  if (scope.op === '==') return entityFromJson(scope.entity).key === ref.key;
  if (scope.op === 'in') return membersOf(scope).some((group) => entities.isIn(ref, group));
  return scope.entity_type === ref.type && (scope.in === undefined || isWithin(ref, [scope.in.entity], entities));
};

/** Is everything that belongs to the group in the scope? */
const within = (scope: Scope, group: EntityRef, entities: EntityStore): boolean =>
  scope.op === 'in' && membersOf(scope).some((outer) => entities.isIn(group, outer));

const isWithin = (ref: EntityRef, outer: readonly EntityJson[], entities: EntityStore): boolean =>
  outer.some((one) => entities.isIn(ref, entityFromJson(one)));
