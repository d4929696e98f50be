/** `airspace token create` and `drain`: letting a node in, and taking an instance out. */
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { parseDuration } from '../render/time.ts';

export interface TokenOptions {
  readonly role: string;
  readonly agent?: string;
  readonly tool?: string;
  readonly domain?: string;
}

export const createToken = async (
  { admin, out }: Context,
  { role, agent, tool, domain }: TokenOptions,
): Promise<number> => {
  if (role === 'sidecar' && (agent === undefined) === (tool === undefined))
    throw usage('a sidecar stands in front of one agent or tool', 'the same with --agent <name> or --tool <name>');
  if (role === 'domain' && domain === undefined)
    throw usage('a domain hub serves one domain', 'the same with --domain <name>');
  const beside = tool === undefined ? { agent } : { tool };
  const wanted =
    role === 'domain' ? { role, domain } : { role, ...beside, ...(domain === undefined ? {} : { domain }) };
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
