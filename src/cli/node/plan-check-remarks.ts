/** What somebody should know of a plan before it runs, and nothing keeps from running: and the one price that does. */
import {
  moneyOf,
  moneyText,
  type PlanSpec,
  type Principal,
  type Snapshot,
  type StepCheck,
} from '../../contract/index.ts';
import type { Definition, Lookup } from '../../plans/index.ts';
import type { LivePipeline } from './live.ts';
import type { Charged } from './plan-check-budgets.ts';
import { type CostQuestion, sumOf, times } from './plan-check-cost.ts';

/** A plan that is asked about, and whose calls its steps would be. */
export interface Asking {
  readonly snapshot: Snapshot;
  readonly policy: LivePipeline['inForce']['policy'];
  readonly planOf: LivePipeline['inForce']['planOf'];
  readonly caller: Principal;
  readonly lookup: Lookup;
  readonly learned: CostQuestion['learned'];
  readonly definition: Definition;
  readonly input: unknown;
}

/** One step, with the labels of what may go into it and the call that it would be. */
export interface Checked {
  readonly check: StepCheck;
  readonly taint: readonly string[];
  /** Undefined: it calls nobody. */
  readonly charged: Charged | undefined;
}

export const remarksOn = (asking: Asking, checked: readonly Checked[]): readonly string[] => {
  const { definition, lookup } = asking;
  const { spec, name } = definition;
  const checks = checked.map(({ check }) => check);
  return [
    ...(spec.planner === undefined ? [] : ['a planner proposes the steps at each start; they are checked then']),
    ...checked.flatMap((one) => remarksOnStep(spec, definition, one)),
    ...checks
      .filter(({ step, target }) => [`plan/${name}`, `agent/${name}/run`].includes(target) && step !== '@plan')
      .map(({ step }) => `\`${step}\` calls this plan itself; it ends only if something in it says so`),
    ...[...definition.steps.values()].flatMap(({ id, sending }) => {
      const called = sending === null || sending.call === '' ? undefined : lookup(sending.callee);
      if (called === undefined || typeof called === 'string' || !called.isPlan) return [];
      const { name: other } = called.target;
      return [
        `\`${id}\` calls plan \`${other}\`, whose cost is not in these sums: \`airspace plan check ${other}\` says it`,
      ];
    }),
    ...beyondCost(spec, checks),
  ];
};

const remarksOnStep = (
  { onFailure }: PlanSpec,
  { steps }: Definition,
  { check, taint }: Checked,
): readonly string[] => {
  const { step: key, effect, compensatedBy, costMicros, items } = check;
  const step = steps.get(key);
  if (step?.sending == null || step.sending.call === '') return [];
  const labels = taint.filter((label) => label.startsWith('data-'));
  return [
    ...(onFailure === 'compensate' && effect !== '' && effect !== 'read' && compensatedBy === ''
      ? [`nothing takes \`${key}\` back, which is of effect \`${effect}\``]
      : []),
    ...(effect === 'irreversible' && labels.length > 0
      ? [`\`${key}\` cannot be undone, and data with ${labels.map((one) => `\`${one}\``).join(', ')} may go into it`]
      : []),
    ...((costMicros ?? 0) > 0 && items === null
      ? [`the price of \`${key}\` is for each item of its list, whose length is not known before`]
      : []),
  ];
};

/** Of every step once: a run that comes to more stops there. */
const beyondCost = ({ maxCost }: PlanSpec, checks: readonly StepCheck[]): readonly string[] => {
  const most = maxCost === undefined ? undefined : moneyOf(maxCost);
  const once = checks.filter(({ step }) => !step.startsWith('~'));
  const sum = sumOf(once.map(({ costMicros, items }) => times(costMicros, items ?? 1)));
  if (most === undefined || sum === null || sum <= most) return [];
  return [
    `every step once comes to ${moneyText(sum)}, and its \`maxCost\` is ${moneyText(most)}: the run would be refused a step`,
  ];
};

/** A step that costs more than a whole run may is refused whenever it comes to it. */
export const tooDear = ({ spec: { maxCost } }: Definition, charged: readonly Charged[]): readonly string[] => {
  const most = maxCost === undefined ? undefined : moneyOf(maxCost);
  if (most === undefined) return [];
  return charged
    .filter(({ isBack, foreseen }) => !isBack && (foreseen?.least.micros ?? 0) > most)
    .map(
      ({ step, foreseen }) =>
        `\`${step}\` costs ${moneyText(foreseen?.least.micros ?? 0)} a call, and \`maxCost\` of the plan is ${moneyText(most)}: it is refused every time`,
    );
};
