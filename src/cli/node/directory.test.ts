import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Principal, Snapshot, TargetEntry } from '../../contract/index.ts';
import { StillWorld } from '../../doors/admin/testing/served.ts';
import { compilePolicy, preparePolicy } from '../../policy/index.ts';
import { planner } from '../../routing/index.ts';
import { directoryOf } from './directory.ts';

const target = (kind: TargetEntry['kind'], name: string, operations: readonly string[], more = {}): TargetEntry => ({
  tenant: 'default',
  kind,
  name,
  domain: '',
  labels: {},
  endpoints: [],
  operations: operations.map((operation) => ({ name: operation, effect: 'read', idempotent: true })),
  health: null,
  concurrency: 1,
  timeoutMs: null,
  ...more,
});

const POLICIES = `
@id("tools") @reason("a test") permit (principal == Agent::"clerk", action, resource in Tool::"ledger");
@id("drop") @reason("a test") forbid (principal, action, resource == Operation::"tool/ledger/drop");
@id("held") @reason("a test") @remedy("approval") forbid (principal, action, resource == Operation::"tool/ledger/pay");
@id("models") @reason("a test") permit (principal is Agent, action, resource in Model::"big") when { context.hourUtc < 8 };
`;

const snapshotOf = async (seq: number): Promise<Snapshot> => {
  const targets = [
    target('tool', 'ledger', ['read', 'drop', 'pay']),
    target('tool', 'other', ['read']),
    target('agent', 'clerk', ['run']),
    target('model', 'big', ['chat'], { aliases: ['gpt-big', 'small'] }),
    target('model', 'small', ['chat']),
  ];
  const policy = await compilePolicy([{ tenant: 'default', level: 'org', policies: { text: POLICIES } }], {
    targets,
    domains: [],
    users: [],
  });
  return { seq, revision: 1, createdAtMs: 0, targets, routes: [], domains: [], keys: [], policy };
};

const agent = (id: string, tenant = 'default'): Principal => ({ kind: 'agent', tenant, id, roles: [] });

const directory = async () => {
  const snapshots = [await snapshotOf(1), await snapshotOf(2)];
  let at = 0;
  const live = {
    get snapshot() {
      return snapshots[at]!;
    },
    get inForce() {
      const snapshot = snapshots[at]!;
      return { snapshot, policy: preparePolicy(snapshot), planOf: planner(snapshot) };
    },
    choose: () => assert.fail('nobody asks for a capability'),
    get resolver(): never {
      throw new Error('nobody is identified here');
    },
    onAdopt: () => () => {},
  };
  return { directory: directoryOf(live, new StillWorld()), next: () => at++ };
};

const shown = (targets: readonly TargetEntry[]) =>
  targets.map(({ kind, name, operations }) => `${kind}/${name}: ${operations.map((one) => one.name).join(' ')}`);

test('callers see what they may call, perhaps after an approval or at another hour, and nothing else', async () => {
  const { directory: seen } = await directory();
  assert.deepEqual(shown(await seen.visible(agent('clerk'), ['model', 'tool'])), [
    'model/big: chat',
    'tool/ledger: read pay',
  ]);
  assert.deepEqual(shown(await seen.visible(agent('stranger'), ['tool'])), []);
  assert.deepEqual(shown(await seen.visible(agent('clerk', 'elsewhere'), ['tool', 'model'])), []);
});

test('an alias means its model, and never one that has that name itself', async () => {
  const { directory: seen } = await directory();
  assert.equal(seen.find('default', 'model', 'gpt-big')?.name, 'big');
  assert.equal(seen.find('default', 'model', 'small')?.name, 'small');
  assert.equal(seen.find('elsewhere', 'model', 'gpt-big'), undefined);
});

test('a new configuration is seen at once', async () => {
  const { directory: seen, next } = await directory();
  const before = await seen.visible(agent('clerk'), ['tool']);
  assert.equal(await seen.visible(agent('clerk'), ['tool']), before);
  next();
  assert.equal(seen.seq, 2);
  assert.notEqual(await seen.visible(agent('clerk'), ['tool']), before);
});
