/** Breakers that are not closed, or have not always been: of every node below, what each is, and who holds it where it is. */
import { z } from 'zod';
import { BreakerRequest } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

const Nothing = z.strictObject({});

export const listBreakers = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  return json({ items: ports.breakers.list(principal.tenant).filter(({ domain }) => theirs.domain(domain)) });
};

export const forceBreaker = async ({ ports, principal, body }: AdminRequest): Promise<Answer> =>
  json(await ports.breakers.force(principal, await body(BreakerRequest)));
