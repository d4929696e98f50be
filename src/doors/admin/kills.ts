/** Orders to stop: given, looked at, and lifted. Who administers a domain stops what is in it, and lifts what no level above ordered. */
import { z } from 'zod';
import { type Belonging, Fault, type KillOrder, KillRequest } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { isOperator } from './authorise.ts';
import { authorOf } from './configuration.ts';
import type { AdminRequest } from './request.ts';

const Nothing = z.strictObject({});

export const orderKill = async ({ ports, principal, rights, theirs, body }: AdminRequest): Promise<Answer> => {
  const request = await body(KillRequest);
  if (rights.kind === 'domains' && !isTheirs(theirs, request))
    throw new Fault(
      'denied',
      `${request.kind} \`${request.name}\` is in no domain that you administer; ask an operator, or an administrator of its domain`,
    );
  return json(await ports.kills.order(principal, request), 201);
};

/** A tenant that is stopped concerns everybody in it, and whoever stops something must see which nodes have heard. */
export const listKills = async ({ ports, principal, rights, theirs, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  const view = ports.kills.list(principal.tenant);
  if (rights.kind === 'tenant') return json(view);
  return json({ ...view, items: view.items.filter((order) => order.kind === 'tenant' || isTheirs(theirs, order)) });
};

export const liftKill = async (asked: AdminRequest): Promise<Answer> => {
  if (asked.rights.kind === 'domains') await refuseOrderFromAbove(asked);
  return json(await asked.ports.kills.lift(asked.principal, asked.param));
};

/** What nobody can lift is left to the port: it knows the words. */
const refuseOrderFromAbove = async (asked: AdminRequest): Promise<void> => {
  const { ports, principal, theirs, param } = asked;
  const order = ports.kills
    .list(principal.tenant)
    .items.find(({ id, tenant }) => id === param && tenant === principal.tenant);
  if (order === undefined) return;
  if (!isTheirs(theirs, order))
    throw new Fault(
      'denied',
      `order \`${order.id}\` is about ${order.kind} \`${order.name}\`, which is in no domain that you administer; ask an operator`,
    );
  if (!(await isFromTheirLevel(asked, order)))
    throw new Fault(
      'denied',
      `order \`${order.id}\` was given by \`${order.by}\`, above the domains that you administer; ask them, or an operator`,
    );
};

const isTheirs = (theirs: Belonging, { kind, name }: Pick<KillOrder, 'kind' | 'name'>): boolean =>
  (kind === 'agent' || kind === 'tool' || kind === 'model') && theirs.target(kind, name);

/** A level below takes back nothing that a level above said: an operator, somebody who is gone, or who administers more than they. */
const isFromTheirLevel = async ({ ports, principal, theirs }: AdminRequest, { by }: KillOrder): Promise<boolean> => {
  if (by === authorOf(principal)) return true;
  const [, name = ''] = by.split('/');
  const [author] = await ports.control.list({ tenant: principal.tenant, kind: 'User', name });
  if (author?.resource.kind !== 'User') return false;
  const { roles, administers = [] } = author.resource.spec;
  return (
    !isOperator({ kind: 'user', roles }) &&
    administers.length > 0 &&
    administers.every((domain) => theirs.domain(domain))
  );
};
