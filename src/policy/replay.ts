/** Past decisions decided again by a policy that is not active yet: what would have come out otherwise, and for whom. */

import { z } from 'zod';
import type {
  Attributes,
  CallEvent,
  FactEntry,
  FlipGroup,
  FlippedCall,
  PolicySet,
  Principal,
  Priority,
  RecordArgument,
  ReplayedDecision,
  ReplayReport,
  StepEvent,
} from '../contract/index.ts';
import type { Payload } from '../kernel/index.ts';
import { findCase } from './case.ts';
import { decide, type PolicyRequest } from './decide.ts';
import { askAlike, type FactAnswers } from './facts/index.ts';
import { type Level, type PolicyWorld, type PreparedPolicy, preparePolicy } from './prepare.ts';
import { contextReads } from './reads.ts';
import { argumentsReadBy } from './record.ts';
import { reasonOf } from './remarks.ts';

/** What is known about decisions so far; `ReplayReport` without what only the caller knows. */
export type ReplayTally = Pick<
  ReplayReport,
  'decisions' | 'same' | 'otherRules' | 'unknown' | 'unknownFor' | 'flips' | 'groups'
>;

/** A recorded decision, and which of its inputs were not recorded. */
interface Recorded {
  readonly request: PolicyRequest & { readonly principal: Principal };
  readonly effect: string;
  readonly rules: readonly string[];
  readonly was: readonly string[];
  /** `roles`, or names of context attributes. */
  readonly gaps: ReadonlySet<string>;
  /** Arguments that were looked at then: of these, what the payload had is known. */
  readonly argsRead: readonly string[];
}

interface Group {
  readonly flip: string;
  readonly was: readonly string[];
  readonly now: readonly string[];
  readonly agents: Map<string, number>;
  readonly calls: FlippedCall[];
  count: number;
}

/** Feed it events in any order; it keeps counts and a few names, never events. */
export class Replay {
  readonly #policy: PreparedPolicy;
  readonly #active: PolicySet | undefined;
  readonly #reads = new Map<Level, ReadonlySet<string>>();
  readonly #groups = new Map<string, Group>();
  readonly #unknownFor = new Map<string, number>();
  #decisions = 0;
  #same = 0;
  #otherRules = 0;
  #unknown = 0;

  /**
   * `active`: whose facts were asked when the calls were recorded; what is asked otherwise now is unknown. Default: nothing is.
   * Throws Fault `bad_request` when the policy cannot be prepared.
   */
  constructor(world: PolicyWorld, active?: PolicySet) {
    this.#active = active;
    this.#policy = preparePolicy({ ...world, policy: { ...world.policy, arguments: inPart(world) } });
  }

  /** Answers what became of each decision in it. */
  take(event: CallEvent): readonly ReplayedDecision[] {
    return event.steps.flatMap((step) => {
      if (step.name !== 'decide') return [];
      const recorded = recordedOf(event, step);
      const again: Again =
        recorded === undefined ? { now: null, missing: [unknowable(event, step)] } : this.#again(event, recorded);
      return [{ ...seenIn(event, step, recorded), ...again }];
    });
  }

  tally(): ReplayTally {
    const groups = [...this.#groups.values()].sort((a, b) => rankOf(a) - rankOf(b) || b.count - a.count);
    return {
      decisions: this.#decisions,
      same: this.#same,
      otherRules: this.#otherRules,
      unknown: this.#unknown,
      unknownFor: Object.fromEntries(this.#unknownFor),
      flips: groups.reduce((sum, { count }) => sum + count, 0),
      groups: groups.map(groupOf),
    };
  }

  #again(event: CallEvent, recorded: Recorded): Again {
    this.#decisions += 1;
    const missing = this.#missing(recorded);
    if (missing.length > 0) {
      this.#unknown += 1;
      for (const name of missing) this.#unknownFor.set(name, (this.#unknownFor.get(name) ?? 0) + 1);
      return { now: null, missing };
    }
    const decision = decide(this.#policy, recorded.request);
    const rules = decision.determining.map(({ level, id }) => `${level}/${id}`);
    if (decision.effect !== recorded.effect) this.#flip(event, recorded, decision.effect, [reasonOf(decision)]);
    else if (sameList(rules, recorded.rules)) this.#same += 1;
    else this.#otherRules += 1;
    const why = rules.length > 0 ? rules : [reasonOf(decision)];
    return { now: { effect: decision.effect, why }, missing: [] };
  }

  /** Inputs that the rules concerned read and that were not recorded. */
  #missing({ gaps, argsRead, request }: Recorded): readonly string[] {
    const found = findCase(this.#policy, request.principal, request.target);
    if ('code' in found) return [];
    const args =
      found.case.readsArguments && found.operation.arguments !== null
        ? [...argumentsReadBy(found.case)].filter((name) => !argsRead.includes(name)).map((name) => `args.${name}`)
        : [];
    const { failed, values = {} } = request.facts ?? {};
    const facts = [
      ...found.case.facts.filter(({ name }) => !Object.hasOwn(values, name) && failed?.fact !== name),
      ...found.case.asks.filter((fact) => this.#asksOtherwise(fact)),
    ].map(({ name }) => `facts.${name}`);
    if (gaps.size === 0) return [...args, ...new Set(facts)];
    const reads = new Set(found.case.levels.flatMap((level) => [...this.#readsOf(level)]));
    return [
      ...args,
      ...new Set(facts),
      ...[...gaps].filter((gap) => gap === 'roles' || reads.has(gap) || reads.has('*')),
    ];
  }

  #asksOtherwise(fact: FactEntry): boolean {
    if (this.#active === undefined) return false;
    const before = this.#active.facts?.find(({ tenant, name }) => tenant === fact.tenant && name === fact.name);
    return !askAlike(before, fact);
  }

  #readsOf(level: Level): ReadonlySet<string> {
    let reads = this.#reads.get(level);
    if (reads === undefined) {
      const policies = [...level.policies, ...level.limits.map(({ policy }) => policy)];
      reads = new Set(policies.flatMap(({ entry }) => [...contextReads(entry.est)]));
      this.#reads.set(level, reads);
    }
    return reads;
  }

  #flip(event: CallEvent, { effect, was, request }: Recorded, to: string, now: readonly string[]): void {
    const { principal, target, atMs } = request;
    const flip = `${effect}->${to}`;
    const key = JSON.stringify([flip, was, now]);
    const group = this.#groups.get(key) ?? groupFor(flip, was, now);
    const agent = `${principal.kind}/${principal.id}`;
    group.count += 1;
    group.agents.set(agent, (group.agents.get(agent) ?? 0) + 1);
    const called = `${target.kind}/${target.name}/${target.operation}`;
    if (group.calls.length < MOST_CALLS) group.calls.push({ call: event.callId, agent, target: called, atMs });
    this.#groups.set(key, group);
  }
}

/** Of one group, to look at: more than anybody opens, few enough to be kept. */
const MOST_CALLS = 50;

type Again = Pick<ReplayedDecision, 'now' | 'missing'>;

const seenIn = (event: CallEvent, { attributes }: StepEvent, recorded: Recorded | undefined) => {
  const { callId, span, node, principal, target, startedAtMs } = event;
  return {
    ...{ callId, span, node, startedAtMs },
    caller: principal === null ? 'nobody' : `${principal.kind}/${principal.id}`,
    target: `${target.kind}/${target.name}/${target.operation}`,
    was: {
      effect: String(attributes['effect'] ?? ''),
      why: recorded?.was ?? texts(attributes['rules']),
      policyVersion: String(attributes['policyVersion'] ?? ''),
    },
  };
};

/** Why it is not decided again. */
const unknowable = ({ principal }: CallEvent, { attributes: { arm } }: StepEvent): string => {
  if (principal === null) return 'who called';
  return arm === 'canary' ? 'what the active policy would have said: a release on trial decided' : 'the decision';
};

/** Only what rules read was recorded, and the whole fitted its schema then. */
const inPart = ({ policy }: PolicyWorld): PolicyWorld['policy']['arguments'] =>
  policy.arguments.map((entry) => ({ ...entry, type: relaxed(entry.type) }));

const relaxed = (type: RecordArgument): RecordArgument => ({
  ...type,
  closed: false,
  fields: type.fields.map((field) => ({ ...field, required: false })),
});

const NOTHING: ReadonlySet<string> = new Set();

/** Undefined when the step is no decision about a known caller. Older records lack some inputs: those are gaps, never guesses. */
const recordedOf = (event: CallEvent, { attributes }: StepEvent): Recorded | undefined => {
  const { principal, tenant, target, lineage, session, startedAtMs } = event;
  const { effect, rules, missing, code, at, depth, priority, roles, teams, arm, args, argsRead, facts } = attributes;
  // What another release on trial said then is no measure for this one.
  if (principal === null || typeof effect !== 'string' || arm === 'canary') return undefined;
  const complete = typeof at === 'number';
  const named = texts(rules);
  const none = texts(missing);
  return {
    request: {
      principal: {
        kind: principal.kind as Principal['kind'],
        tenant,
        id: principal.id,
        roles: texts(roles),
        ...(teams === undefined ? {} : { teams: texts(teams) }),
        ...(principal.domain === undefined ? {} : { domain: principal.domain }),
      },
      target,
      depth: typeof depth === 'number' ? depth : lineage.depth,
      ...originIn(attributes, tenant),
      ...dataIn(attributes),
      session: session !== undefined,
      priority: (typeof priority === 'number' ? priority : 2) as Priority,
      atMs: complete ? at : startedAtMs,
      ...(typeof args === 'string' ? { payload: payloadIn(args) } : {}),
      ...(typeof facts === 'string' ? { facts: factsIn(facts) } : {}),
    },
    effect,
    rules: named,
    argsRead: typeof args === 'string' ? texts(argsRead) : [],
    was: named.length > 0 ? named : none.length > 0 ? [`no permit at ${none.join(', ')}`] : [String(code)],
    gaps: complete ? NOTHING : principal.kind === 'user' ? new Set(['priority', 'roles']) : new Set(['priority']),
  };
};

/** What went into the call, and which step of a plan it was, as `inputsOf` wrote it down. */
export const dataIn = ({ taint, plan, planStep }: Attributes): Pick<PolicyRequest, 'taint' | 'plan'> => ({
  ...(Array.isArray(taint) ? { taint: texts(taint) } : {}),
  ...(typeof plan === 'string' && typeof planStep === 'string' ? { plan: { name: plan, step: planStep } } : {}),
});

/** As `inputsOf` wrote it down; absent where the caller itself began. */
const originIn = ({ origin, originRoles }: Attributes, tenant: string): Pick<PolicyRequest, 'origin'> => {
  if (typeof origin !== 'string') return {};
  const [kind, id = ''] = origin.split('/');
  if (kind !== 'agent' && kind !== 'user') return { origin: null };
  return { origin: { kind, tenant, id, roles: texts(originRoles) } };
};

/** Records come from nodes, and a node may be wrong. */
const payloadIn = (text: string): Payload => {
  try {
    return { data: JSON.parse(text) };
  } catch {
    return { problem: 'was not recorded as JSON' };
  }
};

const FactsRecorded = z.object({
  values: z.record(z.string(), z.unknown()),
  failed: z.object({ fact: z.string(), why: z.string() }).exactOptional(),
});

const factsIn = (text: string): FactAnswers | undefined => {
  const payload = payloadIn(text);
  return 'data' in payload ? FactsRecorded.safeParse(payload.data).data : undefined;
};

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];

const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((each, at) => each === b[at]);

/** What is allowed that was not comes first: it is what nobody complains about until it is too late. */
const RANKS = ['deny->allow', 'deny->require_approval', 'require_approval->allow'];
const rankOf = ({ flip }: Group): number => (RANKS.includes(flip) ? RANKS.indexOf(flip) : RANKS.length);

const groupFor = (flip: string, was: readonly string[], now: readonly string[]): Group => ({
  ...{ flip, was, now, agents: new Map<string, number>(), calls: [] as FlippedCall[], count: 0 },
});

const groupOf = ({ flip, was, now, count, agents, calls }: Group): FlipGroup => ({
  flip,
  was,
  now,
  count,
  agents: [...agents].map(([agent, times]) => ({ agent, count: times })).sort((a, b) => b.count - a.count),
  example: calls[0]?.call ?? '',
  calls: calls.toSorted((a, b) => b.atMs - a.atMs),
});
