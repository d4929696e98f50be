import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, type Reply } from '../contract/index.ts';
import { deadline } from './deadline.ts';
import type { Handler } from './handler.ts';
import { loopback, loopbackCall, loopbackReply } from './loopback.ts';
import { notSent, remainingMs, wait } from './scope.ts';
import { trial } from './trial.ts';

const hangs: Handler = () => new Promise(() => {});
const faultOf = (work: Promise<Reply>): Promise<Fault> =>
  work.then(
    () => assert.fail('expected a fault'),
    (thrown) => thrown,
  );
const within = (limitMs: number) => deadline({ limitMs: () => limitMs });

test('a call gets the smallest of what the caller wants, configuration grants and the scope has left (D1)', async () => {
  const anything = fc.integer({ min: 1, max: 100_000 });
  await fc.assert(
    fc.asyncProperty(anything, anything, anything, async (wanted, limit, left) => {
      const { scope } = trial();
      let granted = 0;
      const looks: Handler = async (_call, inner) => {
        granted = remainingMs(inner);
        return loopbackReply();
      };
      await within(limit)(looks)(loopbackCall({ timeoutMs: wanted }), { ...scope, deadlineMs: left });
      assert.equal(granted, Math.min(wanted, limit, left));
    }),
  );
});

for (const limitMs of [0, -1, Number.NaN]) {
  test(`a call with ${limitMs} ms left is not sent (D3)`, async () => {
    const { world, scope } = trial();
    const target = loopback();
    const fault = await faultOf(within(limitMs)(target.handler)(loopbackCall(), scope));
    assert.equal(fault.code, 'expired');
    assert.equal(fault.executed, 'no');
    assert.equal(target.ledger.length, 0);
    assert.equal(world.pending, 0);
  });
}

test('a call whose caller has left is not sent', async () => {
  const { scope, canceller } = trial();
  canceller.cancel(new Fault('cancelled', 'gone'));
  const target = loopback();
  const fault = await faultOf(within(100)(target.handler)(loopbackCall(), scope));
  assert.deepEqual([fault.code, fault.executed, target.ledger.length], ['cancelled', 'no', 0]);
});

test('a call that hangs below ends by its deadline and 250 ms, as unknown (D4)', async () => {
  const { world, scope, canceller } = trial();
  const fault = faultOf(within(1000)(hangs)(loopbackCall(), scope)).then((told) => ({
    told,
    atMs: world.clock.nowMs(),
  }));
  await world.run();
  const { told, atMs } = await fault;
  assert.deepEqual([told.code, told.executed], ['timeout', 'unknown']);
  assert.ok(atMs >= 1000 && atMs <= 1250, `ended at ${atMs}`);
  assert.equal(world.pending, 0);
  assert.equal(canceller.listening, 0);
});

test('what the layers below know about the end is believed', async () => {
  const { world, scope } = trial();
  const queued: Handler = (_call, inner) =>
    wait(inner, 5000).then(
      () => loopbackReply(),
      (reason) => Promise.reject(notSent(reason)),
    );
  const fault = faultOf(within(100)(queued)(loopbackCall(), scope));
  await world.run();
  assert.deepEqual([(await fault).code, (await fault).executed], ['expired', 'no']);
});

test('everything below hears the end, with the reason', async () => {
  const { world, scope } = trial();
  let heard: Fault | undefined;
  const listens: Handler = (_call, inner) =>
    new Promise((_resolve, reject) =>
      inner.signal.onCancel((reason) => {
        heard = reason;
        reject(reason);
      }),
    );
  const fault = faultOf(within(100)(listens)(loopbackCall(), scope));
  await world.run(100);
  assert.equal(await fault, heard);
  assert.equal(world.pending, 0);
  assert.equal(heard?.code, 'timeout');
});

test('a caller that leaves ends a call that hangs below, and no timer stays', async () => {
  const { world, scope, canceller } = trial();
  const fault = faultOf(within(10_000)(hangs)(loopbackCall(), scope));
  canceller.cancel(new Fault('cancelled', 'gone'));
  await world.run(250);
  assert.equal((await fault).code, 'cancelled');
  assert.equal(world.pending, 0);
});

test('a unary reply leaves no timer and no listener', async () => {
  const { world, scope, canceller } = trial();
  await within(1000)(loopback().handler)(loopbackCall(), scope);
  assert.deepEqual([world.pending, canceller.listening], [0, 0]);
});

test('a handler that throws before its first await leaves no timer either', async () => {
  const { world, scope } = trial();
  const throws: Handler = () => {
    throw new Fault('denied', 'no');
  };
  assert.equal((await faultOf(within(1000)(throws)(loopbackCall(), scope))).code, 'denied');
  assert.equal(world.pending, 0);
});

test('the timer of a stream lives exactly as long as the stream', async () => {
  const { world, scope } = trial();
  async function* two(): AsyncGenerator<Uint8Array> {
    yield new Uint8Array(1);
    yield new Uint8Array(1);
  }
  const target = loopback(() => loopbackReply({ body: { kind: 'stream', chunks: two() } }));
  const reply = await within(1000)(target.handler)(loopbackCall(), scope);
  if (reply.body.kind !== 'stream') assert.fail('expected a stream');
  for await (const _chunk of reply.body.chunks) assert.equal(world.pending, 1);
  assert.equal(world.pending, 0);
});

test('a stream that hangs is cut at the deadline', async () => {
  const { world, scope, canceller } = trial();
  const silent = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
  const target = loopback(() => loopbackReply({ body: { kind: 'stream', chunks: silent } }));
  const reply = await within(1000)(target.handler)(loopbackCall(), scope);
  if (reply.body.kind !== 'stream') assert.fail('expected a stream');
  const cut = assert.rejects(reply.body.chunks[Symbol.asyncIterator]().next(), { code: 'timeout' });
  await world.run();
  await cut;
  assert.deepEqual([world.pending, canceller.listening], [0, 0]);
});

test('a stream that comes after everybody gave up is closed unread', async () => {
  const { world, scope } = trial();
  let closed = false;
  const chunks = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: async () => {
        closed = true;
        return { done: true as const, value: undefined };
      },
    }),
  };
  const late: Handler = (_call, inner) =>
    new Promise((resolve) =>
      inner.clock.after(2000, () => resolve(loopbackReply({ body: { kind: 'stream', chunks } }))),
    );
  const fault = faultOf(within(1000)(late)(loopbackCall(), scope));
  await world.run();
  assert.equal((await fault).code, 'timeout');
  assert.equal(closed, true);
});

test('a reply that comes after the time of its call is too late, also when its timer is later still (D1)', async () => {
  const { world, scope } = trial();
  // As a clock with coarse ticks: the timer is due, and has not fired.
  const clock = { ...scope.clock, after: () => ({ cancel: () => {} }) };
  const slow: Handler = async (_call, inner) => {
    await world.run(inner.clock.nowMs() + 6);
    assert.ok(remainingMs(inner) < 0);
    return loopbackReply();
  };
  const fault = await faultOf(within(5)(slow)(loopbackCall(), { ...scope, clock }));
  assert.deepEqual([fault.code, fault.executed], ['timeout', 'yes']);
  // Only accepted: nobody ran it.
  const accepted: Handler = async (...call) => ({ ...(await slow(...call)), attempts: 0 });
  assert.equal((await faultOf(within(5)(accepted)(loopbackCall(), { ...scope, clock }))).executed, 'unknown');
  const inTime: Handler = async () => loopbackReply();
  assert.equal((await within(5)(inTime)(loopbackCall(), { ...scope, clock })).status, 200);
});
