import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Call, Fault, type KillOrder, type Reply } from '../contract/index.ts';
import {
  compose,
  deadline,
  Gate,
  type Handler,
  loopback,
  loopbackCall,
  loopbackReply,
  shed,
  trial,
  VirtualWorld,
} from '../kernel/index.ts';
import { Halt } from './index.ts';

const order = (change: Partial<KillOrder> = {}): KillOrder => ({
  id: 'kill-1',
  tenant: 'acme',
  kind: 'agent',
  name: 'orders',
  reason: 'it loops',
  by: 'user/ada',
  atMs: 0,
  untilMs: null,
  ...change,
});

const faultOf = (work: Promise<unknown>): Promise<Fault> =>
  work.then(
    () => assert.fail('it went through'),
    (thrown) => Fault.from(thrown),
  );

/** Never answers; says when it was told to stop. */
const hanging: Handler = (_call, { signal }) => new Promise((_, reject) => signal.onCancel(reject));

/** Sends one chunk, then nothing, and hears neither cancellation nor return. */
const deafStream = (): Reply => {
  let sent = false;
  const next = (): Promise<IteratorResult<Uint8Array, undefined>> => {
    if (sent) return new Promise(() => {});
    sent = true;
    return Promise.resolve({ done: false, value: new Uint8Array(1) });
  };
  return loopbackReply({ body: { kind: 'stream', chunks: { [Symbol.asyncIterator]: () => ({ next }) } } });
};

test('a call under an order is refused before anything runs, with the order, its reason and who gave it', async () => {
  const halt = new Halt();
  const target = loopback();
  halt.enforce({ seq: 1, orders: [order()] }, 0);
  const { scope, steps } = trial();
  const fault = await faultOf(halt.layer(target.handler)(loopbackCall(), scope));
  assert.deepEqual([fault.code, fault.executed, fault.retryable], ['denied', 'no', false]);
  assert.equal(fault.message, 'order `kill-1` of user/ada stops agent `orders`: it loops');
  assert.deepEqual(fault.facts, { code: 'KILLED', order: 'kill-1', kind: 'agent', name: 'orders', reason: 'it loops' });
  assert.deepEqual(steps, [{ name: 'halt', order: 'kill-1', by: 'user/ada', stops: 'agent/orders', cut: false }]);
  assert.equal(target.ledger.length, 0);
  assert.equal(halt.running, 0);
});

test('what runs is cut when an order comes, what is not meant goes on, and nothing is remembered of either', async () => {
  const halt = new Halt();
  const meant = trial();
  const other = trial();
  const path = halt.layer(hanging);
  const cut = faultOf(path(loopbackCall(), meant.scope));
  const goesOn = faultOf(path(loopbackCall({ target: { kind: 'tool', name: 'orders', operation: 'x' } }), other.scope));
  assert.equal(halt.running, 2);
  assert.equal(halt.enforce({ seq: 1, orders: [order()] }, 0), 1);
  const fault = await cut;
  assert.deepEqual([fault.code, fault.executed, fault.facts['code']], ['denied', 'unknown', 'KILLED']);
  assert.equal(meant.steps[0]!['cut'], true);
  assert.equal(halt.running, 1);
  other.canceller.cancel(new Fault('cancelled', 'the caller left'));
  assert.equal((await goesOn).code, 'cancelled');
  assert.equal(halt.running, 0);
});

test('the reader of a stream gets the order at once, even if the source is deaf', async () => {
  const halt = new Halt();
  const { scope } = trial();
  const reply = await halt.layer(async () => deafStream())(loopbackCall(), scope);
  if (reply.body.kind !== 'stream') assert.fail('expected a stream');
  const chunks = reply.body.chunks[Symbol.asyncIterator]();
  await chunks.next();
  const waiting = faultOf(chunks.next());
  assert.equal(halt.enforce({ seq: 1, orders: [order()] }, 0), 1);
  assert.equal((await waiting).facts['order'], 'kill-1');
  assert.equal((await faultOf(chunks.next())).facts['order'], 'kill-1');
  assert.equal(halt.running, 0);
});

test('a call that still waits for its turn is dropped, and did not run', async () => {
  const world = new VirtualWorld(1);
  const halt = new Halt();
  const gate = new Gate({ limit: 1, priorityOf: () => 2 });
  const target = loopback(hanging);
  const path = compose(halt.layer, shed(gate), deadline({ limitMs: () => 10_000 }))(target.handler);
  const busy = faultOf(
    path(loopbackCall({ principal: { kind: 'user', tenant: 'acme', id: 'u', roles: [] } }), trial(1, world).scope),
  );
  const queued = faultOf(path(loopbackCall(), trial(2, world).scope));
  assert.deepEqual([gate.running, gate.waiting], [1, 1]);
  halt.enforce({ seq: 1, orders: [order({ name: 'caller' })] }, 0);
  assert.deepEqual([(await queued).code, (await queued).executed], ['denied', 'no']);
  assert.deepEqual([gate.running, gate.waiting], [1, 0]);
  halt.enforce({ seq: 2, orders: [order()] }, 0);
  assert.equal((await busy).executed, 'unknown');
});

test('a call whose target hears nothing is over for its caller all the same', async () => {
  const { world, scope } = trial();
  const halt = new Halt();
  const path = compose(halt.layer, deadline({ limitMs: () => 10_000 }))(() => new Promise(() => {}));
  const ended = faultOf(path(loopbackCall(), scope)).then((fault) => [fault.code, world.clock.nowMs()]);
  halt.enforce({ seq: 1, orders: [order()] }, 0);
  await world.run();
  assert.deepEqual(await ended, ['denied', 50]);
});

test('a listener that breaks does not keep the next call from hearing the order', async () => {
  const halt = new Halt();
  const breaks: Handler = (_call, { signal }) => {
    signal.onCancel(() => {
      throw new Error('broken listener');
    });
    return hanging(_call, { ...trial().scope, signal });
  };
  const calls = [1, 2, 3].map(() => faultOf(halt.layer(breaks)(loopbackCall(), trial().scope)));
  assert.equal(halt.enforce({ seq: 1, orders: [order()] }, 0), 3);
  for (const call of calls) assert.equal((await call).code, 'denied');
});

test('a list replaces the one before it, and a lifted order lets calls through', async () => {
  const halt = new Halt();
  const target = loopback();
  const send = (): Promise<Reply> => halt.layer(target.handler)(loopbackCall(), trial().scope);
  halt.enforce({ seq: 1, orders: [order()] }, 0);
  await faultOf(send());
  halt.enforce({ seq: 2, orders: [] }, 0);
  await send();
  assert.deepEqual([halt.list.seq, target.ledger.length], [2, 1]);
});

test('who is stopped is nobody at other doors; its tenant may still lift what it ordered', () => {
  const halt = new Halt();
  const admin: NonNullable<Call['principal']> = { kind: 'user', tenant: 'acme', id: 'ada', roles: ['admin'] };
  halt.enforce({ seq: 1, orders: [order({ kind: 'tenant', name: 'acme' })] }, 0);
  assert.equal(halt.admit(admin, 0), admin);
  halt.enforce({ seq: 2, orders: [order({ kind: 'user', name: 'ada', untilMs: 10 })] }, 0);
  assert.throws(() => halt.admit(admin, 9), /stops user `ada`/);
  assert.equal(halt.admit(admin, 10), admin);
});
