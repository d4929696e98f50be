/**
 * Where Airspace is and with which key: flags, the environment, ./airspace.yaml, ./.airspace, the context in use, the login. The first
 * that knows wins.
 */
import { join } from 'node:path';
import type { ContextsFile, NamedContext } from './contexts/contexts.ts';
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
  /** Name of the context of this address that is production; absent: none says so. */
  readonly production?: string;
}

/** What was found, before a key is read or renewed. */
export interface Found {
  readonly data: { readonly value: string; readonly origin: string } | undefined;
  readonly url: { readonly value: string; readonly origin: string } | undefined;
  readonly key: { readonly origin: string; readonly read: () => Promise<string | undefined> } | undefined;
  readonly context: NamedContext | undefined;
}

interface Source {
  readonly url: string;
  readonly origin: string;
  /** Asked only when the key is used: a login may have to be renewed for it. Undefined: there is none. */
  readonly key: (() => Promise<string | undefined>) | undefined;
  readonly context?: NamedContext;
}

/** Throws `Failure` when nothing says where Airspace is. */
export const findSettings = async (place: Place): Promise<Settings> => {
  const { url, key, data, context } = await lookUp(place);
  if (url === undefined && data !== undefined)
    throw new Failure(EXIT.unreachable, `no airspace runs with the state in ${data.value}`, {
      try: `airspace serve --data ${data.value}`,
      code: 'no-address',
    });
  if (url === undefined)
    throw new Failure(EXIT.unreachable, 'no airspace runs here', {
      because: `there is no --url, no AIRSPACE_URL, nothing in ${DATA_DIR}, and no context in use`,
      try: 'airspace up',
      code: 'no-address',
    });
  return {
    url: url.value,
    key: (await key?.read()) ?? '',
    origin: url.origin,
    ...(context?.isProduction === true ? { production: context.name } : {}),
  };
};

/**
 * INVARIANT: a key from a file goes only to the address from the same file. Whoever prepares an address must not be sent the
 * key of another place.
 */
export const lookUp = async ({ flags, env, cwd }: Place): Promise<Found> => {
  const contexts = await contextsOf(env);
  const data = dataOf(flags, env);
  const said = wordsOf(flags, env);
  const sources =
    data === undefined
      ? [
          () => byName(env, contexts),
          () => inFolder(cwd, contexts),
          () => here(cwd),
          ...inUse(contexts),
          () => ofUser(env),
        ]
      : [() => at(data.value, data.value)];
  const found = said.url === undefined ? await first(sources) : undefined;
  const url = said.url ?? (found === undefined ? undefined : { value: found.url, origin: found.origin });
  const address = url === undefined ? undefined : { value: originOf(url.value), origin: url.origin };
  const others = data === undefined ? (contexts?.contexts ?? []).map((one) => () => sourceOf(one, contexts!.path)) : [];
  const keyed =
    address === undefined || said.key !== undefined ? undefined : await keyFor(address.value, [...sources, ...others]);
  return {
    data,
    url: address,
    key: said.key ?? (keyed?.key === undefined ? undefined : { origin: keyed.origin, read: keyed.key }),
    context: address === undefined ? undefined : contextOf(address.value, found, contexts),
  };
};

const dataOf = ({ data }: Place['flags'], env: Place['env']): Found['data'] => {
  if (data !== undefined) return { value: data, origin: data === env['AIRSPACE_DATA'] ? 'AIRSPACE_DATA' : '--data' };
  const value = env['AIRSPACE_DATA'] || undefined;
  return value === undefined ? undefined : { value, origin: 'AIRSPACE_DATA' };
};

const wordsOf = ({ url, key, data }: Place['flags'], env: Place['env']): Pick<Found, 'url' | 'key'> => {
  const word = (flag: string | undefined, option: string, name: string) => {
    if (flag !== undefined) return { value: flag, origin: option };
    const value = data === undefined ? env[name] || undefined : undefined;
    return value === undefined ? undefined : { value, origin: name };
  };
  const said = word(key, '--key', 'AIRSPACE_KEY');
  return {
    url: word(url, '--url', 'AIRSPACE_URL'),
    key: said === undefined ? undefined : { origin: said.origin, read: async () => said.value },
  };
};

type Read = () => Promise<Source | undefined> | Source | undefined;

const first = async (sources: readonly Read[]): Promise<Source | undefined> => {
  for (const read of sources) {
    const source = await read();
    if (source !== undefined) return source;
  }
  return undefined;
};

const keyFor = async (url: string, sources: readonly Read[]): Promise<Source | undefined> => {
  for (const read of sources) {
    const source = await read();
    if (source?.key !== undefined && originOf(source.url) === url) return source;
  }
  return undefined;
};

/** The one that said the address, else any that has it: production is production, however it was reached. */
const contextOf = (
  url: string,
  found: Source | undefined,
  contexts: ContextsFile | undefined,
): NamedContext | undefined => {
  const same = (contexts?.contexts ?? []).filter((one) => originOf(one.url) === url);
  return same.find(({ isProduction }) => isProduction) ?? found?.context ?? same[0];
};

const originOf = (text: string): string => {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw usage(`\`${text}\` is not an address such as http://127.0.0.1:4600`);
  return url.origin;
};

/** Loaded only where somebody has a home. */
const contextsOf = async (env: Place['env']): Promise<ContextsFile | undefined> =>
  userFilePath(env) === undefined ? undefined : (await import('./contexts/contexts.ts')).readContexts(env);

const sourceOf = (context: NamedContext, by: string): Source => ({
  url: context.url,
  origin: `context ${context.name} of ${by}`,
  key:
    context.keyFile === undefined
      ? undefined
      : async () => (await import('./contexts/contexts.ts')).keyOfContext(context),
  context,
});

const byName = async (env: Place['env'], contexts: ContextsFile | undefined): Promise<Source | undefined> => {
  const name = env['AIRSPACE_CONTEXT'] || undefined;
  if (name === undefined) return undefined;
  const { contextNamed } = await import('./contexts/contexts.ts');
  return sourceOf(contextNamed(contexts, name, 'AIRSPACE_CONTEXT'), 'AIRSPACE_CONTEXT');
};

/** It may have come with somebody else's files: it names one of the user's own, and says nothing more. */
const inFolder = async (cwd: string, contexts: ContextsFile | undefined): Promise<Source | undefined> => {
  const { contextNamed, contextOfFolder } = await import('./contexts/contexts.ts');
  const name = await contextOfFolder(cwd);
  return name === undefined ? undefined : sourceOf(contextNamed(contexts, name, './airspace.yaml'), './airspace.yaml');
};

const inUse = (contexts: ContextsFile | undefined): readonly Read[] =>
  contexts?.current === undefined
    ? []
    : [
        async () => {
          const { contextNamed } = await import('./contexts/contexts.ts');
          return sourceOf(contextNamed(contexts, contexts.current!, contexts.path), contexts.path);
        },
      ];

const here = (cwd: string): Promise<Source | undefined> => at(join(cwd, DATA_DIR), `./${DATA_DIR}`);

const at = async (dir: string, origin: string): Promise<Source | undefined> => {
  const running = await readRunning(dir);
  if (running === undefined) return undefined;
  const key = await readAdminKey(dir);
  return { url: running.url, origin, key: key === undefined ? undefined : async () => key };
};

/** A login that ends soon is renewed first: it would end on the way. */
const SOON_MS = 30_000;

const ofUser = async (env: Place['env']): Promise<Source | undefined> => {
  const file = await readUserFile(env);
  if (file === undefined) return undefined;
  const hasKey = file.key !== undefined || file.login !== undefined;
  return { url: file.url, origin: userFilePath(env)!, key: hasKey ? () => keyOf(env, file) : undefined };
};

const keyOf = async (env: Place['env'], file: UserFile): Promise<string | undefined> => {
  if (file.login === undefined) return file.key;
  if (file.login.expiresAtMs > Date.now() + SOON_MS) return file.login.idToken;
  const { renew } = await import('./login/oidc.ts');
  const login = await renew(file.login);
  await writeUserFile(env, { ...file, login });
  return login.idToken;
};
