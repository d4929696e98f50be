/** Calls that may have run: looked at, and settled by a person who went and saw. */
import { z } from 'zod';
import { type Answer, json } from './answer.ts';
import { authorOf } from './configuration.ts';
import type { AdminRequest } from './request.ts';

export const Listing = z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(100) });

export const Verdict = z.strictObject({
  verdict: z.enum(['executed', 'not_executed']),
  reason: z.string().trim().min(1, 'say how you know: it is kept in the audit').max(1_000),
});

export const listUnknown = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  const { limit } = query(Listing);
  const records = await ports.unknown.list(principal.tenant, limit);
  // Of the payload nothing: who made the call can ask for its record.
  const items = records.map(
    ({ id, target, trace, session, idempotencyKey, acceptedAtMs, concludedAtMs, ...record }) => ({
      ...{ id, target, trace, session, idempotencyKey, acceptedAtMs, concludedAtMs },
      principal: { kind: record.principal.kind, id: record.principal.id },
      why: record.reply?.message ?? '',
    }),
  );
  return json({ items });
};

export const resolveUnknown = async ({ ports, principal, param, body }: AdminRequest): Promise<Answer> => {
  const verdict = await body(Verdict);
  await ports.unknown.say(principal.tenant, param, verdict, authorOf(principal));
  return json({ id: param, verdict: verdict.verdict });
};
