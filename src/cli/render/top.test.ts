import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TopRead, TopTarget } from '../../contract/index.ts';
import { plain } from './paint.ts';
import { table } from './table.ts';
import { frame, rowsOf, TOP_COLUMNS } from './top.ts';

const target = (given: Partial<TopTarget> = {}): TopTarget => ({
  target: 'agent/orders',
  domain: '',
  calls: 100,
  failed: 1,
  denied: 0,
  p50Ms: 2,
  p99Ms: 9,
  inFlight: 3,
  panic: false,
  endpoints: [],
  ...given,
});
const read = (atMs: number, ...targets: readonly TopTarget[]): TopRead => ({ atMs, targets });

test('rates come from two reads, busiest first', () => {
  const rows = rowsOf(
    read(1_000, target(), target({ target: 'agent/kb', calls: 5 })),
    read(3_000, target({ calls: 120 }), target({ target: 'agent/kb', calls: 105 })),
  );
  assert.deepEqual(
    rows.map((row) => [row.target, row.rps]),
    [
      ['agent/kb', 50],
      ['agent/orders', 10],
    ],
  );
});

test('a node that started again has no rate until its second read', () => {
  const [row] = rowsOf(read(1_000, target()), read(2_000, target({ calls: 1 })));
  assert.equal(row!.rps, null);
  assert.equal(rowsOf(undefined, read(1, target()))[0]!.rps, null);
});

test('a frame fits the terminal, clears every line, and says what it does not show', () => {
  const rows = rowsOf(
    undefined,
    read(0, ...Array.from({ length: 30 }, (_, at) => target({ target: `agent/a${at}`, calls: at }))),
  );
  const text = frame('head', rows, { columns: 60, rows: 10 }, plain);
  const lines = text.split('\r\n');
  assert.equal(lines.length, 9);
  assert.ok(lines.every((line) => line.includes('\u001b[K')));
  assert.match(text, /… 25 more/);
});

test('endpoints that take no calls are named with their reason', () => {
  const sick = {
    id: 'a@1',
    version: '1',
    state: 'ready',
    obstacle: 'ejected',
    ...{ url: 'http://127.0.0.1:1', via: ['hub'], requests: 0, failures: 0, inFlight: 0 },
    breaker: 'closed',
    ejectedForMs: 5,
    latencyMs: null,
  };
  const text = frame(
    'head',
    rowsOf(undefined, read(0, target({ endpoints: [sick] }))),
    { columns: 120, rows: 10 },
    plain,
  );
  assert.match(text, /0\/1 {2}a@1 ejected/);
});

test('how much of its work a target completed is in the wide table', () => {
  const rows = rowsOf(undefined, read(1, target({ outcomes: 8, completed: 6 }), target({ target: 'agent/kb' })));
  const text = table(rows, TOP_COLUMNS, { width: null, paint: plain, wide: true });
  assert.match(text, /DENIED +DONE +FLIGHT/);
  assert.match(text, /agent\/orders .* 75\.0% /);
  assert.match(text, /agent\/kb .* - /);
});
