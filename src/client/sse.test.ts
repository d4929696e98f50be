import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readEvents, type ServerEvent } from './sse.ts';

async function* cut(text: string, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  for (let turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

const read = async (text: string, sizes: readonly number[] = [1_000_000]): Promise<ServerEvent[]> => {
  const events: ServerEvent[] = [];
  for await (const event of readEvents(cut(text, sizes))) events.push(event);
  return events;
};

test('fields, comments, line ends and ids are read as the standard says', async () => {
  const text =
    '\ufeff: hello\n\ndata: 1\n\nevent: tick\r\nid: 7\r\ndata:2\r\ndata:  3\r\n\r\ndata\r\rretry: 5\nnoise\n\nevent: x\n\ndata: é\n\ndata: half';
  assert.deepEqual(await read(text), [
    { event: 'message', data: '1', id: '' },
    { event: 'tick', data: '2\n 3', id: '7' },
    { event: 'message', data: '', id: '7' },
    { event: 'message', data: 'é', id: '7' },
  ]);
});

test('chunking never changes what is read', async () => {
  const line = fc.constantFrom('data: a', 'data: é😀', 'event: e', 'id: 1', ': c', '', '', 'data');
  const end = fc.constantFrom('\n', '\r\n', '\r');
  const text = fc.array(fc.tuple(line, end), { maxLength: 20 }).map((lines) => lines.flat().join(''));
  await fc.assert(
    fc.asyncProperty(
      text,
      fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }),
      async (all, sizes) => {
        assert.deepEqual(await read(all, sizes), await read(all));
      },
    ),
    { numRuns: 300 },
  );
});
