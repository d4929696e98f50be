import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { agreeing, replay } from './desk-check.ts';
import { readRecordings } from './recordings.ts';
import { sampleDatabase } from './sample.ts';

const folder = (t: TestContext, lines: readonly object[]): string => {
  const dir = mkdtempSync(join(tmpdir(), 'airline-'));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(join(dir, 'trajectories.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return dir;
};

const call = (id: string, name: string, args: object) => ({
  role: 'assistant',
  content: null,
  tool_calls: [{ id, type: 'function', function: { name, arguments: JSON.stringify(args) } }],
});
const reply = (id: string, content: string) => ({ role: 'tool', tool_call_id: id, content });
const conversation = (...messages: object[]) => ({ task_id: 3, trial: 1, reward: 1, messages });

const cancelled = conversation(
  { role: 'user', content: 'hello' },
  call('c1', 'cancel_reservation', { reservation_id: 'NONE00' }),
  reply('c1', 'Error: reservation not found'),
  call('c1', 'calculate', { expression: '1 + 1' }),
  reply('c1', '2.0'),
);

test('calls come in order, each with the reply after it, also when an id is used twice', (t) => {
  const [one] = readRecordings(folder(t, [cancelled]));
  assert.equal(one?.session, 'task-3-trial-1');
  assert.deepEqual(
    one?.calls.map(({ tool, args, argsText, reply }) => [tool, args, argsText, reply]),
    [
      [
        'cancel_reservation',
        { reservation_id: 'NONE00' },
        '{"reservation_id":"NONE00"}',
        'Error: reservation not found',
      ],
      ['calculate', { expression: '1 + 1' }, '{"expression":"1 + 1"}', '2.0'],
    ],
  );
});

test('a call without a reply is not passed over', (t) => {
  const dir = folder(t, [conversation(call('c1', 'think', { thought: '' }), { role: 'user', content: 'well?' })]);
  assert.throws(() => readRecordings(dir), /`task-3-trial-1`: call `c1` of `think` has no reply/);
});

test('a replay counts a reply that differs against the desk', (t) => {
  const wrong = conversation(call('c1', 'calculate', { expression: '1 + 1' }), reply('c1', '3.0'));
  const replayed = replay(sampleDatabase, readRecordings(folder(t, [cancelled, wrong])));
  assert.equal(agreeing(replayed), 2 / 3);
});
