/** What the page gives people to take along does at the command line what its buttons do; no browser needed. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { digits, draftCommand, policyCommand } from '../../dashboard/src/policies/commands.ts';
import { type Bundle, proposalOf } from '../../dashboard/src/policies/proposal.ts';
import { type House, POLICY, startHouse } from './house.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'airspace-copied-'));
let house: House;

before(async () => {
  house = await startHouse();
});
after(async () => {
  await house?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** As somebody pastes it: exit and what it said. */
const pasted = (command: string): Promise<{ readonly status: number; readonly said: string }> => {
  const own = { AIRSPACE_URL: house.url, AIRSPACE_KEY: house.keys['ada']!.secret, XDG_CONFIG_HOME: folder };
  const script = `airspace() { '${process.execPath}' '${MAIN}' "$@"; }\n${command}`;
  return new Promise((resolve) =>
    execFile('/bin/sh', ['-c', script], { cwd: folder, env: { ...process.env, ...own } }, (failed, stdout, stderr) =>
      resolve({ status: failed === null ? 0 : Number(failed.code), said: `${stdout}${stderr}` }),
    ),
  );
};

const BUNDLE: Bundle = {
  apiVersion: 'airspace.dev/v1',
  kind: 'PolicyBundle',
  metadata: { name: 'org', tenant: 'default', labels: {} },
  spec: { level: 'org', policies: { text: POLICY } },
};
const CASES = `cases:
  - { name: the shop looks, principal: agent/shop, target: agent/bank/look, expect: { effect: deny, code: "IT'S_$LATE" } }
`;
const draft = (code: string) => ({
  policies: `${POLICY}\n@id("late") @reason("it's late, \\"$HOME\\"") @code("${code}")\nforbid (principal, action, resource) when { context.operation == "look" };\n`,
  limits: null,
  cases: CASES.replace("IT'S_$LATE", code),
  base: { version: 1, policies: POLICY, limits: null },
  savedAtMs: 1,
});

test('a draft is linted, tested, replayed and staged, and its release goes on and back', async () => {
  await house.call('look', '{}');
  const proposal = proposalOf(BUNDLE, draft('TOO_LATE'));
  const lint = await pasted(draftCommand('lint', proposal, { against: true }));
  assert.deepEqual([lint.status, /narrower.*org\/late/.test(lint.said)], [0, true], lint.said);
  const tests = await pasted(draftCommand('test', proposal));
  assert.deepEqual([tests.status, /1 of 1 cases hold/.test(tests.said)], [0, true], tests.said);
  const replay = await pasted(draftCommand('replay', proposal, { since: '1h' }));
  assert.deepEqual([replay.status, /allow->deny/.test(replay.said)], [0, true], replay.said);
  const staged = await pasted(draftCommand('stage', proposal, { reason: `it's "late"; $(exit 1)` }));
  assert.equal(staged.status, 0, staged.said);
  const release = /sha256:[0-9a-f]{16}/.exec(staged.said)?.[0] ?? '';
  const steps: readonly (readonly [string, RegExp, number])[] = [
    [policyCommand('diff', { release }), /forbid org\/late/, 1],
    [policyCommand('replay', { release, flags: { since: '15m' } }), /allow->deny/, 0],
    [policyCommand('shadow', { release, flags: { reason: '' } }), /shadow/, 0],
    [policyCommand('activate', { release, flags: { percent: '10', reason: 'a b' } }), /canary 10%/, 0],
    [policyCommand('activate', { release, flags: { reason: "it's" } }), /active/, 0],
    [policyCommand('history', { release }), new RegExp(digits(release)), 0],
    [policyCommand('rollback', { flags: { reason: 'back', yes: true } }), /took back/, 0],
  ];
  for (const [command, says, exit] of steps) {
    const { status, said } = await pasted(command);
    assert.equal(status, exit, `${command}\n${said}`);
    assert.match(said, says, command);
  }
});

test('a draft that fails its cases is not staged from there either', async () => {
  const wrong = { ...draft('NOT_NOW'), cases: CASES.replace("IT'S_$LATE", 'ANOTHER') };
  const staged = await pasted(draftCommand('stage', proposalOf(BUNDLE, wrong), { reason: 'why' }));
  assert.notEqual(staged.status, 0);
  assert.match(staged.said, /case `the shop looks`: expected code ANOTHER, and it is NOT_NOW/);
});
