/** Cases beside policies: a case that does not hold says what came instead, and a rule that no case reaches is named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PolicyCase, prove } from './proof.ts';
import { compileWorld } from './testing.ts';

const world = await compileWorld(
  {
    domains: [],
    users: [],
    targets: [{ kind: 'agent', name: 'a', operations: [{ name: 'run', effect: 'read' }] }],
  },
  {
    org: {
      policies: `@id("all") @reason("all") permit(principal is Agent, action, resource);
@id("deep") @reason("too deep") @code("TOO_DEEP") forbid(principal, action, resource) when { context.depth > 3 };`,
      limits: '@id("short") @timeout_ms("100") permit(principal is User, action, resource);',
    },
  },
);

const about = (expect: PolicyCase['expect'], depth = 0): PolicyCase => ({
  name: 'a case',
  origin: 'x.cases.yaml:1',
  principal: { kind: 'agent', tenant: 'default', id: 'a', roles: [] },
  target: { kind: 'agent', name: 'a', operation: 'run' },
  depth,
  session: false,
  priority: 2,
  atMs: 0,
  expect,
});

test('a case holds when effect, rules and code are what it says, in both engines', () => {
  const { results, unreached, rules } = prove(world, [
    about({ effect: 'allow', rules: ['org/all'] }),
    about({ effect: 'deny', rules: ['org/deep'], code: 'TOO_DEEP' }, 4),
  ]);
  assert.deepEqual(
    results.flatMap(({ problems }) => problems),
    [],
  );
  assert.deepEqual([unreached, rules], [['org/short'], 3]);
});

test('a case that does not hold says what came instead', () => {
  const { results } = prove(world, [about({ effect: 'deny', rules: ['org/deep'], code: 'TOO_DEEP' })]);
  assert.deepEqual(results[0]?.problems, [
    'expected deny, and it is allow by org/all',
    'expected the rules `org/deep`, and they are `org/all`',
    'expected code TOO_DEEP, and it is OK',
  ]);
});

test('a rule is reached when its condition held, also when another rule decided', () => {
  const { unreached } = prove(world, [about({ effect: 'deny' }, 4)]);
  assert.deepEqual(unreached, ['org/short']);
});
