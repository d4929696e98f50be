/** Rates: a full allowance at once, then one at a time, all windows or none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Charged, Rates, ratesIn } from './rate.ts';

const call: Charged = {
  id: 'c1',
  principal: { kind: 'agent', tenant: 'default', id: 'planner', roles: [] },
  target: { kind: 'tool', name: 'crm', operation: 'read' },
};
const rates = (text: string) => ratesIn(text, 'org/pace') ?? [];

test('a full allowance may come at once, and then one call each fraction of the window', () => {
  for (const count of [1, 3, 7, 100, 999]) {
    const [own, kept] = [rates(`${count}/1s`), new Rates()];
    for (let i = 0; i < count; i++) assert.equal(kept.charge(own, call, 5e9), undefined, `call ${i} of ${count}`);
    const { retryAfterMs = 0 } = kept.charge(own, call, 5e9) ?? {};
    assert.ok(retryAfterMs >= 1 && retryAfterMs <= 1_000 / count + 1, `waits ${retryAfterMs} ms`);
    assert.equal(kept.charge(own, call, 5e9 + retryAfterMs), undefined);
    if (count < 500) assert.notEqual(kept.charge(own, call, 5e9 + retryAfterMs), undefined);
  }
});

test('over any time, no more than the allowance and what the time earned', () => {
  const steps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 100 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), steps, (count, gaps) => {
      const [own, kept] = [rates(`${count}/1s`), new Rates()];
      let [nowMs, passed] = [1_000, 0];
      for (const gap of gaps) {
        nowMs += gap;
        if (kept.charge(own, call, nowMs) === undefined) passed++;
        assert.ok(passed <= count + ((nowMs - 1_000) * count) / 1_000 + 0.5);
      }
    }),
  );
});

test('every window holds, and a refused call is charged to none of them', () => {
  const kept = new Rates();
  const both = rates('2/1s,3/60s');
  assert.equal(kept.charge(both, call, 0), undefined);
  assert.equal(kept.charge(both, call, 0), undefined);
  for (let i = 0; i < 50; i++) assert.equal(kept.charge(both, call, 0)?.rate.windowMs, 1_000);
  assert.equal(kept.charge(both, call, 1_000), undefined, 'the third of the minute was not used up by refusals');
  assert.equal(kept.charge(both, call, 2_000)?.rate.windowMs, 60_000);
});

test('each tenant, principal and operation has its own allowance', () => {
  const kept = new Rates();
  const one = rates('1/1s');
  const { principal, target } = call;
  for (const other of [
    call,
    { ...call, principal: { ...principal, tenant: 'other' } },
    { ...call, principal: { ...principal, id: 'writer' } },
    { ...call, principal: { ...principal, kind: 'user' as const } },
    { ...call, target: { ...target, operation: 'write' } },
    { ...call, target: { ...target, kind: 'agent' as const } },
  ]) {
    assert.equal(kept.charge(one, other, 0), undefined);
    assert.equal(kept.charge(one, other, 0)?.rate.rule, 'org/pace');
  }
});

test('a detached call is charged when it is accepted and not again when it runs', () => {
  const kept = new Rates();
  const one = rates('1/1s');
  assert.equal(kept.charge(one, { ...call, detach: true }, 0), undefined);
  assert.equal(kept.charge(one, call, 0), undefined, 'the run of what was accepted');
  assert.notEqual(kept.charge(one, call, 0), undefined, 'and only one run');
});

test('what is whole again is forgotten, and memory has a bound', () => {
  const kept = new Rates(10);
  const from = (id: number) => ({ ...call, principal: { ...call.principal, id: `a${id}` } });
  for (let id = 0; id < 100; id++) kept.charge(rates('1/60s'), from(id), 0);
  assert.equal(kept.size, 10);
  assert.notEqual(kept.charge(rates('1/60s'), from(99), 0), undefined);
  kept.charge(rates('1/60s'), from(0), 60_000);
  assert.equal(kept.size, 1);
});
