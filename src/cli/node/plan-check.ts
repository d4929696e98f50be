/** What a plan would do, before it does anything: its definition, whom it would call, what policy says of that, and what it may cost. */
import { Budgets, type Treasury } from '../../budget/index.ts';
import {
  adminRolesOf,
  Fault,
  type PlanCheck,
  type PlanSpec,
  type Principal,
  RUN,
  type Snapshot,
} from '../../contract/index.ts';
import { planDigest } from '../../control/index.ts';
import { type Definition, examinePlan, inputReader } from '../../plans/index.ts';
import type { LivePipeline } from './live.ts';
import { type Charged, checkBudgets, FREE, type Purse } from './plan-check-budgets.ts';
import { sumOf, times } from './plan-check-cost.ts';
import { type Asking, remarksOn, tooDear } from './plan-check-remarks.ts';
import { ahead, checksOf } from './plan-check-steps.ts';
import { lookupIn } from './plan-lookup.ts';

export interface CheckQuestion {
  readonly plan?: string | undefined;
  readonly spec?: PlanSpec | undefined;
  readonly input?: unknown;
  readonly as?: string | undefined;
}

/** What a check looks at. */
export interface CheckParts {
  readonly live: Pick<LivePipeline, 'inForce' | 'choose' | 'fleet'>;
  readonly learned: Treasury['learned'];
  readonly purse: Purse;
}

/** Throws `not_found` and `denied`. Sends nothing, and sets nothing aside. */
export const checkPlan = async (
  { live, learned, purse }: CheckParts,
  who: Principal,
  asked: CheckQuestion,
  wallMs: number,
): Promise<PlanCheck> => {
  const { snapshot, policy, planOf } = live.inForce;
  const caller = callerOf(snapshot, who, asked.as);
  const name = asked.plan ?? 'plan';
  const spec = asked.spec ?? specIn(snapshot, who.tenant, name);
  const lookup = lookupIn(live, caller, wallMs);
  const { definition, problems } = examinePlan(name, spec, lookup);
  const asking: Asking = { snapshot, policy, planOf, caller, lookup, learned, definition, input: asked.input };
  const checked = [...ahead(asking), ...[...definition.steps.values()].flatMap((step) => checksOf(asking, step))];
  const steps = checked.map(({ check }) => check);
  const once = steps.filter(({ step }) => !step.startsWith('~'));
  const charged = [startOf(name), ...checked.flatMap(({ charged: call }) => call ?? [])];
  const money = await checkBudgets({ budgets: new Budgets(snapshot), purse, caller, charged, wallMs });
  return {
    plan: name,
    digest: planDigest(spec),
    problems: [
      ...problems.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)),
      ...misfits(spec, asked.input),
      ...tooDear(definition, charged),
      ...money.problems,
    ],
    warnings: money.warnings,
    remarks: remarksOn(asking, checked),
    steps,
    estimateMicros: sumOf(once.map(({ costMicros, items }) => times(costMicros, items ?? 1))),
    mostMicros:
      spec.planner === undefined ? sumOf(steps.map(({ mostMicros, items }) => times(mostMicros, items))) : null,
    budgets: money.budgets,
    depth: depthOf(definition),
  };
};

/** The start is a call too. */
const startOf = (name: string): Charged => ({
  ...{ step: '', target: { kind: 'agent', name, operation: RUN }, foreseen: FREE, items: 1, isBack: false },
});

/** A run with this input would not begin. */
const misfits = ({ input: schema }: PlanSpec, input: unknown): readonly string[] =>
  schema === undefined || input === undefined
    ? []
    : inputReader(schema)
        .wrong(input)
        .map((wrong) => `the input does not fit: ${wrong}`);

const callerOf = (snapshot: Snapshot, who: Principal, as: string | undefined): Principal => {
  if (as === undefined || (who.kind === 'agent' && who.id === as)) return who;
  if (who.kind !== 'user' || !adminRolesOf(who).has('viewer'))
    throw new Fault('denied', 'only somebody with role `viewer` may ask for another agent');
  const agent = snapshot.targets.find(
    ({ tenant, kind, name }) => tenant === who.tenant && kind === 'agent' && name === as,
  );
  if (agent === undefined) throw new Fault('not_found', `there is no agent \`${as}\``);
  return {
    kind: 'agent',
    tenant: who.tenant,
    id: as,
    ...(agent.domain === '' ? {} : { domain: agent.domain }),
    roles: [],
  };
};

const specIn = (snapshot: Snapshot, tenant: string, name: string): PlanSpec => {
  const entry = snapshot.plans?.find((plan) => plan.tenant === tenant && plan.name === name);
  if (entry === undefined) throw new Fault('not_found', `there is no plan \`${name}\``);
  return entry.spec;
};

const depthOf = ({ steps }: Definition): number => {
  const depth = new Map<string, number>();
  for (const { id, needs } of steps.values())
    depth.set(id, 1 + Math.max(0, ...needs.map((need) => depth.get(need) ?? 0)));
  return Math.max(0, ...depth.values());
};
