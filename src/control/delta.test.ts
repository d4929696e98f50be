import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Signed, SignedDelta } from '../contract/index.ts';
import { newNodeKey } from '../identity/index.ts';
import { Chain, deltaBetween } from './delta.ts';
import { snapshot, target } from './linkfixture.ts';
import { openSigned, signDocument } from './sign.ts';

const key = newNodeKey();
const expected = { kind: 'snapshot', publicKey: key.publicKey, above: 0 } as const;
const targets = Array.from({ length: 50 }, (_, at) => target(`agent-${at}`));
const first = signDocument('snapshot', snapshot(1, { targets }), key);
const second = signDocument('snapshot', snapshot(2, { targets }), key);
/** As it comes from the network. */
const sent = (delta: SignedDelta | undefined): SignedDelta => structuredClone(delta!);
const holding = (signed: Signed): Chain => {
  const chain = new Chain();
  chain.note('snapshot', structuredClone(signed));
  return chain;
};

test('a delta leads to exactly the text that was signed, and is much shorter', () => {
  const delta = sent(deltaBetween(first, second));
  assert.ok(JSON.stringify(delta).length < second.payload.length / 5);
  const whole = holding(first).follow('snapshot', delta);
  assert.deepEqual(whole, second);
  assert.equal(openSigned(whole, expected).seq, 2);
});

test('of a long list only what changed is told, wherever it stands', () => {
  const changed = [target('new'), ...targets.toSpliced(20, 1).with(30, target('other')), target('last')];
  const after = signDocument('snapshot', snapshot(2, { targets: changed }), key);
  const delta = sent(deltaBetween(first, after));
  assert.ok(JSON.stringify(delta).length < after.payload.length / 4);
  assert.deepEqual(holding(first).follow('snapshot', delta), after);
  const beyond = { ...delta, fields: delta.fields.map(([name, is]) => [name, name === 'targets' ? [[40, 20]] : is]) };
  assert.equal(holding(first).follow('snapshot', beyond), undefined);
});

test('deltas follow each other', () => {
  const third = signDocument('snapshot', snapshot(3, { targets, createdAtMs: 9 }), key);
  const chain = holding(first);
  chain.follow('snapshot', sent(deltaBetween(first, second)));
  assert.deepEqual(chain.follow('snapshot', sent(deltaBetween(second, third))), third);
});

test('what did not change is the same object in the next document, and says what the text says', () => {
  const chain = holding(first);
  const read = (signed: Signed | undefined) =>
    openSigned(signed, { ...expected, read: (whole) => chain.read(whole) }).targets;
  const before = read(chain.follow('snapshot', sent(deltaBetween(first, second))));
  const third = signDocument('snapshot', snapshot(3, { targets: targets.with(30, target('other')) }), key);
  const after = read(chain.follow('snapshot', sent(deltaBetween(second, third))));
  assert.deepEqual(after, JSON.parse(third.payload).targets);
  const other = after.flatMap((one, at) => (one === before[at] ? [] : [at]));
  assert.deepEqual(other, [30]);
});

test('text that is no element by itself is never read, whoever signed it', () => {
  const chain = holding(first);
  const delta = sent(deltaBetween(first, second));
  const torn = delta.fields.map(([name, is]) => [name, name === 'targets' ? ['{"a":1},{"b":2}'] : is] as const);
  const whole = chain.follow('snapshot', { ...delta, fields: torn })!;
  assert.throws(() => chain.read(whole), SyntaxError);
});

test('without the document before it a delta leads nowhere', () => {
  const delta = sent(deltaBetween(first, second));
  assert.equal(new Chain().follow('snapshot', delta), undefined);
  assert.equal(holding(second).follow('snapshot', delta), undefined);
  assert.equal(holding(first).follow('roster', delta), undefined);
  const hole = { ...delta, fields: [...delta.fields, ['unheard-of', null]] };
  assert.equal(holding(first).follow('snapshot', hole), undefined);
  for (const noDelta of [undefined, null, 'x', {}, { ...delta, fields: 'all' }])
    assert.equal(holding(first).follow('snapshot', noDelta), undefined);
});

test('whatever is changed on the way, the signature of the whole does not fit', () => {
  const delta = sent(deltaBetween(first, second));
  const signedFields = JSON.parse(second.payload) as Record<string, unknown>;
  fc.assert(
    fc.property(fc.nat(delta.fields.length - 1), fc.json(), (at, text) => {
      const [name] = delta.fields[at]!;
      fc.pre(text !== JSON.stringify(signedFields[name]));
      const forged = { ...delta, fields: delta.fields.with(at, [name, text]) };
      const whole = holding(first).follow('snapshot', forged);
      assert.throws(() => openSigned(whole, expected), /signature/);
    }),
    { numRuns: 50 },
  );
});

test('when nearly everything changed, the whole is sent', () => {
  const other = signDocument(
    'snapshot',
    snapshot(2, { targets: targets.map((one) => ({ ...one, domain: 'x' })) }),
    key,
  );
  assert.equal(deltaBetween(first, other), undefined);
});
