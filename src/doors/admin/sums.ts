/** Sums of calls, domain by domain. */
import { z } from 'zod';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

const MOST_MINUTES = 24 * 60;

export const SumsQuery = z.strictObject({
  minutes: z.coerce.number().int().min(1).max(MOST_MINUTES).default(60).describe('how far back, with the current one'),
});

export const domainSums = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  const { minutes } = query(SumsQuery);
  const { items, ...window } = await ports.sums(principal.tenant, minutes);
  return json({ ...window, items: items.filter(({ domain }) => theirs.domain(domain)) });
};
