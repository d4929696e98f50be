/** The release train over HTTP: staged, looked at, tried, activated, approved and rolled back, always in the caller's own tenant. */
import { z } from 'zod';
import { Fault, type ReplayRequest } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import { authorOf } from './configuration.ts';
import type { AdminRequest } from './request.ts';

const MOST_BUNDLES = 1_000;
const MOST_CASE_FILES = 1_000;
/** Characters of one file. */
const LONGEST_CASES = 1_048_576;
const MOST_DECISIONS = 200_000;
const DAY_MS = 24 * 3_600_000;

const Nothing = z.strictObject({});
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
/** As `stage`, without the reason: nothing is kept that anybody could ask about later. */
export const CheckBody = StageBody.omit({ reason: true });
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
const Trace = z.string().regex(/^[0-9a-f]{8,32}$/, 'must be 8 to 32 hex digits of a trace or a call');
/** Of one trace only, with each decision of it. */
const Within = { ...Since, trace: Trace.optional() };
export const ReplayBody = z.union([
  z.strictObject({ ...Within, release: z.string().regex(/^(sha256:)?[0-9a-f]{8,32}$/, 'must be the id of a release') }),
  z.strictObject({ ...Within, ...Bundles }),
  // By the policy that is active now.
  z.strictObject({ ...Since, trace: Trace }),
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

export const checkRelease = async ({ ports, principal, rights, body }: AdminRequest): Promise<Answer> => {
  const { origins, ...wanted } = await body(CheckBody);
  return json(
    await ports.releases.check({
      ...wanted,
      origins: placed({ ...wanted, origins }),
      rights,
      tenant: principal.tenant,
    }),
  );
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
  const { sinceMs, limit, trace } = asked;
  const since = ports.world.clock.wallMs() - sinceMs;
  const within = trace === undefined ? {} : { trace };
  const candidate = candidateOf(asked);
  return json(
    await ports.releases.replay({ tenant: principal.tenant, rights, candidate, ...within, sinceMs: since, limit }),
  );
};

const candidateOf = (asked: z.output<typeof ReplayBody>): ReplayRequest['candidate'] => {
  if ('release' in asked) return asked.release;
  return 'resources' in asked
    ? { resources: asked.resources, origins: placed(asked), prune: asked.prune }
    : { resources: [], origins: [], prune: false };
};

export const releaseTexts = async ({ ports, principal, theirs, param, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  const texts = await ports.releases.texts(principal.tenant, param);
  return json({ items: texts.filter(({ level }) => theirs.domain(level)) });
};

export const listBundles = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  const overview = await ports.releases.overview(principal.tenant);
  return json({ ...overview, items: overview.items.filter(({ level }) => theirs.domain(level)) });
};

export const bundleVersions = async ({ ports, principal, theirs, param, query }: AdminRequest): Promise<Answer> => {
  const { limit } = query(ListQuery);
  const versions = await ports.releases.versions(principal.tenant, param, limit);
  const shown = versions.filter(({ level }) => theirs.domain(level));
  if (versions.length > 0 && shown.length === 0)
    throw new Fault(
      'denied',
      `PolicyBundle \`${param}\` is of a level that you do not administer; ask somebody with role \`viewer\``,
    );
  return json({ items: shown });
};
