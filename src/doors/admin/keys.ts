/** API keys over HTTP: made, listed, rotated and revoked. A secret is said once and kept by nobody; every key ends. */
import { z } from 'zod';
import {
  API_VERSION,
  Fault,
  KEY_SCOPES,
  type KeyScope,
  Name,
  type ResourceOf,
  WHOLE_TENANT,
} from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { authorOf } from './configuration.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRequest } from './request.ts';

const DAY_MS = 24 * 3_600_000;
/** Unless somebody says otherwise: long enough for a quarter, short enough that a lost key ends by itself. */
export const KEY_VALID_MS = 90 * DAY_MS;
export const KEY_LONGEST_MS = 366 * DAY_MS;
/** One in use and the one that replaces it. */
const MOST_LIVE = 2;

const Until = z.iso.datetime({ offset: true }).optional();
const Reason = z.string().max(1000);
const Force = z.boolean().default(false);

export const KeyBody = z.strictObject({
  principal: z.strictObject({ kind: z.enum(['agent', 'user']), name: Name }),
  expiresAt: Until,
  scopes: z.array(z.enum(KEY_SCOPES)).min(1).optional(),
  /** More than two live keys of one owner. */
  force: Force,
  reason: Reason.default('key created'),
});

export const RotateBody = z.strictObject({
  expiresAt: Until,
  /** How long the old one still works. */
  graceMs: z
    .number()
    .int()
    .min(0)
    .max(30 * DAY_MS)
    .default(DAY_MS),
  force: Force,
  reason: Reason.default('key rotated'),
});

type Key = ResourceOf<'Key'>;

export interface NewKey {
  readonly tenant: string;
  readonly principal: Key['spec']['principal'];
  readonly expiresAt: string;
  readonly scopes?: readonly KeyScope[] | undefined;
}

/** The name says whose it is, the digits tell several of one owner apart. */
export const newKey = ({ access, world }: AdminPorts, { tenant, principal, expiresAt, scopes }: NewKey) => {
  const id = `${principal.name.slice(0, 48)}-${world.ids.spanId().slice(0, 8)}`;
  const { secret, secretHash } = access.mint(id);
  const spec = { principal, secretHash, expiresAt, ...(scopes === undefined ? {} : { scopes }) };
  return { id, secret, resource: { apiVersion: API_VERSION, kind: 'Key', metadata: { name: id, tenant }, spec } };
};

/** When a key that is made now ends. Throws `bad_request` for a time that is over or too far away. */
export const endOf = ({ world }: AdminPorts, wanted?: string): string => {
  const nowMs = world.clock.wallMs();
  if (wanted === undefined) return new Date(nowMs + KEY_VALID_MS).toISOString();
  const atMs = Date.parse(wanted);
  if (atMs <= nowMs || atMs > nowMs + KEY_LONGEST_MS)
    throw new Fault('bad_request', `a key may last from now to at most one year; \`${wanted}\` is not within that`);
  return wanted;
};

export const createKey = async (asked: AdminRequest): Promise<Answer> => {
  const { ports, principal } = asked;
  const { reason, force, expiresAt, ...wanted } = await asked.body(KeyBody);
  const key = newKey(ports, { ...wanted, expiresAt: endOf(ports, expiresAt), tenant: principal.tenant });
  if (!force) refuseThird(wanted.principal, await liveOf(asked, wanted.principal));
  const snapshotSeq = await apply(asked, [key.resource], reason);
  return json({ id: key.id, secret: key.secret, expiresAt: key.resource.spec.expiresAt, snapshotSeq }, 201);
};

/** A second key for the same owner with the same scopes; the first works on for a while, so that nothing stops. */
export const rotateKey = async (asked: AdminRequest): Promise<Answer> => {
  const { ports, principal, param } = asked;
  const { reason, force, graceMs, expiresAt } = await asked.body(RotateBody);
  const old = await keyNamed(asked);
  const { principal: owner, scopes } = old.spec;
  const key = newKey(ports, { principal: owner, scopes, expiresAt: endOf(ports, expiresAt), tenant: principal.tenant });
  const others = (await liveOf(asked, owner)).filter((name) => name !== param || graceMs > 0);
  if (!force) refuseThird(owner, others);
  const oldEndsAt = new Date(Math.min(ports.world.clock.wallMs() + graceMs, endMsOf(old))).toISOString();
  const ending = { ...old, spec: { ...old.spec, expiresAt: oldEndsAt } };
  const snapshotSeq = await apply(asked, [key.resource, ending], reason);
  const { expiresAt: endsAt } = key.resource.spec;
  return json({ id: key.id, secret: key.secret, expiresAt: endsAt, replaces: param, oldEndsAt, snapshotSeq }, 201);
};

export const revokeKey = async ({ ports, principal, param }: AdminRequest): Promise<Answer> => {
  const id = { tenant: principal.tenant, kind: 'Key' as const, name: param };
  const { snapshotSeq } = await ports.control.remove([id], authorOf(principal), 'key revoked', false, WHOLE_TENANT);
  return json({ id: param, revoked: true, snapshotSeq });
};

/** What everybody may know of a key: whose it is, what it opens, until when, and when this node last saw it. */
export const listKeys = async (asked: AdminRequest): Promise<Answer> => {
  asked.query(z.strictObject({}));
  const items = (await keysOf(asked)).map(({ metadata: { tenant, name }, spec: { principal, scopes, expiresAt } }) => ({
    id: name,
    principal,
    scopes: scopes ?? null,
    expiresAt: expiresAt ?? null,
    lastUsedMs: asked.ports.access.lastUsedMs(tenant, name),
  }));
  return json({ items });
};

const keysOf = async ({ ports, principal }: AdminRequest): Promise<readonly Key[]> =>
  (await ports.control.list({ tenant: principal.tenant, kind: 'Key' })).flatMap(({ resource }) =>
    resource.kind === 'Key' ? [resource] : [],
  );

const keyNamed = async (asked: AdminRequest): Promise<Key> => {
  const found = (await keysOf(asked)).find(({ metadata }) => metadata.name === asked.param);
  if (found === undefined)
    throw new Fault('not_found', `there is no key \`${asked.param}\`; \`airspace key ls\` shows those that are`);
  return found;
};

/** Names of the keys of one owner that open something now. */
const liveOf = async (asked: AdminRequest, { kind, name }: Key['spec']['principal']): Promise<readonly string[]> => {
  const nowMs = asked.ports.world.clock.wallMs();
  return (await keysOf(asked))
    .filter(({ spec: { principal } }) => principal.kind === kind && principal.name === name)
    .filter((key) => endMsOf(key) > nowMs)
    .map(({ metadata }) => metadata.name);
};

/** Keys that were made before keys had to end may have none. */
const endMsOf = ({ spec: { expiresAt } }: Key): number => (expiresAt === undefined ? Infinity : Date.parse(expiresAt));

const refuseThird = ({ kind, name }: Key['spec']['principal'], live: readonly string[]): void => {
  if (live.length < MOST_LIVE) return;
  throw new Fault(
    'conflict',
    `${kind} \`${name}\` has ${live.length} live keys already: ${live.map((id) => `\`${id}\``).join(', ')}; revoke one, or force it`,
  );
};

const apply = async (
  { ports, principal }: AdminRequest,
  resources: readonly unknown[],
  reason: string,
): Promise<number> => {
  const origins = resources.map(() => 'this request');
  // Keys are the organisation's, and so is who may make one: the route says that.
  const rights = WHOLE_TENANT;
  const wish = { resources, origins, by: authorOf(principal), rights, reason, dryRun: false, prune: false };
  return (await ports.control.apply({ ...wish, tenant: principal.tenant })).snapshotSeq;
};
