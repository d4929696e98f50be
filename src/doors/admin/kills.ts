/** Orders to stop: given, looked at, and lifted. */
import { z } from 'zod';
import { KillRequest } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

const Nothing = z.strictObject({});

export const orderKill = async ({ ports, principal, body }: AdminRequest): Promise<Answer> =>
  json(await ports.kills.order(principal, await body(KillRequest)), 201);

export const listKills = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  return json(ports.kills.list(principal.tenant));
};

export const liftKill = async ({ ports, principal, param }: AdminRequest): Promise<Answer> =>
  json(await ports.kills.lift(principal, param));
