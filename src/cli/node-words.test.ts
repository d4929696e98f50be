import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from './context.ts';
import type { NodeWords } from './lifecycle.ts';
import { nodeOptions } from './node-words.ts';

const WORDS = { data: 'd', host: '127.0.0.1', port: '0', logLevel: 'info' } as unknown as NodeWords;
const CONTEXT = { io: { env: {} }, out: { note: () => {} } } as unknown as Context;
const longest = async (maxPayload: string) => (await nodeOptions(CONTEXT, { ...WORDS, maxPayload })).maxPayload;

test('the longest payload is said in bytes or in units, and within what a node can hold', async () => {
  assert.deepEqual(
    [await longest('65536'), await longest('512KiB'), await longest('8MiB')],
    [65_536, 524_288, 8 * 1024 * 1024],
  );
  for (const wrong of ['', '8', '8MB', '33MiB', '-1', '1e9', '1.5MiB', 'unlimited'])
    await assert.rejects(longest(wrong), /--max-payload must be from 64KiB to 32MiB/, wrong);
});
