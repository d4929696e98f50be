/** `airspace login | logout | whoami`: who sits at this terminal, as far as Airspace is concerned. */
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { readUserFile, writeUserFile } from '../login/kept.ts';
import { byBrowser, byDevice } from '../login/oidc.ts';
import { clean } from '../render/clean.ts';

export interface LoginOptions {
  readonly issuer?: string;
  readonly clientId?: string;
  readonly device?: boolean;
}

/** Remembers issuer and client, so that the next login needs no words. */
export const login = async (context: Context, { issuer, clientId, device = false }: LoginOptions): Promise<number> => {
  const { io, out, options } = context;
  const before = await readUserFile(io.env);
  const wanted = {
    issuer: issuer ?? before?.login?.issuer,
    clientId: clientId ?? before?.login?.clientId ?? 'airspace',
  };
  if (wanted.issuer === undefined) throw usage('login needs to know with whom', 'airspace login --issuer https://...');
  const url = options.url ?? before?.url ?? (await context.settings()).url;
  const request = { issuer: wanted.issuer, clientId: wanted.clientId };
  const made = await (device ? byDevice : byBrowser)(request, (text) => out.note(clean(text)));
  const path = await writeUserFile(io.env, { url: new URL(url).origin, login: made });
  await out.one(
    { url, issuer: made.issuer, expiresAt: new Date(made.expiresAtMs).toISOString(), file: path },
    () => `logged in at ${clean(url)}; kept in ${path}`,
  );
  return EXIT.ok;
};

/** Of the login only; where Airspace is stays. */
export const logout = async ({ io, out }: Context): Promise<number> => {
  const before = await readUserFile(io.env);
  if (before?.login === undefined) {
    out.note('nobody is logged in');
    return EXIT.ok;
  }
  const { login: _, ...rest } = before;
  const path = await writeUserFile(io.env, rest);
  await out.one({ file: path }, () => `logged out; ${path} has no login any more`);
  return EXIT.ok;
};

interface Who {
  readonly kind: string;
  readonly tenant: string;
  readonly id: string;
  readonly domain: string;
  readonly roles: readonly string[];
  readonly teams: readonly string[];
  readonly scopes: readonly string[] | null;
  readonly holds: readonly string[];
}

export const whoami = async ({ admin, out }: Context): Promise<number> => {
  const who = await (await admin()).get<Who>('/v1/whoami');
  await out.one(who, () => {
    const rows: readonly (readonly [string, string])[] = [
      ['who', `${who.kind}/${who.id}${who.domain === '' ? '' : ` of domain ${who.domain}`}`],
      ['tenant', who.tenant],
      ['roles', who.roles.join(', ') || 'none'],
      ['may', who.holds.join(', ') || 'nothing here'],
      ...(who.scopes === null ? [] : [['key', `narrowed to ${who.scopes.join(', ')}`] as const]),
    ];
    return rows.map(([title, value]) => `${title.padEnd(8)}${clean(value)}`).join('\n');
  });
  return EXIT.ok;
};
