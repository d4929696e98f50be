import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../contract/index.ts';
import { bulkhead, Slots } from './bulkhead.ts';
import { deadline } from './deadline.ts';
import { compose, type Handler } from './handler.ts';
import { loopback, loopbackCall, loopbackReply } from './loopback.ts';
import { trial } from './trial.ts';

const walls = (slots: Slots, limit: number) =>
  bulkhead({ slots, keyOf: (call) => call.target.name, limitOf: () => limit });
const called = (name: string) => loopbackCall({ target: { kind: 'agent', name, operation: 'x' } });
const takes =
  (ms: number): Handler =>
  (_call, scope) =>
    new Promise((resolve) => scope.clock.after(ms, () => resolve(loopbackReply())));

test('a full key refuses at once and says when to come back; other keys do not notice (L1)', async () => {
  const { world, scope } = trial();
  const slots = new Slots();
  const handler = walls(slots, 2)(takes(100));
  const running = [handler(called('a'), scope), handler(called('a'), scope)];
  await assert.rejects(handler(called('a'), scope), (fault: Fault) => {
    assert.deepEqual([fault.code, fault.executed], ['overloaded', 'no']);
    return fault.retryAfterMs !== undefined && fault.retryAfterMs >= 50 && fault.retryAfterMs <= 150;
  });
  running.push(handler(called('b'), scope));
  await world.run();
  await Promise.all(running);
  assert.equal(slots.size, 0);
});

test('a call that its caller gave up keeps its slot until the work has stopped (D5)', async () => {
  const { world, scope } = trial();
  const slots = new Slots();
  const path = compose(deadline({ limitMs: () => 100 }), walls(slots, 1))(takes(10_000));
  const ended = path(called('a'), scope).then(
    () => 0,
    () => world.clock.nowMs(),
  );
  await world.run(9000);
  assert.ok((await ended) <= 350);
  assert.equal(slots.taken('a'), 1);
  await world.run();
  assert.equal(slots.taken('a'), 0);
});

test('a stream keeps its slot to its end', async () => {
  const { scope } = trial();
  const slots = new Slots();
  async function* two(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    yield new Uint8Array(1);
  }
  const target = loopback(() => loopbackReply({ body: { kind: 'stream', chunks: two() } }));
  const reply = await walls(slots, 1)(target.handler)(called('a'), scope);
  if (reply.body.kind !== 'stream') assert.fail('expected a stream');
  for await (const _chunk of reply.body.chunks) assert.equal(slots.taken('a'), 1);
  assert.equal(slots.size, 0);
});

test('a cancelled stream keeps its slot until its source has let go (D5)', async () => {
  const { scope, canceller } = trial();
  const slots = new Slots();
  const letGo = Promise.withResolvers<void>();
  const chunks = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: () => letGo.promise.then(() => ({ done: true as const, value: undefined })),
    }),
  };
  const target = loopback(() => loopbackReply({ body: { kind: 'stream', chunks } }));
  await walls(slots, 1)(target.handler)(called('a'), scope);
  canceller.cancel(new Fault('cancelled', 'gone'));
  await null;
  assert.equal(slots.taken('a'), 1);
  letGo.resolve();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(slots.taken('a'), 0);
});

test('failures, also before the first await, give the slot back', async () => {
  const { scope } = trial();
  const slots = new Slots();
  const throws: Handler = () => {
    throw new Fault('denied', 'no');
  };
  for (const next of [throws, () => Promise.reject(new Error('x'))]) {
    await assert.rejects(walls(slots, 1)(next)(called('a'), scope));
    assert.equal(slots.size, 0);
  }
});
