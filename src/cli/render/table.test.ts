import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { widthOf } from './clean.ts';
import { colours } from './paint.ts';
import { type Column, table } from './table.ts';

interface Row {
  readonly name: string;
  readonly calls: number;
  readonly note: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', value: (row) => row.name, style: () => 'green' },
  { title: 'CALLS', value: (row) => row.calls, align: 'right' },
  { title: 'LABELS', value: () => 'x=y', wide: true },
  { title: 'NOTE', value: (row) => row.note },
];
const ROWS: readonly Row[] = [
  { name: 'orders', calls: 7, note: '' },
  { name: 'kb', calls: 1200, note: 'a long remark about very little' },
];

test('columns are aligned, numbers to the right, and nothing is cut in a pipe', () => {
  assert.equal(
    table(ROWS, COLUMNS, { width: null }),
    'NAME    CALLS  NOTE\norders      7\nkb       1200  a long remark about very little',
  );
});

test('a terminal gets lines that fit, the widest column gives way', () => {
  assert.equal(
    table(ROWS, COLUMNS, { width: 30 }),
    'NAME    CALLS  NOTE\norders      7\nkb       1200  a long remark …',
  );
});

test('wide columns and titles come and go as asked', () => {
  assert.equal(table(ROWS.slice(0, 1), COLUMNS, { width: null, wide: true, headers: false }), 'orders  7  x=y');
});

test('colour takes no column', () => {
  const [, line] = table(ROWS.slice(0, 1), COLUMNS, { width: null, paint: colours }).split('\n');
  assert.equal(line!.replaceAll(String.fromCharCode(0x1b), '^'), '^[32morders^[39m      7');
});

test('whatever the rows hold, each is one line, and on a terminal none is too long', () => {
  const rows = fc.array(
    fc.record({ name: fc.string({ unit: 'binary' }), calls: fc.nat(), note: fc.string({ unit: 'grapheme' }) }),
  );
  fc.assert(
    fc.property(rows, fc.integer({ min: 24, max: 80 }), (some, width) => {
      const lines = table(some, COLUMNS, { width }).split('\n');
      assert.equal(lines.length, some.length + 1);
      for (const line of lines) assert.ok(widthOf(line) <= width, line);
    }),
  );
});
