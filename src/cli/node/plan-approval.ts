/** What people see of a plan before they let a run of it go: its check, and what of it has changed since they were asked. */
import { createHash } from 'node:crypto';
import {
  type ApprovalRecord,
  type ApprovalSummary,
  type Body,
  type Call,
  type CallJournal,
  confirmOf,
  Fault,
  type PlanAsked,
  PlanBody,
  type PlanCheck,
  PlanSpec,
  type PlanStore,
  type PlanUnderApproval,
  type Principal,
  RUN,
  type Snapshot,
  type StepCheck,
  type StepMark,
} from '../../contract/index.ts';
import { type CheckParts, type CheckQuestion, checkPlan } from './plan-check.ts';
import { targetIn } from './plan-check-cost.ts';

export interface PlanApprovalParts {
  readonly check: () => CheckParts;
  readonly plans: Pick<PlanStore, 'get'>;
  readonly calls: Pick<CallJournal, 'get'>;
  readonly awaits: (tenant: string, mark: StepMark, call: string) => Promise<boolean>;
  readonly wallMs: () => number;
}

export interface PlanApproval {
  /** When people are asked. Undefined: the call lets no run of a plan go. */
  asked(call: Call): Promise<PlanAsked | undefined>;
  /** Of a call of a run: does the run still wait for the answer? True for every other call. */
  isAwaited(record: Pick<ApprovalSummary, 'id' | 'tenant'>): Promise<boolean>;
  /** When they look. Undefined as above. */
  shown(record: ApprovalRecord): Promise<PlanUnderApproval | undefined>;
}

export const planApproval = (parts: PlanApprovalParts): PlanApproval => ({
  asked: async (call) => {
    if (call.principal === null) return undefined;
    const check = await checkOf(parts, { ...call, principal: call.principal });
    return check === undefined ? undefined : askedOf(check);
  },
  isAwaited: async ({ tenant, id }) => {
    const step = (await parts.calls.get(tenant, id))?.step;
    return step === undefined || parts.awaits(tenant, step, id);
  },
  shown: async (record) => {
    const { id, principal, target, contentType, plan } = record;
    // What is decided is decided: a comparison with now would tell nobody anything.
    if (record.state !== 'pending' && record.state !== 'approved') return undefined;
    const body: Body = { kind: 'bytes', bytes: record.body };
    try {
      const check = await checkOf(parts, { id, principal, target, contentType, body });
      if (check === undefined && plan === undefined) return undefined;
      if (check === undefined) return { check: null, answer: '', changes: [GONE] };
      const now = askedOf(check);
      return { check, answer: now.answer, changes: plan === undefined ? [] : changesIn(plan, now) };
    } catch (thrown) {
      // Nobody is kept from saying no by a plan that cannot be judged any more.
      return { check: null, answer: '', changes: [`the plan cannot be checked: ${Fault.from(thrown).message}`] };
    }
  },
});

const GONE = 'the plan is not there any more, and nothing runs with this approval';

/** Throws `conflict` for a yes to something else than the voter has seen, or than will run. */
export const throwIfChanged = (
  shown: PlanUnderApproval | undefined,
  asked: PlanAsked | undefined,
  seen: string | undefined,
): void => {
  if (shown === undefined || asked === undefined) return;
  const { check, answer, changes } = shown;
  const told = changes.length === 0 ? '' : `: ${changes.slice(0, MOST_TOLD).join('; ')}`;
  if (check === null || check.digest !== asked.definition)
    throw new Fault(
      'conflict',
      `this plan is not the one that people were asked about${told}; deny it, and have it asked again`,
      {
        facts: { code: 'PLAN_CHANGED' },
      },
    );
  if ((seen ?? asked.answer) !== answer)
    throw new Fault(
      'conflict',
      `what the check of this plan says has changed since you looked${told}; look again, then decide, and send \`check\` with the \`answer\` that you saw`,
      { facts: { code: 'CHECK_CHANGED' } },
    );
};

const MOST_TOLD = 5;

/** Throws `bad_request`: what people are asked about is what the run has, and other words for it change nothing of what runs. */
export const throwIfQuestion = (
  { tenant, target }: Pick<ApprovalRecord, 'tenant' | 'target'>,
  snapshot: Pick<Snapshot, 'targets'>,
): void => {
  const entry = targetIn(snapshot, tenant, target);
  if (entry?.speech?.protocol !== 'plan' || target.operation === RUN) return;
  throw new Fault(
    'bad_request',
    'a question of a run cannot be changed, only answered; deny it, and start another run',
  );
};

type Asking = Pick<Call, 'id' | 'target' | 'contentType' | 'body' | 'step'> & { readonly principal: Principal };

const checkOf = async (parts: PlanApprovalParts, call: Asking): Promise<PlanCheck | undefined> => {
  const check = parts.check();
  const question = await questionOf(parts, check.live.inForce.snapshot, call);
  return question === undefined ? undefined : checkPlan(check, call.principal, question, parts.wallMs());
};

/** A start, or the question whether a proposal may run; undefined for everything else. */
const questionOf = async (
  { plans, calls }: PlanApprovalParts,
  snapshot: Snapshot,
  { id, target, body, principal, step }: Asking,
): Promise<CheckQuestion | undefined> => {
  const { tenant } = principal;
  const entry = snapshot.plans?.find((plan) => plan.tenant === tenant && plan.name === target.name);
  if (target.kind !== 'agent' || entry === undefined || body.kind === 'stream') return undefined;
  if (target.operation === RUN) return { plan: entry.name, input: jsonIn(body.bytes) };
  if (target.operation !== confirmOf('')) return undefined;
  const run = step ?? (await calls.get(tenant, id))?.step;
  const begun = run === undefined ? undefined : await plans.get(tenant, run.run);
  if (begun === undefined) return undefined;
  // The run stays with the definition that it began with.
  const { planner: _, ...rest } = PlanSpec.parse(JSON.parse(begun.definition));
  return { plan: entry.name, spec: { ...rest, ...proposedIn(body.bytes) }, input: JSON.parse(begun.input) };
};

/** What is no JSON starts no run: then nothing is known of the input. */
const jsonIn = (bytes: Uint8Array): unknown => {
  if (bytes.byteLength === 0) return {};
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
};

const proposedIn = (bytes: Uint8Array): PlanBody => {
  const shown = jsonIn(bytes);
  const { steps, output } = typeof shown === 'object' && shown !== null ? (shown as Record<string, unknown>) : {};
  const read = PlanBody.safeParse({ steps, ...(output === null || output === undefined ? {} : { output }) });
  if (read.success) return read.data;
  throw new Fault('bad_request', 'the steps that are asked about cannot be read; deny it, and have it planned again');
};

/** Of a long plan so many lines are kept, and so much of each: a list of approvals holds them all. */
const MOST_LINES = 100;
const LONGEST_LINE = 300;

const askedOf = (check: PlanCheck): PlanAsked => {
  const lines = check.steps.map((step) => ({ step: step.step, says: lineOf(step) }));
  const whole = JSON.stringify([check.digest, check.problems, lines]);
  return {
    definition: check.digest,
    answer: createHash('sha256').update(whole).digest('hex'),
    steps: lines.slice(0, MOST_LINES).map(({ step, says }) => ({ step, says: says.slice(0, LONGEST_LINE) })),
  };
};

const lineOf = ({ target, effect, idempotent, policy, reason, rules, items, ...rest }: StepCheck): string =>
  [
    `calls ${target || 'nobody'}`,
    ...(effect === '' ? [] : [`effect ${effect}${idempotent ? ', again' : ''}`]),
    `policy ${policy}${reason === '' ? '' : ` (${reason})`}`,
    ...(rules.length === 0 ? [] : [`by ${rules.join(', ')}`]),
    `costs ${rest.costMicros ?? 'unknown'}, at most ${rest.mostMicros ?? 'unknown'} micros, ${items ?? 'unknown'} times`,
    ...(rest.compensatedBy === '' ? [] : [`taken back by ${rest.compensatedBy}`]),
  ].join('; ');

const changesIn = (asked: PlanAsked, now: PlanAsked): readonly string[] => {
  if (asked.answer === now.answer) return [];
  const before = new Map(asked.steps.map(({ step, says }) => [step, says]));
  const after = new Map(now.steps.map(({ step, says }) => [step, says]));
  const changes = [
    ...(asked.definition === now.definition
      ? []
      : [
          `the definition is ${now.definition.slice(0, 12)} now and was ${asked.definition.slice(0, 12)}: nothing runs with this approval`,
        ]),
    ...[...before].flatMap(([step, says]) => {
      const is = after.get(step);
      if (is === says) return [];
      return [is === undefined ? `step \`${step}\` is gone` : `step \`${step}\` ${is}; and before: ${says}`];
    }),
    ...[...after.keys()].flatMap((step) => (before.has(step) ? [] : [`step \`${step}\` is new`])),
  ];
  return changes.length > 0
    ? changes
    : [`what speaks against the plan is not the same, or a step beyond the first ${MOST_LINES}`];
};
