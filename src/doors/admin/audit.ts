/** The audit as it is read: searched, exported in order, and where it ends. Nothing here writes. */
import { z } from 'zod';
import { Fault } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { authorOf } from './configuration.ts';
import type { AuditPort } from './ports.ts';
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
  until: z.coerce.number().int().min(0).optional(),
  before: z.coerce
    .number()
    .int()
    .min(1)
    .optional()
    .describe('only records before this one; an answer says where to go on'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

const chain = { node: z.string().min(1).max(200).optional(), chain: z.string().max(63).optional() };

/** `node`: the chain that a node handed over, instead of the one that is written here; `chain`: of which tenant, where it is not the own. */
export const Page = z.strictObject({
  ...chain,
  from: z.coerce.number().int().min(1).default(1),
  limit: z.coerce.number().int().min(1).max(5_000).default(1_000),
});

export const Head = z.strictObject(chain);

const Nothing = z.strictObject({});

/** Records that one question reads. Whoever looks for what is rare goes on from where it ended, and nobody waits for them. */
const MOST_LOOKED_AT = 20_000;

/** `before`: where to go on; null: nothing older fits. */
export const searchAudit = async ({
  ports: { audit },
  principal: { tenant },
  query,
}: AdminRequest): Promise<Answer> => {
  const { call: callId, since: sinceMs, until: untilMs, before, ...filter } = query(Search);
  const beforeSeq = before ?? (await endAt(audit, tenant, untilMs));
  const fromSeq = Math.max(1, beforeSeq - MOST_LOOKED_AT);
  const items = await audit.search({ tenant, ...filter, callId, sinceMs, untilMs, beforeSeq, fromSeq });
  const next = items.length === filter.limit ? items.at(-1)!.seq : fromSeq;
  return json({ items, before: next === 1 || (await isBefore(audit, tenant, next, sinceMs)) ? null : next });
};

/** Hubs over one store write by their own clocks, so that records of one moment may be in another order. */
const APART = 1_000;

/** The first record that cannot be of before that time: a long chain is not read from its end to get there. */
const endAt = async (audit: AuditPort, tenant: string, untilMs: number | undefined): Promise<number> => {
  const { seq: last } = await audit.head(tenant);
  if (untilMs === undefined) return last + 1;
  let [low, high] = [1, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const [record] = await audit.read(tenant, middle, 1);
    if (record !== undefined && record.atMs < untilMs) low = middle + 1;
    else high = middle;
  }
  return Math.min(last + 1, low + APART);
};

/** Whether all that comes before the record was written before that time. */
const isBefore = async (
  audit: AuditPort,
  tenant: string,
  seq: number,
  sinceMs: number | undefined,
): Promise<boolean> => {
  if (sinceMs === undefined) return false;
  const [record] = await audit.read(tenant, seq, 1);
  return record !== undefined && record.atMs < sinceMs;
};

export const readAudit = async ({ ports, principal: { tenant }, query }: AdminRequest): Promise<Answer> => {
  const { from, limit, node, chain: of = tenant } = query(Page);
  return json({
    items:
      node === undefined
        ? await ports.audit.read(tenant, from, limit)
        : await ports.audit.nodes.read(tenant, { node, tenant: of }, from, limit),
  });
};

export const auditHead = async ({ ports, principal: { tenant }, query }: AdminRequest): Promise<Answer> => {
  const { node, chain: of = tenant } = query(Head);
  const own = await ports.audit.head(tenant);
  if (node === undefined) return json(own);
  const heads = await ports.audit.nodes.heads(tenant);
  const head = heads.find((one) => one.node === node && one.tenant === of);
  if (head === undefined)
    throw new Fault(
      'not_found',
      `node \`${node}\` has handed over no audit; \`airspace audit nodes\` shows those that have`,
    );
  return json({ ...head, publicKey: own.publicKey });
};

/** Where the chains end that nodes of the tenant have handed over. */
export const auditNodes = async ({ ports, principal: { tenant }, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  return json({ items: await ports.audit.nodes.heads(tenant) });
};

const chainOf = (tenant: string, { node, chain: of = tenant }: z.output<typeof Head>) =>
  node === undefined ? undefined : { node, tenant: of };

export const auditVerification = async ({ ports, principal: { tenant }, query }: AdminRequest): Promise<Answer> =>
  json(ports.audit.verification(tenant, chainOf(tenant, query(Head))));

/** Reads the whole chain again; how far it is, and what came out, is asked for. */
export const verifyAudit = async ({ ports, principal, body }: AdminRequest): Promise<Answer> => {
  const { tenant } = principal;
  return json(await ports.audit.verify(tenant, authorOf(principal), chainOf(tenant, await body(Head))), 202);
};
