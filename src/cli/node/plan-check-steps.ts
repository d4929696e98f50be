/** Each step of a plan as the call that it would be: whom it reaches, what policy says of it, and what it may come to. */
import type { Target } from '../../contract/index.ts';
import type { Called, Sending, Step } from '../../plans/index.ts';
import { nearest } from '../../policy/index.ts';
import { FREE } from './plan-check-budgets.ts';
import { foreseen, targetIn, times } from './plan-check-cost.ts';
import { itemsOf, labelsInto, payloadOf } from './plan-check-data.ts';
import { judged } from './plan-check-policy.ts';
import type { Asking, Checked } from './plan-check-remarks.ts';

const NOBODY = {
  ...{ target: '', effect: '', idempotent: true, domain: '', reason: '', rules: [] },
  ...{ costMicros: 0, mostMicros: 0 },
} as const;

/** The planner, where there is one: its steps are not known before. */
export const ahead = (asking: Asking): readonly Checked[] => {
  const { planner } = asking.definition;
  if (planner === null) return [];
  return [sent(asking, planner, { key: '@plan', taint: [], payload: undefined, items: 1 })];
};

/** The step, and what takes it back: a call with a decision of its own. */
export const checksOf = (asking: Asking, step: Step): readonly Checked[] => {
  const { sending, compensate } = step;
  const items = itemsOf(step, asking.input);
  const rest = { step: step.id, needs: step.needs, items, compensatedBy: step.compensate?.call ?? '' };
  if (sending === null) return [{ check: { ...rest, ...NOBODY, policy: 'none' }, taint: [], charged: undefined }];
  const own = sent(asking, sending, { key: step.id, ...knownOf(asking, step, sending), items });
  const whole = { ...own, check: { ...own.check, ...rest } };
  if (compensate === null) return [whole];
  const back = sent(asking, compensate, { key: `~${step.id}`, ...knownOf(asking, step, compensate), items });
  return [whole, { ...back, check: { ...back.check, needs: [step.id] } }];
};

interface Known {
  readonly key: string;
  readonly taint: readonly string[];
  readonly payload: { readonly json: unknown } | undefined;
  readonly items: number | null;
}

const knownOf = (
  { definition, lookup, input }: Asking,
  step: Step,
  sending: Sending,
): Pick<Known, 'taint' | 'payload'> => ({
  taint: labelsInto(definition, lookup)(step, sending),
  payload: payloadOf(sending, input),
});

const sent = (asking: Asking, sending: Sending, known: Known): Checked => {
  const called = asking.lookup(sending.callee);
  if (typeof called !== 'string') return callOf(asking, sending, called, known);
  // A plan that is not applied yet has no target: its own questions go to nobody before.
  return sending.callee.kind === 'target' && sending.call === ''
    ? questionOf(sending.callee.target, known)
    : missing(asking, sending, called, known);
};

const restOf = ({ key, items }: Known) => ({ step: key, needs: [], items, compensatedBy: '' });

const chargeOf = ({ key, items }: Known) => ({ step: key, items, isBack: key.startsWith('~') });

const questionOf = (target: Target, known: Known): Checked => ({
  check: { ...restOf(known), ...NOBODY, policy: 'approval', reason: 'people are asked' },
  taint: known.taint,
  charged: { ...chargeOf(known), target, foreseen: FREE },
});

const missing = (asking: Asking, { call }: Sending, why: string, known: Known): Checked => ({
  check: {
    ...{ ...restOf(known), ...NOBODY, costMicros: null, mostMicros: null },
    ...{ target: call, policy: 'missing', reason: `${why}${guess(asking, call)}` },
  },
  taint: known.taint,
  charged: undefined,
});

const callOf = (asking: Asking, sending: Sending, called: Called, known: Known): Checked => {
  const { snapshot, policy, caller, learned, definition } = asking;
  const { taint, payload } = known;
  const { target, operation } = called;
  const entry = targetIn(snapshot, caller.tenant, target);
  const domain = entry?.domain ?? '';
  const cost = sending.call === '' ? FREE : foreseen({ snapshot, learned, caller, called, payload });
  const attempts = operation.idempotent ? sending.attempts * triesOf(asking, target) : 1;
  const asked = { plan: { name: definition.name, step: known.key }, isAsked: operation.approval?.reason };
  return {
    check: {
      ...restOf(known),
      ...{ target: `${target.kind}/${target.name}/${target.operation}`, domain },
      ...{ effect: operation.effect, idempotent: operation.idempotent },
      ...judged({ ...{ snapshot, policy, caller, target, domain, taint, payload }, ...asked }),
      ...{ costMicros: cost?.expected.micros ?? null, mostMicros: times(cost?.most.micros ?? null, attempts) },
    },
    taint,
    charged: {
      ...{ ...chargeOf(known), target, foreseen: cost },
      ...(entry === undefined ? {} : { called: { target: entry, operation } }),
    },
  };
};

/**
 * What may have run is paid for and not tried again, unless it may run twice: then each attempt is sent as often as its route says, and each of
 * those may be paid for.
 */
const triesOf = ({ planOf, caller }: Asking, target: Target): number => planOf({ principal: caller, target }).attempts;

/** The nearest of what there is. */
const guess = ({ snapshot, caller }: Asking, call: string): string => {
  const known = snapshot.targets
    .filter(({ tenant }) => tenant === caller.tenant)
    .flatMap(({ kind, name, operations }) => operations.map((one) => `${kind}/${name}/${one.name}`));
  const near = nearest(call, known);
  return near === undefined ? '' : `; did you mean \`${near}\`?`;
};
