/** A file that only its owner reads, and that is there whole or not at all: keys, tokens and last good documents live in such files. */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, link, mkdir, open, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

const OWNER_ONLY = 0o600;

/**
 * Replaces the file: temporary sibling, fsync, rename, fsync of the directory. A crash leaves the old or the new content.
 * Resolves when the content survives power loss.
 */
export const writePrivateFile = async (path: string, content: string): Promise<void> => {
  const temporary = await writeSibling(path, content);
  await rename(temporary, path);
  await syncDirectory(dirname(path));
};

/** The same, but never over an existing file. Answers false when somebody else was first. */
export const createPrivateFile = async (path: string, content: string): Promise<boolean> => {
  const temporary = await writeSibling(path, content);
  try {
    await link(temporary, path);
    await syncDirectory(dirname(path));
    return true;
  } catch (thrown) {
    if (isCode(thrown, 'EEXIST')) return false;
    throw thrown;
  } finally {
    await unlink(temporary);
  }
};

/** Undefined when there is no such file. Throws when it is not a plain file, is larger than `limit` bytes, or cannot be read. */
export const readPrivateFile = async (path: string, limit: number): Promise<string | undefined> => {
  let file: FileHandle;
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (thrown) {
    if (isCode(thrown, 'ENOENT')) return undefined;
    throw thrown;
  }
  try {
    const info = await file.stat();
    if (!info.isFile()) throw new Error(`${path} is not a plain file`);
    if (info.size > limit) throw new Error(`${path} is larger than ${limit} bytes`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
};

/** May anyone but the owner open it? */
export const isPrivate = async (path: string): Promise<boolean> => {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return ((await file.stat()).mode & 0o077) === 0;
  } finally {
    await file.close();
  }
};

const writeSibling = async (path: string, content: string): Promise<string> => {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
  const file = await open(temporary, 'wx', OWNER_ONLY);
  try {
    await file.writeFile(content);
    await file.sync();
  } catch (thrown) {
    await unlink(temporary);
    throw thrown;
  } finally {
    await file.close();
  }
  return temporary;
};

const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(path, constants.O_RDONLY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};

const isCode = (thrown: unknown, code: string): boolean =>
  thrown instanceof Error && 'code' in thrown && thrown.code === code;
