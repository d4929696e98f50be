/** The audit as it is read: searched, exported in order, and where it ends. Nothing here writes. */
import { z } from 'zod';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

export const Search = z.strictObject({
  kind: z.string().max(100).optional(),
  actor: z.string().max(300).optional(),
  object: z.string().max(300).optional(),
  call: z
    .string()
    .regex(/^[0-9a-f]{32}$/, 'must be the 32 hex digits of a call')
    .optional(),
  since: z.coerce.number().int().min(0).optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

export const Page = z.strictObject({
  from: z.coerce.number().int().min(1).default(1),
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
});

const Nothing = z.strictObject({});

export const searchAudit = async ({ ports, principal: { tenant }, query }: AdminRequest): Promise<Answer> => {
  const { call: callId, since: sinceMs, ...filter } = query(Search);
  return json({ items: await ports.audit.search({ tenant, ...filter, callId, sinceMs }) });
};

export const readAudit = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  const { from, limit } = query(Page);
  return json({ items: await ports.audit.read(principal.tenant, from, limit) });
};

export const auditHead = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  return json(await ports.audit.head(principal.tenant));
};
