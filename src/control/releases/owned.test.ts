/** Releases in the hands of somebody who administers one domain: theirs go all the way, and what touches other levels does not move. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallEvent, type Rights, WHOLE_TENANT } from '../../contract/index.ts';
import { newNodeKey } from '../../identity/index.ts';
import { VirtualWorld } from '../../kernel/index.ts';
import { memoryStores } from '../../stores/index.ts';
import type { CompilePolicy } from '../compile.ts';
import { agent, domain, faultOf, NO_POLICY } from '../fixture.ts';
import { ControlPlane } from '../plane.ts';
import { unseal } from './seal.ts';
import { ReleaseTrain } from './train.ts';
import { ReleaseTrials } from './trials.ts';
import { ReleaseWatch } from './watch.ts';

const SALES: Rights = { kind: 'domains', tenant: 'default', domains: ['sales'] };

/** A policy whose version is its text. */
const compilePolicy: CompilePolicy = async (bundles) => ({
  ...NO_POLICY,
  version: `sha256:${Buffer.from(bundles.map(({ level, policies }) => `${level}:${policies.text}`).join(' ')).toString('hex')}`,
});

const bundle = (level: string, text: string) => ({
  apiVersion: 'airspace.dev/v1',
  kind: 'PolicyBundle',
  metadata: { name: level },
  spec: { level, policies: { text } },
});

const bench = async () => {
  const stores = memoryStores();
  const { clock } = new VirtualWorld(1);
  const signer = newNodeKey();
  const replayed: CallEvent[] = [];
  const shared = { store: stores.releases, compilePolicy, clock, watch: new ReleaseWatch(), log: () => {} };
  const open = (record: { readonly sealed: Parameters<typeof unseal>[0] }) => unseal(record.sealed, signer.publicKey);
  const plane = new ControlPlane({
    resources: stores.resources,
    nodes: stores.nodes,
    compilePolicy,
    clock,
    publish: () => {},
    trials: new ReleaseTrials({ ...shared, open }),
  });
  const train = new ReleaseTrain({
    ...shared,
    plane,
    key: signer,
    resources: stores.resources,
    traces: stores.traces,
    calls: stores.calls,
    replayer: () => ({
      take: (event) => {
        replayed.push(event);
        return [];
      },
      tally: () => ({ decisions: 0, same: 0, otherRules: 0, unknown: 0, unknownFor: {}, flips: 0, groups: [] }),
    }),
    widenings: () => [],
    examine: async () => ({ problems: [], warnings: [], cases: [], proof: { cases: 0, covered: 0, rules: 0 } }),
    twoPerson: false,
  });
  const given = { tenant: 'default', by: 'user/sara', reason: 'r', prune: false };
  const apply = (...resources: readonly unknown[]) =>
    plane.apply({ ...given, resources, origins: [], rights: WHOLE_TENANT, dryRun: false });
  await apply(
    domain('sales'),
    domain('finance'),
    agent('seller', { domain: 'sales' }),
    agent('ledger', { domain: 'finance' }),
    bundle('org', 'one'),
    bundle('sales', 'one'),
    bundle('finance', 'one'),
  );
  const stage = async (rights: Rights, resources: readonly unknown[], prune = false) =>
    (await train.stage({ ...given, resources, origins: ['p.yaml:1', 'p.yaml:9'], cases: [], rights, prune })).release
      .id;
  const activate = (id: string, percent: number) =>
    train.activate('default', id, { by: 'user/sara', reason: '', percent, rights: SALES });
  const texts = async () =>
    (await plane.list({ tenant: 'default', kind: 'PolicyBundle' })).map(
      ({ resource }) => resource.kind === 'PolicyBundle' && `${resource.spec.level} ${resource.spec.policies.text}`,
    );
  return { stores, plane, train, apply, stage, activate, texts, replayed };
};

test('a release of its own level goes all the way and back', async () => {
  const { stage, train, activate, texts } = await bench();
  const id = await stage(SALES, [bundle('sales', 'two')]);
  await train.shadow('default', id, 'user/sara', '', SALES);
  await activate(id, 5);
  await activate(id, 100);
  assert.deepEqual(await texts(), ['finance one', 'org one', 'sales two']);
  await train.rollback('default', 'user/sara', '', SALES);
  assert.deepEqual(await texts(), ['finance one', 'org one', 'sales one']);
});

test('a release that touches another level is not staged, and not moved by it when somebody else staged it', async () => {
  const { stage, train, activate, stores } = await bench();
  const both = [bundle('sales', 'two'), bundle('org', 'two')];
  const fault = await faultOf(stage(SALES, both));
  assert.deepEqual(
    [fault.code, fault.message],
    [
      'denied',
      'p.yaml:9: PolicyBundle `org`: `spec.policies.text` belongs to the organisation; ask an administrator of the organisation',
    ],
  );
  const id = await stage(WHOLE_TENANT, both);
  for (const move of [
    () => train.shadow('default', id, 'user/sara', '', SALES),
    () => activate(id, 5),
    () => activate(id, 100),
  ])
    assert.equal((await faultOf(move())).code, 'denied');
  assert.deepEqual((await stores.releases.get('default', id))?.state, 'staged');
});

test('a release on trial that touches another level is not halted by it, and one of its own is', async () => {
  const { stage, train, stores } = await bench();
  const theirs = await stage(WHOLE_TENANT, [bundle('finance', 'two')]);
  await train.shadow('default', theirs, 'user/fred', '', WHOLE_TENANT);
  assert.equal((await faultOf(train.rollback('default', 'user/sara', '', SALES))).code, 'denied');
  await train.rollback('default', 'user/fred', '', WHOLE_TENANT);
  const own = await stage(SALES, [bundle('sales', 'two')]);
  await train.shadow('default', own, 'user/sara', '', SALES);
  await train.rollback('default', 'user/sara', '', SALES);
  assert.equal((await stores.releases.get('default', own))?.state, 'halted');
});

test('a rollback of policy that others brought is theirs to make', async () => {
  const { apply, train, texts } = await bench();
  await apply(bundle('finance', 'two'));
  assert.equal((await faultOf(train.rollback('default', 'user/sara', '', SALES))).code, 'denied');
  assert.deepEqual(await texts(), ['finance two', 'org one', 'sales one']);
});

test('a prune in a release leaves the bundles of other levels where they are', async () => {
  const { apply, stage, activate, texts } = await bench();
  await apply(domain('field', 'sales'));
  await activate(await stage(SALES, [bundle('field', 'new')], true), 100);
  assert.deepEqual(await texts(), ['field new', 'finance one', 'org one']);
});

test('a replay is about calls that belong to the one who asks', async () => {
  const { train, replayed, stores } = await bench();
  await stores.traces.append([
    call('seller', 'ledger', 'c1'),
    call('ledger', 'seller', 'c2'),
    call('ledger', 'ledger', 'c3'),
  ]);
  const asked = { tenant: 'default', sinceMs: 0, limit: 100 };
  const candidate = { resources: [bundle('sales', 'two')], origins: ['p.yaml:1'], prune: false };
  await train.replay({ ...asked, rights: SALES, candidate });
  assert.deepEqual(replayed.map(({ callId }) => callId).sort(), ['c1', 'c2']);
  const others = { ...candidate, resources: [bundle('finance', 'two')] };
  assert.equal((await faultOf(train.replay({ ...asked, rights: SALES, candidate: others }))).code, 'denied');
});

const call = (from: string, to: string, callId: string): CallEvent => ({
  callId,
  trace: 'a'.repeat(32),
  span: callId,
  tenant: 'default',
  principal: { kind: 'agent', id: from },
  target: { kind: 'agent', name: to, operation: 'ask' },
  lineage: { root: callId, depth: 0 },
  node: 'hub-1',
  role: 'hub',
  startedAtMs: 1,
  durationMs: 1,
  status: 'ok',
  code: '',
  httpStatus: 200,
  requestBytes: 0,
  replyBytes: 0,
  snapshotSeq: 1,
  attributes: {},
  steps: [],
});
