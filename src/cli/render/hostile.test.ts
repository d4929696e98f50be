import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent } from '../../contract/index.ts';
import { callColumns } from '../commands/calls.ts';
import { callLine } from '../commands/observe.ts';
import { event, step } from '../testing/events.ts';
import { plain } from './paint.ts';
import { table } from './table.ts';
import { frame, rowsOf, TOP_COLUMNS } from './top.ts';
import { waterfall } from './waterfall.ts';
import { why } from './why.ts';

/** Clears the screen, sets the title, turns the line around, hides letters, breaks the table, and goes on for ever. */
const HOSTILE = `\u001b[2J\u001b]0;owned\u0007\u009b31m\u202egnp\u2066\u200b\u200d\u2060\ufeff\u{e0041}\r\n\u0000${'A'.repeat(10_000)}`;

/** Said with numbers: in a pattern, characters that nobody sees are as hard to check as anywhere. */
const isForbidden = (point: number): boolean =>
  (point < 0x20 && point !== 0x0a) ||
  [
    [0x7f, 0x9f],
    [0x200b, 0x200f],
    [0x2028, 0x202e],
    [0x2060, 0x206f],
    [0xfeff, 0xfeff],
    [0xe0000, 0xe007f],
  ].some(([from, to]) => point >= from! && point <= to!);

const call: CallEvent = event({
  status: 'failed',
  code: HOSTILE,
  node: HOSTILE,
  callId: HOSTILE,
  trace: HOSTILE,
  principal: { kind: 'agent', id: HOSTILE, domain: HOSTILE },
  target: { kind: 'agent', name: HOSTILE, operation: HOSTILE },
  attributes: { message: HOSTILE, executed: 'unknown' },
  steps: [
    step('decide', 0, 1, {
      effect: 'deny',
      code: HOSTILE,
      rules: [HOSTILE],
      missing: [HOSTILE],
      policyVersion: HOSTILE,
    }),
    step('route', 1, 1, { candidates: 1, eligible: 0, refused: [HOSTILE] }),
    step('attempt', 2, 1, { attempt: 1, endpoint: HOSTILE, outcome: 'failed', code: HOSTILE }),
    step(HOSTILE, 3, 1, { [HOSTILE]: HOSTILE }),
  ],
});

const target = {
  target: HOSTILE,
  domain: HOSTILE,
  calls: 1,
  failed: 0,
  denied: 0,
  p50Ms: 1,
  p99Ms: 1,
  inFlight: 0,
  panic: false,
  endpoints: [
    {
      id: HOSTILE,
      url: HOSTILE,
      via: [HOSTILE],
      version: HOSTILE,
      state: HOSTILE,
      obstacle: HOSTILE,
      inFlight: 0,
      requests: 0,
      failures: 0,
      breaker: HOSTILE,
      isHeld: true as const,
      ejectedForMs: 0,
      latencyMs: 1,
    },
  ],
};
const read = { atMs: 0, targets: [target] };
const rows = rowsOf(read, { ...read, atMs: 1_000 });
const cells = { width: null, wide: true, headers: true, paint: plain };

const VIEWS: Readonly<Record<string, () => string>> = {
  why: () => why([call], plain),
  'trace in a pipe': () => waterfall([call], { width: null, paint: plain }),
  'trace on a terminal': () => waterfall([call], { width: 80, paint: plain }),
  tap: () => callLine(call, plain),
  'get calls': () => table([call], callColumns(0), cells),
  'top in a pipe': () => table(rows, TOP_COLUMNS, cells),
  // Our own frame moves the cursor on purpose: that much is taken off first.
  'top on a terminal': () =>
    ['H', 'J', 'K', '2J'].reduce(
      (text, end) => text.replaceAll(`\u001b[${end}`, ''),
      frame('head', rows, { columns: 80, rows: 24 }, plain).replaceAll('\r\n', '\n'),
    ),
};

for (const [name, view] of Object.entries(VIEWS)) {
  test(`${name}: names and messages of strangers cannot draw, hide, turn around or flood`, () => {
    const text = view();
    const found = [...text].findIndex((character) => isForbidden(character.codePointAt(0)!));
    assert.equal(found, -1, JSON.stringify([...text].slice(Math.max(0, found - 20), found + 20).join('')));
    for (const shown of text.split('\n')) assert.ok(shown.length < 5_000, `${shown.length} characters in one line`);
    assert.match(text, /…/, 'what is missing is marked');
  });
}
