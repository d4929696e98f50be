/** The table of decisions in `cases/decisions/`: policies, questions and the answers that they must get. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parse } from 'yaml';
import type { Decision } from '../contract/index.ts';
import { decide } from './decide.ts';
import { preparePolicy } from './prepare.ts';
import { type Ask, compileWorld, requestOf, type ShortBundles, type ShortWorld } from './testing.ts';

interface CaseFile {
  readonly world: ShortWorld;
  readonly bundles: ShortBundles;
  readonly cases: readonly { readonly promise: string; readonly ask: Ask; readonly expect: Record<string, unknown> }[];
}

const rulesOf = (rules: readonly { readonly level: string; readonly id: string }[]): string[] =>
  rules.map(({ level, id }) => `${level}/${id}`);

const summary = (decision: Decision): Record<string, unknown> => ({
  ...decision,
  rules: rulesOf(decision.determining),
  errors: rulesOf(decision.errors),
});

const folder = new URL('cases/decisions/', import.meta.url);

for (const name of readdirSync(folder)) {
  const file = parse(readFileSync(new URL(name, folder), 'utf8')) as CaseFile;
  describe(name, async () => {
    const prepared = preparePolicy(await compileWorld(file.world, file.bundles));
    for (const { promise, ask, expect } of file.cases) {
      test(promise, () => {
        const decision = decide(prepared, requestOf(ask));
        const seen = summary(decision);
        assert.deepEqual(Object.fromEntries(Object.keys(expect).map((key) => [key, seen[key]])), expect);
        assert.match(decision.policyVersion, /^sha256:[0-9a-f]{16}$/);
        assert.deepEqual(decide(prepared, requestOf(ask)), decision, 'the memo answers the same');
      });
    }
  });
}

const WORLD: ShortWorld = {
  domains: [{ name: 'parent' }, { name: 'child', parent: 'parent' }],
  users: [],
  targets: [{ kind: 'agent', name: 'a', domain: 'child', operations: [{ name: 'run', effect: 'read' }] }],
};

const conditions = [
  'true',
  'context.depth > 1',
  'context.depth < 3',
  'context.depth * 9007199254740991 * 9007199254740991 > 0',
  'resource.effect == "read"',
];
const rules = fc
  .array(fc.tuple(fc.constantFrom('permit', 'permit', 'forbid'), fc.constantFrom(...conditions)), { maxLength: 4 })
  .map((list) =>
    list
      .map(([effect, when], i) => `@id("r${i}") @reason("r") ${effect}(principal, action, resource) when { ${when} };`)
      .join('\n'),
  );

test('whatever a child adds, it never loosens its parent', async () => {
  await fc.assert(
    fc.asyncProperty(rules, rules, rules, fc.integer({ min: 0, max: 4 }), async (org, parent, child, depth) => {
      const request = requestOf({ agent: 'a', call: 'agent/a/run', depth });
      const ask = async (bundles: Record<string, string>) => {
        const levels = Object.fromEntries(Object.entries(bundles).map(([level, policies]) => [level, { policies }]));
        return decide(preparePolicy(await compileWorld(WORLD, levels)), request).effect;
      };
      if ((await ask({ org, parent, child })) === 'allow') assert.equal(await ask({ org, parent }), 'allow');
    }),
    { numRuns: 25 },
  );
});

test('a target whose domain is not in the snapshot is refused', async () => {
  const world = await compileWorld(WORLD, {
    org: { policies: '@id("all") @reason("r") permit(principal, action, resource);' },
  });
  const ask = requestOf({ agent: 'a', call: 'agent/a/run' });
  assert.equal(decide(preparePolicy(world), ask).effect, 'allow');
  const lost = { ...world, domains: world.domains.filter(({ name }) => name !== 'parent') };
  assert.equal(decide(preparePolicy(lost), ask).code, 'UNKNOWN_DOMAIN');
});

test('domains in a circle end', async () => {
  const world = await compileWorld(WORLD, {
    org: { policies: '@id("all") @reason("r") permit(principal in Domain::"child", action, resource);' },
  });
  const circle = world.domains.map((domain) => (domain.name === 'parent' ? { ...domain, parent: 'child' } : domain));
  assert.equal(
    decide(preparePolicy({ ...world, domains: circle }), requestOf({ agent: 'a', call: 'agent/a/run' })).effect,
    'allow',
  );
});

test('one operation remembers a bounded number of callers', async () => {
  const prepared = preparePolicy(
    await compileWorld(WORLD, { org: { policies: '@id("all") @reason("r") permit(principal, action, resource);' } }),
  );
  for (let i = 0; i < 2500; i++) decide(prepared, requestOf({ user: `u${i}`, call: 'agent/a/run' }));
  const operation = prepared.tenants.get('default')?.operations.get('agent/a/run');
  assert.ok((operation?.cases.size ?? 0) <= 1000);
});

test('a depth that is no integer cannot slip past a guard', async () => {
  const prepared = preparePolicy(
    await compileWorld(WORLD, { org: { policies: '@id("all") @reason("r") permit(principal, action, resource);' } }),
  );
  for (const depth of [Number.NaN, 0.5, Number.POSITIVE_INFINITY, 2 ** 60])
    assert.throws(() => decide(prepared, requestOf({ agent: 'a', call: 'agent/a/run', depth })), /is no integer/);
});

test('a user who lost a role is not answered from memory', async () => {
  const world = { ...WORLD, users: [{ name: 'ann', roles: ['clerk'] }] };
  const policies = '@id("clerks") @reason("r") permit(principal in Role::"clerk", action, resource);';
  const prepared = preparePolicy(await compileWorld(world, { org: { policies } }));
  const effect = (roles: readonly string[]) =>
    decide(prepared, requestOf({ user: 'ann', roles, call: 'agent/a/run' })).effect;
  assert.deepEqual([effect(['clerk']), effect([]), effect(['clerk'])], ['allow', 'deny', 'allow']);
});

test('tenants share nothing, whatever their names have in common', async () => {
  const ours = await compileWorld(WORLD, {
    org: { policies: '@id("all") @reason("r") permit(principal, action, resource);' },
  });
  const theirs = await compileWorld(WORLD, {
    org: { policies: '@id("none") @reason("r") forbid(principal, action, resource);' },
  });
  const renamed = <T extends { readonly tenant: string }>(entries: readonly T[]): T[] =>
    entries.map((entry) => ({ ...entry, tenant: 'other' }));
  const both = preparePolicy({
    policy: { ...ours.policy, levels: [...ours.policy.levels, ...renamed(theirs.policy.levels)] },
    targets: [
      ...ours.targets,
      ...renamed(theirs.targets).map((target) => ({ ...target, name: `other-${target.name}` })),
    ],
    domains: [...ours.domains, ...renamed(theirs.domains)],
  });
  const code = (tenant: string, agent: string, call: string) => decide(both, requestOf({ tenant, agent, call })).code;
  assert.equal(code('default', 'a', 'agent/a/run'), 'OK');
  assert.equal(code('other', 'other-a', 'agent/other-a/run'), 'FORBIDDEN');
  assert.equal(code('default', 'a', 'agent/other-a/run'), 'UNKNOWN_OPERATION');
  assert.equal(code('default', 'other-a', 'agent/a/run'), 'UNKNOWN_PRINCIPAL');
});

test('a snapshot from before there were arguments is refused, not run without them', async () => {
  const { policy, ...rest } = await compileWorld(WORLD, { org: { policies: '' } });
  const { arguments: _, ...older } = policy;
  assert.throws(() => preparePolicy({ ...rest, policy: older as typeof policy }), /says nothing about arguments/);
});
