/** The file by which a node that runs here tells commands where it is, and the key beside it. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readPrivateFile, writePrivateFile } from '../identity/index.ts';

const FILE = 'running.json';
/** Holds the administrator's key, when this node made it. */
export const ADMIN_KEY_FILE = 'admin.key';
const MOST_BYTES = 16 * 1024;

/** An address of this machine: a file in a folder that somebody else prepared must not lead keys elsewhere. */
const LocalUrl = z.url({ protocol: /^https?$/, hostname: /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/ });

export const Running = z.strictObject({
  url: LocalUrl,
  pid: z.number().int().positive(),
});
export type Running = z.output<typeof Running>;

/** How this machine reaches a node that listens at `url`; undefined when only its public address does. */
export const localUrlOf = (url: string): string | undefined => {
  const { protocol, hostname, port } = new URL(url);
  const wildcard = hostname === '0.0.0.0' || hostname === '[::]';
  const local = `${protocol}//${wildcard ? '127.0.0.1' : hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
  return LocalUrl.safeParse(local).success ? local : undefined;
};

/** Readable by its owner only. Rejects for an address that other machines have: a node that is bound to all gives its loopback one. */
export const writeRunning = async (dataDir: string, running: Running): Promise<void> =>
  writePrivateFile(join(dataDir, FILE), `${JSON.stringify(Running.parse(running))}\n`);

/** Undefined when nothing was written here, or when it is not what `writeRunning` writes. */
export const readRunning = async (dataDir: string): Promise<Running | undefined> => {
  const text = await readPrivateFile(join(dataDir, FILE), MOST_BYTES).catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return Running.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/** Undefined when this node did not make the administrator, or somebody took the file away. */
export const readAdminKey = async (dataDir: string): Promise<string | undefined> => {
  const text = await readPrivateFile(join(dataDir, ADMIN_KEY_FILE), MOST_BYTES).catch(() => undefined);
  return text?.trim() || undefined;
};

export const forgetRunning = (dataDir: string): Promise<void> => rm(join(dataDir, FILE), { force: true });
