import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Call, Decision } from '../contract/index.ts';
import { loopbackCall } from './loopback.ts';
import { Permit } from './permit.ts';

const decided = (effect: Decision['effect']): Decision => ({
  effect,
  code: 'OK',
  reason: '',
  determining: [],
  missing: [],
  policyVersion: 'sha256:0123456789abcdef',
  constraints: {},
  errors: [],
});
const bodyOf = (text: string): Call['body'] => ({ kind: 'bytes', bytes: new TextEncoder().encode(text) });
const call = loopbackCall({ body: bodyOf('pay 10') });
const allow = decided('allow');
Permit.grant(call, allow);

test('the permitted call passes, also with what layers add to it', () => {
  assert.equal(Permit.check(call), allow);
  assert.equal(Permit.check({ ...call, avoid: ['e1'], timeoutMs: 5 }), allow);
});

const others: readonly { readonly name: string; readonly other: Call }[] = [
  { name: 'other bytes', other: { ...call, body: bodyOf('pay 9999') } },
  { name: 'the same bytes in another body', other: { ...call, body: bodyOf('pay 10') } },
  { name: 'another call id', other: { ...call, id: 'f'.repeat(32) } },
  { name: 'another tenant', other: { ...call, principal: { ...call.principal!, tenant: 'rival' } } },
  { name: 'nobody', other: { ...call, principal: null } },
  { name: 'another kind', other: { ...call, target: { ...call.target, kind: 'tool' } } },
  { name: 'another target', other: { ...call, target: { ...call.target, name: 'billing' } } },
  { name: 'another operation', other: { ...call, target: { ...call.target, operation: 'delete' } } },
];
for (const { name, other } of others) {
  test(`a permit is not good for ${name}`, () => {
    assert.throws(() => Permit.check(other), { code: 'denied', executed: 'no' });
  });
}

for (const effect of ['deny', 'require_approval'] as const) {
  test(`a decision to ${effect} grants nothing`, () => {
    const fresh = loopbackCall({ body: bodyOf('x') });
    assert.throws(() => Permit.grant(fresh, decided(effect)), { code: 'internal' });
    assert.throws(() => Permit.check(fresh), { code: 'denied' });
  });
}

test('a call without a principal gets no permit, whatever the decision says', () => {
  assert.throws(() => Permit.grant(loopbackCall({ principal: null }), allow), { code: 'internal' });
});
