/** What is wrong, put together: each source has its rows, open ones first, and a call counts for what it was touched by. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BreakerView, CallEvent, Incident, KillOrder } from '../../../src/contract/index.ts';
import type { BudgetView } from '../api/views.ts';
import { breakersCounted, effectsOf, type IncidentSources, incidentsOf, isTouched } from './incidents.ts';

const NOW = 1_000_000;
const call = (given: Partial<CallEvent>): CallEvent => ({
  ...{ callId: 'c1', trace: 't1', span: 's1', tenant: 'default', node: 'hub-1', role: 'hub' },
  principal: { kind: 'agent', id: 'concierge' },
  target: { kind: 'agent', name: 'orders', operation: 'where' },
  lineage: { root: 'c1', depth: 0 },
  ...{ startedAtMs: NOW, durationMs: 100, status: 'ok', code: '', httpStatus: 200, requestBytes: 2, replyBytes: 2 },
  ...{ snapshotSeq: 1, attributes: {}, steps: [] },
  ...given,
});
const step = (name: string, attributes: CallEvent['attributes']) => ({
  ...{ span: name, name, offsetMs: 0, durationMs: 1, attributes },
});

const incident: Incident = {
  ...{ id: 'i1', tenant: 'default', alert: 'orders-errors', node: 'hub-1', severity: 'page', signal: 'errors' },
  ...{ text: '4 % failed', openedAtMs: NOW - 5_000, endedAtMs: null, ended: '', webhook: '', told: 'nothing' },
};
const breaker: BreakerView = {
  ...{ node: 'hub-1', target: 'agent/orders', domain: '', endpoint: 'orders-1', state: 'open' },
  changes: [
    { atMs: NOW - 1_000, from: 'half_open', to: 'open' },
    { atMs: NOW - 1_500, from: 'open', to: 'half_open' },
    { atMs: NOW - 9_000, from: 'closed', to: 'open' },
  ],
};
const budget = {
  ...{
    name: 'daily',
    scope: 'organisation',
    path: [],
    per: null,
    unit: 'micros',
    limit: 10,
    soft: null,
    hard: 'refuse',
  },
  ...{ window: { every: 'day', startMs: 0, endMs: null }, accountCount: 1 },
  accounts: [{ holder: '', limit: 10, extra: 5, spent: 14, reserved: 1, left: 0, perHour: 1, runsOutAtMs: null }],
} as BudgetView;
const order: KillOrder = {
  ...{ id: 'kill-1', tenant: 'default', kind: 'agent', name: 'refunds', reason: 'pays twice', by: 'user/ada' },
  ...{ atMs: NOW - 2_000, untilMs: null },
};
const NOTHING: IncidentSources = { incidents: [], specs: new Map(), breakers: [], budgets: [], orders: [] };

test('each source has its rows, what is open comes first, and what has room left has none', () => {
  const rows = incidentsOf({
    ...{ incidents: [{ ...incident, id: 'i0', openedAtMs: NOW, endedAtMs: NOW + 1, ended: 'well again' }, incident] },
    specs: new Map([['orders-errors', { signal: 'errors', target: 'agent/orders', forMs: 0, severity: 'page' }]]),
    breakers: [breaker, { ...breaker, endpoint: 'orders-2', state: 'closed' }],
    ...{
      budgets: [budget, { ...budget, name: 'free', accounts: [{ ...budget.accounts[0]!, spent: 3 }] }],
      orders: [order],
    },
  });
  assert.deepEqual(
    rows.map(({ id, state, isOpen, resource, mood }) => [id, state, isOpen, resource, mood]),
    [
      ['order kill-1', 'stopped', true, 'agent/refunds', 'warn'],
      ['alert i1', 'firing', true, 'agent/orders', 'bad'],
      ['breaker orders-1 hub-1', 'open', true, 'agent/orders', 'bad'],
      ['budget daily', 'used up', true, 'budget/daily', 'warn'],
      ['alert i0', 'over', false, 'agent/orders', 'ok'],
      ['breaker orders-2 hub-1', 'closed', false, 'agent/orders', 'ok'],
    ],
  );
  assert.equal(rows[2]?.sinceMs, NOW - 9_000, 'it began when it was last well, not when it opened again');
  assert.match(rows[4]?.cause ?? '', /well again/);
});

test('each node has a row of its own for a breaker; who holds one is the cause, and what a silent node said is not open', () => {
  const held = { mode: 'closed', reason: 'it is well', by: 'user/ada', atMs: NOW - 500, untilMs: NOW + 500 } as const;
  const rows = incidentsOf({
    ...NOTHING,
    breakers: [
      breaker,
      { ...breaker, node: 'hub-2/sidecar-1', state: 'closed', held },
      { ...breaker, node: 'hub-3', isStale: true },
    ],
  });
  assert.deepEqual(
    rows.map(({ id, state, isOpen, mood, sinceMs }) => [id, state, isOpen, mood, sinceMs]),
    [
      ['breaker orders-1 hub-2/sidecar-1', 'held closed', true, 'warn', NOW - 500],
      ['breaker orders-1 hub-1', 'open', true, 'bad', NOW - 9_000],
      ['breaker orders-1 hub-3', 'open, stale', false, 'warn', NOW - 9_000],
    ],
  );
  assert.equal(rows[0]?.cause, 'user/ada: it is well');
  assert.match(rows[1]?.cause ?? '', /calls of hub-1 to orders-1/);
  assert.match(rows[2]?.cause ?? '', /hub-3 is silent/);
  assert.match(effectsOf(rows[0]!, []).actions[0] ?? '', /^it gets every call until/);
  assert.deepEqual(breakersCounted(rows.flatMap(({ of }) => (of.kind === 'breaker' ? [of.breaker] : []))), {
    ...{ open: 1, half: 0, held: 1 },
  });
});

test('a call is touched by what its record says, and by nothing long before it', () => {
  const [alert, open, used, stop] = ['alert', 'breaker', 'budget', 'order'].map(
    (kind) =>
      incidentsOf({
        ...NOTHING,
        specs: new Map([['orders-errors', { signal: 'errors', target: 'agent/orders', forMs: 0, severity: 'page' }]]),
        ...(kind === 'alert' ? { incidents: [incident] } : {}),
        ...(kind === 'breaker' ? { breakers: [breaker] } : {}),
        ...(kind === 'budget' ? { budgets: [budget] } : {}),
        ...(kind === 'order' ? { orders: [order] } : {}),
      })[0]!,
  );
  const failed = call({ status: 'failed', steps: [step('attempt', { endpoint: 'orders-1', outcome: 'failed' })] });
  const elsewhere = call({
    steps: [
      step('attempt', { endpoint: 'orders-1', outcome: 'failed' }),
      step('attempt', { endpoint: 'orders-2', outcome: 'ok' }),
    ],
  });
  const poor = call({
    status: 'refused',
    code: 'budget_exhausted',
    attributes: { message: 'budget `daily` has 0 left' },
  });
  const stopped = call({ status: 'denied', steps: [step('halt', { order: 'kill-1', cut: true })] });
  const touchedBy = (event: CallEvent) => [alert, open, used, stop].map((row) => isTouched(row!)(event));
  assert.deepEqual(touchedBy(call({})), [false, false, false, false]);
  assert.deepEqual(touchedBy(failed), [true, true, false, false]);
  assert.deepEqual(touchedBy(elsewhere), [false, true, false, false]);
  assert.deepEqual(touchedBy(poor), [true, true, true, false]);
  assert.deepEqual(touchedBy(stopped), [false, false, false, true]);
  assert.deepEqual(touchedBy({ ...failed, startedAtMs: NOW - 120_000 }), [false, false, false, false]);
  const other = call({ status: 'failed', target: { kind: 'agent', name: 'kb', operation: 'x' } });
  assert.deepEqual(touchedBy(other), [false, false, false, false]);
  assert.deepEqual(effectsOf(open!, [failed, elsewhere, { ...elsewhere, trace: 't2', principal: null }]), {
    ...{ requests: 2, callers: 2 },
    actions: ['it gets no calls until its rest is over', '2 calls were tried again elsewhere'],
  });
  assert.deepEqual(effectsOf(stop!, [stopped]).actions, ['calls are stopped on every node', '1 call was cut']);
});

test('an alert about denials, time or money counts the calls that it is about', () => {
  const touched = (signal: Incident['signal'], spec: object, event: CallEvent): boolean => {
    const [row] = incidentsOf({
      ...{ ...NOTHING, incidents: [{ ...incident, signal }] },
      specs: new Map([['orders-errors', { signal, forMs: 0, severity: 'page', ...spec } as never]]),
    });
    return isTouched(row!)(event);
  };
  assert.equal(touched('denials', {}, call({ status: 'denied' })), true);
  assert.equal(touched('denials', {}, call({ status: 'refused', code: 'rate_limited' })), true);
  assert.equal(touched('denials', {}, call({ status: 'failed' })), false);
  assert.equal(touched('latency', { aboveMs: 50 }, call({})), true);
  assert.equal(touched('latency', { aboveMs: 500 }, call({})), false);
  assert.equal(touched('budget', { budget: 'daily' }, call({ steps: [step('pause', { budget: 'daily' })] })), true);
  assert.equal(touched('budget', { budget: 'other' }, call({ steps: [step('pause', { budget: 'daily' })] })), false);
});

test('what somebody looks after stays open and no longer asks for everybody', () => {
  const acknowledged = { by: 'user/ada', atMs: NOW, note: '' };
  const [row] = incidentsOf({ ...NOTHING, incidents: [{ ...incident, acknowledged }] });
  assert.deepEqual([row!.state, row!.mood, row!.isOpen], ['acknowledged', 'none', true]);
  const over = { ...incident, acknowledged, endedAtMs: NOW + 1, ended: 'by user/ada: a test' };
  const [last] = incidentsOf({ ...NOTHING, incidents: [over] });
  assert.deepEqual([last!.state, last!.cause], ['over', 'orders-errors (errors): by user/ada: a test']);
});
