/** Budgets: where their accounts stand, when they run out, who draws on them, and money on top. */
import { z } from 'zod';
import { type Answer, json } from './answer.ts';
import { authorOf } from './configuration.ts';
import { PAYERS } from './ports.ts';
import type { AdminRequest, NodeRequest } from './request.ts';

const Nothing = z.strictObject({});
/** Who leases reads it by itself. */
export const LeaseBody = z.record(z.string(), z.unknown());
export const PayersQuery = z.strictObject({ by: z.enum(PAYERS).default('principal') });
export const TopUpBody = z.strictObject({
  amount: z.int().min(1).describe('micro-USD, tokens or calls, as the budget counts'),
  holder: z.string().max(300).default(''),
  reason: z.string().max(1000).default(''),
});

export const listBudgets = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  return json({ items: await ports.budgets.list(principal.tenant) });
};

export const payersOf = async ({ ports, principal, param, query }: AdminRequest): Promise<Answer> =>
  json(await ports.budgets.payers(principal.tenant, param, query(PayersQuery).by));

export const topUp = async ({ ports, principal, param, body }: AdminRequest): Promise<Answer> =>
  json(
    await ports.budgets.topUp({
      tenant: principal.tenant,
      budget: param,
      by: authorOf(principal),
      ...(await body(TopUpBody)),
    }),
  );

/** The node link owns what is inside. */
export const lease = async ({ ports, node, body }: NodeRequest): Promise<Answer> =>
  json(await ports.budgets.lease(node, await body(LeaseBody)));
