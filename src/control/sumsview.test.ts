import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_COUNTS, type SumRow } from '../contract/index.ts';
import { target } from './linkfixture.ts';
import { sumsView } from './sumsview.ts';

const SNAPSHOT = {
  targets: [target('till', 'shop'), target('stock', 'returns'), target('desk', 'office'), target('top', '')],
  domains: [
    { tenant: 'default', name: 'shop', parent: '', delegated: true },
    { tenant: 'default', name: 'returns', parent: 'shop', delegated: true },
    { tenant: 'default', name: 'office', parent: '', delegated: false },
    { tenant: 'rivals', name: 'secret', parent: '', delegated: false },
  ],
};

const row = (domain: string, name: string, calls: number, more: Partial<SumRow> = {}): SumRow => ({
  ...NO_COUNTS,
  ...{ minute: 1, tenant: 'default', domain, kind: 'agent', target: name, caller: 'agent', calls },
  durations: NO_COUNTS.durations.map((_, at) => (at === 5 ? calls : 0)),
  ...more,
});

const ROWS = [
  row('shop', 'till', 10, { errors: 5, costMicros: 7 }),
  row('returns', 'till', 20, { minute: 2, caller: 'user', denied: 1 }),
  row('office', 'stock', 40),
  row('', 'till', 80),
  row('shop', 'top', 160),
  row('shop', '', 3, { kind: 'unknown' }),
];

test('a domain is seen with those below it: what its callers did, and what was asked of it', () => {
  const items = sumsView(ROWS, SNAPSHOT, { tenant: 'default', fromMs: 0, toMs: 10 * 60_000 });
  assert.deepEqual(
    items.map(({ domain, made, got }) => [domain, made.calls, got.calls]),
    [
      ['office', 40, 0],
      ['returns', 20, 40],
      ['shop', 193, 150],
    ],
  );
  const { made, targets } = items[2]!;
  assert.deepEqual([made.perMinute, made.errorRatio, made.costMicros, made.denied], [19.3, 5 / 193, 7, 1]);
  assert.ok(made.p50Ms !== null && made.p50Ms > 7 && made.p50Ms <= 10);
  assert.deepEqual(
    targets.map(({ target: name, calls }) => [name, calls]),
    [
      ['agent/top', 160],
      ['agent/till', 30],
      ['unknown', 3],
    ],
  );
  assert.equal('durations' in made, false);
});

test('where nothing was called there is no ratio and no duration', () => {
  const [office] = sumsView([], SNAPSHOT, { tenant: 'default', fromMs: 5, toMs: 5 });
  assert.deepEqual([office!.made.calls, office!.made.perMinute], [0, 0]);
  assert.deepEqual([office!.made.errorRatio, office!.made.p50Ms, office!.made.p99Ms], [null, null, null]);
});
