/** A short slice of the storms over plans, and every check of theirs once on something that is wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../../src/contract/index.ts';
import { findingsOf, type Seen } from './findings.ts';
import type { Execution } from './ledger.ts';
import { stormLines } from './report.ts';
import { openScene } from './scene.ts';
import { PRICE_MICROS } from './shapes.ts';
import { storm } from './storm.ts';

test('plans in three domains keep their promises while processes are killed', async (context) => {
  const seed = Math.floor(Math.random() * 100_000);
  const scene = await openScene({});
  try {
    const say = (line: string): void => context.diagnostic(line);
    const came = await storm({ scene, seed, kills: 3, plans: 3, withinMs: 120_000, drainMs: 120_000, say });
    context.diagnostic(stormLines(`seed ${seed}`, came));
    assert.deepEqual(came.findings, []);
    assert.ok(came.runs.length > 0 && came.executions > 0, 'there was load');
  } finally {
    await scene.stop();
  }
});

const RUN = 'a'.repeat(32);
const execution = (step: string, operation: string, atMs: number): Execution => ({
  ...{ call: `call of ${step}`, key: `${RUN}/${step}`, operation, order: 'order-0', atMs },
});
const EXECUTIONS = [
  execution('hold', 'hold', 1),
  execution('pay', 'pay', 2),
  execution('~pay', 'refund', 3),
  execution('~hold', 'release', 4),
];
const eventsOf = (steps: readonly string[]): readonly RunEvent[] =>
  [
    { kind: 'started' },
    ...steps.flatMap((step) => [
      { kind: 'intent', step, call: `call of ${step}`, idempotent: false },
      { kind: 'ended', step, call: `call of ${step}`, outcome: 'ok', executed: 'yes' },
    ]),
  ].map((event, at) => ({ ...event, seq: at + 1, atMs: 0 }) as RunEvent);
const SEEN: Seen = {
  ...{ order: 'order-0', fail: 'close', seats: [], plan: 'plain', id: RUN, state: 'compensated', message: '' },
  events: eventsOf(['hold', 'pay', '~pay', '~hold']),
};
const MONEY = { spent: PRICE_MICROS, reserved: 0, refused: 0, unheard: 0 };

test('a run that was taken back as it should be is no finding', () => {
  assert.deepEqual(findingsOf([SEEN], EXECUTIONS, MONEY), []);
});

const [hold, pay, refund, release] = EXECUTIONS as [Execution, Execution, Execution, Execution];
const PLANTED: readonly (readonly [string, Partial<Seen>, readonly Execution[], Partial<typeof MONEY>, RegExp])[] = [
  [
    'a payment that ran twice',
    {},
    [...EXECUTIONS, { ...pay, call: 'another' }],
    { spent: 2 * PRICE_MICROS },
    /ran 2 times/,
  ],
  ['a refund that never was', {}, [hold, pay, release], {}, /`pay` ran and was not taken back/],
  ['the oldest taken back first', {}, [hold, pay, { ...refund, atMs: 9 }, release], {}, /not the latest first/],
  ['a run that never ended', { state: 'held' }, EXECUTIONS, {}, /is `held`/],
  ['a run that is done and was to fail', { state: 'done' }, [hold, pay], {}, /`close` refused it/],
  ['a lost event', { events: SEEN.events.toSpliced(3, 1) }, EXECUTIONS, {}, /stands where 4 belongs/],
  ['money that stays set aside', {}, EXECUTIONS, { reserved: 1 }, /still set aside/],
  ['money that nobody got', {}, EXECUTIONS, { spent: 2 * PRICE_MICROS }, /the budget says/],
  ['work of no run', {}, [...EXECUTIONS, { ...hold, key: 'stranger/hold' }], {}, /belongs to no run/],
  ['work that nobody intended', {}, [...EXECUTIONS, execution('award', 'award', 2)], {}, /never intended it/],
];

for (const [what, run, executions, money, finding] of PLANTED) {
  test(`the checks find ${what}`, () => {
    const found = findingsOf([{ ...SEEN, ...run }], executions, { ...MONEY, ...money }).map(({ text }) => text);
    assert.match(found.join('\n'), finding);
  });
}
