/** `airspace key create | ls | rotate | revoke`: letting somebody in, and shutting them out again. */
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { age, duration, parseDuration } from '../render/time.ts';

export interface KeyOptions {
  readonly expires?: string;
  readonly scope?: readonly string[];
  readonly force?: boolean;
  readonly reason?: string;
}

interface Made {
  readonly id: string;
  readonly secret: string;
  readonly expiresAt: string;
  readonly oldEndsAt?: string;
}

/** The secret alone on stdout, so that `KEY=$(airspace key create agent/orders)` works. */
export const createKey = async (
  { admin, out }: Context,
  owner: string,
  { expires, scope, force, reason }: KeyOptions,
): Promise<number> => {
  const found = /^(agent|user)\/([a-z0-9-]+)$/.exec(owner);
  if (found === null)
    throw usage(`\`${owner}\` must be agent/<name> or user/<name>`, 'airspace key create agent/orders');
  const made = await (await admin()).post<Made>('/v1/keys', {
    principal: { kind: found[1], name: found[2] },
    ...endOf(expires),
    ...(scope === undefined ? {} : { scopes: scope.flatMap((one) => one.split(',')) }),
    ...(force === true ? { force } : {}),
    ...(reason === undefined ? {} : { reason }),
  });
  out.note(`key ${clean(made.id)} for ${owner}, until ${clean(made.expiresAt)}; it is shown once and stored nowhere`);
  await out.one(made, () => clean(made.secret));
  return EXIT.ok;
};

export interface RotateOptions {
  readonly expires?: string;
  readonly grace?: string;
  readonly force?: boolean;
}

export const rotateKey = async (
  { admin, out }: Context,
  id: string,
  { expires, grace, force }: RotateOptions,
): Promise<number> => {
  const graceMs = grace === undefined ? undefined : parseDuration(grace);
  if (grace !== undefined && graceMs === undefined) throw usage(`--grace must be such as 1h or 0s, not \`${grace}\``);
  const made = await (await admin()).post<Made>(`/v1/keys/${encodeURIComponent(id)}:rotate`, {
    ...endOf(expires),
    ...(graceMs === undefined ? {} : { graceMs }),
    ...(force === true ? { force } : {}),
  });
  out.note(
    `key ${clean(made.id)}, until ${clean(made.expiresAt)}; ${clean(id)} works until ${clean(made.oldEndsAt ?? '')}`,
  );
  await out.one(made, () => clean(made.secret));
  return EXIT.ok;
};

export const revokeKey = async (context: Context, id: string, { yes = false }: { yes?: boolean }): Promise<number> => {
  await context.confirm(`revoke key ${clean(id)}`, yes);
  const answer = await (await context.admin()).delete(`/v1/keys/${encodeURIComponent(id)}`);
  await context.out.one(answer, () => `${clean(id)} is revoked`);
  return EXIT.ok;
};

interface KeyRow {
  readonly id: string;
  readonly principal: { readonly kind: string; readonly name: string };
  readonly scopes: readonly string[] | null;
  readonly expiresAt: string | null;
  readonly lastUsedMs: number | null;
}

export const listKeys = async ({ admin, out }: Context): Promise<number> => {
  const { items } = await (await admin()).get<{ items: readonly KeyRow[] }>('/v1/keys');
  const nowMs = Date.now();
  await out.list<KeyRow>({
    kind: 'Key',
    rows: items,
    columns: [
      { title: 'KEY', value: ({ id }) => id },
      { title: 'OWNER', value: ({ principal: { kind, name } }) => `${kind}/${name}` },
      { title: 'SCOPES', value: ({ scopes }) => scopes?.join(', ') ?? 'all of its owner' },
      {
        title: 'ENDS',
        value: ({ expiresAt }) => endsIn(expiresAt, nowMs),
        style: ({ expiresAt }) => (isEnding(expiresAt, nowMs) ? 'yellow' : undefined),
      },
      { title: 'LAST USED', value: ({ lastUsedMs }) => (lastUsedMs === null ? 'never' : age(lastUsedMs, nowMs)) },
    ],
    name: ({ id }) => `key/${id}`,
    empty: 'no keys here; make one: airspace key create agent/<name>',
  });
  return EXIT.ok;
};

/** Soon enough that somebody should act now. */
export const SOON_MS = 14 * 24 * 3_600_000;

export const isEnding = (expiresAt: string | null, nowMs: number): boolean =>
  expiresAt === null || Date.parse(expiresAt) < nowMs + SOON_MS;

const endsIn = (expiresAt: string | null, nowMs: number): string => {
  if (expiresAt === null) return 'never';
  const leftMs = Date.parse(expiresAt) - nowMs;
  return leftMs <= 0 ? 'expired' : `in ${duration(leftMs)}`;
};

const endOf = (expires: string | undefined): { readonly expiresAt?: string } => {
  if (expires === undefined) return {};
  const forMs = parseDuration(expires);
  if (forMs === undefined) throw usage(`--expires must be such as 12h or 30d, not \`${expires}\``);
  return { expiresAt: new Date(Date.now() + forMs).toISOString() };
};
