/** Finds the programs of a PostgreSQL server on this machine, and the user that may run them: they refuse to run as root. */
import { execFileSync } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';

export interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

/** Of those that Debian keeps apart by version the newest, or what PATH finds; undefined when there are none. */
export const findPrograms = (): Programs | undefined => {
  const debian = globSync('/usr/lib/postgresql/*/bin').sort((a, b) => versionOf(b) - versionOf(a));
  const dirs = [...debian, ...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/pgsql/bin'];
  const dir = dirs.find((each) => existsSync(join(each, 'initdb')) && existsSync(join(each, 'postgres')));
  return dir === undefined ? undefined : { initdb: join(dir, 'initdb'), postgres: join(dir, 'postgres') };
};

const versionOf = (dir: string): number => Number(dir.split('/').at(-2));

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/** Undefined: this process need not become somebody else. */
export const accountFor = (): Account | undefined => {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string): number =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {}
  }
  throw new Error('postgres does not run as root, and this machine has neither a user `postgres` nor `nobody`');
};
