/** Whatever a domain says for itself: what the levels above say stays as it is, and holds. Chains of hubs with random policies. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type {
  DomainEntry,
  KeyEntry,
  PolicyLevel,
  Snapshot,
  StalenessEntry,
  TargetEntry,
  TreeLimitsEntry,
} from '../contract/index.ts';
import { compilePolicy, decisionFor as decide, preparePolicy } from '../policy/index.ts';
import { namedAbove } from './above.ts';
import type { Draft } from './compile.ts';
import { type DomainPlace, draftOf, federate } from './federate.ts';
import { NO_POLICY } from './fixture.ts';

const TENANT = 'default';
const PLACES: readonly DomainPlace[] = ['sales', 'emea', 'berlin'].map((domain) => ({
  tenant: TENANT,
  domain,
  node: `domain-${domain}-1`,
}));

const target = (name: string, domain: string, more: Partial<TargetEntry> = {}): TargetEntry => ({
  ...{ tenant: TENANT, kind: 'agent', name, domain, labels: {}, endpoints: [], health: null },
  ...{ concurrency: 1, timeoutMs: null, operations: [{ name: 'run', effect: 'read', idempotent: true }] },
  ...more,
});
const domain = (name: string, parent = '', more: Partial<DomainEntry> = {}): DomainEntry => ({
  ...{ tenant: TENANT, name, parent, delegated: true },
  ...more,
});
const key = (id: string, kind: 'agent' | 'user', name: string, roles: readonly string[] = []): KeyEntry => ({
  ...{ id, tenant: TENANT, secretHash: `sha256:${'0'.repeat(64)}`, expiresAtMs: null },
  principal: { kind, name, domain: '', roles },
});
const draft = (more: Partial<Draft> = {}): Draft => ({
  ...{ targets: [], routes: [], domains: [], keys: [], policy: NO_POLICY },
  ...more,
});
const snapshotOf = (whole: Draft, seq = 1): Snapshot => ({ seq, revision: 1, createdAtMs: 0, ...whole });

const NAMES = {
  targets: ['planner', 'seller', 'bookkeeper', 'clerk'].map((name) => ({
    ...{ tenant: TENANT, kind: 'agent' as const, name, domain: '' },
    operations: [{ name: 'run', effect: 'read' }],
  })),
  domains: [domain('sales'), domain('emea', 'sales'), domain('berlin', 'emea')],
  users: [],
  teams: [],
  facts: [],
};

const ruleOf = fc
  .record({
    effect: fc.constantFrom('permit', 'permit', 'permit', 'forbid'),
    scope: fc.constantFrom(
      'principal, action, resource',
      'principal in Domain::"emea", action, resource',
      'principal, action, resource in Domain::"berlin"',
      'principal == Agent::"seller", action, resource',
      'principal, action, resource in Agent::"planner"',
    ),
    when: fc.constantFrom(
      'true',
      'context.depth < 2',
      'context.depth > 0',
      'context.hourUtc < 12',
      'context.effect == "read"',
    ),
  })
  .map(({ effect, scope, when }) => `${effect} (${scope}) when { ${when} };`);
const limitOf = fc
  .constantFrom('@timeout_ms("5000")', '@timeout_ms("100")', '@concurrency("3")', '@max_tokens("20")', '@rate("5/1s")')
  .map((limit) => `${limit} permit (principal, action, resource);`);

const named = (rules: readonly string[], with_: string): string =>
  rules.map((rule, at) => `@id("${with_}${at}") @reason("because") ${rule}`).join('\n');

/** Half of the levels permit by default, so that enough calls reach the others. */
const levelOf = (
  level: string,
): fc.Arbitrary<{ readonly level: string; readonly policies: string; readonly limits: string }> =>
  fc
    .record({
      open: fc.boolean(),
      rules: fc.array(ruleOf, { maxLength: 3 }),
      limits: fc.array(limitOf, { maxLength: 2 }),
    })
    .map(({ open, rules, limits }) => ({
      level,
      policies: named([...(open ? ['permit (principal, action, resource);'] : []), ...rules], 'p'),
      limits: named(limits, 'l'),
    }));

type Text = { readonly level: string; readonly policies: string; readonly limits: string };
const policyOf = async (levels: readonly Text[]): Promise<Snapshot['policy']> =>
  compilePolicy(
    levels.map(({ level, policies, limits }) => ({
      ...{ tenant: TENANT, level },
      ...{ policies: { text: policies }, limits: { text: limits } },
    })),
    NAMES,
  );

/** What a hub may have said about domains below it, besides its own level. */
const hubSays = (own: readonly string[]) =>
  fc
    .tuple(...own.map((level) => fc.option(levelOf(level), { nil: undefined })))
    .map((all) => all.filter((one) => one !== undefined));

const CALLS = fc.record({
  from: fc.constantFrom('seller', 'clerk', 'planner'),
  to: fc.constantFrom('planner', 'seller', 'bookkeeper', 'clerk'),
  depth: fc.nat(3),
  hour: fc.nat(23),
});

const requestOf = ({ from, to, depth, hour }: { from: string; to: string; depth: number; hour: number }) => ({
  principal: { kind: 'agent', tenant: TENANT, id: from, roles: [] } as const,
  target: { kind: 'agent', name: to, operation: 'run' } as const,
  ...{ depth, session: false, priority: 'standard' as never, atMs: Date.UTC(2026, 0, 1, hour) },
});

/** Smaller numbers and more of the rest: what the second says is at least as tight as the first. */
/** Which of two rules that say the same is named for it makes no difference. */
const textOf = (value: unknown): string => JSON.stringify(value, (name, one) => (name === 'rule' ? '' : one));

const isTighter = (loose: object, tight: object): boolean =>
  Object.entries(loose).every(([name, value]) => {
    const other = (tight as Record<string, unknown>)[name];
    if (typeof value === 'number') return typeof other === 'number' && other <= value;
    return textOf(other ?? '').length >= textOf(value).length;
  });

describe('four levels, each with its own hub', () => {
  test('no child loosens what any hub above it decides, and no level of any of them is lost', async () => {
    let allowed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(levelOf('org'), hubSays(['sales', 'emea', 'berlin'])),
        hubSays(['sales', 'emea', 'berlin']),
        hubSays(['emea', 'berlin']),
        hubSays(['berlin']),
        fc.array(CALLS, { minLength: 60, maxLength: 60 }),
        async ([org, atRoot], atSales, atEmea, atBerlin, calls) => {
          const root = draft({
            targets: [target('clerk', '')],
            domains: [domain('sales'), domain('emea', 'sales'), domain('berlin', 'emea')],
            policy: await policyOf([org, ...atRoot]),
          });
          const owns = [
            draft({ targets: [target('seller', 'sales')], policy: await policyOf(atSales) }),
            draft({ targets: [target('bookkeeper', 'emea')], policy: await policyOf(atEmea) }),
            draft({ targets: [target('planner', 'berlin')], policy: await policyOf(atBerlin) }),
          ];
          const chain = [root];
          for (const [at, own] of owns.entries()) {
            const { draft: whole, conflicts } = federate(chain.at(-1)!, own, PLACES[at]!);
            assert.deepEqual(conflicts, []);
            chain.push(whole);
          }
          const leaf = chain.at(-1)!;
          for (const above of chain) {
            for (const level of above.policy.levels) assert.ok(leaf.policy.levels.includes(level), level.level);
            // With all the names of the leaf, and the levels of one above only.
            const loose = preparePolicy({ ...leaf, policy: { ...leaf.policy, levels: above.policy.levels } });
            const tight = preparePolicy(leaf);
            for (const call of calls) {
              const mine = decide(tight, requestOf(call));
              if (mine.effect !== 'allow') continue;
              allowed += 1;
              const theirs = decide(loose, requestOf(call));
              assert.equal(theirs.effect, 'allow', theirs.reason);
              assert.ok(isTighter(theirs.constraints, mine.constraints));
            }
          }
          const said = 1 + atRoot.length + atSales.length + atEmea.length + atBerlin.length;
          assert.equal(leaf.policy.levels.length, said);
          assert.equal(new Set(leaf.policy.levels.map(({ level }) => level)).size, said);
        },
      ),
      { numRuns: 15 },
    );
    assert.ok(allowed > 100, `${allowed} calls were allowed at all`);
  });

  test('two hubs that say something about one domain are both obeyed there', async () => {
    const open = named(['permit (principal, action, resource);'], 'p');
    const shut = named(['forbid (principal, action, resource);'], 'p');
    const root = draft({
      ...{ targets: [target('clerk', '')], domains: [domain('sales')] },
      policy: await policyOf([
        { level: 'org', policies: open, limits: '' },
        { level: 'sales', policies: open, limits: '' },
      ]),
    });
    const own = draft({
      targets: [target('seller', 'sales')],
      policy: await policyOf([{ level: 'sales', policies: shut, limits: '' }]),
    });
    const whole = federate(root, own, PLACES[0]!).draft;
    assert.deepEqual(
      whole.policy.levels.map(({ level, of }) => [level, of]),
      [
        ['org', undefined],
        ['sales', undefined],
        ['sales@sales', 'sales'],
      ],
    );
    const { effect, determining } = decide(
      preparePolicy(whole),
      requestOf({ from: 'clerk', to: 'seller', depth: 0, hour: 0 }),
    );
    assert.deepEqual([effect, determining], ['deny', [{ level: 'sales@sales', id: 'p0', reason: 'because' }]]);
  });
});

const ROOT = draft({
  targets: [
    target('concierge', ''),
    target('orders', 'shop', { exportedBy: 'domain-shop-1', labels: { tier: 'gold' } }),
  ],
  domains: [domain('shop'), domain('office'), domain('below', 'shop', { exportedBy: 'domain-shop-1' })],
  keys: [key('admin-1', 'user', 'ann', ['admin'])],
  budgets: [],
});
const SHOP: DomainPlace = { tenant: TENANT, domain: 'shop', node: 'domain-shop-1' };
const whyOf = (own: Partial<Draft>, parent: Draft = ROOT): readonly string[] =>
  federate(parent, draft(own), SHOP).conflicts.map(({ key: about, why }) => `${about}: ${why}`);

test('a hub that says nothing runs what its parent runs, and what it exported is its own to say', () => {
  const { draft: whole } = federate(ROOT, draft(), SHOP);
  assert.deepEqual(whole.policy, ROOT.policy);
  assert.deepEqual(
    [...whole.targets, ...whole.domains].map(({ name }) => name),
    ['concierge', 'shop', 'office'],
  );
});

test('what is not of the domain is left out, and said to be', () => {
  const refused = {
    'default/Agent/concierge: the name is taken': { targets: [target('concierge', 'shop')] },
    'default/Agent/x: it is of domain `office`': { targets: [target('x', 'office')] },
    'default/Agent/x: it is of the organisation': { targets: [target('x', '')] },
    'rival/Agent/x: this hub is of tenant `default`': { targets: [target('x', 'shop', { tenant: 'rival' })] },
    'default/Domain/office: the name is taken': { domains: [domain('office', 'shop')] },
    'default/Domain/x: its parent `office`': { domains: [domain('x', 'office')] },
    'default/Domain/y: its parent `z`': { domains: [domain('y', 'z'), domain('z', 'y')] },
    'default/Key/k: agent `concierge` is not of this domain': { keys: [key('k', 'agent', 'concierge')] },
    'default/Key/k: user `ann` is of the levels above': { keys: [key('k', 'user', 'ann')] },
    'default/Key/admin-1: the name is taken': { keys: [key('admin-1', 'user', 'bob')] },
    'default/Budget/b: its scope `organisation`': { budgets: [budget({ kind: 'organisation' })] },
    'default/Budget/b: its scope `agent concierge`': { budgets: [budget({ kind: 'agent', name: 'concierge' })] },
    'default/TreeLimits/office: it is of domain `office`': { trees: [limits('office', { depth: 1 })] },
    'default/Route/r: agent `concierge` is not of this domain': { routes: [route('concierge')] },
  };
  for (const [why, own] of Object.entries(refused)) {
    const found = whyOf(own);
    assert.ok(
      found.some((one) => one.startsWith(why)),
      `${why} in ${found.join('; ')}`,
    );
  }
});

test('a role, a team, a user or a label that rules above read is theirs to give', async () => {
  const text =
    '@id("a") @reason("r") permit (principal in Role::"finance", action, resource) when { resource.hasTag("pii") && resource.getTag("pii") == "no" };';
  const policy = await compilePolicy([{ tenant: TENANT, level: 'org', policies: { text } }], {
    ...NAMES,
    users: [{ tenant: TENANT, name: 'u', roles: ['finance'] }] as never,
  });
  assert.deepEqual([...namedAbove(policy, [], TENANT).roles], ['finance']);
  const parent = { ...ROOT, policy };
  const own = draft({
    policy: { ...NO_POLICY, cedar: policy.cedar },
    targets: [target('new', 'shop', { labels: { pii: 'no', team: 'red' } })],
    keys: [key('bob-1', 'user', 'bob', ['finance', 'cook'])],
  });
  const { draft: whole, conflicts } = federate(parent, own, SHOP);
  assert.deepEqual(whole.targets.at(-1)!.labels, { team: 'red' });
  assert.deepEqual(whole.keys.at(-1)!.principal, { kind: 'user', name: 'bob', domain: 'shop', roles: ['cook'] });
  assert.equal(conflicts.length, 2);
});

test('of two limits of trees about one level the tighter of each number holds', () => {
  const parent = { ...ROOT, trees: [limits('shop', { depth: 5, calls: 10 })] };
  const { trees } = federate(parent, draft({ trees: [limits('shop', { depth: 9, calls: 3, agents: 2 })] }), SHOP).draft;
  assert.deepEqual(trees, [limits('shop', { depth: 5, calls: 3, agents: 2 })]);
});

test('a release on trial above keeps the levels of the domain, and one of the domain keeps those above', async () => {
  const open = named(['permit (principal, action, resource);'], 'p');
  const [above, own] = [
    await policyOf([{ level: 'org', policies: open, limits: '' }]),
    await policyOf([{ level: 'sales', policies: open, limits: '' }]),
  ];
  const trial = (release: string, policy: Snapshot['policy']) => ({
    ...{ tenant: TENANT, release, mode: 'canary' as const, sinceMs: 1, percent: 10, policy },
  });
  const parent = draft({ domains: [domain('sales')], policy: above });
  const names = ({ candidates = [] }: Draft) =>
    candidates.map(({ policy }) => policy.levels.map(({ level }: PolicyLevel) => level));
  const theirs = federate({ ...parent, candidates: [trial('a', above)] }, draft({ policy: own }), PLACES[0]!).draft;
  assert.deepEqual(names(theirs), [['org', 'sales']]);
  const ours = federate(parent, draft({ policy: own, candidates: [trial('b', own)] }), PLACES[0]!).draft;
  assert.deepEqual(names(ours), [['org', 'sales']]);
});

test('however a domain names what it has, nothing of the parent changes and all that is added lies in the domain', () => {
  const anyName = fc.constantFrom('concierge', 'orders', 'shop', 'office', 'below', 'x', 'y');
  const anyOwn = fc.record({
    targets: fc.array(
      fc.tuple(anyName, anyName).map(([name, home]) => target(name, home)),
      { maxLength: 4 },
    ),
    domains: fc.array(
      fc.tuple(anyName, anyName).map(([name, parent]) => domain(name, parent)),
      { maxLength: 4 },
    ),
    keys: fc.array(
      fc.tuple(anyName, anyName).map(([id, name]) => key(id, 'agent', name)),
      { maxLength: 3 },
    ),
  });
  fc.assert(
    fc.property(anyOwn, (own) => {
      const { draft: whole } = federate(draftOf(snapshotOf(ROOT)), draft(own), SHOP);
      const before = federate(ROOT, draft(), SHOP).draft;
      for (const field of ['targets', 'domains', 'keys'] as const)
        assert.deepEqual(whole[field].slice(0, before[field].length), before[field]);
      const within = (name: string): boolean => {
        const seen = new Set<string>();
        for (
          let at = name;
          at !== '' && !seen.has(at);
          at = whole.domains.find((one) => one.name === at)?.parent ?? ''
        ) {
          if (at === 'shop') return true;
          seen.add(at);
        }
        return false;
      };
      for (const added of whole.targets.slice(before.targets.length)) assert.ok(within(added.domain), added.name);
      for (const added of whole.domains.slice(before.domains.length)) assert.ok(within(added.name), added.name);
    }),
    { numRuns: 500 },
  );
});

test('of two that say how long nodes go on alone the shorter holds, and nobody says it for others', () => {
  const said = (level: string, bounds: StalenessEntry['bounds']): StalenessEntry => ({ tenant: TENANT, level, bounds });
  const parent = { ...draft(), staleness: [said('org', { readMs: 9 }), said('shop', { readMs: 5, killsMs: 7 })] };
  const own = { ...draft(), staleness: [said('shop', { readMs: 6, killsMs: 3 }), said('org', { readMs: 1 })] };
  const { draft: whole, conflicts } = federate({ ...ROOT, ...parent, domains: ROOT.domains }, own, SHOP);
  assert.deepEqual(whole.staleness, [said('org', { readMs: 9 }), said('shop', { readMs: 5, killsMs: 3 })]);
  assert.deepEqual(
    conflicts.map(({ key }) => key),
    [`${TENANT}/Staleness/org`],
  );
});

const budget = (scope: NonNullable<Draft['budgets']>[number]['scope']): NonNullable<Draft['budgets']>[number] => ({
  ...{ tenant: TENANT, name: 'b', scope, per: null, class: null, unit: 'calls', limit: 1, soft: null, hard: 'refuse' },
  window: { every: 'day', timezone: 'UTC' },
});
const limits = (level: string, said: TreeLimitsEntry['limits']): TreeLimitsEntry => ({
  ...{ tenant: TENANT, level, limits: said, delegation: 'caller' },
});
const route = (toName: string): Draft['routes'][number] => ({
  ...{ tenant: TENANT, name: 'r', fromAgents: [], fromDomains: [], toKind: 'agent', toName, toDomain: '', via: 'hub' },
  ...{ timeoutMs: null, attempts: 1, priority: 2 },
});
