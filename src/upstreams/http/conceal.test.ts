import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Reply } from '../../contract/index.ts';
import { concealed } from './conceal.ts';

const SECRET = 'sk-abcabcabcabd';
const reply = (body: Reply['body'], headers: Reply['headers'] = []): Reply => ({
  outcome: 'failed',
  status: 401,
  contentType: 'application/json',
  headers,
  body,
  endpoint: 'e',
  attempts: 1,
});

test('a secret is masked in bytes and headers, and a reply without it is the same reply', () => {
  const masked = concealed(
    reply({ kind: 'bytes', bytes: Buffer.from(`a${SECRET}${SECRET}b`) }, [['x', `v ${SECRET}`]]),
    SECRET,
  );
  assert.equal(masked.body.kind === 'bytes' && Buffer.from(masked.body.bytes).toString(), 'a[secret][secret]b');
  assert.deepEqual(masked.headers, [['x', 'v [secret]']]);
  const clean = reply({ kind: 'bytes', bytes: Buffer.from('clean') });
  assert.equal(concealed(clean, SECRET), clean);
});

test('a secret in a stream is masked wherever it is cut, and nothing else changes', async () => {
  const piece = fc.oneof(fc.constant(SECRET), fc.constantFrom('sk-abc', 'sk-', 'abcabd', 'x'), fc.string());
  await fc.assert(
    fc.asyncProperty(fc.array(piece), fc.integer({ min: 1, max: 20 }), async (pieces, size) => {
      const bytes = Buffer.from(pieces.join(''));
      async function* chunks(): AsyncGenerator<Uint8Array> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      }
      const { body } = concealed(reply({ kind: 'stream', chunks: chunks() }), SECRET);
      const out = Buffer.concat(body.kind === 'stream' ? await Array.fromAsync(body.chunks) : []);
      assert.equal(out.toString(), bytes.toString().replaceAll(SECRET, '[secret]'));
    }),
  );
});
