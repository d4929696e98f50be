/** A plan: work in several steps, as data. What may stand in a file, what a client builds, and what a planner proposes are one thing. */
import { z } from 'zod';
import { Money } from './budget.ts';
import { Name } from './metadata.ts';

/** Letters, digits and `_`: it is a word of expressions too, as in `steps.find_seats.result`. */
export const StepName = z
  .string()
  .regex(/^[a-z][a-zA-Z0-9_]{0,62}$/, 'must be 1 to 63 of letters, digits and "_", beginning with a small letter');

/** Common Expression Language; what it may look at is written in the guide of plans. */
const Expression = z.string().min(1).max(4_000);

/**
 * Any JSON. A text that is `${ ... }` from end to end is an expression, and its value stands in its place; every other text is
 * itself, and `$${` begins one that is not.
 */
const Template = z.unknown();

/** `agent/orders/cancel`, `plan/refund` for another plan, `capability/query_database@^2`. */
const Callee = z
  .string()
  .max(400)
  .regex(
    /^((agent|tool|model)\/[^/]+\/[^/]+|plan\/[^/]+|capability\/[^/@]+(@[^/]+)?)$/,
    'must be like agent/orders/cancel, plan/refund or capability/query_database@^2',
  );

const MOST_MS = 90 * 24 * 3_600_000;
const Milliseconds = z.number().int().min(1).max(MOST_MS);

const Sending = {
  call: Callee.optional().describe('whom to call: agent/orders/cancel, plan/refund, capability/query_database@^2'),
  input: Template.optional().describe('the payload; a text in ${ } is an expression. Absent: an empty object'),
  deadlineMs: Milliseconds.optional().describe('of one attempt, from when it is sent; absent: as for any call'),
  attempts: z
    .number()
    .int()
    .min(1)
    .max(10)
    .default(3)
    .describe('tries in total. What may have run is tried again only where the operation is idempotent'),
  backoffMs: Milliseconds.max(3_600_000)
    .default(1_000)
    .describe('before the second attempt; doubled for each further one'),
};

export const StepSpec = z
  .strictObject({
    id: StepName,
    description: z.string().max(500).optional(),
    ...Sending,
    wait: z
      .union([
        z.strictObject({ ms: Milliseconds }),
        z.strictObject({ until: Expression.describe('a timestamp, as in timestamp(steps.quote.result.validFrom)') }),
        z.strictObject({ signal: Name.describe('until somebody sends it: airspace plan signal') }),
      ])
      .optional(),
    approve: z
      .strictObject({
        question: Template.describe('what people see and answer; a text in ${ } is an expression'),
        roles: z.array(Name).max(10).default([]),
        quorum: z.number().int().min(1).max(10).default(1),
        ttlMs: Milliseconds.default(24 * 3_600_000),
      })
      .optional()
      .describe('a yes of people, without which nothing after it runs'),
    when: Expression.optional().describe('runs only if this is true, else it is skipped'),
    needs: z
      .array(StepName)
      .max(100)
      .default([])
      .describe('steps that come first, besides those that its expressions look at'),
    join: z
      .enum(['all', 'any'])
      .default('all')
      .describe('what it needs of the steps before it: all went well, or at least one did; skipped otherwise'),
    forEach: Expression.optional().describe('a list: the step runs once for each, with `item` and `index`'),
    parallel: z.number().int().min(1).max(100).default(8).describe('of forEach: so many at once'),
    optional: z.boolean().default(false).describe('the plan goes on when it fails'),
    compensate: z
      .strictObject({ ...Sending, call: Callee })
      .optional()
      .describe('what takes it back when the plan fails later; it may look at the result of its step'),
  })
  .superRefine((step, ctx) => {
    const kinds = ['call', 'wait', 'approve'].filter((kind) => Reflect.get(step, kind) !== undefined);
    if (kinds.length !== 1)
      ctx.addIssue({ code: 'custom', path: [], message: 'must have exactly one of `call`, `wait` and `approve`' });
    if (step.call === undefined && step.compensate !== undefined)
      ctx.addIssue({ code: 'custom', path: ['compensate'], message: 'is for steps that call somebody' });
    if (step.call === undefined && step.forEach !== undefined)
      ctx.addIssue({ code: 'custom', path: ['forEach'], message: 'is for steps that call somebody' });
  });
export type StepSpec = z.output<typeof StepSpec>;

const Body = {
  steps: z.array(StepSpec).min(1).max(500),
  output: Template.optional().describe('what the plan answers; absent: the results of its last steps by name'),
};

export const PlanBody = z.strictObject(Body);
/** What a planner may propose. */
export type PlanBody = z.output<typeof PlanBody>;

export const PlanSpec = z
  .strictObject({
    description: z.string().max(2000).optional(),
    input: z.record(z.string(), z.unknown()).optional().describe('JSON Schema of what it is started with'),
    steps: Body.steps.optional(),
    output: Body.output,
    planner: z
      .strictObject({
        call: Callee.describe('who proposes the steps; it is sent the input of the plan, and what may be called'),
        allow: z
          .array(z.string().max(400))
          .min(1)
          .max(100)
          .describe('what a proposal may call: agent/orders/*, capability/query_database; nothing else passes'),
        maxSteps: z.number().int().min(1).max(200).default(30),
      })
      .optional()
      .describe('instead of steps: an agent proposes them at each start, and they are checked like any other input'),
    approval: z
      .strictObject({
        roles: z.array(Name).max(10).default([]),
        quorum: z.number().int().min(1).max(10).default(1),
        ttlMs: Milliseconds.default(24 * 3_600_000),
      })
      .optional()
      .describe('people approve each run as a whole, with its steps and its price, before the first step'),
    deadlineMs: Milliseconds.default(24 * 3_600_000).describe(
      'of a whole run; what runs then is cancelled, and taken back',
    ),
    maxCost: Money.optional().describe('of a whole run; a step that might go beyond it is refused'),
    parallel: z.number().int().min(1).max(100).default(16).describe('steps of one run at once'),
    onFailure: z
      .enum(['compensate', 'stop'])
      .default('compensate')
      .describe('when a step fails: take back what ran, latest first, or leave it and stop'),
  })
  .superRefine(({ steps, planner }, ctx) => {
    if ((steps === undefined) === (planner === undefined))
      ctx.addIssue({ code: 'custom', path: ['steps'], message: 'must have either `steps` or a `planner`' });
  });
export type PlanSpec = z.output<typeof PlanSpec>;
