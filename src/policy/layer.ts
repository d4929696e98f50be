/** Asks policy about every call, notes the answer on its span, and gives the permit without which nothing is sent. */
import type {
  Attributes,
  Call,
  Constraints,
  Decision,
  Hold,
  HoldQuestion,
  Principal,
  Reply,
  RoutePlan,
  Scope,
} from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import {
  Admission,
  type Handler,
  invoke,
  type Layer,
  Permit,
  payloadDigest,
  remainingMs,
  whenEnded,
  whenStopped,
  withTimeout,
} from '../kernel/index.ts';
import { meetApprovals } from './approval-spec.ts';
import { type Arm, agreedArm, armOf, saidOf } from './arm.ts';
import { Places } from './concurrency.ts';
import { meet } from './constraints.ts';
import { decide, type PolicyRequest } from './decide.ts';
import { beganOf, factsForAll, type Intersects, joined, nameOf } from './delegation.ts';
import { type FactAnswers, InformationPoints } from './facts/index.ts';
import type { PreparedPolicy } from './prepare.ts';
import { Rates } from './rate.ts';
import { inputsOf } from './record.ts';
import { redactReplays } from './redact-replies.ts';
import { remarksOn } from './remarks.ts';
import { rewritten } from './rewrite-call.ts';
import { Trees } from './trees.ts';
import type { Trials } from './trials.ts';
import { Versions } from './versions.ts';
import { argumentsKnown, argumentsSeen } from './view.ts';
import type { Watch } from './watch.ts';

export interface DecideParts {
  readonly policy: PreparedPolicy;
  /** Releases on trial, from the same snapshot. Default: none. */
  readonly trials?: Trials;
  /** Of the snapshot that all of this is from. */
  readonly snapshotSeq?: number;
  /** What may decide a call that another node decided already; outlives snapshots. Default: what is here. */
  readonly versions?: Versions;
  /** Call trees that this node has seen; outlives snapshots. Default: of this pipeline alone. */
  readonly trees?: Trees;
  /** Made by routing from the same snapshot. Throws `not_found` for a target that does not exist. */
  readonly planOf: (call: Call) => RoutePlan;
  /** Takes questions for facts through the whole pipeline of this node. Absent: no fact is ever available. */
  readonly ask?: Handler;
  /** Who asks people. Absent: a call that wants an approval is refused. */
  readonly hold?: Hold | undefined;
  /** Must policy permit the call for whoever began its tree, too? Default: never. */
  readonly intersects?: Intersects;
  /** How often who called what; outlives snapshots. Default: of this pipeline alone. */
  readonly rates?: Rates;
  /** How many calls of whom are in the works; outlives snapshots. Default: of this pipeline alone. */
  readonly places?: Places;
  /** What else tightens an allowed call before its permit, such as what is left of a budget. Default: nothing. */
  readonly tighten?: Tighten | undefined;
  /** Sees every decision, as plain data. Must not throw or wait. Answers true when it will look at this one again. */
  readonly watch?: Watch | undefined;
}

/** What policy makes of a call: the decision, and the call as it would go on. */
export type Considered = Pick<HoldQuestion, 'call' | 'decision' | 'plan'>;

/** Must not loosen anything: what it answers is met with the limits of the decision. */
export type Tighten = (
  call: Call,
  plan: RoutePlan,
  constraints: Constraints,
  scope: Scope,
) => Promise<Constraints | undefined>;

/**
 * Decides and notes, and grants nothing. `call` is the same where the answer is no. Throws `denied` when a limit must change a
 * payload that cannot be changed.
 */
export const consider = ({
  policy: active,
  planOf,
  trials = NO_TRIALS,
  watch,
  ask = nobody,
  intersects = never,
  snapshotSeq = 0,
  trees = new Trees(),
  versions: lasting,
  tighten,
}: DecideParts): ((call: Call, scope: Scope) => Promise<Considered>) => {
  const points = new InformationPoints(ask);
  const inForce = { snapshotSeq, active, trials, watch };
  const versions = lasting ?? new Versions(inForce);
  return async (call, scope) => {
    const plan = planOf(call);
    const { decided } = call;
    const arm =
      decided === undefined ? armOf(inForce, trees, call) : await agreedArm({ versions, trees }, call, decided, scope);
    const began = beganOf(call, intersects);
    const needed = factsForAll(arm.policy, call, began);
    const facts = needed.length === 0 ? undefined : await points.gather(needed, call, scope);
    const startMs = scope.clock.nowMs();
    const request = requestOf(call, plan, scope, facts);
    const own = decide(arm.policy, request, () => argumentsSeen(call));
    const remarks = remarksOn(arm, own, request, () => argumentsSeen(call));
    note(own, startMs, scope, {
      ...remarks,
      ...inputsOf(request, own, arm.policy, mayKeep(own) ? argumentsKnown(call) : undefined),
    });
    if (arm.watch?.(withPayload(request, call), own, call.id) === true) scope.span.set({ 'policy.rechecked': true });
    let decision = joined(own, arm.policy, request, () => argumentsSeen(call), began);
    if (decision !== own) noteOrigin(decision, began ?? null, startMs, scope);
    if (decision.effect === 'deny') return { call, decision, plan };
    decision = withApproval(decision, plan.operation.approval);
    // What people are asked about, or have approved, stays as it is: there a budget that runs low refuses instead.
    const more =
      decision.effect === 'allow' && call.grant === undefined
        ? await tighten?.(call, plan, decision.constraints, scope)
        : undefined;
    if (more !== undefined) decision = { ...decision, constraints: meet(decision.constraints, more) };
    // Other bytes are another body: the permit is for what goes on, not for what came.
    const { constraints, policyVersion } = decision;
    return { call: rewritten(constrained(call, plan, arm, decision), constraints, policyVersion), decision, plan };
  };
};

/**
 * Throws Fault `denied` or `approval_required` with the facts `rules`, `code`, `policyVersion` and `missing`, `rate_limited` with
 * `retryAfterMs`, and `denied` when a limit must change a payload that cannot be changed.
 */
export const decideLayer = (parts: DecideParts): Layer => {
  const { hold, rates = new Rates(), places = new Places() } = parts;
  const considered = consider(parts);
  return (next) => async (came, scope) => {
    const { call: allowed, decision, plan } = await considered(came, scope);
    const { constraints } = decision;
    const waits = await heldBack(hold, { call: allowed, decision, plan, scope });
    if (waits !== undefined) return redactReplays(async () => waits, constraints)(allowed, scope);
    throwIfTooMany(places, allowed, decision);
    throwIfTooOften(rates, allowed, decision, scope);
    Permit.grant(allowed, decision.effect === 'allow' ? decision : approved(decision));
    noteLimits(allowed, constraints, scope);
    const onward = placed(places, redactReplays(next, constraints), allowed, decision);
    const { timeoutMs } = constraints;
    if (timeoutMs === undefined || timeoutMs >= remainingMs(scope)) return onward(allowed, scope);
    // The deadline layer stands outside and has not seen this limit.
    const timed = withTimeout(scope, timeoutMs, () => new Fault('timeout', `policy gives this call ${timeoutMs} ms`));
    return whenEnded(onward(allowed, timed.scope), timed.scope.signal, timed.release);
  };
};

/** What the caller gets instead of the target's answer; undefined when nothing is in the way of the call any more. */
const heldBack = async (hold: Hold | undefined, asking: HoldQuestion): Promise<Reply | undefined> => {
  const { call, decision } = asking;
  if (decision.effect === 'deny') throw refusalOf(decision);
  if (decision.effect === 'allow' && (call.grant === undefined || hold === undefined)) return undefined;
  // Nobody is asked about a model that the caller did not ask for.
  if (hold === undefined || call.move !== undefined) throw refusalOf(decision);
  const held = await hold(asking);
  if (held.kind === 'reply') return held.reply;
  if (held.use !== null) Admission.of(call).grant = held.use;
  return undefined;
};

/** What an operation asks of people is met with what rules ask: nobody is asked less because of the other. */
const withApproval = (decision: Decision, wanted: RoutePlan['operation']['approval']): Decision => {
  if (wanted === undefined) return decision;
  const { reason, ...spec } = wanted;
  if (decision.approval !== undefined) return { ...decision, approval: meetApprovals(decision.approval, spec) };
  return { ...decision, effect: 'require_approval', code: 'APPROVAL_REQUIRED', reason, approval: spec };
};

/** INVARIANT: only `hold` has said so, and only of a decision that nothing but an approval stood against. */
const approved = (decision: Decision): Decision => {
  const { approval: _, ...rest } = decision;
  return { ...rest, effect: 'allow', code: 'APPROVED' };
};

const NO_TRIALS: Trials = new Map();

const never: Intersects = () => false;

const nobody: Handler = async () => {
  throw new Fault('unavailable', 'this node has no way to ask for facts');
};

const requestOf = (call: Call, plan: RoutePlan, scope: Scope, facts: FactAnswers | undefined): PolicyRequest => ({
  principal: call.principal,
  target: call.target,
  depth: call.lineage.depth,
  ...originOf(call),
  ...(call.tree?.taint === undefined ? {} : { taint: call.tree.taint }),
  ...(call.tree?.plan === undefined ? {} : { plan: call.tree.plan }),
  session: call.session !== undefined,
  priority: plan.priority,
  atMs: scope.clock.wallMs(),
  ...(facts === undefined ? {} : { facts }),
});

const originOf = ({ tree, principal }: Call): Pick<PolicyRequest, 'origin'> =>
  tree === undefined || tree.origin === principal ? {} : { origin: tree.origin };

/** What the decision was made from, and no more: a payload that no policy reads is nobody else's either. */
const withPayload = (request: PolicyRequest, call: Call): PolicyRequest => {
  const payload = argumentsKnown(call);
  return payload === undefined ? request : { ...request, payload };
};

/** The record keeps arguments that rules read, for replays; not where a limit takes fields away or wants no payload kept. */
const mayKeep = ({ constraints: { redactIn, logPayload = 'full' } }: Decision): boolean =>
  redactIn === undefined && logPayload === 'full';

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

/** Beside the decision about the caller, which is the one that can be made again from the record. */
const noteOrigin = (decision: Decision, began: Principal | null, startMs: number, { span }: Scope): void => {
  const { effect, code, missing } = decision;
  const rules = ruleIds(decision);
  span.step('delegation', startMs, { origin: nameOf(began), effect, code, rules, missing });
  span.set({ 'policy.rule': rules });
};

const refusalOf = (decision: Decision): Fault => {
  const { code, policyVersion, missing, reason } = decision;
  const facts = { rules: ruleIds(decision), code, policyVersion, missing };
  return new Fault(decision.effect === 'require_approval' ? 'approval_required' : 'denied', reason, { facts });
};

/** The same bytes with what policy and route grant them: a limit shortens and demotes, it never extends or promotes. */
const constrained = (call: Call, plan: RoutePlan, arm: Arm, { constraints }: Decision): Call => {
  const timeoutMs = Math.min(
    call.timeoutMs ?? Number.POSITIVE_INFINITY,
    constraints.timeoutMs ?? Number.POSITIVE_INFINITY,
  );
  const priority = Math.max(plan.priority, constraints.priority ?? 0) as Call['priority'];
  const decided = saidOf(arm);
  return Number.isFinite(timeoutMs) ? { ...call, priority, decided, timeoutMs } : { ...call, priority, decided };
};

/** Looked at before the rates are charged: a call that is refused for one of them costs nobody a place in the other. */
const throwIfTooMany = (places: Places, call: Call, { constraints, policyVersion }: Decision): void => {
  const { principal, target } = call;
  const { concurrency } = constraints;
  if (concurrency === undefined || principal === null || !places.isFull(concurrency, { ...call, principal })) return;
  throw new Fault(
    'rate_limited',
    `\`${concurrency.rule}\` lets ${principal.kind} \`${principal.id}\` have ${concurrency.count} ` +
      `${concurrency.count === 1 ? 'call' : 'calls'} to \`${target.operation}\` of ${target.kind} \`${target.name}\` in the works; call again when one is done`,
    { facts: { rules: [concurrency.rule], code: 'TOO_MANY_AT_ONCE', policyVersion } },
  );
};

/** What was given up and still runs keeps its place (D5). A call that is only accepted takes one when it runs. */
const placed = (places: Places, next: Handler, { principal, detach }: Call, { constraints }: Decision): Handler => {
  if (constraints.concurrency === undefined || principal === null || detach === true) return next;
  return (call, scope) => {
    const leave = places.take({ ...call, principal });
    return whenStopped(invoke(next, call, scope), scope.signal, leave);
  };
};

/** Last before the permit: a call that is refused for anything else costs nobody a place. */
const throwIfTooOften = (
  rates: Rates,
  call: Call,
  { constraints, policyVersion }: Decision,
  { clock }: Scope,
): void => {
  const { principal, target } = call;
  if (constraints.rates === undefined || principal === null) return;
  const exceeded = rates.charge(constraints.rates, { ...call, principal }, clock.nowMs());
  if (exceeded === undefined) return;
  const { rate, retryAfterMs } = exceeded;
  throw new Fault(
    'rate_limited',
    `\`${rate.rule}\` lets ${principal.kind} \`${principal.id}\` call \`${target.operation}\` of ${target.kind} ` +
      `\`${target.name}\` ${rate.count} times in ${rate.windowMs / 1_000} s; call again in ${retryAfterMs} ms`,
    { retryAfterMs, facts: { rules: [rate.rule], code: 'RATE_LIMITED', policyVersion } },
  );
};

/** Of a payload only its digest, and of what the target gets: what was redacted must not be guessed from a digest either. */
const noteLimits = ({ body }: Call, { budgetClass, logPayload = 'none' }: Constraints, { span }: Scope): void => {
  if (budgetClass !== undefined) span.set({ 'policy.budget_class': budgetClass });
  if (logPayload !== 'none' && body.kind === 'bytes') span.set({ 'payload.sha256': payloadDigest(body) });
};
