/** What recorded calls are read as, what is advised by them, and when a step counts as worse. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BudgetEntry, CredentialEntry, OperationEntry, PolicyEntry } from '../../contract/index.ts';
import { advise } from './advice.ts';
import { type ArmStats, judge } from './arms.ts';
import { directly, event, keyed, many, SIDECARS, seen, send, sidecar, snapshot, target, through } from './fixture.ts';
import { passedIn } from './passed.ts';
import { topologyView } from './view.ts';

test('what the nodes of a call said is one line: its way, its time, and what the hub and the wire were of it', () => {
  const { calls } = passedIn([...through('a', { at: 1 }), ...directly('b', { at: 2 }), ...keyed('c', { at: 3 })]);
  assert.deepEqual(
    calls.map(({ way, entry, durationMs, hubMs, betweenMs }) => ({ way, entry, durationMs, hubMs, betweenMs })),
    [
      { way: 'hub', entry: 'sidecar-out', durationMs: 10, hubMs: 2, betweenMs: 4 },
      { way: 'mesh', entry: 'sidecar-out', durationMs: 7, hubMs: null, betweenMs: 1 },
      { way: 'hub', entry: 'hub', durationMs: 10, hubMs: 2, betweenMs: null },
    ],
  );
});

test('a call whose entrance has not reported yet is not taken for one that came in at the hub', () => {
  const [, atHub, behind] = through('a');
  const { calls, incomplete } = passedIn([atHub!, behind!, ...keyed('b')]);
  assert.deepEqual([calls.length, incomplete], [1, 1]);
});

test('a call that was denied before a way was chosen says nothing about ways', () => {
  const { calls, wayless } = passedIn([event({ attributes: {}, steps: [], status: 'denied', code: 'denied' })]);
  assert.deepEqual([calls.length, wayless], [0, 1]);
});

test('a report that cannot be true gives no time of the hub', () => {
  assert.equal(passedIn([event({ durationMs: 5, steps: [send(8)] })]).calls[0]?.hubMs, null);
});

test('a pair shows both ways, what went instead, its nodes, and what it fails with', () => {
  const events = [
    ...many(40, (id, at) => through(`h${id}`, { at })),
    ...many(10, (id, at) => directly(`m${id}`, { at })),
    ...through('i', { instead: true }),
  ];
  const [pair, ...others] = topologyView(seen(events)).pairs;
  assert.equal(others.length, 0);
  assert.deepEqual([pair?.hub?.calls, pair?.mesh?.calls, pair?.instead, pair?.perSecond], [41, 10, 1, 0.51]);
  assert.deepEqual([pair?.hub?.p50Ms, pair?.mesh?.p50Ms, pair?.hub?.hubP50Ms], [10, 7, 2]);
  assert.deepEqual(
    pair?.nodes.map(({ role }) => role),
    ['sidecar-out', 'hub', 'sidecar-in'],
  );
  assert.deepEqual(pair?.failureDomains, ['the sidecar of concierge', 'hub hub-1', 'agent orders behind 1 sidecar']);
  assert.deepEqual(pair?.obstacles, []);
});

test('a route that nobody called is shown, and what is gone from the configuration is not', () => {
  const { pairs } = topologyView(seen(keyed('a', { target: { kind: 'agent', name: 'gone', operation: 'x' } })));
  assert.deepEqual(
    pairs.map(({ route, caller, calls }) => ({ route, caller, calls })),
    [{ route: 'orders', caller: null, calls: 0 }],
  );
});

const budget = (given: Partial<BudgetEntry>): BudgetEntry => ({
  tenant: 'acme',
  name: 'day',
  scope: { kind: 'agent', name: 'concierge' },
  per: null,
  class: null,
  unit: 'calls',
  limit: 100,
  window: { every: 'day', timezone: 'UTC' },
  soft: null,
  hard: 'refuse',
  ...given,
});

const rule = (annotations: Record<string, string>, est: object = {}): PolicyEntry => ({
  id: 'r',
  effect: 'forbid',
  annotations,
  est,
});
const levelsOf = (policies: readonly PolicyEntry[]) => ({
  policy: { ...snapshot().policy, levels: [{ tenant: 'acme', level: 'org', policies, limits: [] }] },
});

const ASKED = { reason: 'people say yes' } as unknown as NonNullable<OperationEntry['approval']>;
const CREDENTIAL = { secret: 'bank', as: 'bearer' } as unknown as CredentialEntry;

const OBSTACLES: readonly (readonly [string, Parameters<typeof seen>[1], readonly string[]])[] = [
  ['nothing is in the way', {}, []],
  ['the caller has no sidecar', { nodes: SIDECARS.slice(1) }, ['no_caller_sidecar']],
  ['the target has no sidecar', { nodes: SIDECARS.slice(0, 1) }, ['no_target_sidecar']],
  [
    'a sidecar of another agent is none',
    { nodes: [SIDECARS[0]!, sidecar('x', { agent: 'other' })] },
    ['no_target_sidecar'],
  ],
  [
    'the domain is delegated',
    { domains: [{ tenant: 'acme', name: 'shop', parent: '', delegated: true }] },
    ['delegated_domain'],
  ],
  ['the target is shown a secret', { targets: [target({ credential: CREDENTIAL })] }, ['secret_at_hub']],
  [
    'the target is a plan',
    { targets: [target({ speech: { protocol: 'plan', version: '', binding: '', model: '' } })] },
    ['no_target_sidecar_possible'],
  ],
  [
    'an operation asks people',
    { targets: [target({ operations: [{ name: 'place', effect: 'write', idempotent: false, approval: ASKED }] })] },
    ['approval'],
  ],
  ['a budget pauses', { budgets: [budget({ hard: 'pause' })] }, ['budget_without_lease']],
  ['a budget asks', { budgets: [budget({ soft: { percent: 80, do: 'ask', model: '' } })] }, ['budget_without_lease']],
  [
    'a budget of somebody else pauses',
    { budgets: [budget({ hard: 'pause', scope: { kind: 'agent', name: 'other' } })] },
    [],
  ],
  ['a budget that leases', { budgets: [budget({})] }, []],
  ['a rule wants an approval', levelsOf([rule({ remedy: 'approval' })]), ['approval']],
  [
    'a rule about another action wants one',
    levelsOf([
      rule({ remedy: 'approval' }, { action: { op: '==', entity: { type: 'Action', id: 'agent/other/do' } } }),
    ]),
    [],
  ],
];

for (const [what, given, codes] of OBSTACLES)
  test(`directly or not: ${what}`, () => {
    const [pair] = topologyView(seen(through('a'), given)).pairs;
    assert.deepEqual(
      pair?.obstacles.map(({ code }) => code),
      codes,
    );
  });

test('nothing is advised on too few calls', () => {
  const { items, leastCalls } = advise(seen(many(99, (id, at) => through(id, { at }))), 'mesh');
  assert.deepEqual([leastCalls, items.map(({ verdict, gains }) => [verdict, gains])], [100, [['unknown', []]]]);
});

const adviceOn = (given: Parameters<typeof seen>[1] = {}, make = through) =>
  advise(
    seen(
      many(200, (id, at) => make(id, { at })),
      given,
    ),
    'mesh',
  ).items[0]!;

test('a route on which the hub takes a good part is worth moving, and every number of it was measured', () => {
  const item = adviceOn();
  assert.deepEqual([item.verdict, item.blocked], ['move', []]);
  assert.deepEqual(item.numbers, {
    hubP50Ms: 2,
    hubCpuUsPerCall: 400,
    hubCpuSecondsPerDay: 69.12,
    callsPerDay: 172_800,
  });
  assert.match(item.gains.join('\n'), /2\.00 ms of a call at the median \(measured/);
  assert.match(item.gains.join('\n'), /hub hub-1 is no failure domain/);
  assert.match(item.costs.join('\n'), /12 h.*60 s/);
});

test('what was not measured is not said as a number', () => {
  const item = adviceOn({ hubCost: null });
  assert.equal(item.numbers.hubCpuSecondsPerDay, null);
  assert.match(item.gains.join('\n'), /CPU of the hub: not measured yet/);
});

test('sidecars that are missing come first, and are counted', () => {
  const endpoints = ['http://a.test', 'http://b.test'].map((url) => ({ url, version: '1', weight: 1, labels: {} }));
  const item = adviceOn({ nodes: [], targets: [target({ endpoints })] }, keyed);
  assert.equal(item.verdict, 'prepare');
  assert.match(
    item.costs.join('\n'),
    /sidecar beside each instance of caller `concierge`\n2 sidecars in front of `agent\/orders`/,
  );
});

test('what no sidecar can cure stays, or cannot go at all', () => {
  const delegated = adviceOn({ domains: [{ tenant: 'acme', name: 'shop', parent: '', delegated: true }] });
  assert.deepEqual([delegated.verdict, delegated.gains, delegated.blocked[0]?.calls], ['cannot', [], 200]);
  assert.equal(
    adviceOn({ routes: snapshot().routes.map((route) => ({ ...route, via: 'mesh' as const })) }).verdict,
    'stay',
  );
});

test('callers without a sidecar keep their way, and do not stand in the way of the others', () => {
  const user = { kind: 'user', id: 'ann' };
  const events = [
    ...many(200, (id, at) => through(id, { at })),
    ...many(50, (id, at) => keyed(`u${id}`, { at, principal: user })),
  ];
  const item = advise(seen(events), 'mesh').items[0]!;
  assert.equal(item.verdict, 'move');
  assert.match(item.reasons.join('\n'), /50 of 250 calls come in at the hub, and go on doing so/);
});

test('budgets and rates that would mean something else are named', () => {
  const item = adviceOn({ budgets: [budget({})], ...levelsOf([rule({ rate: '5/1s' })]) });
  assert.match(item.governance.join('\n'), /budget `day` becomes leases.*20 calls/);
  assert.match(item.governance.join('\n'), /rule `r` allows 5\/1s on each node/);
});

test('back to the hub: exact governance speaks for it, and an estimate says that it is one', () => {
  const events = many(200, (id, at) => directly(id, { at }));
  const routes = snapshot().routes.map((route) => ({ ...route, via: 'mesh' as const }));
  const [plain] = advise(seen(events, { routes, hubCost: null }), 'hub').items;
  assert.equal(plain?.verdict, 'stay');
  assert.match(plain!.costs.join('\n'), /estimated: 207 us a call, bench\/README\.md/);
  const [exact] = advise(seen(events, { routes, budgets: [budget({})] }), 'hub').items;
  assert.equal(exact?.verdict, 'move');
  assert.match(exact!.costs.join('\n'), /\(measured: 400 us a call\)/);
});

test('a domain that talks mostly inside itself is worth a hub of its own', () => {
  const outside = { kind: 'agent', id: 'other', domain: 'office' };
  const domains = [...snapshot().domains, { tenant: 'acme', name: 'office', parent: '', delegated: false }];
  const on = (across: number) =>
    advise(
      seen(
        [
          ...many(200, (id, at) => keyed(id, { at })),
          ...many(across, (id, at) => keyed(`x${id}`, { at, principal: outside })),
        ],
        { domains },
      ),
      'hierarchy',
    ).items;
  const [shop, office] = on(20);
  assert.deepEqual([shop?.verdict, office?.verdict], ['move', 'unknown']);
  assert.match(shop!.reasons[0]!, /200 of its 220 calls stay inside \(91 %\)/);
  assert.match(shop!.costs.join('\n'), /17280 calls a day cross its border.*2\.00 ms/);
  assert.equal(on(100)[0]?.verdict, 'stay');
});

const arm = (given: Partial<ArmStats> = {}): ArmStats => ({
  calls: 1_000,
  errors: 0,
  p50Ms: 10,
  p95Ms: 20,
  p99Ms: 30,
  hubP50Ms: null,
  betweenP50Ms: null,
  ...given,
});

const JUDGED: readonly (readonly [string, ArmStats | null, ArmStats | null, string])[] = [
  ['the same', arm(), arm(), 'well'],
  ['nobody went there', null, arm(), 'few'],
  ['hardly anybody went there', arm({ calls: 29, errors: 29 }), arm(), 'few'],
  ['more failures', arm({ errors: 50 }), arm({ errors: 10 }), 'worse'],
  ['as many failures', arm({ errors: 50 }), arm({ errors: 45 }), 'well'],
  ['one failure of a few calls', arm({ calls: 40, errors: 1 }), arm({ errors: 5 }), 'well'],
  ['every call fails on both ways', arm({ errors: 1_000 }), arm({ errors: 1_000 }), 'well'],
  ['a slower median', arm({ p50Ms: 14 }), arm(), 'worse'],
  ['half a millisecond on a fast one', arm({ p50Ms: 1.2, p95Ms: 2 }), arm({ p50Ms: 0.7, p95Ms: 1 }), 'well'],
  ['a longer tail', arm({ p95Ms: 60 }), arm(), 'worse'],
  ['a longer tail of too few', arm({ p95Ms: 60, calls: 60 }), arm(), 'well'],
  ['nothing beside it, and it is well', arm(), null, 'well'],
  ['nothing beside it, and it fails', arm({ errors: 80 }), null, 'worse'],
];

test('what was measured at another time turns back what is far slower only, and what fails', () => {
  assert.equal(judge(arm({ p50Ms: 28, p95Ms: 90 }), arm(), 'mesh', true).kind, 'well');
  assert.equal(judge(arm({ p50Ms: 31 }), arm(), 'mesh', true).kind, 'worse');
  assert.equal(judge(arm({ errors: 50 }), arm(), 'mesh', true).kind, 'worse');
});

test('on the way to the hub its own time is no harm, and failures are', () => {
  assert.equal(judge(arm({ p50Ms: 30, p95Ms: 90 }), arm(), 'hub').kind, 'well');
  assert.equal(judge(arm({ errors: 50 }), arm(), 'hub').kind, 'worse');
});

for (const [what, one, other, verdict] of JUDGED)
  test(`a step with ${what} is ${verdict}`, () => assert.equal(judge(one, other).kind, verdict));
