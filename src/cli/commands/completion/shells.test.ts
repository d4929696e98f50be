import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { served } from '../../../doors/admin/testing/served.ts';
import { line } from '../../testing/line.ts';

/** Real shells on a real terminal: what somebody types with tabs in it, and which words the program is then run with. */
const main = fileURLToPath(new URL('../../main.ts', import.meta.url));

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;

/** A program of that name that completes as ours does, with patience for a busy machine, and otherwise only says what it was run with. */
const setUp = async (dir: string, shell: 'bash' | 'zsh'): Promise<string> => {
  const { stdout } = await line(['completion', shell]);
  await writeFile(join(dir, 'completion'), stdout);
  const program = `airspace() { if [ "$1" = __complete ]; then shift; "${process.execPath}" "${main}" __complete --within 30s "$@"; else printf 'RAN<%s>' "$@"; fi; }`;
  const first = shell === 'bash' ? '' : 'autoload -Uz compinit; compinit -D -u; setopt no_list_beep;';
  await writeFile(join(dir, 'rc'), `PS1='ready> '; ${first}\n${program}\nsource "${join(dir, 'completion')}"\n`);
  return shell === 'bash' ? `bash --noprofile --rcfile ${join(dir, 'rc')} -i` : 'zsh -d -i';
};

const typed = async (shell: 'bash' | 'zsh', keys: string, env: Record<string, string>): Promise<string> => {
  const dir = await mkdtemp(join(tmpdir(), 'airspace-shell-'));
  try {
    const command = await setUp(dir, shell);
    if (shell === 'zsh') await writeFile(join(dir, '.zshrc'), `source "${join(dir, 'rc')}"\n`);
    const child = spawn('script', ['-qfec', command, '/dev/null'], {
      cwd: dir,
      env: { PATH: process.env['PATH'] ?? '', HOME: dir, ZDOTDIR: dir, TERM: 'dumb', ...env },
    });
    let seen = '';
    const until = (mark: string): Promise<void> =>
      new Promise((found, lost) => {
        const look = (): void => {
          if (seen.includes(mark)) found();
        };
        child.stdout.on('data', look);
        child.once('exit', () => lost(new Error(`the shell ended before it said ${mark}: ${seen}`)));
        look();
      });
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk;
    });
    await until('ready> ');
    child.stdin.write(keys);
    await until('RAN<');
    child.stdin.end('\nexit\n');
    await new Promise((ended) => child.once('exit', ended));
    return [...seen.matchAll(/RAN<([^>]*)>/g)].map(([, word]) => word).join(' ');
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
};

/** A word that one name fits is finished at once. */
const CASES: readonly (readonly [keys: string, ran: string])[] = [
  ['airspace desc\tage\torders\n', 'describe agent orders'],
  ['airspace tap --status=den\t\n', 'tap --status=denied'],
  ['airspace kill agent/ord\t\n', 'kill agent/orders'],
  ['airspace get targets -o json\tl\n', 'get targets -o jsonl'],
  ['airspace request agent/orders/wh\t\n', 'request agent/orders/where'],
  ['airspace apply -f comp\t\n', 'apply -f completion'],
];

for (const shell of ['bash', 'zsh'] as const) {
  const missing = [shell, 'script'].find((program) => !has(program));
  const skip = missing === undefined ? false : `no ${missing} here (apt-get install zsh bsdutils)`;
  if (skip !== false && process.env['CI'] === 'true') throw new Error(`${skip}, and CI=true wants everything checked`);
  test(`${shell} finishes commands, values, names of the node and files`, { skip, timeout: 120_000 }, async () => {
    await using door = await served();
    for (const [keys, ran] of CASES)
      assert.equal(await typed(shell, keys, { AIRSPACE_URL: door.url, AIRSPACE_KEY: 'operator' }), ran, keys);
  });
}
