/** Cases shipped beside policies: each is decided by both engines, and the rules that it reached are remembered. */
import type { Decision, PlanStep, Principal, Priority, TargetKind } from '../contract/index.ts';
import type { CompiledPolicy } from './compile/index.ts';
import { decide, type PolicyRequest } from './decide.ts';
import { CLOSURES, type Engine, type Outcome } from './evaluate.ts';
import { recheckOf } from './oracle/recheck.ts';
import { type PolicyWorld, type PrepareOptions, preparePolicy } from './prepare.ts';
import { reasonOf } from './remarks.ts';

/** One sentence about a policy, checked. */
export interface PolicyCase {
  readonly name: string;
  /** File and line. */
  readonly origin: string;
  readonly principal: Principal;
  readonly target: { readonly kind: TargetKind; readonly name: string; readonly operation: string };
  readonly depth: number;
  readonly taint?: readonly string[] | undefined;
  readonly plan?: PlanStep | undefined;
  readonly session: boolean;
  readonly priority: Priority;
  /** Unix ms. */
  readonly atMs: number;
  /** The payload. */
  readonly args?: unknown;
  /** What information points answer, by name. */
  readonly facts?: Readonly<Record<string, unknown>> | undefined;
  readonly expect: {
    readonly effect: Decision['effect'];
    /** All rules that decide, in any order; absent: whichever. */
    readonly rules?: readonly string[] | undefined;
    readonly code?: string | undefined;
  };
}

export interface CaseResult {
  readonly case: PolicyCase;
  /** What is wrong, one sentence each; empty when the case holds. */
  readonly problems: readonly string[];
  readonly decision: Decision;
}

export interface Proof {
  readonly results: readonly CaseResult[];
  /** `level/id` of rules whose conditions held in no case. */
  readonly unreached: readonly string[];
  /** Rules in all. */
  readonly rules: number;
}

/** Throws Fault `bad_request` when the policy cannot be prepared, Error when cedar-wasm gives no answer. */
export const prove = (
  world: PolicyWorld,
  cases: readonly PolicyCase[],
  options: Pick<PrepareOptions, 'knows'> = {},
): Proof => {
  const reached = new Set<CompiledPolicy>();
  const prepared = preparePolicy(world, remembering(reached), {
    ...options,
    onFallback: (outcome) => remember(reached, outcome),
  });
  const recheck = recheckOf(world);
  const results = cases.map((each): CaseResult => {
    const request = requestOf(each);
    const decision = decide(prepared, request);
    const second = recheck(request, decision);
    const differs = second === undefined ? [] : [`cedar-wasm decides ${second.effect} by ${reasonOf(second)}`];
    return { case: each, decision, problems: [...problemsOf(each, decision), ...differs] };
  });
  const all = [...prepared.tenants.values()].flatMap(({ levels }) =>
    [...levels.values()].flatMap(({ name, policies, limits }) =>
      [...policies, ...limits.map(({ policy }) => policy)].map((policy) => ({
        policy,
        id: `${name}/${policy.entry.id}`,
      })),
    ),
  );
  const unreached = all.filter(({ policy }) => !reached.has(policy)).map(({ id }) => id);
  return { results, unreached, rules: all.length };
};

/** The engine that decides calls, which also says whose conditions held. */
const remembering = (reached: Set<CompiledPolicy>): Engine => ({
  slice: CLOSURES.slice,
  evaluate: (policies, env) => {
    const outcome = CLOSURES.evaluate(policies, env);
    remember(reached, outcome);
    return outcome;
  },
});

const remember = (reached: Set<CompiledPolicy>, { permits, forbids }: Outcome): void => {
  for (const policy of [...permits, ...forbids]) reached.add(policy);
};

const requestOf = ({ args, facts, ...asked }: PolicyCase): PolicyRequest => ({
  principal: asked.principal,
  target: asked.target,
  depth: asked.depth,
  taint: asked.taint,
  plan: asked.plan,
  session: asked.session,
  priority: asked.priority,
  atMs: asked.atMs,
  ...(args === undefined ? {} : { payload: { data: args } }),
  ...(facts === undefined ? {} : { facts: { values: facts } }),
});

const problemsOf = ({ expect }: PolicyCase, decision: Decision): string[] => {
  const { effect, code, determining } = decision;
  const rules = determining.map(({ level, id }) => `${level}/${id}`).sort();
  const wanted = expect.rules === undefined ? rules : [...expect.rules].sort();
  return [
    ...(effect === expect.effect ? [] : [`expected ${expect.effect}, and it is ${effect} by ${reasonOf(decision)}`]),
    ...(wanted.join() === rules.join() ? [] : [`expected the rules ${listOf(wanted)}, and they are ${listOf(rules)}`]),
    ...(expect.code === undefined || expect.code === code ? [] : [`expected code ${expect.code}, and it is ${code}`]),
  ];
};

const listOf = (rules: readonly string[]): string =>
  rules.length === 0 ? 'none' : rules.map((rule) => `\`${rule}\``).join(', ');
