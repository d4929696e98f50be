/** Whatever bytes come and however they are cut: messages are read whole, and what is none is told once and does not stay in the way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Frame, FrameReader, framed } from './framing.ts';

const told = (frames: readonly Frame[]): string[] =>
  frames.map((frame) => (frame.kind === 'bad' ? `bad: ${frame.reason}` : frame.text));

const read = (text: string, size = text.length): string[] => {
  const reader = new FrameReader();
  const bytes = Buffer.from(text);
  const found: string[] = [];
  for (let at = 0; at < bytes.length; at += size) found.push(...told(reader.push(bytes.subarray(at, at + size))));
  return found;
};

const A = { a: 'größer 😀' };
const B = { b: 2 };
const GOOD = framed(A) + framed(B);
const BOTH = [JSON.stringify(A), JSON.stringify(B)];

test('messages come out whole, whatever pieces they come in', () => {
  for (let size = 1; size <= Buffer.byteLength(GOOD); size += 1) assert.deepEqual(read(GOOD, size), BOTH);
});

test('other headers, and headers in other letters, are fine', () => {
  const text = 'content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH:  2  \r\n\r\n{}';
  assert.deepEqual(read(text), ['{}']);
});

const BAD: Readonly<Record<string, readonly [string, RegExp]>> = {
  'no length': ['X: 1\r\n\r\n', /without `Content-Length`/],
  'a negative length': ['Content-Length: -1\r\n\r\n', /without `Content-Length`/],
  'a length that is no number': ['Content-Length: many\r\n\r\n{}', /without `Content-Length`/],
  'a huge length': ['Content-Length: 99999999999\r\n\r\n{"a":1}', /99999999999 bytes; at most 16777216/],
  'a length beyond all numbers': [`Content-Length: ${'9'.repeat(400)}\r\n\r\n{}`, /without `Content-Length`/],
  'a header without end': ['x'.repeat(20_000), /header without end/],
  'several of them': ['X: 1\r\n\r\nY: 2\r\n\r\n', /without `Content-Length`/],
};

for (const [name, [text, reason]] of Object.entries(BAD))
  test(`after ${name} reading goes on with the next message`, () => {
    for (const size of [1, 7, 100_000]) {
      const [first = '', ...rest] = read(text + GOOD, size);
      assert.match(first, reason);
      assert.deepEqual(rest, BOTH, `in pieces of ${size}`);
    }
  });

test('noise without end takes no memory', () => {
  const reader = new FrameReader();
  const before = process.memoryUsage().rss;
  for (let at = 0; at < 2_000; at += 1) reader.push(Buffer.alloc(100_000, 'x'));
  assert.ok(process.memoryUsage().rss - before < 100e6);
});
