/** Where Airspace is and with which key: flags before environment before ./.airspace before the user's own file. */
import { join } from 'node:path';
import { EXIT, Failure, usage } from './failure.ts';
import { DATA_DIR } from './lifecycle.ts';
import { readUserFile, type UserFile, userFilePath, writeUserFile } from './login/kept.ts';
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
  /** Asked only when the key is used: a login may have to be renewed for it. */
  readonly key: () => Promise<string | undefined>;
  readonly origin: string;
}

/**
 * INVARIANT: a key from a file goes only to the address from the same file. Whoever prepares an address must not be sent the
 * key of another place. Throws `Failure` when nothing says where Airspace is.
 */
export const findSettings = async ({ flags, env, cwd }: Place): Promise<Settings> => {
  const words = {
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
  const key = words.key ?? (file !== undefined && originOf(file.url!) === originOf(url) ? await file.key() : undefined);
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
  return running === undefined ? undefined : { url: running.url, key: () => readAdminKey(dir), origin };
};

/** A login that ends soon is renewed first: it would end on the way. */
const SOON_MS = 30_000;

const ofUser = async (env: Place['env']): Promise<Source | undefined> => {
  const file = await readUserFile(env);
  if (file === undefined) return undefined;
  const origin = userFilePath(env)!;
  return { url: file.url, key: () => keyOf(env, file), origin };
};

const keyOf = async (env: Place['env'], file: UserFile): Promise<string | undefined> => {
  if (file.login === undefined) return file.key;
  if (file.login.expiresAtMs > Date.now() + SOON_MS) return file.login.idToken;
  const { renew } = await import('./login/oidc.ts');
  const login = await renew(file.login);
  await writeUserFile(env, { ...file, login });
  return login.idToken;
};
