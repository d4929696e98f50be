import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ModelEvents } from './events.ts';

const delta = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
const usage = { completion_tokens: 7 };
const stream = Buffer.from(
  `${delta('hello')}: ping\n${delta('wörld')}data: ${JSON.stringify({ usage })}\n\ndata: [DONE]`,
);

test('where a stream is cut into chunks changes nothing of what is counted', () => {
  for (const size of [1, 2, 7, 64, stream.byteLength]) {
    const events = new ModelEvents();
    for (let at = 0; at < stream.byteLength; at += size) events.saw(stream.subarray(at, at + size));
    const { textBytes, pieces, report } = events;
    assert.deepEqual({ textBytes, pieces, report }, { textBytes: 11, pieces: 2, report: { output: 7 } }, `${size}`);
  }
});

test('a megabyte without the end of a line, sent byte by byte, costs as much as its bytes, and is counted when it is let go', () => {
  const events = new ModelEvents();
  const startMs = performance.now();
  const byte = Buffer.from('x');
  for (let at = 0; at <= 1024 * 1024; at++) events.saw(byte);
  assert.equal(events.textBytes, 1024 * 1024 + 1);
  // Some 0.1 s; minutes when each byte copied all that came before it.
  assert.ok(performance.now() - startMs < 10_000);
});
