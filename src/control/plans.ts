/** Plans as nodes run them: the plan itself, and a target of the same name, by which it is called like any agent. */
import { createHash } from 'node:crypto';
import {
  type ApprovalSpec,
  confirmOf,
  type OperationEntry,
  type PlanEntry,
  type PlanSpec,
  type ResourceOf,
  RUN,
  type TargetEntry,
} from '../contract/index.ts';

type Plan = ResourceOf<'Plan'>;

/** SHA-256 of the definition as JSON, hex: what runs, and what people approve. */
export const planDigest = (spec: PlanSpec): string => createHash('sha256').update(JSON.stringify(spec)).digest('hex');

export const planEntry = ({ metadata, spec }: Plan): PlanEntry => ({
  tenant: metadata.tenant,
  name: metadata.name,
  domain: metadata.domain ?? '',
  digest: planDigest(spec),
  spec,
});

/** What can be called of a plan: the run, and a question for each step that waits for people. Nobody else may ask those. */
export const planOperations = ({ metadata: { name }, spec }: Plan): readonly OperationEntry[] => [
  {
    name: RUN,
    effect: 'write',
    // The id of the call is the id of the run: the same call again is the same run.
    idempotent: true,
    ...(spec.description === undefined ? {} : { description: spec.description }),
    ...(spec.input === undefined ? {} : { input: spec.input }),
    // A proposal is shown to people when there is one.
    ...(spec.approval === undefined || spec.planner !== undefined
      ? {}
      : { approval: asked(spec.approval, `each run of plan \`${name}\` is approved by people`) }),
  },
  ...(spec.approval === undefined || spec.planner === undefined
    ? []
    : [question(confirmOf(''), spec.approval, `people approve what was proposed for plan \`${name}\``)]),
  ...(spec.steps ?? []).flatMap(({ id, approve }) =>
    approve === undefined
      ? []
      : [question(confirmOf(id), approve, `step \`${id}\` of plan \`${name}\` waits for a yes of people`)],
  ),
];

export const planTarget = (plan: Plan): TargetEntry => ({
  tenant: plan.metadata.tenant,
  kind: 'agent',
  name: plan.metadata.name,
  domain: plan.metadata.domain ?? '',
  labels: plan.metadata.labels,
  endpoints: [],
  operations: planOperations(plan),
  health: null,
  concurrency: MOST_RUNS,
  timeoutMs: Math.min(plan.spec.deadlineMs, LONGEST_WAIT_MS),
  speech: { protocol: 'plan', version: planDigest(plan.spec), binding: '', model: '' },
  ...(plan.spec.description === undefined ? {} : { description: plan.spec.description }),
});

/** Callers that wait at once for one plan on one node; runs themselves are bounded by their runner. */
const MOST_RUNS = 10_000;

/** The longest that nodes tell each other. */
const LONGEST_WAIT_MS = 999_999_999;

const question = (name: string, spec: NonNullable<PlanSpec['approval']>, reason: string): OperationEntry => ({
  name,
  effect: 'write',
  idempotent: true,
  description: 'a question of the plan to people',
  approval: asked(spec, reason),
});

const asked = (
  { quorum, roles, ttlMs }: NonNullable<PlanSpec['approval']>,
  reason: string,
): ApprovalSpec & { readonly reason: string } => ({
  quorum,
  roles: roles.length === 0 ? ['approver'] : [...roles].sort(),
  ttlMs,
  reason,
});
