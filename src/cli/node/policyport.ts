/** What a node lends to its admin door about policy: who may call what, and why a call was decided as it was. */
import type { Attributes, CallEvent, Principal, Snapshot, StepEvent } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import type { CallExplanation, CanAnswer, CanQuestion, PolicyPort, RuleName } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import {
  answersFrom,
  dataIn,
  explain,
  explainMay,
  type FactAnswers,
  type MayAnswer,
  mayAllow,
  type PreparedPolicy,
  type Recorded,
} from '../../policy/index.ts';
import type { LivePipeline } from './live.ts';

export const policyPort = (
  live: Pick<LivePipeline, 'inForce'>,
  { clock }: Pick<World, 'clock'>,
  diagnose: PolicyPort['diagnose'],
): PolicyPort => {
  const listed = new Listed();
  return {
    mayCall: (principal, target) => listed.mayCall(live.inForce.policy, principal, target, clock.wallMs()),
    can: (question) => canAnswer(live.inForce, question, clock.wallMs()),
    diagnose,
    explain: (event) => explanationOf(live.inForce, event),
  };
};

const HOUR_MS = 3_600_000;

/** Beyond that the memo starts again, so that it cannot grow without end. */
const MOST = 100_000;

/**
 * Answers remembered while they hold: for one snapshot, and for the present hour, after which a permit may have run out.
 * Lists are asked for often and by many, with the same questions each time.
 */
class Listed {
  #of: PreparedPolicy | undefined;
  #hour = 0;
  readonly #known = new Map<string, boolean>();

  mayCall(policy: PreparedPolicy, principal: Principal, target: Parameters<PolicyPort['mayCall']>[1], nowMs: number) {
    const hour = Math.floor(nowMs / HOUR_MS);
    if (this.#of !== policy || this.#hour !== hour || this.#known.size >= MOST) this.#known.clear();
    [this.#of, this.#hour] = [policy, hour];
    const { tenant, kind, id, roles, domain } = principal;
    const key = JSON.stringify([tenant, kind, id, roles, domain, target.kind, target.name, target.operation]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const may = mayAllow(policy, principal, target, { fromMs: hour * HOUR_MS }) !== 'no';
    this.#known.set(key, may);
    return may;
  }
}

type InForce = LivePipeline['inForce'];

const canAnswer = ({ snapshot, policy }: InForce, question: CanQuestion, nowMs: number): CanAnswer => {
  const { context, target } = question;
  const answer = explainMay(policy, principalOf(snapshot, question), target, { context, fromMs: nowMs });
  return {
    answer: answer.may,
    policyVersion: policy.version,
    refusal: answer.refusal?.reason ?? '',
    permitting: answer.permitting.map(named),
    denying: answer.denying.map(named),
    missing: answer.missing,
    approval: answer.approval,
    depends: answer.depends.map(({ on, clauses, rules }) => ({
      on,
      clauses,
      rules: rules.map(({ level, entry }) => `${level}/${entry.id}`),
    })),
  };
};

const named = ({ level, entry }: MayAnswer['permitting'][number]): RuleName => ({
  level,
  id: entry.id,
  reason: entry.annotations['reason'] ?? '',
});

/** As the resolver would make it of a key: whoever has none cannot call. */
const principalOf = ({ keys, targets }: Snapshot, { tenant, principal: { kind, name } }: CanQuestion): Principal => {
  const owned = keys.find((key) => key.tenant === tenant && key.principal.kind === kind && key.principal.name === name);
  const agent = targets.find(
    (one) => kind === 'agent' && one.kind === 'agent' && one.tenant === tenant && one.name === name,
  );
  if (owned === undefined && agent === undefined)
    throw new Fault(
      'not_found',
      `no ${kind} \`${name}\` can call: ${kind === 'user' ? 'it has no key' : 'there is none'}`,
    );
  const { domain, roles } = owned?.principal ?? { domain: agent?.domain ?? '', roles: [] };
  return { kind, tenant, id: name, roles, ...(domain === '' ? {} : { domain }) };
};

const explanationOf = ({ snapshot, policy, planOf }: InForce, event: CallEvent): CallExplanation | null => {
  const step = event.steps.find(({ name }) => name === 'decide');
  if (step === undefined || event.principal === null) return null;
  const caller = callerOf(snapshot, event, event.principal);
  const asked = {
    principal: caller.principal,
    target: event.target,
    depth: event.lineage.depth,
    ...dataIn(step.attributes),
    session: event.session !== undefined,
    priority: priorityOf(planOf, caller.principal, event),
    atMs: event.startedAtMs,
    facts: factsIn(step),
  };
  const { decision, ...explained } = explain(policy, asked, recordedIn(event, step));
  const decidedBy = String(step.attributes['policyVersion'] ?? '');
  const changed =
    decidedBy === policy.version
      ? []
      : [`it was decided by policy ${decidedBy}, and this explains it by ${policy.version}, which is in force now`];
  return {
    callId: event.callId,
    span: event.span,
    node: event.node,
    ...explained,
    policyVersion: policy.version,
    decidedBy,
    caveats: [...changed, ...caller.caveats, ...differing(step, decision.effect)],
  };
};

/** As the layer that decided wrote them down. Undefined when there were none, or too many to keep. */
const factsIn = ({ attributes: { facts } }: StepEvent): FactAnswers | undefined =>
  typeof facts === 'string' ? answersFrom(facts) : undefined;

/** Events keep what was decided, and not the payload that it was decided with. */
const recordedIn = ({ attributes: { message } }: CallEvent, { attributes }: StepEvent): Recorded => ({
  effect:
    attributes['effect'] === 'allow' || attributes['effect'] === 'require_approval' ? attributes['effect'] : 'deny',
  code: String(attributes['code'] ?? ''),
  reason: String(message ?? ''),
  missing: textsOf(attributes['missing']),
  determining: textsOf(attributes['rules']).map((rule) => {
    const [level = '', id = ''] = rule.split('/');
    return { level, id, reason: '' };
  }),
});

const textsOf = (value: Attributes[string]): readonly string[] => (Array.isArray(value) ? value.map(String) : []);

/** Events do not keep roles: they are taken from the keys that the caller has now. */
const callerOf = (
  { keys }: Snapshot,
  { tenant }: CallEvent,
  { kind, id, domain }: NonNullable<CallEvent['principal']>,
) => {
  const key = keys.find((one) => one.tenant === tenant && one.principal.kind === kind && one.principal.name === id);
  const principal: Principal = {
    kind: kind === 'agent' || kind === 'user' ? kind : 'node',
    tenant,
    id,
    roles: key?.principal.roles ?? [],
    ...(domain === undefined ? {} : { domain }),
  };
  const unknown = kind === 'user' && key === undefined;
  return { principal, caveats: unknown ? [`user ${id} has no key any more, so no role of it is known`] : [] };
};

const priorityOf = (planOf: InForce['planOf'], principal: Principal, { target }: CallEvent) => {
  try {
    return planOf({ principal, target }).priority;
  } catch (thrown) {
    // The target is gone since; `explain` says so.
    if (thrown instanceof Fault) return 2;
    throw thrown;
  }
};

const differing = ({ attributes }: StepEvent, effect: string): string[] =>
  attributes['effect'] === effect ? [] : [`then the answer was ${attributes['effect']}, now it would be ${effect}`];
