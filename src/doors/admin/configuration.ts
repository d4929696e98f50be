/** Desired state over HTTP: list, diff, apply, delete, history and rollback, always inside the caller's own tenant. */
import { z } from 'zod';
import {
  type ApplyResult,
  type Belonging,
  idOf,
  KINDS,
  Name,
  type Principal,
  type Resource,
  type ResourceKind,
  type Rights,
  resourceKey,
} from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { claimedKind, rightsToChange, rightsToCompare } from './changing.ts';
import type { AdminPorts } from './ports.ts';
import type { AdminRequest } from './request.ts';
import { withoutDigest, withoutDigests } from './undigested.ts';

const MOST_RESOURCES = 10_000;

const Nothing = z.strictObject({});
const Kind = z.enum(Object.keys(KINDS) as [ResourceKind, ...ResourceKind[]]);
const Reason = z.string().max(1000).default('');
const DryRun = z.boolean().default(false);
const Count = z.number().int().min(0);

export const ListQuery = z.strictObject({ kind: Kind.optional(), name: Name.optional() });

export const ApplyBody = z.strictObject({
  resources: z.array(z.unknown()).max(MOST_RESOURCES),
  origins: z.array(z.string().max(400)).max(MOST_RESOURCES).optional(),
  reason: Reason,
  dryRun: DryRun,
  prune: z.boolean().default(false),
  ifRevision: Count.optional(),
  ifVersions: z.record(z.string().max(200), Count).optional(),
});

export const DeleteBody = z.strictObject({
  ids: z
    .array(z.strictObject({ kind: Kind, name: Name }))
    .min(1)
    .max(1000),
  reason: Reason,
  dryRun: DryRun,
});

export const HistoryQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(50),
  key: z.string().max(200).optional(),
});

export const RollbackBody = z.strictObject({ reason: Reason, dryRun: DryRun });

/** How history names an author. */
export const authorOf = (principal: Principal): string => `${principal.kind}/${principal.id}`;

export const listResources = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  const { kind, name } = query(ListQuery);
  const items = await ports.control.list({
    tenant: principal.tenant,
    ...(kind === undefined ? {} : { kind }),
    ...(name === undefined ? {} : { name }),
  });
  const seen = items.filter(({ resource }) => theirs.resource(resource));
  return json({ items: seen.map((item) => ({ ...item, resource: withoutDigest(item.resource) })) });
};

const wishOf = async ({ principal, rights, body }: AdminRequest, reach: typeof rightsToChange) => {
  const { origins, ifRevision, ifVersions, ...wish } = await body(ApplyBody);
  const { resources, prune } = wish;
  return {
    ...wish,
    tenant: principal.tenant,
    by: authorOf(principal),
    rights: reach(principal, rights, { kinds: resources.map(claimedKind), prune }),
    // Control says where a mistake is by these; a list of another length would point at the wrong place.
    origins: resources.map((_, at) => (origins?.length === resources.length ? origins[at]! : `resource ${at + 1}`)),
    ...(ifRevision === undefined ? {} : { ifRevision }),
    ...(ifVersions === undefined ? {} : { ifVersions }),
  };
};

export const applyResources = async (asked: AdminRequest): Promise<Answer> =>
  changed(await asked.ports.control.apply(await wishOf(asked, rightsToChange)));

export const diffResources = async (asked: AdminRequest): Promise<Answer> =>
  json({ items: withoutDigests(await asked.ports.control.diff(await wishOf(asked, rightsToCompare))) });

const changed = (result: ApplyResult): Answer => json({ ...result, diffs: withoutDigests(result.diffs) });

export const deleteResources = async ({ ports, principal, rights, body }: AdminRequest): Promise<Answer> => {
  const { ids, reason, dryRun } = await body(DeleteBody);
  const reach = rightsToChange(principal, rights, { kinds: ids.map(({ kind }) => kind) });
  const own = ids.map((id) => ({ ...id, tenant: principal.tenant }));
  return changed(await ports.control.remove(own, authorOf(principal), reason, dryRun, reach));
};

/** Revisions count changes of all tenants; what others changed in one is not shown. */
export const history = async ({ ports, principal, rights, theirs, query }: AdminRequest): Promise<Answer> => {
  const { limit, key } = query(HistoryQuery);
  const own = `${principal.tenant}/`;
  const asked = key === undefined || key.startsWith(own) ? key : `${own}${key}`;
  const revisions = await ports.control.history(limit, asked);
  const shown = await shownIn(ports, principal, rights, theirs);
  const items = revisions
    .map((revision) => ({
      ...revision,
      put: revision.put.filter(shown),
      deleted: revision.deleted.filter(shown),
    }))
    .filter(({ put, deleted }) => put.length + deleted.length > 0);
  return json({ items });
};

/** What one revision changed, field by field. Changes of other tenants in it are not shown, and neither is what lies outside of the rights. */
export const revision = async ({ ports, principal, theirs, param, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  const own = `${principal.tenant}/`;
  const isSeen = (resource: Resource | null): boolean => resource === null || theirs.resource(resource);
  const changes = (await ports.control.changes(Number(param))).filter(({ key }) => key.startsWith(own));
  return json({
    revision: Number(param),
    items: withoutDigests(changes.filter(({ before, after }) => isSeen(before) && isSeen(after))),
  });
};

/** Of what is gone, nobody can say any more whose it was: those who look after some domains do not see it. */
const shownIn = async (
  { control }: AdminPorts,
  { tenant }: Principal,
  rights: Rights,
  theirs: Belonging,
): Promise<(key: string) => boolean> => {
  if (rights.kind === 'tenant') return (key) => key.startsWith(`${tenant}/`);
  const present = await control.list({ tenant });
  const keys = new Set(
    present.flatMap(({ resource }) => (theirs.resource(resource) ? [resourceKey(idOf(resource))] : [])),
  );
  return (key) => keys.has(key);
};

export const rollback = async ({ ports, principal, rights, param, body }: AdminRequest): Promise<Answer> => {
  const { reason, dryRun } = await body(RollbackBody);
  return changed(await ports.control.rollback(Number(param), authorOf(principal), reason, dryRun, rights));
};
