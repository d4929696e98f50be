/** Installs the frameworks beside this file when they are first wanted: half a gigabyte that is none of a user's business. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const HOME = import.meta.dirname;
/** Half a minute on a machine of one's own, two on a busy one. */
const INSTALL_MS = 300_000;
const lock = join(HOME, 'package-lock.json');
/** A copy of the lockfile: equal means that what is installed is what is locked. */
const stamp = join(HOME, 'node_modules', '.airspace-lock');

const textOf = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

export const installed = (): boolean => textOf(stamp) === textOf(lock);

/** Throws Error when npm cannot install them in time. */
export const install = (): void => {
  if (installed()) return;
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env['npm_execpath']; // set by `npm run`; the only way to start npm without a shell on Windows
  const [program, ...rest] = npm === undefined ? ['npm', ...args] : [process.execPath, npm, ...args];
  const { status } = spawnSync(program!, rest, {
    cwd: HOME,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: INSTALL_MS,
  });
  if (status !== 0)
    throw new Error('`npm ci` in examples/frameworks did not finish; check the network and the npm registry');
  copyFileSync(lock, stamp);
};
