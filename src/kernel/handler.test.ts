import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../contract/index.ts';
import { compose, invoke, type Layer } from './handler.ts';
import { loopback, loopbackCall, loopbackReply } from './loopback.ts';
import { trial } from './trial.ts';

const { scope } = trial();

test('the first layer is outermost', async () => {
  const seen: string[] = [];
  const named =
    (name: string): Layer =>
    (next) =>
    async (call, inner) => {
      seen.push(`into ${name}`);
      const reply = await next(call, inner);
      seen.push(`out of ${name}`);
      return reply;
    };
  await compose(named('a'), named('b'))(loopback().handler)(loopbackCall(), scope);
  assert.deepEqual(seen, ['into a', 'into b', 'out of b', 'out of a']);
});

test('a composed handler that throws before its first await rejects like every other, at every layer', async () => {
  const throws = (): never => {
    throw new Fault('denied', 'no');
  };
  await assert.rejects(compose()(throws)(loopbackCall(), scope), { code: 'denied' });
  await assert.rejects(compose(() => throws)(loopback().handler)(loopbackCall(), scope), { code: 'denied' });
});

test('invoke: a throw before the first await is a rejection', async () => {
  const fault = new Fault('denied', 'no');
  const throws = (): never => {
    throw fault;
  };
  await assert.rejects(invoke(throws, loopbackCall(), scope), fault);
});

test('a loopback remembers what it executed, and only that', async () => {
  const target = loopback((call, _scope, execute, nth) => {
    if (nth === 1) throw new Fault('refused', 'busy');
    execute();
    if (nth === 2) throw new Fault('upstream_broken', 'cut');
    return loopbackReply({ status: 200, body: call.body });
  });
  await assert.rejects(target.handler(loopbackCall({ id: 'a' }), scope));
  await assert.rejects(target.handler(loopbackCall({ id: 'b' }), scope));
  const reply = await target.handler(loopbackCall({ id: 'c' }), scope);
  assert.equal(reply.outcome, 'ok');
  assert.deepEqual(
    target.ledger.map(({ callId }) => callId),
    ['b', 'c'],
  );
});
