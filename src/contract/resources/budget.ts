/** Budgets and prices: how much may be spent by whom until when, and what a call costs. Money is whole millionths of a US dollar. */
import { z } from 'zod';
import { moneyOf } from '../amount.ts';
import { Name } from './metadata.ts';

/** A whole number of micro-USD, or the same as people write it: `"0.50 USD"`. Never a fraction: 0.1 is no binary number. */
export const Money = z.union([z.int().min(0), z.string()]).refine((value) => moneyOf(value) !== undefined, {
  error: 'must be a whole number of micro-USD, or text such as "20 USD" with at most six decimals',
});
export type Money = z.output<typeof Money>;

const CATALOGUE = /^[a-z0-9_-]{1,64}\/[^\s/][^\s]{0,127}$/;

export const PriceSpec = z
  .strictObject({
    catalogue: z
      .string()
      .regex(CATALOGUE, 'must be `provider/model`, such as openai/gpt-4o')
      .optional()
      .describe(
        'token prices from the catalogue that comes with Airspace, the dearest tier; what is said beside it wins',
      ),
    inputPerMTok: Money.optional().describe('of a million tokens that the model reads'),
    outputPerMTok: Money.optional().describe('of a million tokens that it writes'),
    cacheReadPerMTok: Money.optional().describe('of a million tokens read from its cache; default: as input'),
    cacheWritePerMTok: Money.optional().describe('of a million tokens written to its cache; default: as input'),
    perCall: Money.optional().describe('of each call, besides its tokens'),
    worstCase: Money.optional().describe(
      'the most that a call can cost, booked for each one where nothing else is known',
    ),
    bytesPerToken: z
      .int()
      .min(1)
      .max(8)
      .default(3)
      .describe('for estimates where nobody has counted: UTF-8 bytes of a token, rather too few than too many'),
  })
  .refine(({ bytesPerToken: _, ...prices }) => Object.values(prices).some((price) => price !== undefined), {
    error: 'must say at least one price',
  })
  .refine(
    ({ worstCase, ...prices }) =>
      worstCase === undefined ||
      (!prices.catalogue && !prices.inputPerMTok && !prices.outputPerMTok && !prices.perCall),
    {
      error: 'has `worstCase`, which is for calls whose price nobody knows, beside other prices; keep one of the two',
    },
  );
export type PriceSpec = z.output<typeof PriceSpec>;

/** What a budget is for. One line, so that it reads in a table as it does in a file. */
const SCOPE =
  /^(organisation|(domain|team|agent|user) ([a-z0-9][a-z0-9-]*)|target (agent|tool|model)\/([a-z0-9][a-z0-9-]*))$/;
const SOFT = /^(event|ask|model [a-z0-9][a-z0-9-]*)$/;

export const WINDOWS = ['minute', 'hour', 'day', 'week', 'month', 'none'] as const;
export type WindowLength = (typeof WINDOWS)[number];

const TimeZone = z.string().refine(
  (name) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: name });
      return true;
    } catch {
      return false;
    }
  },
  { error: 'must be a time zone of the IANA list, such as Europe/Berlin' },
);

export const BudgetSpec = z
  .strictObject({
    description: z.string().max(2000).optional(),
    scope: z
      .string()
      .regex(
        SCOPE,
        'must be `organisation`, `domain NAME`, `team NAME`, `agent NAME`, `user NAME` or `target KIND/NAME`',
      )
      .describe('whose calls, or calls to whom, draw on it; a domain includes those below it'),
    per: z
      .enum(['agent', 'user', 'session', 'tree'])
      .optional()
      .describe('each gets an account of its own; absent: all draw on one. Calls without a session share one account'),
    class: Name.optional().describe('only calls that a limit rule puts into this budget class; absent: all'),
    unit: z.enum(['usd', 'tokens', 'calls']),
    limit: z
      .union([z.int().min(0), z.string()])
      .describe('micro-USD or text such as "20 USD" for usd, else a number of tokens or calls'),
    window: z
      .strictObject({
        every: z.enum(WINDOWS).default('none').describe('weeks begin on Monday; `none` never begins anew'),
        timezone: TimeZone.default('UTC').describe('whose midnight begins days, weeks and months'),
      })
      .prefault({}),
    soft: z
      .strictObject({
        at: z.int().min(1).max(100).describe('percent of the limit, spent and reserved together'),
        do: z
          .string()
          .regex(SOFT, 'must be `event`, `ask` or `model NAME`')
          .default('event')
          .describe('from then on: only say so, ask a person, or send calls for models to this model'),
      })
      .optional(),
    hard: z
      .enum(['refuse', 'pause'])
      .default('refuse')
      .describe('what happens to a call that does not fit: refused, or it waits until there is room'),
  })
  .superRefine(({ unit, limit }, context) => {
    const known = unit === 'usd' ? moneyOf(limit) !== undefined : typeof limit === 'number';
    if (known) return;
    const message =
      unit === 'usd'
        ? 'must be a whole number of micro-USD, or text such as "20 USD" with at most six decimals'
        : `must be a whole number of ${unit}`;
    context.addIssue({ code: 'custom', path: ['limit'], message });
  });
export type BudgetSpec = z.output<typeof BudgetSpec>;
