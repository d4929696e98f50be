/** `airspace policy test` and `coverage` on the sample fleet and on folders that are wrong. */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from './run.ts';

const FLEET = fileURLToPath(new URL('../../examples/fleet/airspace', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'airspace-cases-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const airspace = async (...argv: readonly string[]) => {
  const out: string[] = [];
  const err: string[] = [];
  const exit = await run(argv, {
    stdout: { write: (text: string) => out.push(text) },
    stderr: { write: (text: string) => err.push(text) },
    stdin: process.stdin,
    env: {},
    cwd: scratch,
  });
  return { exit, out: out.join(''), err: err.join('') };
};

/** The fleet with its cases changed. */
const fleetWith = (name: string, change: (cases: string) => string): string => {
  const folder = join(scratch, name);
  cpSync(FLEET, folder, { recursive: true });
  const file = join(folder, 'house.cases.yaml');
  writeFileSync(file, change(readFileSync(file, 'utf8')));
  return folder;
};

test('the cases of the sample fleet hold in both engines, and every rule is reached', async () => {
  const tested = await airspace('policy', 'test', FLEET);
  assert.deepEqual([tested.exit, /(\d+) of \1 cases hold/.test(tested.err)], [0, true], tested.out);
  const covered = await airspace('policy', 'coverage', FLEET);
  assert.deepEqual([covered.exit, covered.out], [0, 'every rule is reached\n']);
});

test('a case that does not hold is said with its line and what came instead, and exits 1', async () => {
  const folder = fleetWith('wrong', (cases) => cases.replace('effect: allow', 'effect: deny'));
  const { exit, out } = await airspace('policy', 'test', folder);
  assert.equal(exit, 1);
  assert.match(out, /FAIL .*house\.cases\.yaml:3\)\n {6}expected deny, and it is allow by org\//);
});

test('a rule that no case reaches is named, and exits 1', async () => {
  const folder = fleetWith('short', (cases) => cases.split('  - name: a clerk')[0] ?? '');
  const { exit, out } = await airspace('policy', 'coverage', folder);
  assert.equal(exit, 1);
  assert.match(out, /no case reaches operations\/clerks-issue-refunds\n/);
});

test('a typing mistake in a case is a mistake, and not a case that proves nothing', async () => {
  const folder = fleetWith('typo', (cases) => cases.replace('expect:', 'expects:'));
  const { exit, err } = await airspace('policy', 'test', folder);
  assert.equal(exit, 2);
  assert.match(err, /house\.cases\.yaml:\d+.*/);
});
