/** The user's own file: which Airspace, and with what. A login lives here, for its owner's eyes only. */
import { join } from 'node:path';
import { z } from 'zod';
import { writePrivateFile } from '../../identity/index.ts';
import { readTrusted } from '../contexts/trusted.ts';
import { usage } from '../failure.ts';

const Login = z.strictObject({
  issuer: z.url(),
  clientId: z.string(),
  /** What is shown to Airspace. */
  idToken: z.string().max(16_384),
  refreshToken: z.string().max(16_384).optional(),
  /** Unix ms. */
  expiresAtMs: z.number(),
});
export type Login = z.output<typeof Login>;

const UserFile = z.strictObject({ url: z.url(), key: z.string().max(200).optional(), login: Login.optional() });
export type UserFile = z.output<typeof UserFile>;

type Env = Readonly<Record<string, string | undefined>>;

/** Undefined where nobody has a home. */
export const userFilePath = (env: Env): string | undefined => {
  const home = env['XDG_CONFIG_HOME'] || (env['HOME'] ? join(env['HOME'], '.config') : '');
  return home === '' ? undefined : join(home, 'airspace', 'config.json');
};

/** Undefined when there is none. Throws a usage failure for one that cannot be read. */
export const readUserFile = async (env: Env): Promise<UserFile | undefined> => {
  const path = userFilePath(env);
  const text = path === undefined ? undefined : await readTrusted(path, 'ours');
  if (text === undefined) return undefined;
  try {
    return UserFile.parse(JSON.parse(text));
  } catch {
    throw usage(`\`${path}\` must be {"url": "http://...", "key": "..."}`);
  }
};

export const writeUserFile = async (env: Env, file: UserFile): Promise<string> => {
  const path = userFilePath(env);
  if (path === undefined) throw usage('there is no home to keep a login in', 'set XDG_CONFIG_HOME to a folder');
  await writePrivateFile(path, `${JSON.stringify(file, null, 2)}\n`);
  return path;
};
