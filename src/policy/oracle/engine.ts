/** An engine that lets cedar-wasm evaluate: a hundred times slower than closures, and written by somebody else. */
import type { EntityJson, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { type Cedar, withCedar } from '../cedar.ts';
import type { CompiledPolicy, Env } from '../compile/index.ts';
import type { Entity } from '../entities.ts';
import type { Engine, Outcome } from '../evaluate.ts';
import { literalsIn } from '../names.ts';
import { CedarRecord, CedarSet, EntityRef, type Value } from '../value.ts';
import { entityJson, fieldsJson, refJson } from './json.ts';

/**
 * One engine for one prepared policy. Names of policy sets begin anew with each, because the module keeps what it has
 * parsed under a name until that name is used again. Throws Error when Cedar gives no answer.
 */
export const cedarEngine = (): Engine => {
  const numbers = new Map<CompiledPolicy, number>();
  const sets = new Map<string, PolicySet>();
  const numberOf = (policy: CompiledPolicy): number => {
    const number = numbers.get(policy) ?? numbers.size;
    numbers.set(policy, number);
    return number;
  };
  const setOf = (policies: readonly CompiledPolicy[]): PolicySet => {
    const key = policies.map(numberOf).join();
    const set = sets.get(key) ?? parsed(`set${sets.size}`, policies);
    sets.set(key, set);
    return set;
  };
  const ask = (policies: readonly CompiledPolicy[], env: Env): Answer =>
    policies.length === 0 ? NOTHING : answerOf(setOf(policies), env);
  return {
    // Cedar looks at every scope itself: leaving out too much is one of the mistakes that it is here to find.
    slice: (policies) => policies,
    evaluate: (policies, env): Outcome => {
      // Apart, because with a satisfied forbid Cedar does not say which permits are satisfied too.
      const permits = ask(withEffect(policies, 'permit'), env);
      const forbids = ask(withEffect(policies, 'forbid'), env);
      const failed = policies.filter((policy) => permits.failed.has(policy) || forbids.failed.has(policy));
      return {
        permits: policies.filter((policy) => permits.satisfied.has(policy)),
        forbids: policies.filter((policy) => forbids.satisfied.has(policy)),
        failed: failed.map((policy) => ({ policy, message: 'cedar could not evaluate it' })),
      };
    },
  };
};

interface PolicySet {
  readonly name: string;
  /** By the id that Cedar knows them under. */
  readonly policies: ReadonlyMap<string, CompiledPolicy>;
  /** Entities that the policies name. */
  readonly named: readonly EntityRef[];
}

interface Answer {
  readonly satisfied: ReadonlySet<CompiledPolicy>;
  readonly failed: ReadonlySet<CompiledPolicy>;
}

const NOTHING: Answer = { satisfied: new Set(), failed: new Set() };

const withEffect = (policies: readonly CompiledPolicy[], effect: 'permit' | 'forbid'): CompiledPolicy[] =>
  policies.filter(({ entry }) => entry.effect === effect);

/** Throws Error for an answer that is none. */
const asked = <T extends { readonly type: string }>(work: (cedar: Cedar) => T): Extract<T, { type: 'success' }> => {
  const answer = withCedar(work);
  if (answer?.type !== 'success') throw new Error(`cedar gives no answer: ${JSON.stringify(answer)?.slice(0, 500)}`);
  return answer as Extract<T, { type: 'success' }>;
};

const parsed = (name: string, policies: readonly CompiledPolicy[]): PolicySet => {
  const byId = new Map(policies.map((policy, index) => [`policy${index}`, policy]));
  const staticPolicies = Object.fromEntries([...byId].map(([id, { entry }]) => [id, entry.est as PolicyJson]));
  asked((cedar) => cedar.preparsePolicySet(name, { staticPolicies }));
  const literals = policies.flatMap(({ entry }) => literalsIn(entry.est));
  return { name, policies: byId, named: literals.map(({ type, id }) => new EntityRef(type, id)) };
};

const answerOf = ({ name, policies, named }: PolicySet, env: Env): Answer => {
  const { response } = asked((cedar) =>
    cedar.statefulIsAuthorized({
      principal: refJson(env.principal),
      action: refJson(env.action),
      resource: refJson(env.resource),
      context: fieldsJson(env.context.fields) as never,
      entities: entitiesFor(env, named),
      preparsedPolicySetId: name,
    }),
  );
  const known = (ids: readonly string[]): Set<CompiledPolicy> => new Set(ids.flatMap((id) => policies.get(id) ?? []));
  const { reason, errors } = response.diagnostics;
  return { satisfied: known(reason), failed: known(errors.map(({ policyId }) => policyId)) };
};

/** Every entity that an evaluation can reach, and no more: each one costs Cedar microseconds. */
export const entitiesFor = (env: Env, named: readonly EntityRef[]): EntityJson[] => {
  const found = new Map<string, Entity>();
  const open = [env.principal, env.action, env.resource, ...named, ...refsIn(env.context)];
  for (let ref = open.pop(); ref !== undefined; ref = open.pop()) {
    const entity = found.has(ref.key) ? undefined : env.entities.get(ref);
    if (entity === undefined) continue;
    found.set(ref.key, entity);
    open.push(...entity.parents, ...[...entity.attributes.values(), ...entity.tags.values()].flatMap(refsIn));
  }
  return [...found.values()].map((entity) => entityJson(entity) as EntityJson);
};

const refsIn = (value: Value): EntityRef[] => {
  if (value instanceof EntityRef) return [value];
  if (value instanceof CedarSet) return value.items.flatMap(refsIn);
  return value instanceof CedarRecord ? [...value.fields.values()].flatMap(refsIn) : [];
};
