/** The name of this process among those that share a database. It lies in the data directory, so that a restart keeps it. */
import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../contract/index.ts';

const FILE = 'holder';
const FORM = /^[0-9a-f]{16}\n$/;

/** Whoever has the directory's lock calls this. Throws Fault `storage` for a file that says something else. */
export const holderOf = (dir: string): string => {
  const path = join(dir, FILE);
  const found = read(path);
  if (found === undefined) return write(path);
  if (!FORM.test(found))
    throw new Fault(
      'storage',
      `\`${path}\` does not hold the name of a hub; restore it, or delete it to begin as a new one`,
    );
  return found.trim();
};

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw thrown;
  }
};

/** On the disk before the first call is recorded under it. */
const write = (path: string): string => {
  const name = randomBytes(8).toString('hex');
  const file = openSync(path, 'wx', 0o600);
  writeSync(file, `${name}\n`);
  fsyncSync(file);
  closeSync(file);
  return name;
};
