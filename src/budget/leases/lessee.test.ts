import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../contract/index.ts';
import { budget, faultOf } from '../fixture.ts';
import { beginOf, endOf, reservationOf, setUpHub, setUpNode } from './fixture.ts';

const CAP = budget({ limit: 100 });

test('calls are admitted within a slice, and the hub is asked once for all of them', async () => {
  const hub = setUpHub([CAP]);
  const { start, wire } = setUpNode(hub);
  const { calls } = start();
  for (const id of ['a', 'b', 'c', 'd']) {
    assert.equal((await calls.begin(beginOf(reservationOf(id, [CAP, 1])))).kind, 'begun');
    await calls.end(endOf(id, 1));
  }
  assert.equal(wire.sent.length, 1);
  assert.deepEqual(await hub.books(), { cap: [0, 4] });
});

test('of 200 calls at the same time on a budget for 37, 37 are admitted, and the others hear what the hub said', async () => {
  const exact = budget({ limit: 37 });
  const hub = setUpHub([exact], 3);
  const { start } = setUpNode(hub);
  const { calls } = start();
  const begun = await Promise.all(
    Array.from({ length: 200 }, (_, n) => calls.begin(beginOf(reservationOf(`call-${n}`, [exact, 1])))),
  );
  assert.equal(begun.filter(({ kind }) => kind === 'begun').length, 37);
  const short = begun.find(({ kind }) => kind !== 'begun');
  assert.ok(short?.kind === 'overdrawn');
  assert.deepEqual([short.account.budget, short.account.limit, short.account.reserved], ['cap', 37, 37]);
});

test('that there was nothing is believed for a second, and then it is asked again', async () => {
  const none = budget({ limit: 0 });
  const hub = setUpHub([none]);
  const { start, wire, pass } = setUpNode(hub);
  const { calls } = start();
  for (let n = 0; n < 50; n++)
    assert.equal((await calls.begin(beginOf(reservationOf(`a${n}`, [none, 1])))).kind, 'overdrawn');
  assert.equal(wire.sent.length, 1);
  await pass(1_001);
  await calls.begin(beginOf(reservationOf('b', [none, 1])));
  assert.equal(wire.sent.length, 2);
});

test('without a hub a node spends what it holds, and then refuses, naming the budget and how long it has heard nothing', async () => {
  const hub = setUpHub([CAP]);
  const { start, wire, pass } = setUpNode(hub);
  const { calls } = start();
  await calls.begin(beginOf(reservationOf('a', [CAP, 1])));
  await pass(2_000);
  wire.isCut = true;
  for (const id of ['b', 'c', 'd'])
    assert.equal((await calls.begin(beginOf(reservationOf(id, [CAP, 1])))).kind, 'begun');
  await pass(3_000);
  const fault = await faultOf(calls.begin(beginOf(reservationOf('e', [CAP, 1]))));
  assert.deepEqual(
    [fault.code, fault.executed, fault.facts],
    ['budget_exhausted', 'no', { code: 'NO_LEASE', budget: 'cap' }],
  );
  assert.match(fault.message, /budget `cap`.*node `sidecar-alice` holds no part.*has not answered for 5 s/);
});

test('a hub that got no part itself is quoted, and is not called silent', async () => {
  const hub = setUpHub([CAP]);
  const { start, wire } = setUpNode(hub);
  const { calls } = start();
  wire.refusal = new Fault('budget_exhausted', 'node `domain-plant` holds no part of it that has room');
  const fault = await faultOf(calls.begin(beginOf(reservationOf('a', [CAP, 1]))));
  assert.deepEqual([fault.code, fault.facts['code']], ['budget_exhausted', 'NO_LEASE']);
  assert.match(fault.message, /node `sidecar-alice` holds no part.*: node `domain-plant` holds no part/);
  assert.doesNotMatch(fault.message, /has not answered/);
});

test('no call is admitted later than a second before the hub counts a lease as spent', async () => {
  const hub = setUpHub([CAP]);
  const { start, wire, pass } = setUpNode(hub);
  const { calls } = start();
  await calls.begin(beginOf(reservationOf('a', [CAP, 1])));
  wire.isCut = true;
  await pass(8_999);
  assert.equal((await calls.begin(beginOf(reservationOf('b', [CAP, 1])))).kind, 'begun');
  await pass(1);
  assert.equal((await faultOf(calls.begin(beginOf(reservationOf('c', [CAP, 1]))))).facts['code'], 'NO_LEASE');
});

test('what is idle goes back at half its time, and what is in use is renewed first; calls in flight keep what they hold', async () => {
  const hub = setUpHub([CAP]);
  const { start, pass } = setUpNode(hub);
  const { calls } = start();
  await calls.begin(beginOf(reservationOf('a', [CAP, 1])));
  await pass(5_500);
  // The next slice is here, and of the first one what the call holds.
  assert.deepEqual(await hub.books(), { cap: [0, 5] });
  await pass(5_500);
  assert.deepEqual(await hub.books(), { cap: [0, 1] });
  await calls.end(endOf('a', 1));
  await pass(500);
  assert.deepEqual(await hub.books(), { cap: [1, 0] });
});

test('a node that stops in order gives back what no call holds, at once', async () => {
  const hub = setUpHub([CAP]);
  const { start } = setUpNode(hub);
  const { calls, lessee } = start();
  await calls.begin(beginOf(reservationOf('a', [CAP, 1])));
  await calls.end(endOf('a', 1));
  await lessee.stop();
  assert.deepEqual(await hub.books(), { cap: [1, 0] });
  assert.equal(hub.world.pending, 0);
});

test('a crash costs what calls in flight held, and the rest comes back when the node is there again', async () => {
  const hub = setUpHub([CAP]);
  const { start, pass } = setUpNode(hub);
  const { calls } = start();
  await calls.begin(beginOf(reservationOf('a', [CAP, 1])));
  await calls.begin(beginOf(reservationOf('b', [CAP, 1])));
  await calls.end(endOf('a', 0));
  // Nothing of the first run is looked at any more but its disk.
  await start().lessee.start();
  await pass(200);
  assert.deepEqual(await hub.books(), { cap: [1, 0] });
});

test('a call that needs more than its slice has left draws on another one, and each is told its part', async () => {
  const money = budget({ unit: 'micros', limit: 1_000 });
  const hub = setUpHub([money]);
  const { start, pass } = setUpNode(hub);
  const { calls, ledger, lessee } = start();
  await calls.begin(beginOf(reservationOf('a', [money, 90])));
  assert.equal((await ledger.extend('acme', 'a', { micros: 50 }, 0)).kind, 'reserved');
  assert.equal(lessee.holder('a')?.pieces.length, 2);
  await calls.end({ ...endOf('a', null), amounts: { micros: 120 } });
  await lessee.stop();
  await pass(0);
  assert.deepEqual(await hub.books(), { cap: [120, 0] });
});
