import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Call, KILL_KINDS, type KillOrder, type Principal } from '../contract/index.ts';
import { loopbackCall } from '../kernel/index.ts';
import { indexOf, orderAgainst, orderFor } from './index.ts';

/** Few names, so that things meet, and the same names for different kinds of thing, so that a mix-up shows. */
const name = fc.constantFrom('a', 'b', 'agent', 'default');
const tenant = fc.constantFrom('default', 'a', 'acme');
const id = fc.constantFrom('1'.repeat(32), '2'.repeat(32));
const NOW = 1_000;

const order: fc.Arbitrary<KillOrder> = fc.record({
  id: fc.string(),
  tenant,
  kind: fc.constantFrom(...KILL_KINDS),
  name: fc.oneof(name, id),
  reason: fc.string(),
  by: fc.string(),
  atMs: fc.nat(),
  untilMs: fc.constantFrom(null, NOW - 1, NOW, NOW + 1),
});

const principal: fc.Arbitrary<Principal> = fc.record({
  kind: fc.constantFrom('agent', 'user', 'node'),
  tenant,
  id: name,
  roles: fc.constant([]),
});

const call: fc.Arbitrary<Call> = fc
  .record({ principal, kind: fc.constantFrom('agent', 'tool', 'model'), target: name, root: id, trace: id })
  .map(({ principal: who, kind, target, root, trace }) =>
    loopbackCall({
      principal: who,
      target: { kind: kind as Call['target']['kind'], name: target, operation: 'x' },
      lineage: { root, depth: 0 },
      trace: { trace, sampled: true },
    }),
  );

/** The rule as a person would say it, one order after the other. */
const means = (
  { kind, tenant: owner, name: named, untilMs }: KillOrder,
  { principal: who, ...asked }: Call,
): boolean => {
  if (who === null || (untilMs !== null && untilMs <= NOW)) return false;
  if (kind === 'tenant') return who.tenant === named;
  if (who.tenant !== owner) return false;
  if (kind === 'tree') return asked.lineage.root === named || asked.trace.trace === named;
  if (kind === 'user') return who.kind === 'user' && who.id === named;
  const calls = kind === 'agent' && who.kind === 'agent' && who.id === named;
  return calls || (asked.target.kind === kind && asked.target.name === named);
};

test('a call is stopped exactly when some order means it, and by one that does', () => {
  fc.assert(
    fc.property(fc.array(order, { maxLength: 12 }), call, (orders, asked) => {
      const found = orderFor(indexOf(orders), asked, NOW);
      assert.equal(
        found !== undefined,
        orders.some((one) => means(one, asked)),
      );
      if (found !== undefined) assert.ok(means(found, asked));
    }),
    { numRuns: 5_000 },
  );
});

test('a principal is stopped exactly when an order names it, whatever it calls', () => {
  fc.assert(
    fc.property(fc.array(order, { maxLength: 12 }), principal, (orders, who) => {
      const named = orders.some(
        (one) =>
          one.kind === who.kind && one.tenant === who.tenant && one.name === who.id && (one.untilMs ?? NOW + 1) > NOW,
      );
      assert.equal(orderAgainst(indexOf(orders), who, NOW) !== undefined, named);
    }),
    { numRuns: 2_000 },
  );
});

test('an order whose time is over does not hide one that goes on', () => {
  const first = { ...fc.sample(order, 1)[0]!, kind: 'agent', tenant: 'acme', name: 'orders', untilMs: NOW } as const;
  const later = { ...first, id: 'later', untilMs: null };
  assert.equal(orderFor(indexOf([first, later]), loopbackCall(), NOW)?.id, 'later');
});

test('nobody is stopped before it is known who calls', () => {
  const all = { ...fc.sample(order, 1)[0]!, kind: 'agent', tenant: 'acme', name: 'orders', untilMs: null } as const;
  assert.equal(orderFor(indexOf([all]), loopbackCall({ principal: null }), NOW), undefined);
});
