import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { windowAt } from './window.ts';

const at = (text: string): number => Date.parse(text);
const shown = (every: 'day' | 'week' | 'month' | 'hour', timezone: string, instant: string): readonly string[] => {
  const { startMs, endMs } = windowAt({ every, timezone }, at(instant));
  return [new Date(startMs).toISOString().slice(0, 16), new Date(endMs!).toISOString().slice(0, 16)];
};

test('days, weeks and months begin at the midnight of their zone, on the days of a clock change too', () => {
  const cases: readonly (readonly ['day' | 'week' | 'month' | 'hour', string, string, string, string])[] = [
    ['day', 'UTC', '2026-03-01T12:00Z', '2026-03-01T00:00', '2026-03-02T00:00'],
    // 23 hours in spring, 25 in autumn.
    ['day', 'Europe/Berlin', '2026-03-29T12:00Z', '2026-03-28T23:00', '2026-03-29T22:00'],
    ['day', 'Europe/Berlin', '2026-10-25T12:00Z', '2026-10-24T22:00', '2026-10-25T23:00'],
    ['day', 'America/New_York', '2026-11-01T03:59Z', '2026-10-31T04:00', '2026-11-01T04:00'],
    // Midnight itself was left out: the day began at one.
    ['day', 'America/Sao_Paulo', '2018-11-04T12:00Z', '2018-11-04T03:00', '2018-11-05T02:00'],
    // A whole date was left out.
    ['day', 'Pacific/Apia', '2011-12-30T09:59Z', '2011-12-29T10:00', '2011-12-30T10:00'],
    ['day', 'Asia/Kathmandu', '2026-05-05T20:00Z', '2026-05-05T18:15', '2026-05-06T18:15'],
    ['week', 'Europe/Berlin', '2026-03-29T21:59Z', '2026-03-22T23:00', '2026-03-29T22:00'],
    ['week', 'Europe/Berlin', '2026-03-29T22:00Z', '2026-03-29T22:00', '2026-04-05T22:00'],
    ['month', 'Europe/Berlin', '2026-03-31T21:59Z', '2026-02-28T23:00', '2026-03-31T22:00'],
    ['month', 'Pacific/Auckland', '2024-02-28T11:00Z', '2024-01-31T11:00', '2024-02-29T11:00'],
    ['hour', 'Asia/Kathmandu', '2026-05-05T20:10Z', '2026-05-05T20:00', '2026-05-05T21:00'],
  ];
  for (const [every, zone, instant, start, end] of cases)
    assert.deepEqual(shown(every, zone, instant), [start, end], `${every} in ${zone} at ${instant}`);
  assert.deepEqual(windowAt({ every: 'none', timezone: 'UTC' }, 5), { startMs: 0, endMs: null });
});

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'America/St_Johns',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Africa/Cairo',
  'America/Havana',
];

test('whatever the zone and the instant, windows hold it and follow on each other without gap', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...(['minute', 'hour', 'day', 'week', 'month'] as const)),
      fc.constantFrom(...ZONES),
      fc.integer({ min: at('1985-01-01'), max: at('2045-01-01') }),
      (every, timezone, wallMs) => {
        const window = { every, timezone };
        const { startMs, endMs } = windowAt(window, wallMs);
        assert.ok(startMs <= wallMs && wallMs < endMs!);
        assert.deepEqual(windowAt(window, startMs), { startMs, endMs });
        assert.deepEqual(windowAt(window, endMs! - 1), { startMs, endMs });
        assert.equal(windowAt(window, endMs!).startMs, endMs);
        assert.equal(windowAt(window, startMs - 1).endMs, startMs);
      },
    ),
    { numRuns: 1_000 },
  );
});
