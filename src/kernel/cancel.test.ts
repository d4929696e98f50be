import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../contract/index.ts';
import { Canceller } from './cancel.ts';

const first = new Fault('cancelled', 'first');
const second = new Fault('timeout', 'second');

test('the first reason stays, and listeners hear it once', () => {
  const canceller = new Canceller();
  const heard: Fault[] = [];
  canceller.onCancel((reason) => heard.push(reason));
  canceller.cancel(first);
  canceller.cancel(second);
  assert.deepEqual(heard, [first]);
  assert.equal(canceller.reason, first);
});

test('a listener that comes too late runs at once', () => {
  const canceller = new Canceller();
  canceller.cancel(first);
  const heard: Fault[] = [];
  canceller.onCancel((reason) => heard.push(reason));
  assert.deepEqual(heard, [first]);
  assert.equal(canceller.listening, 0);
});

test('a listener taken away by an earlier one does not run', () => {
  const canceller = new Canceller();
  let ran = false;
  let forget = (): void => {};
  canceller.onCancel(() => forget());
  forget = canceller.onCancel(() => {
    ran = true;
  });
  canceller.cancel(first);
  assert.equal(ran, false);
});

test('one listener that throws does not keep the others from stopping their work', () => {
  const canceller = new Canceller();
  let stopped = 0;
  canceller.onCancel(() => {
    throw new Error('broken listener');
  });
  canceller.onCancel(() => {
    stopped += 1;
  });
  assert.throws(() => canceller.cancel(first), /broken listener/);
  assert.equal(stopped, 1);
});

test('who listens twice and stops once still listens once', () => {
  const canceller = new Canceller();
  let heard = 0;
  const listener = (): void => {
    heard += 1;
  };
  const forget = canceller.onCancel(listener);
  canceller.onCancel(listener);
  forget();
  forget();
  canceller.cancel(first);
  assert.equal(heard, 1);
});

test('a child ends with its parent, and not the other way round', () => {
  const parent = new Canceller();
  const child = Canceller.childOf(parent);
  const sibling = Canceller.childOf(parent);
  child.cancel(first);
  assert.equal(parent.reason, undefined);
  parent.cancel(second);
  assert.equal(child.reason, first);
  assert.equal(sibling.reason, second);
});

test('a child of a parent that is over is over', () => {
  const parent = new Canceller();
  parent.cancel(first);
  assert.equal(Canceller.childOf(parent).reason, first);
});

test('a released child is forgotten by its parent, however often it is released', () => {
  const parent = new Canceller();
  const child = Canceller.childOf(parent);
  child.release();
  child.release();
  assert.equal(parent.listening, 0);
  parent.cancel(first);
  assert.equal(child.reason, undefined);
});

test('exactly the listeners that are still registered run, in order', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 20 }), (keep) => {
      const canceller = new Canceller();
      const ran: number[] = [];
      const forgets = keep.map((_, index) => canceller.onCancel(() => ran.push(index)));
      for (const [index, kept] of keep.entries()) {
        if (kept) continue;
        forgets[index]!();
        forgets[index]!();
      }
      canceller.cancel(first);
      assert.deepEqual(
        ran,
        keep.flatMap((kept, index) => (kept ? [index] : [])),
      );
      assert.equal(canceller.listening, 0);
    }),
  );
});
