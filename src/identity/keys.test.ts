import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, type KeyEntry } from '../contract/index.ts';
import { keyIdOf, keyLookup, mintKey, principalOf, verifyKey } from './keys.ts';

const entry = (id: string, secretHash: string, more: Partial<KeyEntry> = {}): KeyEntry => ({
  id,
  tenant: 'default',
  secretHash,
  principal: { kind: 'agent', name: 'planner', domain: 'travel', roles: [] },
  expiresAtMs: null,
  ...more,
});

const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (thrown) {
    assert.ok(thrown instanceof Fault);
    assert.equal(thrown.code, 'unauthenticated');
    return thrown.message;
  }
  throw new assert.AssertionError({ message: 'was not refused' });
};

test('a minted key opens its own entry and nothing else', () => {
  const one = mintKey('ci-1');
  const two = mintKey('ci-2');
  const lookup = keyLookup([entry('ci-1', one.secretHash), entry('ci-2', two.secretHash)]);
  assert.equal(verifyKey(one.secret, lookup, 0).id, 'ci-1');
  assert.equal(verifyKey(two.secret, lookup, 0).id, 'ci-2');
  assert.match(one.secret, /^air_ci-1_[A-Za-z0-9_-]{43}_[0-9a-f]{8}$/);
});

test('every single changed character is a typo that the checksum sees, before any lookup', () => {
  const { secret } = mintKey('k');
  fc.assert(
    fc.property(fc.nat(secret.length - 1), fc.constantFrom(...'abcXYZ019-_.'), (at, letter) => {
      fc.pre(secret[at] !== letter);
      assert.equal(keyIdOf(secret.slice(0, at) + letter + secret.slice(at + 1)), undefined);
    }),
  );
});

test('any text is parsed without harm', () => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => keyIdOf(text) === undefined));
  assert.equal(keyIdOf(`air_${'a'.repeat(1_000_000)}`), undefined);
});

test('secrets with underscores and dashes keep their id', () => {
  for (const byte of [0x00, 0xfb, 0xff]) {
    assert.equal(keyIdOf(mintKey('a-b', (size) => new Uint8Array(size).fill(byte)).secret), 'a-b');
  }
});

test('all causes of refusal read the same', () => {
  const real = mintKey('ci');
  const lookup = keyLookup([entry('ci', real.secretHash, { expiresAtMs: 1000 })]);
  const texts = [
    refusal(() => verifyKey('', lookup, 0)),
    refusal(() => verifyKey('air_ci_short_00000000', lookup, 0)),
    refusal(() => verifyKey(mintKey('ci').secret, lookup, 0)),
    refusal(() => verifyKey(mintKey('nobody').secret, lookup, 0)),
    refusal(() => verifyKey(real.secret, lookup, 1000)),
    refusal(() => verifyKey(real.secret, keyLookup([entry('ci', 'sha256:short')]), 0)),
  ];
  assert.equal(new Set(texts).size, 1);
  assert.equal(verifyKey(real.secret, lookup, 999).id, 'ci');
});

test('two tenants may give their keys the same name', () => {
  const one = mintKey('ci');
  const two = mintKey('ci');
  const lookup = keyLookup([entry('ci', one.secretHash), entry('ci', two.secretHash, { tenant: 'acme' })]);
  assert.equal(verifyKey(one.secret, lookup, 0).tenant, 'default');
  assert.equal(verifyKey(two.secret, lookup, 0).tenant, 'acme');
});

test('a principal without a domain has no domain, not an empty one', () => {
  const key = entry('k', 'x', { principal: { kind: 'user', name: 'ada', domain: '', roles: ['admin'] } });
  assert.deepEqual(principalOf(key), { kind: 'user', tenant: 'default', id: 'ada', roles: ['admin'] });
});
