/** The file by which a node that runs here tells commands where it is and with which key it may be administered. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { readPrivateFile, writePrivateFile } from '../identity/index.ts';

export const DATA_DIR = '.airspace';
const FILE = 'running.json';
const MOST_BYTES = 16 * 1024;

/** An address of this machine: a file in a folder that somebody else prepared must not lead keys elsewhere. */
const LocalUrl = z.url({ protocol: /^https?$/, hostname: /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/ });

export const Running = z.strictObject({
  url: LocalUrl,
  pid: z.number().int().positive(),
  /** Of the administrator; empty when another one was made and this node does not know it. */
  key: z.string().max(200),
});
export type Running = z.output<typeof Running>;

/** Readable by its owner only. */
export const writeRunning = (dataDir: string, running: Running): Promise<void> =>
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

export const forgetRunning = (dataDir: string): Promise<void> => rm(join(dataDir, FILE), { force: true });
