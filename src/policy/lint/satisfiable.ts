/** Can a rule be satisfied at all? By anybody about anything, or only by those and by what is registered. */
import type { CompiledPolicy, Env } from '../compile/index.ts';
import { concerns } from '../compile/index.ts';
import { EntityStore, entity } from '../entities.ts';
import type { Est } from '../est.ts';
import type { RegistryNames } from '../names.ts';
import { explore, type OpenQuestion } from '../partial/explore.ts';
import { boundsOf, isCircumstance, knownOf } from '../partial/may.ts';
import { openPolicy, scopeAsConditions } from '../partial/open.ts';
import type { IsOpen } from '../partial/path.ts';
import { settledBy } from '../partial/settled.ts';
import type { PreparedTenant } from '../prepare.ts';
import { EntityRef } from '../value.ts';

const NOBODY = new EntityRef('Nobody', '');
const NOTHING: Omit<Env, 'context'> = {
  principal: NOBODY,
  action: NOBODY,
  resource: NOBODY,
  entities: new EntityStore([]),
};

/** False only when no request whatsoever satisfies the rule: its clauses exclude each other. */
export const isSatisfiable = (policy: CompiledPolicy): boolean => {
  const est = policy.entry.est as Est;
  const scope = scopeAsConditions(est).map((body) => ({ kind: 'when' as const, body }));
  const whole = { ...policy, entry: { ...policy.entry, est: { ...est, conditions: [...scope, ...est.conditions] } } };
  return canHold(whole, () => true, { env: NOTHING, known: new Map(), settled: () => undefined });
};

/** Everybody who could call, and everything that could be called, of one tenant. */
export interface Population {
  readonly tenant: PreparedTenant;
  readonly callers: readonly Pick<Env, 'principal' | 'entities'>[];
}

export const populationOf = (tenant: PreparedTenant, users: RegistryNames['users']): Population => ({
  tenant,
  callers: [
    ...[...tenant.agents.keys()].map((name) => ({
      principal: new EntityRef('Agent', name),
      entities: tenant.entities,
    })),
    ...users.map(({ name, roles }) => {
      const principal = new EntityRef('User', name);
      const parents = [...roles.map((role) => new EntityRef('Role', role)), ...tenant.teams.ofUser(name)];
      const own = entity(principal, parents, new Map([['name', name]]));
      return { principal, entities: new EntityStore([own], tenant.entities) };
    }),
  ],
});

/** False when the rule holds for no caller and no operation of the population, under any circumstances. */
export const matchesSomething = (policy: CompiledPolicy, { tenant, callers }: Population): boolean => {
  for (const operation of tenant.operations.values())
    for (const caller of callers) {
      const env = { ...caller, action: operation.action, resource: operation.resource };
      if (!concerns(policy, env)) continue;
      const settled = settledBy(operation.arguments);
      if (canHold(policy, isCircumstance, { env, known: knownOf(operation), settled })) return true;
    }
  return false;
};

const canHold = (
  policy: CompiledPolicy,
  isOpen: IsOpen,
  given: Pick<OpenQuestion, 'env' | 'known' | 'settled'>,
): boolean => {
  const level = { name: '', permits: [openPolicy(policy, isOpen)], forbids: [], limits: [] };
  const { endings, complete } = explore({ ...given, levels: [level], boundsOf }, (effects) => effects.has('allow'));
  return !complete || endings.some(({ effect }) => effect === 'allow');
};
