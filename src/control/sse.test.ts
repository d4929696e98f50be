import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ServerEvent, serverEvents } from './sse.ts';

async function* inPieces(text: string, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    yield bytes.subarray(from, end);
    from = end;
  }
}
const read = async (text: string, cuts: readonly number[] = [], limit = 1_000): Promise<readonly ServerEvent[]> =>
  Array.fromAsync(serverEvents(inPieces(text, cuts), limit));

test('events, comments, unknown fields and unnamed events are told apart', async () => {
  const text =
    ': open\n\nevent: snapshot\ndata: {"a":\ndata:  1}\nid: 7\n\nretry: 5\n\r\ndata:x\r\n\r\nevent: empty\n\ndata: cut off';
  assert.deepEqual(await read(text), [
    { event: 'snapshot', data: '{"a":\n 1}' },
    { event: 'message', data: 'x' },
  ]);
});

test('wherever the bytes are cut, the events are the same', async () => {
  const text = ': beat\n\nevent: roster\ndata: {"name":"Zoë 🛫"}\n\ndata: b\n\n';
  const whole = await read(text);
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(200), { maxLength: 20 }), async (cuts) => {
      assert.deepEqual(await read(text, cuts), whole);
    }),
  );
});

test('an event above the limit is refused, in one line, in many, and without an end', async () => {
  for (const text of [`data: ${'x'.repeat(100)}\n\n`, 'data: 12345678\n'.repeat(9), 'x'.repeat(100)]) {
    await assert.rejects(read(text, [], 50), { code: 'too_large' });
    await assert.rejects(read(text, [10, 20, 30, 40, 60], 50), { code: 'too_large' });
  }
});
