/**
 * The decision: a pure function of a prepared snapshot and one request.
 *
 * Levels are joined by AND: the organisation and every domain that caller or target belongs to must permit, and none may
 * forbid. So a child can tighten and never loosen. A forbid that fails denies, where plain Cedar would skip it.
 */
import type {
  Constraints,
  Decision,
  Determining,
  FactEntry,
  PlanStep,
  Principal,
  Priority,
  Target,
} from '../contract/index.ts';
import type { Payload } from '../kernel/index.ts';
import { approvalOf, meetApprovals } from './approval-spec.ts';
import { type Arguments, argumentsOf } from './arguments/index.ts';
import { type Found, findCase, withUser } from './case.ts';
import type { CompiledPolicy, Env } from './compile/index.ts';
import { meet } from './constraints.ts';
import type { Engine, Outcome } from './evaluate.ts';
import { Datetime } from './extension/time.ts';
import { type FactAnswers, factsRecord } from './facts/index.ts';
import type { Level, PreparedPolicy } from './prepare.ts';
import { CedarRecord, CedarSet, EntityRef, fromJson, type Value } from './value.ts';

export interface PolicyRequest {
  readonly principal: Principal | null;
  readonly target: Target;
  readonly depth: number;
  /** Who began the call tree; null when that cannot be told. Absent: the principal itself. */
  readonly origin?: Principal | null;
  /** Where what went into the call came from, as runs of plans know it. Absent: nothing is known of it. */
  readonly taint?: readonly string[] | undefined;
  /** Which step of which plan the call is. Absent: none. */
  readonly plan?: PlanStep | undefined;
  readonly session: boolean;
  readonly priority: Priority;
  /** Wall time, Unix ms. */
  readonly atMs: number;
  /** Of use only when a policy reads the arguments. Absent: they are not known, and such a policy denies. */
  readonly payload?: Payload | undefined;
  /** What the information points of `factsFor` answered. Absent: nobody asked, and a policy that reads a fact denies. */
  readonly facts?: FactAnswers | undefined;
}

interface LevelOutcome extends Outcome {
  readonly level: string;
}

interface Rule {
  readonly level: string;
  readonly policy: CompiledPolicy;
}

/** Facts that policy needs before it can decide this call, each after those that it is built from. Mostly none. */
export const factsFor = (
  prepared: PreparedPolicy,
  { principal, target }: Pick<PolicyRequest, 'principal' | 'target'>,
): readonly FactEntry[] => {
  // Most tenants have none, and their calls pay one look-up for that.
  if ((prepared.tenants.get(principal?.tenant ?? '')?.facts.length ?? 0) === 0) return [];
  const found = findCase(prepared, principal, target);
  return 'code' in found ? [] : found.case.asks;
};

/**
 * `payloadOf` is asked only when a policy reads the arguments, so that nothing is parsed for nothing.
 * Throws Fault `bad_request` when the depth is no integer: a comparison with it would be false, and so pass every guard.
 */
export const decide = (
  prepared: PreparedPolicy,
  request: PolicyRequest,
  payloadOf: () => Payload | undefined = () => request.payload,
): Decision => {
  const found = findCase(prepared, request.principal, request.target);
  if ('code' in found) return denial(prepared.version, found);
  const args = found.case.readsArguments ? argumentsOf(found.operation, request.target, payloadOf) : NO_ARGUMENTS;
  if ('code' in args) return denial(prepared.version, args);
  const facts = factsIn(found, request);
  if ('code' in facts) return denial(prepared.version, facts);
  const env = envOf(found, request, { ...args, ...facts });
  const { engine } = prepared;
  const outcomes = found.case.levels.map(({ name, policies, instead }) => ({
    level: name,
    ...(instead.policies ?? engine).evaluate(policies, env),
  }));
  const seen = { policyVersion: prepared.version, missing: missingOf(outcomes), errors: errorsOf(outcomes) };
  const hard = hardRules(outcomes);
  if (hard !== undefined) return { ...DENY, ...seen, ...hard };
  if (seen.missing.length > 0) return { ...DENY, ...seen, code: 'NO_PERMIT', reason: noPermit(seen.missing, request) };
  const limits = limitsOf(found.case.levels, env, engine);
  if ('errors' in limits) return { ...DENY, ...seen, ...limits, errors: [...seen.errors, ...limits.errors] };
  if (!modelAllowed(limits, request.target))
    return {
      ...DENY,
      ...seen,
      code: 'MODEL_NOT_ALLOWED',
      reason: `the limits do not allow model \`${request.target.name}\``,
    };
  return { ...seen, ...softly(outcomes), constraints: limits };
};

/** Also of an operation without typed arguments: a policy that reads them was checked against a context without `args`. */
const NO_ARGUMENTS: Arguments = { args: null };

/** A policy that reads facts was checked against contexts that have `facts`, where at least one serves the operation. */
export const NO_FACTS: { readonly facts: CedarRecord | null } = { facts: null };

/** The facts of a request as policies see them, or why it is denied. */
export const factsIn = (found: Found, { facts }: PolicyRequest): ReturnType<typeof factsRecord> | typeof NO_FACTS =>
  found.case.facts.length > 0 ? factsRecord(found.case.facts, facts) : NO_FACTS;

const DENY = { effect: 'deny', determining: [], missing: [], errors: [], constraints: {} } as const;

const denial = (policyVersion: string, { code, reason }: Pick<Decision, 'code' | 'reason'>): Decision => ({
  ...DENY,
  policyVersion,
  code,
  reason,
});

/** All that a rule can look at. Roles of whoever began are known only from its credential, so they come with the call. */
export const envOf = (found: Found, request: PolicyRequest, known: Arguments & typeof NO_FACTS): Env => {
  const { origin } = request;
  const { env } = found.case;
  const entities = origin?.kind === 'user' ? withUser(origin, env.entities, found.case.teams) : env.entities;
  return { ...env, entities, context: contextOf(found, request, known) };
};

/** The circumstances of one call as policies see them. */
const contextOf = (
  { operation: { operation, target } }: Found,
  request: PolicyRequest,
  { args, facts }: Arguments & typeof NO_FACTS,
): CedarRecord => {
  const fields = new Map<string, Value>([
    ['origin', originRecord(request)],
    ['operation', operation.name],
    ['effect', operation.effect],
    ['depth', fromJson(request.depth)],
    ['session', request.session],
    ['hourUtc', new Date(request.atMs).getUTCHours()],
    ['now', new Datetime(Math.floor(request.atMs))],
    ['priority', request.priority],
    ['tenant', target.tenant],
    ['taint', request.taint === undefined || request.taint.length === 0 ? NOTHING : new CedarSet(request.taint)],
  ]);
  if (request.plan !== undefined) fields.set('plan', new CedarRecord(new Map(Object.entries(request.plan))));
  if (args !== null) fields.set('args', args);
  if (facts !== null) fields.set('facts', facts);
  return new CedarRecord(fields);
};

const originRecord = ({ origin, principal }: PolicyRequest): CedarRecord => {
  const began = origin === undefined ? principal : origin;
  if (began === null || began.kind === 'node') return NOBODY;
  const isUser = began.kind === 'user';
  return new CedarRecord(new Map([[began.kind, new EntityRef(isUser ? 'User' : 'Agent', began.id)]]));
};

const NOTHING = new CedarSet([]);

const NOBODY = new CedarRecord(new Map());

const missingOf = (outcomes: readonly LevelOutcome[]): string[] =>
  outcomes.filter(({ permits }) => permits.length === 0).map(({ level }) => level);

const errorsOf = (outcomes: readonly LevelOutcome[]): Decision['errors'] =>
  outcomes.flatMap(({ level, failed }) =>
    failed.map(({ policy, message }) => ({ level, id: policy.entry.id, message })),
  );

const needsApproval = ({ policy }: Rule): boolean => policy.entry.annotations['remedy'] === 'approval';

const forbidsOf = (outcomes: readonly LevelOutcome[]): Rule[] =>
  outcomes.flatMap(({ level, forbids }) => forbids.map((policy) => ({ level, policy })));

const failedForbidsOf = (outcomes: readonly LevelOutcome[]): Rule[] =>
  outcomes.flatMap(({ level, failed }) =>
    failed.filter(({ policy }) => policy.entry.effect === 'forbid').map(({ policy }) => ({ level, policy })),
  );

type Verdict = Pick<Decision, 'code' | 'reason' | 'determining'>;

/** What no approval can cure: a satisfied forbid without remedy, or a forbid that failed. */
const hardRules = (outcomes: readonly LevelOutcome[]): Verdict | undefined => {
  const forbids = forbidsOf(outcomes).filter((rule) => !needsApproval(rule));
  if (forbids.length > 0) return verdict(forbids, 'FORBIDDEN');
  const failed = failedForbidsOf(outcomes);
  if (failed.length === 0) return undefined;
  return { ...policyError(failed[0] as Rule), determining: failed.map(determining) };
};

const verdict = (rules: readonly Rule[], defaultCode: string): Verdict => {
  const annotations = rules[0]?.policy.entry.annotations;
  return {
    code: annotations?.['code'] ?? defaultCode,
    reason: annotations?.['reason'] ?? '',
    determining: rules.map(determining),
  };
};

const determining = ({ level, policy: { entry } }: Rule): Determining => ({
  level,
  id: entry.id,
  reason: entry.annotations['reason'] ?? '',
});

const policyError = ({ level, policy }: Rule) => ({
  code: 'POLICY_ERROR',
  reason: `policy \`${level}/${policy.entry.id}\` could not be evaluated, so the call is denied; its author must correct it`,
});

/** Nothing forbids for good and every level permits: allowed, unless an approval is wanted first. */
const softly = (outcomes: readonly LevelOutcome[]): Verdict & Pick<Decision, 'effect' | 'approval'> => {
  const waiting = forbidsOf(outcomes);
  if (waiting.length > 0) {
    const approval = waiting.map(({ policy }) => approvalOf(policy.entry)).reduce(meetApprovals);
    return { effect: 'require_approval', approval, ...verdict(waiting, 'APPROVAL_REQUIRED') };
  }
  const permits = outcomes.flatMap(({ level, permits }) => permits.map((policy) => ({ level, policy })));
  return { effect: 'allow', ...verdict(permits.slice(-1), 'OK'), determining: permits.map(determining) };
};

const noPermit = (missing: readonly string[], { principal, target }: PolicyRequest): string => {
  const levels = missing.map((level) => `\`${level}\``).join(' and ');
  return (
    `no policy of level ${levels} permits ${principal?.kind} \`${principal?.id}\` ` +
    `to call \`${target.operation}\` of ${target.kind} \`${target.name}\``
  );
};

/** Limit rules of all levels, merged; a rule that fails might have been the one that limits, so it denies. */
const limitsOf = (
  levels: readonly Level[],
  env: Env,
  engine: Engine,
): Constraints | (Verdict & Pick<Decision, 'errors'>) => {
  let merged: Constraints = {};
  for (const { name: level, limits, instead } of levels) {
    if (limits.length === 0) continue;
    const rules = limits.map(({ policy }) => policy);
    const { permits, failed } = (instead.limits ?? engine).evaluate(rules, env);
    const [first] = failed;
    if (first !== undefined) {
      const rule = { level, policy: first.policy };
      const errors = [{ level, id: first.policy.entry.id, message: first.message }];
      return { ...policyError(rule), determining: [determining(rule)], errors };
    }
    for (const { policy, constraints } of limits) if (permits.includes(policy)) merged = meet(merged, constraints);
  }
  return merged;
};

const modelAllowed = ({ models }: Constraints, { kind, name }: Target): boolean =>
  kind !== 'model' || models === undefined || models.includes(name);
