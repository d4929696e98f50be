/** `airspace key create`, `token create` and `drain`: letting somebody in, and taking something out. */
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { parseDuration } from '../render/time.ts';

export interface KeyOptions {
  readonly expires?: string;
  readonly reason?: string;
}

/** The secret alone on stdout, so that `KEY=$(airspace key create agent/orders)` works. */
export const createKey = async (
  { admin, out }: Context,
  owner: string,
  { expires, reason }: KeyOptions,
): Promise<number> => {
  const found = /^(agent|user)\/([a-z0-9-]+)$/.exec(owner);
  if (found === null)
    throw usage(`\`${owner}\` must be agent/<name> or user/<name>`, 'airspace key create agent/orders');
  const forMs = expires === undefined ? undefined : parseDuration(expires);
  if (expires !== undefined && forMs === undefined)
    throw usage(`--expires must be such as 12h or 30d, not \`${expires}\``);
  const made = await (await admin()).post<{ id: string; secret: string }>('/v1/keys', {
    principal: { kind: found[1], name: found[2] },
    ...(forMs === undefined ? {} : { expiresAt: new Date(Date.now() + forMs).toISOString() }),
    ...(reason === undefined ? {} : { reason }),
  });
  out.note(`key ${clean(made.id)} for ${owner}; it is shown once and stored nowhere`);
  await out.one(made, () => clean(made.secret));
  return EXIT.ok;
};

export interface TokenOptions {
  readonly role: string;
  readonly agent?: string;
  readonly domain?: string;
}

export const createToken = async ({ admin, out }: Context, { role, agent, domain }: TokenOptions): Promise<number> => {
  if (role === 'sidecar' && agent === undefined)
    throw usage('a sidecar speaks for one agent', 'the same with --agent <name>');
  if (role === 'domain' && domain === undefined)
    throw usage('a domain hub serves one domain', 'the same with --domain <name>');
  const wanted = role === 'domain' ? { role, domain } : { role, agent, ...(domain === undefined ? {} : { domain }) };
  const made = await (await admin()).post<{ token: string; expiresAt: string }>('/v1/tokens', wanted);
  out.note(`admits one node, until ${clean(made.expiresAt)}`);
  await out.one(made, () => clean(made.token));
  return EXIT.ok;
};

export const drain = async (
  { admin, out }: Context,
  id: string,
  { timeout = '30s' }: { timeout?: string },
): Promise<number> => {
  const timeoutMs = parseDuration(timeout);
  if (timeoutMs === undefined) throw usage(`--timeout must be such as 30s, not \`${timeout}\``);
  const result = await (await admin()).post<{ id: string; inFlight: number }>(
    `/v1/instances/${encodeURIComponent(id)}:drain`,
    { timeoutMs },
  );
  await out.one(result, () =>
    result.inFlight === 0
      ? `${clean(id)} takes no calls and is empty`
      : `${clean(id)} takes no calls; ${result.inFlight} are still under way`,
  );
  return result.inFlight === 0 ? EXIT.ok : EXIT.timedOut;
};
