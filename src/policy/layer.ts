/** Asks policy about every call, notes the answer on its span, and gives the permit without which nothing is sent. */
import type { Attributes, Call, Decision, RoutePlan, Scope } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import {
  type Handler,
  type Layer,
  Permit,
  parsedPayload,
  payloadOf,
  remainingMs,
  whenEnded,
  withTimeout,
} from '../kernel/index.ts';
import { armOf, remarksOn, type Trials } from './arm.ts';
import { decide, factsFor, type PolicyRequest } from './decide.ts';
import { type FactAnswers, InformationPoints } from './facts/index.ts';
import type { PreparedPolicy } from './prepare.ts';
import { inputsOf } from './record.ts';

export interface DecideParts {
  readonly policy: PreparedPolicy;
  /** Releases on trial, from the same snapshot. Default: none. */
  readonly trials?: Trials;
  /** Made by routing from the same snapshot. Throws `not_found` for a target that does not exist. */
  readonly planOf: (call: Call) => RoutePlan;
  /** Takes questions for facts through the whole pipeline of this node. Absent: no fact is ever available. */
  readonly ask?: Handler;
  /** Sees every decision, as plain data. Must not throw or wait. Answers true when it will look at this one again. */
  readonly watch?: Watch | undefined;
}

export type Watch = (request: PolicyRequest, decision: Decision, callId: string) => boolean;

/** Throws Fault `denied` or `approval_required` with the facts `rules`, `code`, `policyVersion` and `missing`. */
export const decideLayer = ({
  policy: active,
  planOf,
  trials = NO_TRIALS,
  watch,
  ask = nobody,
}: DecideParts): Layer => {
  const points = new InformationPoints(ask);
  return (next) => async (call, scope) => {
    const plan = planOf(call);
    const arm = armOf(active, trials, call);
    const needed = factsFor(arm.policy, call);
    const facts = needed.length === 0 ? undefined : await points.gather(needed, call, scope);
    const startMs = scope.clock.nowMs();
    const request = requestOf(call, plan, scope, facts);
    const decision = decide(arm.policy, request, () => payloadOf(call));
    const remarks = remarksOn(arm, decision, request, () => payloadOf(call));
    note(decision, startMs, scope, {
      ...remarks,
      ...inputsOf(request, decision, arm.policy, parsedPayload(call.body)),
    });
    const looks = arm.name === 'canary' ? arm.trial?.watch : watch;
    if (looks?.(withPayload(request, call), decision, call.id) === true) scope.span.set({ 'policy.rechecked': true });
    if (decision.effect !== 'allow') throw refusalOf(decision);
    const allowed = constrained(call, plan, decision);
    Permit.grant(allowed, decision);
    const { timeoutMs } = decision.constraints;
    if (timeoutMs === undefined || timeoutMs >= remainingMs(scope)) return next(allowed, scope);
    // The deadline layer stands outside and has not seen this limit.
    const timed = withTimeout(scope, timeoutMs, () => new Fault('timeout', `policy gives this call ${timeoutMs} ms`));
    return whenEnded(next(allowed, timed.scope), timed.scope.signal, timed.release);
  };
};

const NO_TRIALS: Trials = new Map();

const nobody: Handler = async () => {
  throw new Fault('unavailable', 'this node has no way to ask for facts');
};

const requestOf = (call: Call, plan: RoutePlan, scope: Scope, facts: FactAnswers | undefined): PolicyRequest => ({
  principal: call.principal,
  target: call.target,
  depth: call.lineage.depth,
  session: call.session !== undefined,
  priority: plan.priority,
  atMs: scope.clock.wallMs(),
  ...(facts === undefined ? {} : { facts }),
});

/** What the decision was made from, and no more: a payload that no policy reads is nobody else's either. */
const withPayload = (request: PolicyRequest, { body }: Call): PolicyRequest => {
  const payload = parsedPayload(body);
  return payload === undefined ? request : { ...request, payload };
};

const ruleIds = (decision: Decision): string[] => decision.determining.map(({ level, id }) => `${level}/${id}`);

const note = (decision: Decision, startMs: number, { span }: Scope, more: Attributes): void => {
  const { effect, code, policyVersion, missing } = decision;
  const rules = ruleIds(decision);
  span.step('decide', startMs, {
    effect,
    code,
    rules,
    missing,
    policyVersion,
    ...more,
    ...(decision.errors.length === 0 ? {} : { errors: decision.errors.map(({ level, id }) => `${level}/${id}`) }),
  });
  span.set({ 'policy.version': policyVersion, 'policy.rule': rules });
};

const refusalOf = (decision: Decision): Fault => {
  const { code, policyVersion, missing, reason } = decision;
  const facts = { rules: ruleIds(decision), code, policyVersion, missing };
  return new Fault(decision.effect === 'deny' ? 'denied' : 'approval_required', reason, { facts });
};

/** The same bytes with what policy and route grant them: a limit shortens and demotes, it never extends or promotes. */
const constrained = (call: Call, plan: RoutePlan, { constraints }: Decision): Call => {
  const timeoutMs = Math.min(
    call.timeoutMs ?? Number.POSITIVE_INFINITY,
    constraints.timeoutMs ?? Number.POSITIVE_INFINITY,
  );
  const priority = Math.max(plan.priority, constraints.priority ?? 0) as Call['priority'];
  return { ...call, priority, ...(Number.isFinite(timeoutMs) ? { timeoutMs } : {}) };
};
