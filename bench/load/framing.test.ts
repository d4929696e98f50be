import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Head, MessageReader } from './framing.ts';

const body = fc.string({ unit: fc.constantFrom('a', '\r', '\n', '0', ' '), maxLength: 40 });
const sized = body.map((text) => `HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: ${text.length}\r\n\r\n${text}`);
const chunked = fc
  .array(
    body.filter((text) => text !== ''),
    { maxLength: 3 },
  )
  .map((chunks) => {
    const parts = chunks.map((text) => `${text.length.toString(16)};ext=1\r\n${text}\r\n`).join('');
    return `HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n${parts}0\r\nTrailer: z\r\n\r\n`;
  });
const bare = fc.constant('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
const message = fc.oneof(sized, chunked, bare);

function read(stream: string, cuts: readonly number[]): Head[] {
  const heads: Head[] = [];
  const reader = new MessageReader((head) => heads.push(head));
  const bytes = Buffer.from(stream, 'latin1');
  const edges = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  for (let i = 1; i < edges.length; i += 1) reader.push(bytes.subarray(edges[i - 1], edges[i]));
  return heads;
}

test('every message is found once, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 5 }), fc.array(fc.nat(), { maxLength: 12 }), (messages, cuts) => {
      const expected = messages.map((text) => text.slice(0, text.indexOf('\r\n')));
      assert.deepEqual(
        read(messages.join(''), cuts).map((head) => head.startLine),
        expected,
      );
    }),
  );
});

test('a message that is not complete is not reported', () => {
  assert.deepEqual(read('HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab', []), []);
  assert.deepEqual(read('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n', []), []);
});

test('a reply that closes its connection says so', () => {
  assert.deepEqual(read('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n', []), [
    { startLine: 'HTTP/1.1 204 No Content', closes: true },
  ]);
});

test('bytes that are not HTTP/1.1 are refused, not waited for', () => {
  const refused = [
    ['a head or chunk line is over 64 KB', 'x'.repeat(65 * 1024)],
    ['a content-length is no number', 'HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n'],
    ['a chunk has no size', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
  ] as const;
  for (const [message, stream] of refused) assert.throws(() => read(stream, []), { message });
});
