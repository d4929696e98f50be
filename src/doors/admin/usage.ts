/** What calls came to, by who called what. */
import { z } from 'zod';
import {
  type Belonging,
  MOST_USAGE_GROUPS,
  type TargetKind,
  USAGE_DIMENSIONS,
  USAGE_SORTS,
  type UsageAsked,
} from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

const MOST_MINUTES = 400 * 24 * 60;
const Name = z.string().min(1).max(400);

const By = z
  .string()
  .max(100)
  .transform((text) => text.split(','))
  .pipe(z.array(z.enum(USAGE_DIMENSIONS)).max(USAGE_DIMENSIONS.length))
  .refine((by) => new Set(by).size === by.length, { message: 'names the same twice' });

export const UsageQuery = z.strictObject({
  by: By.default(['target']).describe(`what calls are told apart by: some of ${USAGE_DIMENSIONS.join(', ')}`),
  minutes: z.coerce.number().int().min(1).max(MOST_MINUTES).default(60).describe('how far back, with the current one'),
  until: z
    .union([z.iso.datetime({ offset: true }).transform(Date.parse), z.coerce.number().min(0)])
    .optional()
    .describe('where the while ends: RFC 3339, or Unix milliseconds; now unless said'),
  sort: z.enum(USAGE_SORTS).default('calls').describe('what the largest come first by'),
  caller: Name.optional().describe('only calls of this one, such as agent/concierge or user'),
  target: Name.optional().describe('only calls to this one, such as model/large'),
  operation: Name.optional(),
  limit: z.coerce.number().int().min(1).max(MOST_USAGE_GROUPS).default(100),
});

export const usage = async ({ ports, principal, rights, theirs, query }: AdminRequest): Promise<Answer> => {
  const { until, caller, target, operation, ...asked } = query(UsageQuery);
  const wanted: UsageAsked = {
    ...asked,
    ...(until === undefined ? {} : { untilMs: until }),
    ...(caller === undefined ? {} : { caller }),
    ...(target === undefined ? {} : { target }),
    ...(operation === undefined ? {} : { operation }),
  };
  const view = await ports.usage(principal.tenant, wanted, rights.kind === 'tenant' ? undefined : seenBy(theirs));
  return json({ ...view, without: view.without.filter((domain) => theirs.domain(domain)) });
};

/** Made by one of theirs, or to one of theirs, as calls are. */
const seenBy =
  (theirs: Belonging) =>
  (caller: string, target: string): boolean =>
    isTheirs(theirs, target) || (caller.startsWith('agent/') && isTheirs(theirs, caller));

const TARGET_KINDS = ['agent', 'tool', 'model'] as const satisfies readonly TargetKind[];

const isTheirs = (theirs: Belonging, name: string): boolean => {
  const kind = TARGET_KINDS.find((one) => name.startsWith(`${one}/`));
  return kind !== undefined && theirs.target(kind, name.slice(kind.length + 1));
};
