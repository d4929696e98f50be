import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loopback } from './ground.ts';
import { run } from './run.ts';

test('a mesh whose hub is away: each class stops at its bound, over kill -9, and everything arrives once when it is back', async () => {
  const said: string[] = [];
  const { findings, rows } = await run({
    ground: loopback(),
    seconds: 16,
    isShared: true,
    say: (line) => void said.push(line),
  });
  assert.deepEqual(findings, [], [...said, ...rows.map((row) => row.join(' '))].join('\n'));
});
