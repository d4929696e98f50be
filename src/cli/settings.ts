/** Where Airspace is and with which key: flags before environment before ./.airspace before the user's own file. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { EXIT, Failure, usage } from './failure.ts';
import { DATA_DIR } from './lifecycle.ts';
import { readAdminKey, readRunning } from './running.ts';

export interface Place {
  readonly flags: {
    readonly url?: string | undefined;
    readonly key?: string | undefined;
    /** Folder with the state of a node: says which one as much as an address does, so the environment is not asked. */
    readonly data?: string | undefined;
  };
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
    url: flags.url ?? (flags.data === undefined ? env['AIRSPACE_URL'] || undefined : undefined),
    key: flags.key ?? (flags.data === undefined ? env['AIRSPACE_KEY'] || undefined : undefined),
    origin: flags.url === undefined ? 'AIRSPACE_URL' : '--url',
  };
  const data = flags.data ?? (env['AIRSPACE_DATA'] || undefined);
  const sources = data === undefined ? [() => here(cwd), () => ofUser(env)] : [() => at(data, data)];
  const file = words.url === undefined || words.key === undefined ? await filed(sources, words.url) : undefined;
  const url = words.url ?? file?.url;
  if (url === undefined && data !== undefined)
    throw new Failure(EXIT.unreachable, `no airspace runs with the state in ${data}`, {
      try: `airspace serve --data ${data}`,
      code: 'no-address',
    });
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
const filed = async (
  sources: readonly (() => Promise<Source | undefined>)[],
  url: string | undefined,
): Promise<Source | undefined> => {
  for (const read of sources) {
    const source = await read();
    if (source?.url !== undefined && (url === undefined || originOf(source.url) === originOf(url))) return source;
  }
  return undefined;
};

const here = (cwd: string): Promise<Source | undefined> => at(join(cwd, DATA_DIR), `./${DATA_DIR}`);

const at = async (dir: string, origin: string): Promise<Source | undefined> => {
  const running = await readRunning(dir);
  return running === undefined ? undefined : { url: running.url, key: await readAdminKey(dir), origin };
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
