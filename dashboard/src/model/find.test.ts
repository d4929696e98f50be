/** What is found by typing, how often rules decide, and how long ago something was. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CallEvent } from '../../../src/contract/index.ts';
import { ago } from './ago.ts';
import { hitsOf } from './hits.ts';
import { foundIn, requestIn } from './palette.ts';

const entry = (label: string, kind = 'agent', hint = '') => ({ label, kind, hint });
const labels = (asked: string, ...entries: readonly ReturnType<typeof entry>[]): readonly string[] =>
  foundIn(entries, asked, 3).map(({ label }) => label);

test('every word must be there, and what begins with it comes first', () => {
  const all = [
    entry('is-a-refund'),
    entry('Refunds', 'screen'),
    entry('big-refunds'),
    entry('orders', 'agent', 'refunds'),
  ];
  assert.deepEqual(labels('refund', ...all), ['Refunds', 'is-a-refund', 'big-refunds']);
  assert.deepEqual(labels('agent ref', ...all), ['is-a-refund', 'big-refunds', 'orders']);
  assert.deepEqual(labels('nothing', ...all), []);
  assert.deepEqual(labels('  ', ...all), ['is-a-refund', 'Refunds', 'big-refunds'], 'the first ones, as they came');
});

test('what has the form of an id is one, and nothing else', () => {
  assert.equal(requestIn(' 7F3AC91E '), '7f3ac91e');
  for (const text of ['7f3ac91', '7f3ac91g', '../7f3ac91e', 'a'.repeat(33), ''])
    assert.equal(requestIn(text), undefined);
});

test('a call counts once for each level and rule that had the say, within the time that is known', () => {
  let calls = 0;
  const call = (endMs: number, ...steps: readonly (readonly string[])[]): CallEvent =>
    ({
      callId: String(++calls),
      startedAtMs: endMs - 10,
      durationMs: 10,
      steps: steps.map((rules) => ({ name: 'decide', attributes: { rules } })),
    }) as unknown as CallEvent;
  const events = [
    call(1_000, ['org/a']),
    call(50_000, ['org/a', 'org/b', 'money/c'], ['org/a']),
    {
      ...call(60_000, ['org/a']),
      steps: [{ name: 'route', attributes: { rules: ['org/a'] } }],
    } as unknown as CallEvent,
  ];
  const { levels, rules, minutes } = hitsOf([...events, { ...events[1]!, node: 'another' }], {
    nowMs: 61_000,
    windowMs: 300_000,
    fromMs: 31_000,
  });
  assert.deepEqual(Object.fromEntries(levels), { org: 1, money: 1 });
  assert.deepEqual(Object.fromEntries(rules), { 'org/a': 1, 'org/b': 1, 'money/c': 1 });
  assert.equal(minutes, 0.5);
  assert.equal(hitsOf(events, { nowMs: 61_000, windowMs: 300_000, fromMs: 60_000 }).minutes, null, 'too short to say');
});

test('how long ago is said in one unit', () => {
  const said = [0, 40_000, 400_000, 7_200_000, 200_000_000].map((ms) => ago(1_000_000_000 - ms, 1_000_000_000));
  assert.deepEqual(said, ['now', '40s ago', '6m ago', '2h ago', '2d ago']);
});
