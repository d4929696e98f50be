/** A fresh hub with two persons on, from the command line: nobody widens policy alone, and what is staged has passed lint and cases. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ReleaseDetail, ReleaseOutcome } from '../contract/index.ts';
import { type RunningHub, startHub } from './node/hub.ts';
import { line, type Ran } from './testing/line.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-two-persons-'));
const house = join(scratch, 'house');
let hub: RunningHub;
const keys = new Map<string, string>();

const PEOPLE = `apiVersion: airspace.dev/v1
kind: User
metadata: { name: ann }
spec: { roles: [admin] }
---
apiVersion: airspace.dev/v1
kind: User
metadata: { name: bob }
spec: { roles: [admin] }
---
apiVersion: airspace.dev/v1
kind: Agent
metadata: { name: desk }
spec:
  operations: [{ name: look, effect: read }, { name: see, effect: read }, { name: pay, effect: spend }]
`;
const BUNDLE = `apiVersion: airspace.dev/v1
kind: PolicyBundle
metadata: { name: org }
spec: { level: org, policies: { file: org.cedar } }
`;
const factOf = (operation: string): string => `apiVersion: airspace.dev/v1
kind: Fact
metadata: { name: account }
spec:
  for: [{ name: desk, operations: [pay] }]
  ask: { name: desk, operation: ${operation} }
  as: { type: object, required: [frozen], properties: { frozen: { type: boolean } } }
`;
const OPEN = '@id("open") @reason("all may call") permit (principal, action, resource);\n';
const FROZEN = `@id("frozen") @reason("the account is frozen")
forbid (principal, action == Action::"agent/desk/pay", resource) when { context.facts.account.frozen };
`;
const DEEP = '@id("deep") @reason("too deep") forbid (principal, action, resource) when { context.depth > 3 };\n';
const CASES = `cases:
  - name: a frozen account pays nothing
    principal: user/ann
    target: agent/desk/pay
    facts: { account: { frozen: true } }
    expect: { effect: deny, rules: [org/frozen] }
  - name: looking is free
    principal: user/ann
    target: agent/desk/look
    expect: { effect: allow, rules: [org/open] }
`;

/** The files of the house; what is not given stays as it is. */
const write = (files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(house, name), text);
};

const as = (person: string, ...argv: readonly string[]): Promise<Ran> =>
  line(argv, { cwd: scratch, env: { AIRSPACE_URL: hub.url, AIRSPACE_KEY: keys.get(person) ?? '' } });

const staged = async (person = 'ann', ...more: readonly string[]): Promise<ReleaseOutcome['release']> => {
  const ran = await as(person, 'policy', 'stage', '-f', house, '--reason', 'a test', '-o', 'json', ...more);
  assert.equal(ran.exit, 0, ran.stderr);
  return JSON.parse(ran.stdout) as ReleaseOutcome['release'];
};

before(async () => {
  mkdirSync(house);
  const dir = join(scratch, 'hub');
  hub = await startHub({ dir, host: '127.0.0.1', port: 0, level: 'error', log: () => {}, twoPerson: true });
  await line(['bootstrap', '--data', dir, '--url', hub.url], { cwd: scratch });
  keys.set('admin', readFileSync(join(dir, 'admin.key'), 'utf8').trim());
  write({ 'people.yaml': PEOPLE, 'org.cedar': OPEN + FROZEN });
});

after(async () => {
  await hub?.stop(false);
  rmSync(scratch, { recursive: true, force: true });
});

describe('with two persons on', { concurrency: false }, () => {
  test('a fresh hub gets people without policy, and its first policy from two of them', async () => {
    assert.equal((await as('admin', 'apply', '-f', join(house, 'people.yaml'))).exit, 0);
    for (const person of ['ann', 'bob']) {
      const { stdout } = await as('admin', 'key', 'create', `user/${person}`);
      keys.set(person, stdout.trim());
    }
    write({ 'policies.yaml': BUNDLE, 'facts.yaml': factOf('look'), 'house.cases.yaml': CASES });
    for (const dryRun of [['--dry-run'], []]) {
      const alone = await as('ann', 'apply', '-f', house, ...dryRun);
      assert.equal(alone.exit, 5);
      assert.match(alone.stderr, /`org`: level added.*airspace policy stage -f .*airspace policy approve/);
    }
    const { id, proof } = await staged();
    assert.deepEqual(proof, { cases: 2, covered: 2, rules: 2 });
    assert.equal((await as('ann', 'policy', 'activate', id)).exit, 6);
    assert.equal((await as('ann', 'policy', 'approve', id)).exit, 5);
    assert.equal((await as('bob', 'policy', 'approve', id)).exit, 0);
    assert.equal((await as('ann', 'policy', 'activate', id)).exit, 0);
    assert.equal((await as('ann', 'diff', '-f', house)).exit, 0, 'the folder is what is in force');
  });

  test('one person narrows, and nobody takes that back alone', async () => {
    write({ 'org.cedar': OPEN + FROZEN + DEEP });
    assert.equal((await as('ann', 'apply', '-f', house)).exit, 0);
    write({ 'org.cedar': OPEN + FROZEN });
    const applied = await as('ann', 'apply', '-f', house);
    assert.deepEqual([applied.exit, /`org\/deep`: forbid removed/.test(applied.stderr)], [5, true], applied.stderr);
    const [newest] = await hub.control.history(1);
    const back = await as('ann', 'rollback', String((newest?.revision ?? 0) - 1), '--yes');
    assert.deepEqual([back.exit, /`org\/deep`: forbid removed/.test(back.stderr)], [5, true], back.stderr);
  });

  test('a fact that policy reads is changed by a release, which shows it', async () => {
    write({ 'org.cedar': OPEN + FROZEN + DEEP, 'facts.yaml': factOf('see') });
    const applied = await as('ann', 'apply', '-f', house);
    assert.deepEqual([applied.exit, /`facts\/account`: fact changed/.test(applied.stderr)], [5, true], applied.stderr);
    const { id, widening } = await staged();
    assert.equal(widening, true);
    const shown = await as('bob', 'policy', 'diff', id);
    assert.equal(shown.stdout, '~ fact account: asks agent/desk/see\n');
    await as('bob', 'policy', 'approve', id);
    assert.equal((await as('ann', 'policy', 'activate', id)).exit, 0);
    const took = await as('ann', 'policy', 'rollback', '--yes');
    assert.equal(took.exit, 0, took.stderr);
    const [fact] = await hub.control.list({ tenant: 'default', kind: 'Fact' });
    assert.ok(fact?.resource.kind === 'Fact' && fact.resource.spec.ask?.operation === 'look');
    write({ 'facts.yaml': factOf('look') });
  });

  test('a fact that policy reads is not deleted either', async () => {
    const ran = await as('ann', 'delete', 'fact', 'account', '--yes');
    assert.notEqual(ran.exit, 0, 'a policy that reads it would be no policy any more');
  });

  test('a case that fails is named with its place, and nothing is staged', async () => {
    write({ 'org.cedar': OPEN + FROZEN, 'house.cases.yaml': CASES.replace('effect: allow', 'effect: deny') });
    const ran = await as('ann', 'policy', 'stage', '-f', house, '--reason', 'a test');
    assert.equal(ran.exit, 2);
    assert.match(ran.stderr, /house\/house\.cases\.yaml:7: case `looking is free`: expected deny, and it is allow by/);
    write({ 'house.cases.yaml': CASES });
  });

  test('what lint calls an error is not staged, with file and line', async () => {
    const never =
      '@id("never") @reason("r") permit (principal, action, resource) when { context.depth > 3 && context.depth < 3 };\n';
    write({ 'org.cedar': OPEN + FROZEN + DEEP + never });
    const ran = await as('ann', 'policy', 'stage', '-f', house, '--reason', 'a test');
    assert.equal(ran.exit, 2);
    assert.match(ran.stderr, /org\.cedar:5:1: \[never-matches\] policy `never`/);
  });

  test('warnings are listed, and a folder without cases is told so', async () => {
    rmSync(join(house, 'house.cases.yaml'));
    write({ 'org.cedar': OPEN + FROZEN + DEEP + OPEN.replace('open', 'again') });
    const ran = await as('ann', 'policy', 'stage', '-f', house, '--reason', 'a test');
    assert.equal(ran.exit, 0, ran.stderr);
    assert.match(ran.stderr, /warning: .*org\.cedar:5:1: \[duplicate\] policy `again`/);
    assert.match(ran.stderr, /warning: no cases/);
    assert.match(ran.stdout, /^sha256:[0-9a-f]{16} staged against sha256:[0-9a-f]{16}; no cases\n$/);
    const [id = ''] = ran.stdout.split(' ');
    const detail = await as('bob', 'policy', 'history', id, '-o', 'json');
    assert.deepEqual((JSON.parse(detail.stdout) as ReleaseDetail).proof, { cases: 0, covered: 0, rules: 4 });
  });
});
