/** Who a credential stands for, and what it opens here: asked by people who wonder why something was refused. */
import { z } from 'zod';
import { adminRolesOf } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import type { AdminRequest } from './request.ts';

const Nothing = z.strictObject({});

export const whoami = async ({ principal, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  const { kind, tenant, id, domain = '', roles, teams = [], scopes = null, administers = [] } = principal;
  const held = kind === 'user' ? [...adminRolesOf(principal)] : [];
  return json({ kind, tenant, id, domain, roles, teams, scopes, holds: held, administers });
};
