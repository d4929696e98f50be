/** The map and what is counted on it: nothing counts twice, nothing overlaps, and the same fleet is the same picture. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent, TopTarget } from '../../../src/contract/index.ts';
import type { DescribedTarget } from '../api/views.ts';
import { bundlesOf, byForm, FORMS, type Form, formOf, type Ground, legsOf } from './forms.ts';
import { healthOf } from './health.ts';
import { indented } from './indented.ts';
import { layoutOf, nodesSeen } from './layouts.ts';
import { type Box, pointAt } from './map.ts';
import { type Aged, agesIn, nodeHealth, worstOf } from './node-health.ts';
import { seriesOf, trafficOf } from './traffic.ts';

const NOW = 1_000_000;
const ATTEMPT = { span: 'x', name: 'attempt', offsetMs: 1, durationMs: 1, attributes: {} };
const call = (given: Partial<CallEvent>): CallEvent => ({
  ...{ callId: 'c1', trace: 't1', span: 's1', tenant: 'default', node: 'hub-1', role: 'hub' },
  principal: { kind: 'agent', id: 'concierge', domain: 'front' },
  target: { kind: 'agent', name: 'orders', operation: 'where' },
  lineage: { root: 'c1', depth: 0 },
  ...{ startedAtMs: NOW, durationMs: 100, status: 'ok', code: '', httpStatus: 200, requestBytes: 2, replyBytes: 2 },
  ...{ snapshotSeq: 1, attributes: {}, steps: [ATTEMPT] },
  ...given,
});
const target = (kind: DescribedTarget['kind'], name: string, domain: string): DescribedTarget => ({
  ...{ kind, name, domain, labels: {}, operations: [] },
});
const FLEET = [
  ...Array.from({ length: 30 }, (_, at) => target('agent', `agent-${at}`, `domain-${at % 3}`)),
  ...Array.from({ length: 4 }, (_, at) => target('model', `model-${at}`, '')),
  ...Array.from({ length: 6 }, (_, at) => target('tool', `tool-${at}`, '')),
];

test('a call that several nodes tell of is one call, with what all of them charged', () => {
  const events = [
    call({ span: 'a', durationMs: 100, attributes: { 'cost.micros': 5 } }),
    call({ span: 'b', node: 'sidecar', startedAtMs: NOW + 2, durationMs: 90, attributes: { 'usage.input_tokens': 3 } }),
    call({ span: 'c', callId: 'c2', status: 'failed' }),
  ];
  const { all, edges, targets } = trafficOf(events, { nowMs: NOW + 1_000, windowMs: 10_000, fromMs: NOW - 60_000 });
  assert.deepEqual([all.calls, all.failed, all.costMicros, all.tokens, all.perSecond], [2, 1, 5, 3, 0.2]);
  assert.deepEqual(
    edges.map(({ from, to, calls }) => [from, to, calls]),
    [['agent/concierge', 'agent/orders', 2]],
  );
  assert.equal(targets.get('agent/orders')?.p95Ms, 100);
  const young = trafficOf(events, { nowMs: NOW + 1_000, windowMs: 60_000, fromMs: NOW - 1_000 });
  assert.equal(young.windowMs, 2_000, 'a rate is over the time that is known');
  assert.deepEqual(
    seriesOf(events, { nowMs: NOW + 10, windowMs: 20 }, 2, (calls) => calls.length),
    [0, 3],
  );
});

const ground = (more: Partial<Ground> = {}): Ground => ({
  domainOf: new Map([
    ...FLEET.map(({ kind, name, domain }) => [`${kind}/${name}`, domain] as const),
    ['agent/orders', 'back'],
    ['agent/concierge', 'front'],
  ]),
  ...{ nodes: new Map(), shut: new Set() },
  ...more,
});
const pathsOf = (form: Form, told: readonly CallEvent[], of = ground()) =>
  legsOf(form, told, of).map(({ from, to, isAcross }) => [from, to, isAcross]);

test('in every form nothing overlaps and nothing leaves the map, and the same fleet stands where it stood', () => {
  const talk = FLEET.slice(0, 29).map(({ name }, at) =>
    call({
      ...{
        callId: `c${at}`,
        span: `s${at}`,
        principal: { kind: at % 5 === 0 ? 'user' : 'agent', id: at % 5 === 0 ? `u${at}` : name },
      },
      target: { kind: 'agent', name: `agent-${at + 1}`, operation: 'x' },
    }),
  );
  const sidecars = new Set(FLEET.slice(0, 30).map(({ name }) => `agent/${name}`));
  for (const form of FORMS.map(({ id }) => id))
    for (const shut of [new Set<string>(), new Set(['domain-1'])])
      for (const [width, height] of [
        [760, 470],
        [860, 640],
      ] as const) {
        const legs = [...bundlesOf(form, talk, ground({ shut }), 60_000).values()];
        const input = { legs, shut, sidecars, width, height };
        const layout = layoutOf(form, { ...input, targets: FLEET });
        const boxes: readonly Box[] = [...layout.callers, layout.hub, ...layout.agents, ...layout.resources];
        assert.ok(layout.curves.length > 0 && !layout.isCrowded, form);
        for (const [at, a] of boxes.entries())
          for (const b of boxes.slice(at + 1))
            assert.ok(
              a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y,
              JSON.stringify([form, width, a, b]),
            );
        for (const { x, y, width: wide, height: high } of boxes)
          assert.ok(
            x >= 0 && y >= 0 && x + wide <= width && y + high <= height,
            JSON.stringify({ form, x, y, wide, high }),
          );
        assert.deepEqual(layoutOf(form, { ...input, targets: FLEET.toReversed() }).agents, layout.agents);
      }
  const many = new Set(Array.from({ length: 60 }, (_, at) => `agent/agent-${at}`));
  const small = { targets: FLEET, legs: [], shut: new Set<string>(), sidecars: many, width: 700, height: 200 };
  for (const form of FORMS.map(({ id }) => id)) assert.equal(layoutOf(form, small).isCrowded, true, form);
  assert.equal(nodesSeen(FLEET, new Set()), 40);
  assert.equal(nodesSeen(FLEET, new Set(['domain-1', 'domain-2', 'elsewhere'])), 22, 'ten agents are one box');
});

test('a call goes by the form that its nodes tell of, and its legs have what it passed on them', () => {
  const hub = call({});
  const out = call({ node: 'sc-1', role: 'sidecar-out', span: 'o', attributes: { via: 'mesh' } });
  const inward = call({
    node: 'sc-2',
    role: 'sidecar-in',
    span: 'i',
    startedAtMs: NOW + 1,
    attributes: { 'tree.found': 'told' },
  });
  assert.equal(formOf([hub]), 'hub');
  assert.deepEqual(pathsOf('hub', [hub]), [
    ['domain/front', 'hub', false],
    ['hub', 'domain/back', false],
  ]);
  assert.deepEqual(
    pathsOf('hub', [call({ status: 'denied', steps: [] })]),
    [['domain/front', 'hub', false]],
    'it went no further',
  );
  assert.equal(formOf([out, inward]), 'mesh');
  assert.equal(formOf([inward]), null, 'whoever sent it has not told yet: that may be a hub');
  assert.equal(formOf([call({ role: 'sidecar-in' })]), 'mesh', 'somebody called at its door');
  assert.equal(
    formOf([call({ role: 'sidecar-out', status: 'denied' })]),
    null,
    'it was stopped before it went anywhere',
  );
  assert.equal(formOf([call({ role: 'sidecar-out', attributes: { via: 'hub' } })]), 'hub', 'its hub has not told yet');
  assert.deepEqual(pathsOf('mesh', [inward, out]), [['agent/concierge', 'agent/orders', false]]);
  assert.deepEqual(pathsOf('mesh', [out], ground({ shut: new Set(['back']) })), [
    ['agent/concierge', 'domain/back', false],
  ]);
  const user = call({ principal: { kind: 'user', id: 'ann' } });
  assert.deepEqual(pathsOf('hub', [user])[0], ['user/ann', 'hub', false]);
  const nodes = new Map(
    (['front', 'back'] as const).map((domain) => [
      `hub-${domain}`,
      {
        id: `hub-${domain}`,
        role: 'domain',
        domain,
        agent: '',
        state: 'alive',
        heardAtMs: 1,
        snapshotSeq: 1,
        refused: null,
        leases: 0,
      } as const,
    ]),
  );
  const told = { attributes: { 'tree.found': 'told' } };
  const tree = [
    call({ node: 'hub-front', role: 'domain', span: 'a' }),
    call({ node: 'root', role: 'hub', span: 'b', startedAtMs: NOW + 1, ...told }),
    call({ node: 'hub-back', role: 'domain', span: 'c', startedAtMs: NOW + 2, ...told }),
  ];
  assert.equal(formOf(tree), 'hierarchical');
  assert.deepEqual(pathsOf('hierarchical', tree.toReversed(), ground({ nodes })), [
    ['domain/front', 'hub', false],
    ['hub', 'domain/back', false],
  ]);
  assert.deepEqual(pathsOf('hierarchical', [tree[0]!, tree[2]!], ground({ nodes })), [
    ['domain/front', 'domain/back', true],
  ]);
  const split = byForm([hub, { ...out, callId: 'c2' }, ...tree.map((event) => ({ ...event, callId: 'c3' }))]);
  assert.equal(
    byForm([inward, hub]).none + byForm([{ ...inward, callId: 'c7' }]).none,
    1,
    'of one call all nodes count',
  );
  assert.deepEqual([split.hub.length, split.mesh.length, split.hierarchical.length], [1, 1, 3]);
  const failed = bundlesOf(
    'hub',
    [
      { ...hub, status: 'failed' },
      { ...hub, callId: 'c9' },
    ],
    ground(),
    10_000,
  );
  assert.deepEqual(failed.get('domain/front hub'), {
    from: 'domain/front',
    to: 'hub',
    isAcross: false,
    calls: 2,
    failed: 1,
    perSecond: 0.2,
  });
});

test('a dot begins and ends where its curve does', () => {
  const points = [0, 0, 5, 0, 5, 10, 10, 10] as const;
  assert.deepEqual(
    [pointAt({ points }, 0), pointAt({ points }, 1)],
    [
      [0, 0],
      [10, 10],
    ],
  );
});

test('a node is as well as it was heard last, as its configuration is new, and as it says that it is', () => {
  const node = {
    id: 'sc',
    role: 'sidecar',
    domain: '',
    agent: 'a',
    state: 'alive',
    heardAtMs: NOW,
    snapshotSeq: 7,
    refused: null,
    leases: 0,
  } as const;
  const of = (given: object, aged?: Aged) =>
    nodeHealth({ ...node, ...given }, { snapshotSeq: 9, nowMs: NOW + 40_000, aged });
  assert.deepEqual(of({ state: 'silent' }), { state: 'bad', word: 'silent 40s' });
  assert.deepEqual(of({}), { state: 'warn', word: '2 behind' });
  assert.equal(of({ state: 'joined' }).state, 'none');
  assert.equal(of({ refused: 'it has another key' }).state, 'warn');
  assert.equal(of({ snapshotSeq: 9 }).state, 'ok');
  const ages = agesIn([
    call({
      node: 'sc',
      attributes: {
        'stale.bound_of': 'kills',
        'stale.bound_ms': 10_000,
        'stale.kills_age_ms': 8_000,
        'stale.snapshot_age_ms': 1,
      },
    }),
    call({ node: 'other', attributes: { 'stale.bound_of': 'hub', 'stale.bound_ms': 0 } }),
  ]);
  assert.deepEqual(of({ snapshotSeq: 9 }, ages.get('sc')), { state: 'warn', word: 'orders 8s old' });
  assert.equal(ages.has('other'), false);
  assert.equal(worstOf([of({ snapshotSeq: 9 }), of({}), of({ state: 'joined' })])?.word, '2 behind');
});

test('health is what routing says, in a word', () => {
  const seen = (...endpoints: readonly Partial<TopTarget['endpoints'][number]>[]): TopTarget => ({
    ...{ target: 'agent/orders', domain: '', calls: 0, failed: 0, denied: 0, p50Ms: null, p99Ms: null, inFlight: 0 },
    panic: false,
    endpoints: endpoints.map((given, at) => ({
      ...{
        id: String(at),
        url: '',
        via: ['hub'],
        version: '',
        state: 'ready',
        obstacle: null,
        inFlight: 0,
        requests: 0,
        failures: 0,
      },
      ...{ latencyMs: null, ejectedForMs: 0, breaker: 'closed', ...given },
    })),
  });
  assert.equal(healthOf(undefined).state, 'none');
  assert.equal(healthOf(seen({})).state, 'ok');
  assert.deepEqual(healthOf(seen({}, { obstacle: 'ejected' })), { state: 'warn', word: '1 of 2 well' });
  assert.deepEqual(healthOf(seen({ obstacle: 'breaker', breaker: 'open' })), { state: 'bad', word: 'breaker open' });
});

test('indented JSON is the same JSON, digit by digit, and what is none stays as it is', () => {
  const text = '{"a":[1.0,{"b":"x,{\\"}"},[]],"c":{},"d":-1e5,"n":9007199254740993}';
  assert.deepEqual(
    indented(text)
      .replace(/\s+(?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$)/g, '')
      .replaceAll(' ', ''),
    text.replaceAll(' ', ''),
  );
  assert.match(indented(text), /\n {2}"n": 9007199254740993\n/);
  assert.equal(indented('{"a":'), '{"a":');
});
