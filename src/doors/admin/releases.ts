/** The release train over HTTP: staged, looked at, tried, activated, approved and rolled back, always in the caller's own tenant. */
import { z } from 'zod';
import { type Answer, json } from './answer.ts';
import { authorOf } from './configuration.ts';
import type { AdminRequest } from './request.ts';

const MOST_BUNDLES = 1_000;
const MOST_CASE_FILES = 1_000;
/** Characters of one file. */
const LONGEST_CASES = 1_048_576;
const MOST_DECISIONS = 200_000;
const DAY_MS = 24 * 3_600_000;

const Reason = z.string().max(1000).default('');
const Bundles = {
  resources: z.array(z.unknown()).min(1).max(MOST_BUNDLES),
  origins: z.array(z.string().max(400)).max(MOST_BUNDLES).optional(),
  prune: z.boolean().default(false),
};
export const StageBody = z.strictObject({
  ...Bundles,
  cases: z
    .array(z.strictObject({ name: z.string().max(400), text: z.string().max(LONGEST_CASES) }))
    .max(MOST_CASE_FILES)
    .default([]),
  reason: z.string().min(1, 'say why, for those who read it later').max(1000),
});
export const ReasonBody = z.strictObject({ reason: Reason });
export const ActivateBody = z.strictObject({
  percent: z.number().min(0.01).max(100).default(100),
  denyBand: z.number().min(0.1).max(100).optional(),
  reason: Reason,
});
export const ListQuery = z.strictObject({ limit: z.coerce.number().int().min(1).max(1000).default(50) });
const Since = {
  /** How far back, in milliseconds. */
  sinceMs: z
    .number()
    .int()
    .min(1)
    .max(366 * DAY_MS)
    .default(DAY_MS),
  limit: z.number().int().min(1).max(MOST_DECISIONS).default(100_000),
};
export const ReplayBody = z.union([
  z.strictObject({ ...Since, release: z.string().regex(/^(sha256:)?[0-9a-f]{8,32}$/, 'must be the id of a release') }),
  z.strictObject({ ...Since, ...Bundles }),
]);

/** Control says where a mistake is by these; a list of another length would point at the wrong place. */
const placed = ({
  resources,
  origins,
}: {
  readonly resources: readonly unknown[];
  readonly origins?: readonly string[] | undefined;
}) => resources.map((_, at) => (origins?.length === resources.length ? origins[at]! : `resource ${at + 1}`));

export const stageRelease = async ({ ports, principal, rights, body }: AdminRequest): Promise<Answer> => {
  const { origins, ...wanted } = await body(StageBody);
  const wish = { ...wanted, origins: placed({ ...wanted, origins }) };
  return json(await ports.releases.stage({ ...wish, rights, tenant: principal.tenant, by: authorOf(principal) }), 201);
};

export const listReleases = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  const { limit } = query(ListQuery);
  return json({ items: await ports.releases.list(principal.tenant, limit) });
};

/** Its rules only as far as they may look; that there is a release, and how far it came, concerns everybody who has policy. */
export const getRelease = async ({ ports, principal, rights, theirs, param }: AdminRequest): Promise<Answer> => {
  const release = await ports.releases.get(principal.tenant, param);
  if (rights.kind === 'tenant') return json(release);
  const diff = release.diff.filter(({ rule, kind }) => kind !== 'fact' && theirs.domain(rule.split('/', 1)[0]!));
  return json({ ...release, diff });
};

export const shadowRelease = async ({ ports, principal, rights, param, body }: AdminRequest): Promise<Answer> => {
  const { reason } = await body(ReasonBody);
  return json(await ports.releases.shadow(principal.tenant, param, authorOf(principal), reason, rights));
};

export const activateRelease = async ({ ports, principal, rights, param, body }: AdminRequest): Promise<Answer> => {
  const { percent, denyBand, reason } = await body(ActivateBody);
  const wish = { percent, reason, rights, by: authorOf(principal), ...(denyBand === undefined ? {} : { denyBand }) };
  return json(await ports.releases.activate(principal.tenant, param, wish));
};

export const approveRelease = async ({ ports, principal, param, body }: AdminRequest): Promise<Answer> => {
  const { reason } = await body(ReasonBody);
  return json(await ports.releases.approve(principal.tenant, param, authorOf(principal), reason));
};

export const rollbackRelease = async ({ ports, principal, rights, body }: AdminRequest): Promise<Answer> => {
  const { reason } = await body(ReasonBody);
  return json(await ports.releases.rollback(principal.tenant, authorOf(principal), reason, rights));
};

export const replayRelease = async ({ ports, principal, rights, body }: AdminRequest): Promise<Answer> => {
  const asked = await body(ReplayBody);
  const { sinceMs, limit } = asked;
  const candidate =
    'release' in asked ? asked.release : { resources: asked.resources, origins: placed(asked), prune: asked.prune };
  const since = ports.world.clock.wallMs() - sinceMs;
  return json(await ports.releases.replay({ tenant: principal.tenant, rights, candidate, sinceMs: since, limit }));
};
