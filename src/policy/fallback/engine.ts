/**
 * Decides one set of rules with cedar-wasm, because a rule in it has an operator that our compiler does not know: a few hundred
 * times slower, and right. The module is loaded by the first such decision, on hubs and in sidecars.
 */
import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs';
import { Fault, type PolicyEntry } from '../../contract/index.ts';
import { type Cedar, messageOf, withCedar } from '../cedar.ts';
import type { CompiledPolicy, Env } from '../compile/index.ts';
import type { Engine, Outcome } from '../evaluate.ts';
import { literalsIn } from '../names.ts';
import { entitiesFor } from '../oracle/engine.ts';
import { fieldsJson, refJson } from '../oracle/json.ts';
import { CedarRecord, EntityRef } from '../value.ts';
import { Slots } from './slots.ts';

/** The names belong to the module, which a whole thread shares, and so does the book about them. */
const SETS = new Slots('fallback', 64);
const SCHEMAS = new Slots('fallback-schema', 256);

/** Cedar text that declares the action of a request, with the context that it has, and the actions that rules name. */
export type SchemaFor = (env: Env, named: ReadonlySet<string>) => string;

export interface FallbackParts {
  /** The whole set: all of it is always asked, so that it is parsed once. */
  readonly rules: readonly CompiledPolicy[];
  readonly schemaFor: SchemaFor;
  /** Told of every evaluation. */
  readonly decided: (outcome: Outcome) => void;
}

/**
 * Throws Fault `bad_request` when Cedar cannot read a rule either. Never throws for a request: where Cedar gives no answer, every
 * rule counts as failed, and a forbid that fails denies.
 */
export const fallbackEngine = ({ rules, schemaFor, decided }: FallbackParts): Engine => {
  const literals = rules.flatMap(({ entry }) => literalsIn(entry.est));
  const set: Rules = {
    permits: part(rules, 'permit'),
    forbids: part(rules, 'forbid'),
    entities: literals.map(({ type, id }) => new EntityRef(type, id)),
    actions: new Set(literals.flatMap(({ type, id }) => (type === 'Action' ? [id] : []))),
    schemas: new Map(),
    schemaFor,
  };
  for (const { policies } of [set.permits, set.forbids])
    for (const { entry } of policies.values()) refuseUnreadable(entry);
  return {
    // Cedar matches the scopes itself, and each part of the set would be a set of its own to keep.
    slice: (policies) => policies,
    evaluate: (policies, env) => {
      if (policies.length === 0) return NOTHING;
      const outcome = outcomeOf(policies, answerOf(set, env));
      decided(outcome);
      return outcome;
    },
  };
};

/** A node must refuse such a snapshot, not deny what it would have allowed. */
const refuseUnreadable = ({ id, est }: PolicyEntry): void => {
  const answer = withCedar((cedar) => cedar.policyToText(est as PolicyJson));
  if (answer?.type === 'success') return;
  const why = answer === undefined ? 'cedar broke down' : answer.errors.map(messageOf).join('; ');
  throw new Fault('bad_request', `policy \`${id}\` can be read neither by the fast engine nor by cedar-wasm: ${why}`);
};

const NOTHING: Outcome = { permits: [], forbids: [], failed: [] };

/** Rules of one effect, by the id that Cedar knows them under. */
interface Part {
  readonly policies: ReadonlyMap<string, CompiledPolicy>;
}

interface Rules {
  readonly permits: Part;
  readonly forbids: Part;
  /** What the rules name. */
  readonly entities: readonly EntityRef[];
  readonly actions: ReadonlySet<string>;
  /** By action and shape of the context; holders of names, so each is one object for as long as the set lives. */
  readonly schemas: Map<string, { readonly text: string }>;
  readonly schemaFor: SchemaFor;
}

const part = (rules: readonly CompiledPolicy[], effect: 'permit' | 'forbid'): Part => ({
  policies: new Map(
    rules.filter(({ entry }) => entry.effect === effect).map((policy, index) => [`policy${index}`, policy]),
  ),
});

interface Answer {
  readonly satisfied: ReadonlySet<CompiledPolicy>;
  readonly failed: ReadonlyMap<CompiledPolicy, string>;
}

/** With a satisfied forbid Cedar does not say which permits are satisfied too: so the two are asked apart. */
const answerOf = (set: Rules, env: Env): Answer => {
  const key = `${env.action.id} ${shapeOf(env.context)}`;
  const known = set.schemas.get(key) ?? { text: set.schemaFor(env, set.actions) };
  set.schemas.set(key, known);
  const request = requestJson(env, set.entities);
  const permits = ask(set.permits, known, request);
  const forbids = ask(set.forbids, known, request);
  return {
    satisfied: new Set([...permits.satisfied, ...forbids.satisfied]),
    failed: new Map([...permits.failed, ...forbids.failed]),
  };
};

/** Arguments that no rule reads are not there, and neither are facts: what is declared must be what there is. */
const shapeOf = ({ fields }: CedarRecord): string => {
  const facts = fields.get('facts');
  const names = facts instanceof CedarRecord ? [...facts.fields.keys()] : [];
  return [fields.has('args'), ...names].join(' ');
};

const outcomeOf = (policies: readonly CompiledPolicy[], { satisfied, failed }: Answer): Outcome => {
  const holding = policies.filter((policy) => satisfied.has(policy));
  return {
    permits: holding.filter(({ entry }) => entry.effect === 'permit'),
    forbids: holding.filter(({ entry }) => entry.effect === 'forbid'),
    failed: policies.flatMap((policy) => {
      const message = failed.get(policy);
      return message === undefined ? [] : [{ policy, message }];
    }),
  };
};

/** Actions come from the schema. */
const requestJson = (env: Env, named: readonly EntityRef[]) => ({
  principal: refJson(env.principal),
  action: refJson(env.action),
  resource: refJson(env.resource),
  context: fieldsJson(env.context.fields) as never,
  entities: entitiesFor(env, named).filter(({ uid }) => (uid as { readonly type?: string }).type !== 'Action'),
});

const ask = (part: Part, schema: { readonly text: string }, request: ReturnType<typeof requestJson>): Answer => {
  const { policies } = part;
  if (policies.size === 0) return { satisfied: new Set(), failed: new Map() };
  const answer = withCedar((cedar) => {
    const set = SETS.nameOf(cedar, part, (name) => parseRules(cedar, name, part));
    const types = SCHEMAS.nameOf(cedar, schema, (name) => isRead(cedar.preparseSchema(name, schema.text)));
    if (set === undefined || types === undefined) return undefined;
    return cedar.statefulIsAuthorized({
      ...request,
      preparsedPolicySetId: set,
      preparsedSchemaName: types,
      validateRequest: true,
    });
  });
  if (answer?.type !== 'success') {
    const why = answer === undefined ? 'cedar gives no answer' : answer.errors.map(messageOf).join('; ');
    return { satisfied: new Set(), failed: new Map([...policies.values()].map((policy) => [policy, why])) };
  }
  const { reason, errors } = answer.response.diagnostics;
  return {
    satisfied: new Set(reason.flatMap((id) => policies.get(id) ?? [])),
    failed: new Map(
      errors.flatMap(({ policyId, error }) => {
        const policy = policies.get(policyId);
        return policy === undefined ? [] : [[policy, messageOf(error)] as const];
      }),
    ),
  };
};

const parseRules = (cedar: Cedar, name: string, { policies }: Part): boolean => {
  const staticPolicies = Object.fromEntries([...policies].map(([id, { entry }]) => [id, entry.est as PolicyJson]));
  return isRead(cedar.preparsePolicySet(name, { staticPolicies }));
};

const isRead = ({ type }: ReturnType<Cedar['preparseSchema']>): boolean => type === 'success';
