import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CallEvent, DURATION_EDGES_MS, durationQuantileMs, mergedRows, type SumRow } from '../contract/index.ts';
import { type SumGround, sumOf } from './sums.ts';

const GROUND: SumGround = {
  tenant: 'default',
  domain: 'operations',
  isWithin: (_, domain) => domain === 'operations' || domain === 'returns',
  isTarget: (_, kind, name) => kind === 'agent' && name === 'orders',
};

const event = (more: Partial<CallEvent> = {}): CallEvent => ({
  ...{ callId: 'c'.repeat(32), trace: 'a'.repeat(32), span: 'b'.repeat(16), tenant: 'default' },
  principal: { kind: 'agent', id: 'refunds', domain: 'returns' },
  target: { kind: 'agent', name: 'orders', operation: 'ask' },
  lineage: { root: 'c'.repeat(32), depth: 0 },
  ...{ node: 'n', role: 'domain', startedAtMs: 120_000, durationMs: 4, status: 'ok', code: '', httpStatus: 200 },
  ...{ requestBytes: 0, replyBytes: 0, snapshotSeq: 1, attributes: {}, steps: [] },
  ...more,
});

const counted = (more: Partial<CallEvent> = {}): SumRow => sumOf(event(more), GROUND)!;
const keyOf = ({ minute, tenant, domain, kind, target, caller }: SumRow) =>
  [minute, tenant, domain, kind, target, caller].join(' ');

test('a call is counted in the minute in which it ended, in the domain of its caller, by what it called', () => {
  assert.equal(keyOf(counted()), '2 default returns agent orders agent');
  assert.equal(keyOf(counted({ durationMs: 60_000 })), '3 default returns agent orders agent');
  assert.equal(
    keyOf(counted({ principal: { kind: 'user', id: 'ann' } })),
    '2 default operations agent orders user',
    'people have no domain: it is that of the hub',
  );
});

test('a call that another node sent is counted there, and not here', () => {
  assert.equal(sumOf(event({ attributes: { 'tree.found': 'told' } }), GROUND), undefined);
  assert.equal(counted({ attributes: { 'tree.found': 'token' } }).calls, 1);
  assert.equal(sumOf(event({ tenant: 'rivals' }), GROUND), undefined, 'a domain tells nothing of other tenants');
  const { tenant: _, ...root } = GROUND;
  assert.equal(sumOf(event({ tenant: 'rivals' }), root)?.tenant, 'rivals');
});

test('what callers make up is no row of its own', () => {
  const made = (n: number) => ({ target: { kind: 'agent' as const, name: `x${n}`, operation: 'y' } });
  const rows = mergedRows(
    [1, 2, 3].map((n) => counted({ ...made(n), principal: { kind: `k${n}`, id: 'x', domain: `d${n}` } })),
  );
  assert.deepEqual(rows.map(keyOf), ['2 default operations unknown  other']);
  assert.equal(keyOf(counted({ principal: null, tenant: '' })), '2 default operations unknown  nobody');
  assert.equal(
    keyOf(counted({ principal: { kind: 'agent', id: 'x', domain: 'finance' } })),
    '2 default operations agent orders agent',
  );
});

test('errors are the target and this side, not the caller, not a no, and not a caller who left', () => {
  const outcome = (more: Partial<CallEvent>) => {
    const { calls, errors, denied, held } = counted(more);
    return [calls, errors, denied, held];
  };
  const table: readonly (readonly [Partial<CallEvent>, readonly number[]])[] = [
    [{}, [1, 0, 0, 0]],
    [{ status: 'failed', httpStatus: 404 }, [1, 0, 0, 0]],
    [{ status: 'failed', httpStatus: 500 }, [1, 1, 0, 0]],
    [{ status: 'refused', code: 'unavailable', httpStatus: 0 }, [1, 1, 0, 0]],
    [{ status: 'unknown', code: 'timeout', httpStatus: 0 }, [1, 1, 0, 0]],
    [{ status: 'refused', code: 'not_found', httpStatus: 0 }, [1, 0, 0, 0]],
    [{ status: 'refused', code: 'budget_exhausted', httpStatus: 0 }, [1, 0, 1, 0]],
    [{ status: 'denied', code: 'denied', httpStatus: 0 }, [1, 0, 1, 0]],
    [{ status: 'cancelled', code: 'cancelled', httpStatus: 0 }, [1, 0, 0, 0]],
    [{ httpStatus: 202, attributes: { notes: ['held'] } }, [0, 0, 0, 1]],
  ];
  for (const [more, expected] of table) assert.deepEqual(outcome(more), expected, JSON.stringify(more));
});

test('cost and tokens are what the event says, and numbers that are none count nothing', () => {
  const paid = counted({
    attributes: { 'cost.micros': 7, 'usage.input_tokens': 3, 'usage.output_tokens': 2 },
  });
  assert.deepEqual([paid.costMicros, paid.inputTokens, paid.outputTokens], [7, 3, 2]);
  for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 60, 'many'])
    assert.equal(counted({ attributes: { 'cost.micros': bad } }).costMicros, 0, String(bad));
});

test('merged rows are the sums, whatever the order, and quantiles lie within a bucket of the truth', () => {
  const durations = Array.from({ length: 1_000 }, (_, at) => (at * 7919) % 1_000);
  const rows = durations.map((durationMs) => counted({ durationMs }));
  const [one, ...more] = mergedRows(rows);
  const [other] = mergedRows(rows.toReversed());
  assert.deepEqual(more, []);
  assert.deepEqual(one, other);
  assert.equal(one!.calls, 1_000);
  for (const [q, truth] of [
    [0.5, 500],
    [0.99, 990],
    [0.1, 100],
  ] as const) {
    const found = durationQuantileMs(one!.durations, q)!;
    assert.ok(found > truth * 0.7 && found < truth * 1.5, `${q}: ${found} for ${truth}`);
  }
  assert.equal(durationQuantileMs(counted({ durationMs: 10 ** 9 }).durations, 0.5), DURATION_EDGES_MS.at(-1));
  assert.equal(durationQuantileMs(counted({ attributes: { notes: ['held'] } }).durations, 0.5), null);
});
