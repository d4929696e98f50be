import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { edited } from './lines.ts';

async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const through = async (text: string, size: number, edit: (line: Buffer) => Uint8Array | null): Promise<string> =>
  Buffer.concat(await Array.fromAsync(edited(inPieces(text, size), { mark: Buffer.from('mark'), edit }))).toString();

test('what has no mark passes as it came, in whatever pieces', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 9 }), async (text, size) => {
      const clean = text.replaceAll('mark', '');
      assert.equal(
        await through(clean, size, () => assert.fail('no line has the mark')),
        Buffer.from(clean).toString(),
      );
    }),
  );
});

test('a marked line is changed, or goes with the empty line behind it', async () => {
  for (const end of ['\n', '\r\n'])
    for (const size of [1, 2, 3, 7, 1_000]) {
      const text = ['data: one', '', 'data: mark', '', 'data: two', '', 'data: mark'].join(end);
      assert.equal(
        await through(text, size, () => null),
        ['data: one', '', 'data: two', '', 'data: mark'].join(end),
        'a line that did not end is no line',
      );
      assert.equal(
        await through(`${text}${end}`, size, () => Buffer.from(`x${end}`)),
        ['data: one', '', 'x', '', 'data: two', '', 'x', ''].join(end),
      );
    }
});
