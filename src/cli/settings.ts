/** Where Airspace is and with which key: flags before environment before ./.airspace before the user's own file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { EXIT, Failure, usage } from './failure.ts';
import { DATA_DIR } from './lifecycle.ts';
import { readAdminKey, readRunning } from './running.ts';

export interface Place {
  readonly flags: { readonly url?: string | undefined; readonly key?: string | undefined };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface Settings {
  readonly url: string;
  /** Empty when none was found. */
  readonly key: string;
  /** What said where Airspace is, for messages. */
  readonly origin: string;
}

interface Source {
  readonly url: string | undefined;
  readonly key: string | undefined;
  readonly origin: string;
}

/**
 * INVARIANT: a key from a file goes only to the address from the same file. Whoever prepares an address must not be sent the
 * key of another place. Throws `Failure` when nothing says where Airspace is.
 */
export const findSettings = async ({ flags, env, cwd }: Place): Promise<Settings> => {
  const words: Source = {
    url: flags.url ?? (env['AIRSPACE_URL'] || undefined),
    key: flags.key ?? (env['AIRSPACE_KEY'] || undefined),
    origin: flags.url === undefined ? 'AIRSPACE_URL' : '--url',
  };
  const file = words.url === undefined || words.key === undefined ? await filed(env, cwd, words.url) : undefined;
  const url = words.url ?? file?.url;
  if (url === undefined)
    throw new Failure(EXIT.unreachable, 'no airspace runs here', {
      because: `there is no --url, no AIRSPACE_URL, and nothing in ${DATA_DIR}`,
      try: 'airspace up',
      code: 'no-address',
    });
  const key = words.key ?? (file !== undefined && originOf(file.url!) === originOf(url) ? file.key : undefined);
  return { url: originOf(url), key: key ?? '', origin: words.url === undefined ? file!.origin : words.origin };
};

const originOf = (text: string): string => {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw usage(`\`${text}\` is not an address such as http://127.0.0.1:4600`);
  return url.origin;
};

/** The first file that knows the address, or any address when none was given. */
const filed = async (env: Place['env'], cwd: string, url: string | undefined): Promise<Source | undefined> => {
  const sources = [await here(cwd), await ofUser(env)];
  return sources.find(
    (source) => source?.url !== undefined && (url === undefined || originOf(source.url) === originOf(url)),
  );
};

const here = async (cwd: string): Promise<Source | undefined> => {
  const running = await readRunning(join(cwd, DATA_DIR));
  if (running === undefined) return undefined;
  return { url: running.url, key: await readAdminKey(join(cwd, DATA_DIR)), origin: `./${DATA_DIR}` };
};

const UserFile = z.strictObject({ url: z.url(), key: z.string().max(200).optional() });

const ofUser = async (env: Place['env']): Promise<Source | undefined> => {
  const home = env['XDG_CONFIG_HOME'] || (env['HOME'] ? join(env['HOME'], '.config') : '');
  if (home === '') return undefined;
  const path = join(home, 'airspace', 'config.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const { url, key } = UserFile.parse(JSON.parse(text));
    return { url, key, origin: path };
  } catch {
    throw usage(`\`${path}\` must be {"url": "http://...", "key": "..."}`);
  }
};
