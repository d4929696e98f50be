/** When people are to be told: one thing that a hub measures, and where it is too much. */
import { z } from 'zod';
import { Name } from './metadata.ts';
import { HttpUrl } from './target.ts';

const SIGNALS = ['errors', 'latency', 'denials', 'outcomes', 'budget', 'breaker'] as const;
type Signal = (typeof SIGNALS)[number];

interface Fields {
  readonly must: readonly string[];
  readonly may: readonly string[];
}

/** What each signal is told besides what all are. */
const FIELDS: Readonly<Record<Signal, Fields>> = {
  errors: { must: ['objectivePercent'], may: ['target', 'burn', 'windowMs', 'leastCalls'] },
  latency: { must: ['aboveMs'], may: ['target', 'windowMs', 'leastCalls'] },
  denials: { must: ['abovePercent'], may: ['target', 'windowMs', 'leastCalls'] },
  outcomes: { must: ['abovePercent'], may: ['target', 'task', 'windowMs', 'leastCalls'] },
  budget: { must: ['budget'], may: ['abovePercent', 'withinMs'] },
  breaker: { must: [], may: ['target'] },
};

const COMMON: readonly string[] = ['signal', 'forMs', 'severity', 'webhook'];

const DAY_MS = 24 * 3_600_000;

const percent = z.number().gt(0).lt(100).optional();

export const AlertSpec = z
  .strictObject({
    signal: z
      .enum(SIGNALS)
      .describe(
        'errors: calls fail faster than the objective allows; latency: more than 1 % take too long; denials: too large a share is denied; outcomes: too much work is not completed; budget: nearly used up; breaker: an endpoint is shut out',
      ),
    target: z
      .string()
      .regex(
        /^(agent|tool|model)\/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
        'must be a kind and a name, such as agent/orders',
      )
      .optional()
      .describe('calls to it; outcomes: what it says; absent: all of the tenant'),
    task: z.string().min(1).max(100).optional().describe('outcomes: of this task; absent: of all'),
    budget: Name.optional().describe('budget: which one; its fullest account counts'),
    objectivePercent: percent.describe('errors: the share of calls that should go well, such as 99.9'),
    burn: z
      .number()
      .min(1)
      .max(1000)
      .optional()
      .describe('errors: so many times more errors than the objective allows, in both windows; default 14.4'),
    aboveMs: z.int().min(1).max(3_600_000).optional().describe('latency: the slowest 1 % take longer than this'),
    abovePercent: percent.describe(
      'denials: this share of calls is denied; outcomes: this share of work is escalated, abandoned or failed; budget: this share is used',
    ),
    withinMs: z
      .int()
      .min(60_000)
      .max(30 * DAY_MS)
      .optional()
      .describe('budget: at the pace of the last hour it is empty within this time'),
    windowMs: z
      .int()
      .min(60_000)
      .max(DAY_MS)
      .optional()
      .describe(
        'calls or outcomes that are looked at; errors also look at its last twelfth. Default 1 h for errors, 5 min for others',
      ),
    leastCalls: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe('with fewer calls or outcomes in the window nothing is said; default 20'),
    forMs: z
      .int()
      .min(0)
      .max(DAY_MS)
      .default(0)
      .describe('it must be so for this long before it fires; until then it is pending'),
    severity: z.enum(['page', 'ticket']).default('ticket').describe('page: wake somebody up'),
    webhook: HttpUrl.optional().describe(
      'gets a signed POST when it fires and when it is over; absent: nobody is told',
    ),
  })
  .superRefine((spec, ctx) => {
    const { must, may } = FIELDS[spec.signal];
    const say = (field: string, message: string): void => ctx.addIssue({ code: 'custom', path: [field], message });
    const said = Object.entries(spec).flatMap(([field, value]) => (value === undefined ? [] : [field]));
    for (const field of said)
      if (![...COMMON, ...must, ...may].includes(field))
        say(field, `says nothing with \`signal: ${spec.signal}\`; leave it out`);
    for (const field of must) if (!said.includes(field)) say(field, `is missing; \`signal: ${spec.signal}\` needs it`);
    if (spec.signal === 'budget' && (spec.abovePercent === undefined) === (spec.withinMs === undefined))
      say('abovePercent', 'or `spec.withinMs` must be there, and not both');
  });
export type AlertSpec = z.output<typeof AlertSpec>;
