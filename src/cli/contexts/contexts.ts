/**
 * Named places: which Airspace, with which key, and whether it is production. `config.yaml` is the user's own; `airspace.yaml` stands in a
 * folder, may come from anywhere, and so only names one of the user's own.
 */
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { isPrivate, readPrivateFile, writePrivateFile } from '../../identity/index.ts';
import { EXIT, Failure, usage } from '../failure.ts';
import { userFilePath } from '../login/kept.ts';
import { readTrusted } from './trusted.ts';

type Env = Readonly<Record<string, string | undefined>>;

const Name = z.string().regex(/^[A-Za-z0-9][\w.-]{0,62}$/, 'must be letters, digits, - and ., such as staging');
const Url = z.url({ protocol: /^https?$/, error: 'must be an address such as https://hub.example' });

const Contexts = z.strictObject({
  current: Name.optional(),
  contexts: z.record(
    Name,
    z.strictObject({
      url: Url,
      /** For its owner only; a relative one is beside this file. */
      keyFile: z.string().min(1).max(1_000).optional(),
      production: z.boolean().default(false),
    }),
  ),
});

export interface NamedContext {
  readonly name: string;
  readonly url: string;
  readonly keyFile: string | undefined;
  readonly isProduction: boolean;
}

export interface ContextsFile {
  readonly path: string;
  readonly current: string | undefined;
  readonly contexts: readonly NamedContext[];
}

/** INVARIANT: no address. One that came with somebody else's files would be sent the key of the environment. */
const Project = z.strictObject({ context: Name });

export const PROJECT_FILE = 'airspace.yaml';

/** Undefined where nobody has a home. */
export const contextsPath = (env: Env): string | undefined => {
  const path = userFilePath(env);
  return path === undefined ? undefined : join(dirname(path), 'config.yaml');
};

/** Undefined when there is none. Throws a usage failure for one that others can write, or that is not right. */
export const readContexts = async (env: Env): Promise<ContextsFile | undefined> => {
  const path = contextsPath(env);
  const text = path === undefined ? undefined : await readTrusted(path, 'ours');
  if (path === undefined || text === undefined) return undefined;
  const { current, contexts } = await parsed(Contexts, text, path);
  const named = Object.entries(contexts).map(([name, { url, keyFile, production }]) => ({
    ...{ name, url, isProduction: production },
    keyFile: keyFile === undefined ? undefined : placeOf(keyFile, path, env),
  }));
  return { path, current, contexts: named };
};

const placeOf = (file: string, beside: string, env: Env): string => {
  if (file.startsWith('~/')) return join(env['HOME'] || homedir(), file.slice(2));
  return isAbsolute(file) ? file : join(dirname(beside), file);
};

/** Resources that somebody keeps under this name are none of ours. */
const RESOURCES = /^(?:apiVersion|kind):/m;

/** The name of the context that a folder is for. Undefined when it says nothing. */
export const contextOfFolder = async (cwd: string): Promise<string | undefined> => {
  const path = join(cwd, PROJECT_FILE);
  const text = await readTrusted(path, 'folder');
  return text === undefined || RESOURCES.test(text) ? undefined : (await parsed(Project, text, path)).context;
};

const parsed = async <T>(schema: z.ZodType<T>, text: string, path: string): Promise<T> => {
  const { parse } = await import('yaml');
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0 });
  } catch (thrown) {
    throw usage(`\`${path}\` is not YAML: ${thrown instanceof Error ? thrown.message.split('\n')[0] : ''}`);
  }
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  const [issue] = error.issues;
  const at = issue?.path.map(String).join('.') ?? '';
  throw usage(`\`${path}\` is not right${at === '' ? '' : ` at ${at}`}: ${issue?.message}`);
};

/** Throws a usage failure that lists what there is. `by`: who wants it. */
export const contextNamed = (file: ContextsFile | undefined, name: string, by: string): NamedContext => {
  const found = file?.contexts.find((one) => one.name === name);
  if (found !== undefined) return found;
  const there = file?.contexts.map((one) => one.name) ?? [];
  throw new Failure(EXIT.notFound, `there is no context \`${name}\` (${by})`, {
    because: there.length === 0 ? 'there is none at all in ~/.config/airspace/config.yaml' : `there ${areText(there)}`,
    try: 'airspace config contexts',
    code: 'not_found',
  });
};

const areText = (names: readonly string[]): string => `${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`;

const MOST_OF_A_KEY = 20_000;

/** Throws a usage failure when the file is not there, or not for its owner only. */
export const keyOfContext = async ({ name, keyFile }: NamedContext): Promise<string | undefined> => {
  if (keyFile === undefined) return undefined;
  const text = await readPrivateFile(keyFile, MOST_OF_A_KEY).catch(() => undefined);
  const key = text?.trim() ?? '';
  if (key === '') throw usage(`the key of context \`${name}\` cannot be read from ${keyFile}`);
  if (process.platform !== 'win32' && !(await isPrivate(keyFile)))
    throw usage(`others can read ${keyFile}, the key of context \`${name}\``, `chmod 600 ${keyFile}`);
  return key;
};

/** Comments and order stay. Throws as `contextNamed` does. */
export const useContext = async (env: Env, name: string): Promise<ContextsFile> => {
  const file = await readContexts(env);
  contextNamed(file, name, 'config use');
  const { path } = file!;
  const { parseDocument } = await import('yaml');
  const document = parseDocument((await readTrusted(path, 'ours')) ?? '');
  document.set('current', name);
  await writePrivateFile(path, String(document));
  return { ...file!, current: name };
};
