/** Files that say where keys go: read only when nobody but their owner could have written them. */
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { usage } from '../failure.ts';

const MOST_BYTES = 64 * 1024;
const BY_GROUP_OR_OTHERS = 0o022;
const BY_OTHERS = 0o002;

/** `ours`: it may name keys. Else it stands in a folder that a group may share. */
export type Trust = 'ours' | 'folder';

/** Undefined when there is none. Throws a usage failure for one that others can write, or that cannot be read. */
export const readTrusted = async (path: string, trust: Trust): Promise<string | undefined> => {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (thrown) {
    const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw usage(`\`${path}\` cannot be read: ${code}`);
  }
  try {
    const { mode, uid, size } = await file.stat().then((info) => {
      if (!info.isFile()) throw usage(`\`${path}\` is not a plain file`);
      return info;
    });
    const writable = mode & (trust === 'ours' ? BY_GROUP_OR_OTHERS : BY_OTHERS);
    if (process.platform !== 'win32' && writable !== 0)
      throw usage(`others can write \`${path}\`, and it says where keys go`, `chmod go-w ${path}`);
    if (trust === 'ours' && isStranger(uid))
      throw usage(`\`${path}\` belongs to somebody else, and says where keys go`);
    if (size > MOST_BYTES) throw usage(`\`${path}\` is larger than ${MOST_BYTES} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
};

/** Root may do anyway what it likes. */
const isStranger = (uid: number): boolean => process.getuid !== undefined && uid !== process.getuid() && uid !== 0;
