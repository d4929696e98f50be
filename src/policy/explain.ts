/**
 * Why a call was decided as it was, clause by clause: for operators only, because an agent that sees a clause will try to
 * satisfy it. The decision itself names rules; this says how near the others came.
 */
import type { Decision, PolicyEntry } from '../contract/index.ts';
import { type Arguments, argumentsOf } from './arguments/index.ts';
import { findCase } from './case.ts';
import { clausesOf } from './clauses.ts';
import { type CompiledPolicy, compileExpr, type Env } from './compile/index.ts';
import { decide, envOf, factsIn, type PolicyRequest } from './decide.ts';
import type { Est, Expr } from './est.ts';
import { EvaluationError } from './evaluation-error.ts';
import { childrenOf, type IsOpen, partsOf, pathOf, textOf, touches, usesAny } from './partial/path.ts';
import type { PreparedPolicy } from './prepare.ts';
import { exprText, SCOPE_PARTS, scopeText, valueText } from './text.ts';

/** One clause of a rule as Cedar text, with the values that it looked at. */
export interface Clause {
  readonly text: string;
  /** What came out: `false`, `true`, `error: ...`, or `unknown: ...`. */
  readonly value: string;
  /** `context.depth = 5` for each path in it. */
  readonly facts: readonly string[];
}

/** A permit that did not match, and what it would have taken. */
export interface NearMiss {
  readonly level: string;
  readonly id: string;
  readonly reason: string;
  /** 100 for each of resource and action that it is not about, 10 for another principal, 1 for each failed clause. */
  readonly distance: number;
  /** Scope parts that do not match: `principal is User`. */
  readonly scope: readonly string[];
  readonly failed: readonly Clause[];
}

/** A forbid that matched, or could not be evaluated. */
export interface Blocking {
  readonly level: string;
  readonly id: string;
  readonly reason: string;
  /** The clauses that held; with an error, the one that failed. */
  readonly clauses: readonly Clause[];
}

export interface Explanation {
  readonly decision: Pick<Decision, 'effect' | 'code' | 'policyVersion' | 'missing'>;
  /** The whole in one sentence. */
  readonly sentence: string;
  /** Permits of the levels that permit nothing, nearest first. */
  readonly nearMisses: readonly NearMiss[];
  readonly blocking: readonly Blocking[];
}

/** What a decision said when its payload was there to be read. */
export type Recorded = Pick<Decision, 'effect' | 'code' | 'reason' | 'missing' | 'determining'>;

/**
 * Pure, and slow: it prints trees. Without a payload or the facts, clauses about arguments and facts are unknown, and what they
 * decided is taken from `recorded`. Throws like `decide`.
 */
export const explain = (prepared: PreparedPolicy, request: PolicyRequest, recorded?: Recorded): Explanation => {
  const found = findCase(prepared, request.principal, request.target);
  if ('code' in found) return refused(prepared, found);
  const withoutArguments =
    found.case.readsArguments && found.operation.arguments !== null && request.payload === undefined;
  const withoutFacts = found.case.facts.length > 0 && request.facts === undefined;
  const blind = withoutArguments || withoutFacts;
  const decision = { policyVersion: prepared.version, ...(blind && recorded ? recorded : decide(prepared, request)) };
  const args = withoutArguments ? NO_ARGUMENTS : argumentsOf(found.operation, request.target, () => request.payload);
  if ('code' in args) return refused(prepared, args);
  const facts = withoutFacts ? { facts: null } : factsIn(found, request);
  if ('code' in facts) return refused(prepared, facts);
  const env = envOf(found, request, { ...args, ...facts });
  const seen: Seen = { env, unknown: { args: withoutArguments, facts: withoutFacts } };
  const levels = prepared.tenants.get(request.principal?.tenant ?? '')?.levels;
  const rulesOf = (level: string) => levels?.get(level)?.policies ?? [];
  const nearMisses = decision.missing
    .flatMap((level) =>
      rulesOf(level)
        .filter(isPermit)
        .map((policy) => nearMiss(level, policy, seen)),
    )
    .sort(byDistance);
  const stopping = decision.effect === 'allow' ? [] : decision.determining;
  const blocking = stopping.flatMap(({ level, id }) =>
    rulesOf(level)
      .filter(({ entry }) => entry.id === id)
      .map((policy) => block(level, policy, seen)),
  );
  const sentence = sentenceOf(decision, nearMisses, blocking);
  return { decision: summaryOf(decision), sentence, nearMisses, blocking };
};

const NO_ARGUMENTS: Arguments = { args: null };

/** What clauses are evaluated with. */
interface Seen {
  readonly env: Env;
  /** What is not known, although there was some. */
  readonly unknown: { readonly args: boolean; readonly facts: boolean };
}

const summaryOf = ({ effect, code, policyVersion, missing }: Explanation['decision']): Explanation['decision'] => ({
  effect,
  code,
  policyVersion,
  missing,
});

const refused = ({ version }: PreparedPolicy, { code, reason }: Pick<Decision, 'code' | 'reason'>): Explanation => ({
  decision: { effect: 'deny', code, policyVersion: version, missing: [] },
  sentence: `denied because ${reason}`,
  nearMisses: [],
  blocking: [],
});

const isPermit = ({ entry }: CompiledPolicy): boolean => entry.effect === 'permit';

const nameOf = (level: string, { id, annotations }: PolicyEntry) => ({
  level,
  id,
  reason: annotations['reason'] ?? '',
});

const nearMiss = (level: string, policy: CompiledPolicy, seen: Seen): NearMiss => {
  const { env } = seen;
  const est = policy.entry.est as Est;
  const missed = SCOPE_PARTS.filter((part) => !policy[part](env[part], env.entities));
  const failed = clausesOf(est)
    .map((expr) => clauseOf(expr, policy, seen))
    .filter(({ value }) => value !== 'true');
  return {
    ...nameOf(level, policy.entry),
    // Who asks why wants this very call: a rule about another resource is no near miss, however little is missing.
    distance: missed.reduce((sum, part) => sum + (part === 'principal' ? 10 : 100), failed.length),
    scope: missed.map((part) => scopeText(est, part)),
    failed,
  };
};

const byDistance = (a: NearMiss, b: NearMiss): number => a.distance - b.distance || (a.id < b.id ? -1 : 1);

const block = (level: string, policy: CompiledPolicy, seen: Seen): Blocking => ({
  ...nameOf(level, policy.entry),
  clauses: clausesOf(policy.entry.est as Est).map((expr) => clauseOf(expr, policy, seen)),
});

const clauseOf = (expr: Expr, policy: CompiledPolicy, { env, unknown }: Seen): Clause => {
  const text = exprText(expr);
  // Cedar decided the whole rule and does not say which clause made the difference.
  if (usesAny(expr, policy.unknown)) return { text, value: FOREIGN, facts: [] };
  if (unknown.args && touches(expr, isUnder('args'))) return { text, value: UNKNOWN, facts: [] };
  if (unknown.facts && touches(expr, isUnder('facts'))) return { text, value: FACTS_UNKNOWN, facts: [] };
  const facts = [...new Map(pathsIn(expr))].map(([path, one]) => `${path} = ${valueOfExpr(one, env)}`);
  return { text, value: valueOfExpr(expr, env), facts };
};

const UNKNOWN = 'unknown: payloads are not kept';
const FOREIGN = 'unknown: only cedar-wasm knows an operator in it';
const FACTS_UNKNOWN = 'unknown: the facts were not kept';

const isUnder =
  (name: string): IsOpen =>
  (variable, attribute) =>
    variable === 'context' && (attribute ?? name) === name;

const valueOfExpr = (expr: Expr, env: Env): string => {
  try {
    return valueText(compileExpr(expr)(env));
  } catch (thrown) {
    if (thrown instanceof EvaluationError) return `error: ${thrown.message}`;
    throw thrown;
  }
};

/** Each path of the expression by its text; the whole context would say too much. */
const pathsIn = (expr: Expr): (readonly [string, Expr])[] => {
  const path = pathOf(expr);
  if (path !== undefined)
    return path.attributes.length === 0 && path.variable === 'context' ? [] : [[textOf(path), expr]];
  const [operator, body] = partsOf(expr);
  return childrenOf(operator, body).flatMap(pathsIn);
};

const sentenceOf = (decision: Recorded, nearMisses: readonly NearMiss[], blocking: readonly Blocking[]): string => {
  const { effect, determining, missing, reason } = decision;
  if (effect === 'allow') return `allowed by ${named(determining)}`;
  const [first] = blocking;
  const verb = effect === 'deny' ? 'denied' : 'held for an approval';
  if (first !== undefined) return `${verb} because of ${named(blocking)}${because(first)}`;
  if (missing.length === 0) return `${verb} because ${reason}`;
  const levels = missing.map((level) => `\`${level}\``).join(' and ');
  const [nearest] = nearMisses;
  if (nearest === undefined) return `${verb} because ${levels} has no permit at all`;
  return `${verb} because no permit of ${levels} matches: the nearest, \`${nearest.id}\`, needs ${needs(nearest)}`;
};

const named = (rules: readonly { readonly level: string; readonly id: string }[]): string =>
  rules.map(({ level, id }) => `\`${level}/${id}\``).join(' and ');

const because = ({ clauses }: Blocking): string => {
  const told = clauses.map(withFacts).join(' and ');
  return told === '' ? ', which always applies in its scope' : `: ${told}`;
};

const needs = ({ scope, failed }: NearMiss): string => [...scope, ...failed.map(withFacts)].join(' and ');

const withFacts = ({ text, value, facts }: Clause): string =>
  /^(error|unknown): /.test(value)
    ? `${text} (${value})`
    : `${text}${facts.length === 0 ? '' : ` (${facts.join(', ')})`}`;
