/**
 * The promise behind "a child can tighten, never loosen": whatever an administrator of some domains gets through, what other levels
 * decide by is as it was. Random trees, random resources, random edits, and the real policy compiler.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Resource, Rights } from '../contract/index.ts';
import { compilePolicy } from '../policy/index.ts';
import { checkConfiguration } from './check.ts';
import { compile, type Draft } from './compile.ts';
import type { Configuration } from './configuration.ts';
import { difference } from './difference.ts';
import { agent, bundle, domain, key, route, user } from './fixture.ts';
import { deletableBy, ownershipProblems } from './ownership.ts';
import { checkShape } from './shape.ts';

type Judge = typeof ownershipProblems;
type DomainRights = Extract<Rights, { kind: 'domains' }>;

const DOMAINS = ['d0', 'd1', 'd2', 'd3'];
const RULES = ['permit (principal, action, resource);', 'forbid (principal, action, resource);'].map(
  (rule) => `@id("r") @reason("because") ${rule}`,
);
const someDomain = fc.option(fc.constantFrom(...DOMAINS), { nil: undefined });

const targetOf = (name: string) =>
  fc
    .record({
      domain: someDomain,
      tier: fc.constantFrom('gold', 'silver'),
      effect: fc.constantFrom('read', 'write'),
      idempotent: fc.option(fc.boolean(), { nil: undefined }),
      argument: fc.constantFrom('string', 'integer'),
      extra: fc.boolean(),
      weight: fc.constantFrom(1, 2),
      concurrency: fc.constantFrom(1, 2),
      description: fc.constantFrom('a', 'b'),
    })
    .map(({ domain: home, tier, effect, idempotent, argument, extra, weight, concurrency, description }) =>
      agent(
        name,
        { ...(home === undefined ? {} : { domain: home }), labels: { tier } },
        {
          description,
          concurrency,
          endpoints: [{ url: `http://${name}:1`, weight }],
          operations: [
            {
              name: 'ask',
              description,
              effect,
              ...(idempotent === undefined ? {} : { idempotent }),
              input: { type: 'object', properties: { n: { type: argument } } },
            },
            ...(extra ? [{ name: 'more' }] : []),
          ],
        },
      ),
    );

const bundleOf = (level: string) =>
  fc.constantFrom(...RULES).map((rule) => ({
    ...bundle(`p-${level}`, level),
    spec: { level, policies: { text: rule } },
  }));

/** Parents come earlier in the list, so that most trees are trees. */
const domainOf = (name: string, at: number) =>
  fc
    .option(fc.constantFrom(...DOMAINS.slice(0, Math.max(1, at))), { nil: undefined })
    .map((parent) => domain(name, parent === name ? undefined : parent));

const one = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a0', 'a1', 'a2', 'a3').chain(targetOf) },
  { weight: 4, arbitrary: fc.constantFrom('org', ...DOMAINS).chain(bundleOf) },
  { weight: 1, arbitrary: fc.nat(DOMAINS.length - 1).chain((at) => domainOf(DOMAINS[at]!, at)) },
  fc.constantFrom<Record<string, unknown>>(
    user('u', ['admin']),
    user('u'),
    route('r', { name: 'a0' }),
    key('k', { kind: 'agent', name: 'a0' }),
  ),
);

/** What is there at first: every domain and target, and some of the rest. */
const world = fc
  .tuple(
    fc.tuple(...DOMAINS.map(domainOf)),
    fc.tuple(...['a0', 'a1', 'a2'].map(targetOf)),
    fc.uniqueArray(one, { maxLength: 5, selector: nameOf }),
  )
  .map(([domains, targets, more]) => configurationOf([...domains, ...targets, ...more]));

const scene = fc.record({
  before: world,
  another: world,
  rights: fc
    .subarray(DOMAINS, { minLength: 1 })
    .map((domains): DomainRights => ({ kind: 'domains', tenant: 'default', domains })),
  turn: fc.constantFrom(
    'apply' as const,
    'apply' as const,
    'apply' as const,
    'tweak' as const,
    'tweak' as const,
    'prune' as const,
    'remove' as const,
    'rollback' as const,
  ),
  given: fc.uniqueArray(one, { minLength: 1, maxLength: 2, selector: nameOf }),
  victim: fc.nat(),
  tweak: fc.constantFrom<(resource: Resource) => Resource>(
    (it) => ('concurrency' in it.spec ? ({ ...it, spec: { ...it.spec, concurrency: 9 } } as Resource) : it),
    (it) => ('endpoints' in it.spec ? ({ ...it, spec: { ...it.spec, endpoints: [] } } as Resource) : it),
    (it) => ({ ...it, metadata: { ...it.metadata, labels: { tier: 'none' } } }),
    (it) => withOperation(it, { effect: 'irreversible' }),
    (it) => withOperation(it, { description: 'says more' }),
    (it) => ({ ...it, metadata: { ...it.metadata, domain: 'd0' } }),
  ),
});
type Scene = typeof scene extends fc.Arbitrary<infer S> ? S : never;

function withOperation(it: Resource, change: object): Resource {
  if (!('operations' in it.spec)) return it;
  const operations = it.spec.operations.map((operation) => ({ ...operation, ...change }));
  return { ...it, spec: { ...it.spec, operations } } as Resource;
}

function nameOf(resource: Record<string, unknown>): string {
  return `${String(resource['kind'])}/${(resource['metadata'] as { name: string }).name}`;
}

function configurationOf(raw: readonly unknown[]): Configuration {
  const { resources, problems } = checkShape({ resources: raw, origins: [] }, 'default');
  assert.deepEqual(problems, []);
  return new Map(resources.map(({ resource }) => [`default/${resource.kind}/${resource.metadata.name}`, resource]));
}

const turned = ({ before, another, rights, turn, given, victim, tweak }: Scene): Configuration => {
  const target = [...before.keys()][victim % before.size]!;
  if (turn === 'rollback') return another;
  if (turn === 'remove') return new Map([...before].filter(([name]) => name !== target));
  if (turn === 'tweak') return new Map([...before].map(([name, it]) => [name, name === target ? tweak(it) : it]));
  const isTheirs = turn === 'prune' ? deletableBy(rights, 'default', before) : () => false;
  return new Map([...[...before].filter(([, it]) => !isTheirs(it)), ...configurationOf(given)]);
};

/** What levels that are not theirs decide by, and what they own. Written again here, without a word of the code under test. */
const decidedAbove = (draft: Draft, { domains }: DomainRights, before: Configuration) => {
  const parents = new Map(
    [...before.values()].flatMap((it) => (it.kind === 'Domain' ? [[it.metadata.name, it.spec.parent] as const] : [])),
  );
  const isTheirs = (name: string | undefined): boolean =>
    name !== undefined && name !== '' && (domains.includes(name) || isTheirs(parents.get(name)));
  const { version: _, levels, ...policy } = draft.policy;
  return {
    policy,
    levels: levels.filter(({ level }) => !isTheirs(level)),
    targets: draft.targets.map((target) => {
      if (!isTheirs(target.domain)) return target;
      const { endpoints: _, health, concurrency, timeoutMs, description, operations, ...read } = target;
      return { ...read, operations: operations.map(({ description: __, ...said }) => said) };
    }),
    routes: draft.routes,
    domains: draft.domains,
    keys: draft.keys,
  };
};

const isFit = (configuration: Configuration): boolean =>
  checkConfiguration(configuration, (name) => name, 0).problems.length === 0;

/** How many edits of each kind got through and changed something. */
type Passed = Map<string, number>;

const promise = (judge: Judge, passed: Passed = new Map()) =>
  fc.asyncProperty(scene, async (it) => {
    const { before, rights, turn } = it;
    const after = turned(it);
    const diffs = difference(before, after);
    if (!isFit(before) || !isFit(after) || judge(rights, before, diffs, (name) => name).length > 0) return;
    if (diffs.every(({ change }) => change === 'none')) return;
    passed.set(turn, (passed.get(turn) ?? 0) + 1);
    const [was, is] = await Promise.all([compile(before, compilePolicy), compile(after, compilePolicy)]);
    assert.deepEqual(decidedAbove(is, rights, before), decidedAbove(was, rights, before));
    const users = (all: Configuration) => [...all.values()].filter(({ kind }) => kind === 'User');
    assert.deepEqual(users(after), users(before));
  });

test('whatever a domain gets through, no other level decides by anything else than before', async () => {
  const passed: Passed = new Map();
  await fc.assert(promise(ownershipProblems, passed), { numRuns: 1_500 });
  for (const turn of ['apply', 'tweak', 'prune', 'remove'])
    assert.ok(passed.has(turn), `no ${turn} got through, so this says nothing about them`);
});

/** Each forgets one thing; the property must notice all of them. */
const DEFECTS: Readonly<Record<string, (problem: string) => boolean>> = {
  labels: (problem) => problem.includes('`metadata.labels'),
  'the domain of a target': (problem) => problem.includes('`metadata.domain`'),
  effects: (problem) => problem.includes('.effect`'),
  'parents of domains': (problem) => problem.includes('`spec.parent`'),
  'policy of other levels': (problem) => problem.includes('PolicyBundle'),
  'new and deleted targets': (problem) => problem.includes('Agent') && problem.includes('`metadata.name`'),
  'targets of others': (problem) => problem.includes('`spec.concurrency`'),
};

for (const [defect, isForgotten] of Object.entries(DEFECTS))
  test(`a check that forgets ${defect} is found out`, async () => {
    const judge: Judge = (...asked) => ownershipProblems(...asked).filter((problem) => !isForgotten(problem));
    const { failed } = await fc.check(promise(judge), { numRuns: 3_000, endOnFailure: true, seed: 1 });
    assert.ok(failed);
  });
