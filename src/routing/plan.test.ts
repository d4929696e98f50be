/** Which target, operation and route a call gets, and that no tenant learns of another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, type Principal, type RouteEntry } from '../contract/index.ts';
import { nearest } from './nearest.ts';
import { planner } from './plan.ts';
import { call, principal, routeEntry, snapshot, target } from './scene.ts';

const domains = [
  { tenant: 'acme', name: 'travel', parent: '', delegated: false },
  { tenant: 'acme', name: 'flights', parent: 'travel', delegated: false },
];

const ROUTES: Readonly<Record<string, Partial<RouteEntry>>> = {
  any: {},
  named: { toName: 'booking' },
  inDomain: { toDomain: 'flights' },
  inParent: { toDomain: 'travel' },
  fromDomain: { fromDomains: ['travel'] },
  fromDomainNamed: { fromDomains: ['travel'], toName: 'booking' },
  fromNear: { fromDomains: ['flights'] },
  fromAgent: { fromAgents: ['concierge'] },
  fromAgentNamed: { fromAgents: ['concierge'], toName: 'booking' },
  tool: { toKind: 'tool', toName: 'booking' },
  other: { toName: 'pricing' },
  foreign: { tenant: 'rival', toName: 'booking' },
};

const planWith = (names: readonly string[], from: Principal) => {
  const routes = names.map((name) => routeEntry({ name, ...ROUTES[name] }));
  return planner(snapshot({ targets: [target({ domain: 'flights' })], routes, domains }))(call({ principal: from }));
};

const atHome = principal({ domain: 'flights' });
const SPECIFICITY: readonly (readonly [string, readonly string[], Principal])[] = [
  ['default', [], atHome],
  ['default', ['tool', 'other', 'foreign'], atHome],
  ['any', ['any'], atHome],
  ['inParent', ['any', 'inParent'], atHome],
  ['inDomain', ['any', 'inParent', 'inDomain'], atHome],
  ['named', ['any', 'inDomain', 'named'], atHome],
  ['fromDomain', ['named', 'fromDomain'], atHome],
  ['fromNear', ['fromDomainNamed', 'fromNear'], atHome],
  ['fromDomainNamed', ['fromDomain', 'fromDomainNamed'], atHome],
  ['fromAgent', ['fromDomainNamed', 'fromAgent'], atHome],
  ['fromAgentNamed', ['fromAgent', 'fromAgentNamed'], atHome],
  ['any', ['fromDomain', 'fromAgent', 'any'], principal({ id: 'other', domain: 'finance' })],
  ['any', ['fromAgent', 'any'], principal({ kind: 'user', id: 'concierge' })],
];

for (const [expected, routes, from] of SPECIFICITY) {
  test(`of [${routes}] the route \`${expected}\` is the most specific for ${from.kind} ${from.id}`, () => {
    assert.equal(planWith(routes, from).route, expected);
    assert.equal(planWith(routes.toReversed(), from).route, expected);
  });
}

test('equally specific routes go by name', () => {
  const routes = [routeEntry({ name: 'b', priority: 3 }), routeEntry({ name: 'a', priority: 1 })];
  assert.equal(planner(snapshot({ routes }))(call()).route, 'a');
});

test('the smaller limit wins, whoever sets it', () => {
  const limit = (route: number | null, own: number | null) =>
    planner(snapshot({ targets: [target({ timeoutMs: own })], routes: [routeEntry({ timeoutMs: route })] }))(call())
      .timeoutMs;
  assert.deepEqual(
    [limit(10, 20), limit(20, 10), limit(null, 10), limit(10, null), limit(null, null)],
    [10, 10, 10, 10, null],
  );
});

test('a plan is made once and shared by all callers of its route', () => {
  const planOf = planner(snapshot());
  assert.equal(planOf(call()), planOf(call({ principal: principal({ id: 'another' }) })));
});

const faultOf = (work: () => unknown): Fault => {
  try {
    work();
  } catch (thrown) {
    return Fault.from(thrown);
  }
  throw new Error('nothing was thrown');
};

test('a call of nobody is not looked up', () => {
  assert.equal(faultOf(() => planner(snapshot())(call({ principal: null }))).code, 'unauthenticated');
});

test('what is unknown is named, with help', () => {
  const planOf = planner(snapshot({ targets: [target(), target({ kind: 'tool', name: 'weather' })] }));
  const messageFor = (kind: 'agent' | 'tool' | 'model', name: string, operation = 'book') =>
    faultOf(() => planOf(call({ target: { kind, name, operation } }))).message;
  assert.equal(messageFor('agent', 'bookin'), 'there is no agent `bookin`; did you mean `booking`?');
  assert.equal(messageFor('agent', 'weather'), 'there is no agent `weather`; there is a tool of that name');
  assert.equal(messageFor('agent', 'zebra'), 'there is no agent `zebra`; known: `booking`');
  assert.equal(messageFor('model', 'gpt'), 'there is no model `gpt`; no model is registered yet');
  assert.equal(
    messageFor('agent', 'booking', 'boook'),
    'agent `booking` has no operation `boook`; did you mean `book`?',
  );
  assert.equal(
    messageFor('agent', 'booking', 'fly'),
    'agent `booking` has no operation `fly`; its operations are `book`',
  );
});

test('a hostile name is cut and cleaned before it is printed', () => {
  const { message } = faultOf(() =>
    planner(snapshot())(call({ target: { kind: 'agent', name: `a\`\n\u202e${'x'.repeat(9999)}`, operation: 'book' } })),
  );
  assert.match(message, /^there is no agent `a\?\?\?x+\.\.\.`/);
  assert.ok(message.length < 200);
});

test('a target of another tenant is indistinguishable from none', () => {
  fc.assert(
    fc.property(fc.constantFrom('booking', 'bookings', 'secret-agent', 'x'), (name) => {
      const own = [target({ name: 'desk' })];
      const foreign = [target({ tenant: 'rival' }), target({ tenant: 'rival', name: 'secret-agent' })];
      const asked = call({ target: { kind: 'agent', name, operation: 'book' } });
      const alone = faultOf(() => planner(snapshot({ targets: own }))(asked));
      const shared = faultOf(() => planner(snapshot({ targets: [...foreign, ...own] }))(asked));
      assert.deepEqual([shared.code, shared.message, shared.facts], [alone.code, alone.message, alone.facts]);
    }),
  );
});

test('a name with slashes reaches no other tenant', () => {
  const planOf = planner(snapshot({ targets: [target({ tenant: 'acme2', name: 'x' })] }));
  for (const name of ['../acme2/agent/x', '2/agent/x', 'agent/x']) {
    assert.equal(faultOf(() => planOf(call({ target: { kind: 'agent', name, operation: 'book' } }))).code, 'not_found');
  }
});

test('the nearest name is at most two edits away', () => {
  const known = ['booking', 'billing', 'b'];
  assert.equal(nearest('boking', known), 'booking');
  assert.equal(nearest('biling', known), 'billing');
  assert.equal(nearest('banking', known), 'booking');
  assert.equal(nearest('payments', known), undefined);
});
