/** The way of a release, from staged to active and back, over memory stores. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallEvent, WHOLE_TENANT } from '../../contract/index.ts';
import { agent, faultOf } from '../fixture.ts';
import { bench, bundle } from './fixture.ts';
import { MOVES, type ReleaseEvent } from './state.ts';

test('the moves of a release are these and no others', () => {
  const events: readonly ReleaseEvent[] = ['stage', 'shadow', 'canary', 'full', 'halt', 'replaced'];
  const table = Object.entries(MOVES).map(([from, moves]) =>
    [from, ...events.map((event) => moves[event] ?? '-')].join(' '),
  );
  assert.deepEqual(table, [
    'none staged - - - - -',
    'staged staged shadow canary active - -',
    'shadow - shadow canary active halted -',
    'canary - shadow canary active halted -',
    'active - - - active - retired',
    'halted staged - - active - -',
    'retired staged - - active - -',
  ]);
});

test('staging checks and keeps a release and changes nothing that runs', async () => {
  const { stage, published, stores } = await bench();
  const release = await stage('two');
  assert.deepEqual([release.state, release.author, release.stale, published.length], ['staged', 'user/ann', false, 1]);
  assert.equal((await stores.resources.list()).revision, 1);
});

test('what is no policy, or is active already, is not a release', async () => {
  const { stageAll, stage } = await bench();
  assert.match((await faultOf(stageAll([agent('b')]))).message, /f\.yaml:1.*PolicyBundles and Facts only/);
  assert.match((await faultOf(stage('one'))).message, /nothing to release/);
});

test('a release goes from shadow to a part to everything, and the one before retires', async () => {
  const { stage, train, activate, published, stateOf, text } = await bench();
  const { id } = await stage('two');
  await train.shadow('default', id, 'user/ann', '', WHOLE_TENANT);
  assert.deepEqual(
    published.at(-1)?.candidates?.map(({ mode, percent }) => [mode, percent]),
    [['shadow', 0]],
  );
  await activate(id, 5);
  assert.deepEqual(
    published.at(-1)?.candidates?.map(({ mode, percent }) => [mode, percent]),
    [['canary', 5]],
  );
  assert.equal(await text(), 'one');
  await activate(id, 100);
  assert.deepEqual([published.at(-1)?.candidates, await text(), await stateOf(id)], [undefined, 'two', 'active']);
  assert.equal(published.at(-1)?.policy.version, id);
  const next = await stage('three');
  await activate(next.id, 100);
  assert.deepEqual([await stateOf(id), await stateOf(next.id)], ['retired', 'active']);
});

test('a higher percentage is the same trial, and the same release tried again is another', async () => {
  const { stage, activate, train, world, published } = await bench();
  const since = () => published.at(-1)?.candidates?.[0]?.sinceMs;
  const { id } = await stage('two');
  await activate(id, 5);
  const first = since();
  await world.run(1_000);
  await activate(id, 50);
  assert.equal(since(), first);
  await train.rollback('default', 'user/ann', 'smells', WHOLE_TENANT);
  await stage('two');
  await activate(id, 5);
  assert.ok(since()! > first!);
});

test('one release is on trial at a time', async () => {
  const { stage, activate } = await bench();
  const [first, second] = [await stage('two'), await stage('three')];
  await activate(first.id, 5);
  const fault = await faultOf(activate(second.id, 5));
  assert.equal(fault.code, 'conflict');
  assert.match(fault.message, new RegExp(first.id));
});

test('an apply under a release on trial halts it, because nobody looked at the two together', async () => {
  const { stage, activate, apply, stateOf, published, train } = await bench();
  const { id } = await stage('two');
  await activate(id, 5);
  await apply(agent('b'));
  assert.deepEqual([published.at(-1)?.candidates?.length, await stateOf(id)], [1, 'canary'], 'no policy was touched');
  await apply(bundle('hotfix'));
  assert.deepEqual([published.at(-1)?.candidates, await stateOf(id)], [undefined, 'halted']);
  const again = await train.get('default', id);
  assert.match(again.log.at(-1)?.reason ?? '', /made against is not the active one/);
});

test('a stale release cannot be activated before it is staged again', async () => {
  const { stage, activate, apply } = await bench();
  const { id } = await stage('two');
  await apply(bundle('hotfix'));
  assert.equal((await faultOf(activate(id, 100))).code, 'conflict');
  await stage('two');
  await activate(id, 100);
});

test('a rollback takes back the release on trial, then the active one, and never returns to what it took back', async () => {
  const { stage, activate, train, text, stateOf, published } = await bench();
  const two = await stage('two');
  await activate(two.id, 100);
  const three = await stage('three');
  await activate(three.id, 10);
  const first = await train.rollback('default', 'user/ann', 'smells', WHOLE_TENANT);
  assert.match(first.undone, /canary at 10 %/);
  assert.deepEqual([await stateOf(three.id), await text(), published.at(-1)?.candidates], ['halted', 'two', undefined]);
  const second = await train.rollback('default', 'user/ann', '', WHOLE_TENANT);
  assert.deepEqual(
    [await text(), await stateOf(two.id), second.snapshotSeq],
    ['one', 'retired', published.at(-1)?.seq],
  );
  assert.equal((await faultOf(train.rollback('default', 'user/ann', '', WHOLE_TENANT))).code, 'not_found');
  assert.equal(await text(), 'one');
});

test('with two persons on, a release that widens waits for somebody else than its author', async () => {
  const { stage, activate, train } = await bench({ twoPerson: true });
  const { id, needsApproval } = await stage('two');
  assert.equal(needsApproval, true);
  await train.shadow('default', id, 'user/ann', 'a shadow decides nothing', WHOLE_TENANT);
  assert.equal((await faultOf(activate(id, 5))).code, 'conflict');
  assert.equal((await faultOf(train.approve('default', id, 'user/ann', ''))).code, 'denied');
  await train.approve('default', id, 'user/bob', 'looked at the replay');
  await activate(id, 5);
});

test('an approval is for what was approved: staged again, it is gone', async () => {
  const { stage, activate, train } = await bench({ twoPerson: true });
  const { id } = await stage('two');
  await train.approve('default', id, 'user/bob', '');
  await stage('two', 'user/bob');
  assert.equal((await faultOf(activate(id, 5))).code, 'conflict');
  assert.equal((await faultOf(train.approve('default', id, 'user/bob', ''))).code, 'denied');
});

test('a release whose stored content was changed is never put in force', async () => {
  const { stage, stores, train } = await bench();
  const { id } = await stage('two');
  const record = (await stores.releases.get('default', id))!;
  const payload = record.sealed.payload.replace('"two"', '"evil"');
  await stores.releases.put({ ...record, sealed: { ...record.sealed, payload }, version: record.version + 1 });
  assert.equal(
    (await faultOf(train.activate('default', id, { percent: 5, by: 'user/ann', rights: WHOLE_TENANT, reason: '' })))
      .code,
    'denied',
  );
});

const decided = (release: string, at: number, attributes: Record<string, string | readonly string[]>): CallEvent => ({
  callId: at.toString(16).padStart(32, '0'),
  trace: 'a'.repeat(32),
  span: 'c'.repeat(16),
  tenant: 'default',
  principal: { kind: 'agent', id: 'a' },
  target: { kind: 'agent', name: 'a', operation: 'run' },
  lineage: { root: 'b'.repeat(32), depth: 0 },
  node: 'hub-1',
  role: 'hub',
  startedAtMs: 1_000,
  durationMs: 5,
  status: 'ok',
  code: '',
  httpStatus: 200,
  requestBytes: 1,
  replyBytes: 2,
  snapshotSeq: 1,
  attributes: {},
  steps: [{ span: 's', name: 'decide', offsetMs: 0, durationMs: 0, attributes: { release, ...attributes } }],
});

test('a rule that fails in the canary halts it, with the reason, in a new snapshot', async () => {
  const { stage, activate, train, published, logged } = await bench();
  const { id } = await stage('two');
  await activate(id, 5);
  const seq = published.at(-1)!.seq;
  train.observe([decided(id, 1, { arm: 'canary', effect: 'deny', code: 'POLICY_ERROR' })]);
  while (logged.at(-1) !== 'policy release halted') await Promise.resolve();
  const halted = await train.get('default', id);
  assert.match(halted.log.at(-1)?.reason ?? '', /could not be evaluated/);
  assert.equal(halted.log.at(-1)?.by, 'airspace');
  assert.deepEqual([published.at(-1)?.candidates, published.at(-1)!.seq > seq], [undefined, true]);
});

test('a release that was halted and is tried again is watched again, from zero', async () => {
  const { stage, activate, train, watch, stateOf, logged } = await bench();
  const { id } = await stage('two');
  for (const call of [1, 2]) {
    await stage('two');
    await activate(id, 5);
    assert.equal(watch.tallies({ tenant: 'default', release: id })?.canary.errors, 0);
    logged.length = 0;
    train.observe([decided(id, call, { arm: 'canary', effect: 'deny', code: 'POLICY_ERROR' })]);
    while (logged.length === 0) await new Promise(setImmediate);
    assert.equal(await stateOf(id), 'halted');
  }
  assert.equal(watch.tallies({ tenant: 'default', release: id }), null);
});

test('the deny band of the last step is the one that holds, over all that was counted', async () => {
  const { stage, train, stateOf, logged } = await bench();
  const { id } = await stage('two');
  const step = (denyBand: number) =>
    train.activate('default', id, { percent: 5, by: 'user/ann', rights: WHOLE_TENANT, reason: '', denyBand });
  const calls = (from: number) =>
    Array.from({ length: 100 }, (_, at) =>
      decided(id, from + at, at % 2 === 0 ? { arm: 'canary', effect: 'deny' } : { arm: 'stable', effect: 'allow' }),
    );
  await step(100);
  train.observe(calls(0));
  await step(10);
  logged.length = 0;
  train.observe(calls(100));
  await new Promise(setImmediate);
  assert.deepEqual([logged, await stateOf(id)], [['policy release halted'], 'halted']);
});

test('a hub that died between the wish and its publication goes on where it was', async () => {
  const { stage, stores, make, published } = await bench();
  const { id } = await stage('two');
  const record = (await stores.releases.get('default', id))!;
  await stores.releases.put({ ...record, state: 'canary', percent: 7, version: record.version + 1 });
  await make().plane.refresh();
  assert.deepEqual(
    published.at(-1)?.candidates?.map(({ release, percent }) => [release, percent]),
    [[id, 7]],
  );
});
