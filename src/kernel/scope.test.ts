import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../contract/index.ts';
import { notSent, remainingMs, throwIfNotSendable, throwIfOver, wait, withTimeout } from './scope.ts';
import { trial } from './trial.ts';

const gone = new Fault('cancelled', 'the caller went away');
const late = (): Fault => new Fault('timeout', 'too late');

test('a narrower scope ends at its own time and never outlives its parent', async () => {
  const { world, scope } = trial();
  const outer = withTimeout(scope, 100, late);
  const inner = withTimeout(outer.scope, 500, late);
  assert.equal(remainingMs(inner.scope), 100);
  await world.run(99);
  throwIfOver(inner.scope);
  await world.run(100);
  assert.throws(() => throwIfOver(inner.scope), { code: 'timeout' });
});

test('a released scope leaves no timer and no listener behind', () => {
  const { world, scope, canceller } = trial();
  const timed = withTimeout(scope, 100, late);
  timed.release();
  timed.release();
  assert.equal(world.pending, 0);
  assert.equal(canceller.listening, 0);
});

test('a scope without an end sets no timer', () => {
  const { world, scope } = trial();
  assert.equal(remainingMs(withTimeout(scope, Number.POSITIVE_INFINITY, late).scope), Number.POSITIVE_INFINITY);
  assert.equal(world.pending, 0);
});

test('waiting ends with the scope, at once, and takes its timer along', async () => {
  const { world, scope, canceller } = trial();
  const waited = wait(scope, 1000);
  const rejected = assert.rejects(waited, gone);
  canceller.cancel(gone);
  await rejected;
  assert.equal(world.pending, 0);
  await assert.rejects(wait(scope, 1000), gone);
  assert.equal(world.pending, 0);
});

test('waiting takes the time it was told and leaves no listener', async () => {
  const { world, scope, canceller } = trial();
  const waited = wait(scope, 1000).then(() => world.clock.nowMs());
  await world.run();
  assert.equal(await waited, 1000);
  assert.equal(canceller.listening, 0);
});

for (const [reason, code] of [
  [late(), 'expired'],
  [gone, 'cancelled'],
  [new Fault('internal', 'x'), 'internal'],
  [new Fault('overloaded', 'x'), 'overloaded'],
] as const) {
  test(`whoever knows that nothing was sent says so: ${reason.code} becomes ${code}`, () => {
    const told = notSent(reason);
    assert.equal(told.code, code);
    assert.equal(told.executed, 'no');
  });
}

test('the last look before the first byte asks the clock too, because timers may be late (D3)', async () => {
  const { world, scope } = trial();
  const open = { ...scope, deadlineMs: 10 };
  throwIfNotSendable(open);
  await world.run(10);
  assert.throws(() => throwIfNotSendable(open), { code: 'expired', executed: 'no' });
});
