/** The root key: thirty-two bytes in a file that only its owner reads, beside the store and never in it. */
import { randomBytes } from 'node:crypto';
import { Fault } from '../contract/index.ts';

export const ROOT_KEY_FILE = 'root.key';
const BYTES = 32;

/** How a private file is read and made; the identity room knows. */
export interface PrivateFiles {
  read(path: string, mostBytes: number): Promise<string | undefined>;
  /** False when it is there already. */
  create(path: string, content: string): Promise<boolean>;
  /** Nobody but its owner may open it. */
  isPrivate(path: string): Promise<boolean>;
}

/** Opens the key, or makes it where `mayCreate`. Throws `storage` for a file that holds none, and for one that others may read. */
export const openRootKey = async (path: string, mayCreate: boolean, files: PrivateFiles): Promise<Buffer> => {
  if (mayCreate) await files.create(path, `${randomBytes(BYTES).toString('base64')}\n`);
  const text = await files.read(path, 1_024);
  const key = Buffer.from(text?.trim() ?? '', 'base64');
  if (key.byteLength !== BYTES)
    throw new Fault('storage', `\`${path}\` holds no root key: it must be ${BYTES} random bytes in base64`);
  if (!(await files.isPrivate(path)))
    throw new Fault('storage', `\`${path}\` can be read by others, and opens every secret; run: chmod 600 ${path}`);
  return key;
};
