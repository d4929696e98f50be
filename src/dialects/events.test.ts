import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { MAX_EVENT_CHARS, readEvents, type ServerEvent, writeEvent } from './events.ts';

const inPieces = async function* (bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
};
const readAll = async (text: string, size: number): Promise<ServerEvent[]> =>
  Array.fromAsync(readEvents(inPieces(new TextEncoder().encode(text), size)));

test('events are the same in whatever pieces they come, and however lines end', async () => {
  for (const end of ['\n', '\r\n', '\r']) {
    const text = [': hello', 'event: a', 'data: {"x":"é"}', 'id: 7', '', 'data:one', 'data: two', '', ''].join(end);
    for (const size of [1, 2, 3, 5, 1000])
      assert.deepEqual(await readAll(`${text}${end === '\r' ? '\n' : ''}`, size), [
        { name: 'a', data: '{"x":"é"}', id: '7' },
        { name: '', data: 'one\ntwo' },
      ]);
  }
});

test('what was written is read', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), fc.integer({ min: 1, max: 9 }), async (text, size) => {
      const bytes = writeEvent(text, 'message');
      const events = await Array.fromAsync(readEvents(inPieces(bytes, size)));
      assert.deepEqual(events, [{ name: 'message', data: text.replaceAll(/\r\n|\r/g, '\n') }]);
    }),
  );
});

test('an event that was not finished is none, and one without end is refused', async () => {
  assert.deepEqual(await readAll('data: half\n', 100), []);
  await assert.rejects(readAll(`data: ${'x'.repeat(MAX_EVENT_CHARS)}`, 65_536), /does not end/);
});
