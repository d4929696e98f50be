import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type Roster } from '../contract/index.ts';
import { newNodeKey } from '../identity/index.ts';
import { openSigned, signDocument } from './sign.ts';

const key = newNodeKey();
const roster = (seq: number): Roster => ({ seq, nodes: [], instances: [] });
const expected = { kind: 'roster', publicKey: key.publicKey, above: 4 } as const;
const signed = signDocument('roster', roster(5), key);

test('a signed document opens to what was signed', () => assert.deepEqual(openSigned(signed, expected), roster(5)));

const refused: readonly (readonly [string, unknown, string])[] = [
  ['an equal sequence', signDocument('roster', roster(4), key), 'conflict'],
  ['a lower sequence', signDocument('roster', roster(3), key), 'conflict'],
  ['a sequence that is no number', signDocument('roster', { ...roster(5), seq: Number.NaN }, key), 'conflict'],
  ['another signer', signDocument('roster', roster(5), newNodeKey()), 'denied'],
  [
    'another signer who claims our key id',
    { ...signDocument('roster', roster(5), newNodeKey()), keyId: key.keyId },
    'denied',
  ],
  ['another kind', signDocument('snapshot', roster(5) as never, key), 'denied'],
  [
    'another kind that claims to be this one',
    { ...signDocument('snapshot', roster(5) as never, key), kind: 'roster' },
    'denied',
  ],
  ['a changed payload', { ...signed, payload: signed.payload.replace('5', '6') }, 'denied'],
  ['a missing signature', { ...signed, signature: '' }, 'denied'],
  ['a further field', { ...signed, more: 1 }, 'bad_request'],
  ['nothing', null, 'bad_request'],
  ['text', 'x', 'bad_request'],
];
for (const [what, document, code] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(
      () => openSigned(document, expected),
      (thrown) => thrown instanceof Fault && thrown.code === code,
    );
  });
}

test('what was opened once is opened again without a second look, for the same key only, and cannot be changed any more', () => {
  const document = signDocument('roster', roster(5), key);
  const opened = openSigned(document, expected);
  assert.equal(openSigned(document, expected), opened);
  assert.throws(() => Object.assign(document, { payload: '{"seq":9}' }), TypeError);
  const publicKey = newNodeKey().publicKey;
  assert.throws(() => openSigned(document, { ...expected, publicKey }), Fault);
  assert.throws(() => openSigned(document, { ...expected, above: 5 }), Fault);
});
