import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AskedCapability, Call, ChosenProvider, Fault, Principal } from '../contract/index.ts';
import { memoryStores } from '../stores/memory/index.ts';
import { keptChoice } from './choices.ts';

const DAY_MS = 24 * 3600 * 1000;
const ASKED: AskedCapability = { name: 'query', range: '^2' };
const alice: Principal = { kind: 'agent', tenant: 't', id: 'alice', roles: [] };

const callOf = (idempotencyKey: string | undefined, principal = alice): Call => ({
  id: 'c'.repeat(32),
  credential: { kind: 'none' },
  principal,
  target: { kind: 'tool', name: '@capability', operation: 'query' },
  ...{ contentType: '', accept: '', body: { kind: 'bytes', bytes: new Uint8Array() }, headers: [] },
  trace: { trace: 'd'.repeat(32), sampled: true },
  lineage: { root: 'c'.repeat(32), depth: 0 },
  ...{ priority: 2, stream: false, via: [], retriedElsewhere: false },
  ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
});

const choice = (name: string): ChosenProvider => ({
  target: { kind: 'tool', name, operation: 'run' },
  version: '2.0.0',
  because: 'highest version that fits',
});

/** Asks as often as wanted; each time another provider would be chosen by itself. */
const asking = () => {
  const { calls } = memoryStores();
  let turn = 0;
  return async (call: Call, { asked = ASKED, atMs = 0 }: { asked?: AskedCapability; atMs?: number } = {}) =>
    (await keptChoice(calls, call, asked, () => choice(`p${++turn}`), atMs)).target.name;
};

test('a key stays with what was chosen under it, and a call without one is chosen for anew', async () => {
  const ask = asking();
  assert.deepEqual([await ask(callOf('k')), await ask(callOf('k')), await ask(callOf('k'))], ['p1', 'p1', 'p1']);
  assert.deepEqual([await ask(callOf(undefined)), await ask(callOf('other'))], ['p2', 'p3']);
});

test('two that come at once hear of one choice', async () => {
  const ask = asking();
  const both = await Promise.all([ask(callOf('k')), ask(callOf('k'))]);
  assert.equal(both[0], both[1]);
});

test('a key is of one caller and one capability, and for one range of it', async () => {
  const ask = asking();
  assert.equal(await ask(callOf('k')), 'p1');
  assert.equal(await ask(callOf('k', { ...alice, id: 'bob' })), 'p2');
  assert.equal(await ask(callOf('k', { ...alice, tenant: 'u' })), 'p3');
  assert.equal(await ask(callOf('k'), { asked: { name: 'other', range: '^2' } }), 'p4');
  await assert.rejects(ask(callOf('k'), { asked: { name: 'query', range: '^1' } }), (fault: Fault) => {
    return fault.code === 'idempotency_mismatch' && /another range of `query`/.test(fault.message);
  });
});

test('a key is free again when its day is over, as often as that comes', async () => {
  const ask = asking();
  assert.equal(await ask(callOf('k')), 'p1');
  assert.equal(await ask(callOf('k'), { atMs: DAY_MS - 1 }), 'p1');
  assert.equal(await ask(callOf('k'), { atMs: DAY_MS }), 'p2');
  assert.equal(await ask(callOf('k'), { atMs: 2 * DAY_MS - 1 }), 'p2');
  assert.equal(await ask(callOf('k'), { atMs: 2 * DAY_MS }), 'p3');
});

test('what nobody can choose is not remembered', async () => {
  const { calls } = memoryStores();
  const fails = (): never => {
    throw new Error('nobody');
  };
  await assert.rejects(keptChoice(calls, callOf('k'), ASKED, fails, 0), /nobody/);
  assert.equal((await keptChoice(calls, callOf('k'), ASKED, () => choice('p'), 0)).target.name, 'p');
});
