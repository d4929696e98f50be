/** The benchmark of streams sees what a hop does to them: what is lost, doubled, moved, added or cut is counted, in every stream. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Children } from '../children.ts';
import { EventReply } from './body.ts';
import { StreamCheck } from './check.ts';
import { drive } from './drive.ts';
import type { StreamOrder } from './order.ts';
import { wrongIn } from './report.ts';
import { run } from './run.ts';
import { bodyOf, endOf, eventOf, scriptIn } from './script.ts';

const SCRIPT = { chunks: 4, everyMs: 1 };
const NONE = { lost: 0, doubled: 0, reordered: 0, strange: 0, unended: false };

const cases: readonly (readonly [string, readonly (number | 'end' | 'usage' | 'odd')[], Partial<typeof NONE>])[] = [
  ['as it was written', [0, 1, 2, 3, 'end'], {}],
  ['a chunk is lost', [0, 2, 3, 'end'], { lost: 1 }],
  ['a chunk comes twice', [0, 1, 1, 2, 3, 'end'], { doubled: 1 }],
  ['two chunks change places', [0, 2, 1, 3, 'end'], { reordered: 1 }],
  ['a chunk comes after the end', [0, 1, 2, 'end', 3], { lost: 1, strange: 1 }],
  ['an event that nobody wrote', [0, 1, 'odd', 2, 3, 'end'], { strange: 1 }],
  ['a report of usage that the caller did not ask for', [0, 1, 2, 3, 'usage'], { strange: 1 }],
  ['it is cut', [0, 1], { lost: 2, unended: true }],
];

for (const [what, said, faults] of cases)
  test(`a stream is held against its script: ${what}`, () => {
    const check = new StreamCheck(SCRIPT);
    for (const word of said) {
      const text =
        typeof word === 'number' ? eventOf(word, 1) : word === 'odd' ? 'data: {}\n\n' : endOf(SCRIPT, word === 'usage');
      for (const event of text.split('\n\n').slice(0, -1)) check.heard(event);
    }
    assert.deepEqual(check.faults, { ...NONE, ...faults });
  });

test('a reply is read alike however it is cut into packets and chunks', () => {
  const events = `${eventOf(0, 7)}:\n\n${eventOf(1, 8)}${endOf(SCRIPT, false)}`;
  const framed = [events.slice(0, 50), events.slice(50)].map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
  const bytes = Buffer.from(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${framed.join('')}0\r\n\r\n`);
  for (const size of [1, 2, 3, 7, 64, bytes.length]) {
    const heard: string[] = [];
    const reply = new EventReply({
      status: (status) => heard.push(String(status)),
      event: (text) => heard.push(text),
      end: () => heard.push('end'),
    });
    for (let at = 0; at < bytes.length; at += size) reply.push(bytes.subarray(at, at + size));
    assert.equal(heard[0], '200');
    assert.equal(heard.at(-1), 'end');
    assert.equal(heard.length, 6, `two chunks, stop, done, in packets of ${size}`);
  }
});

test('a request says what is to be streamed, and other requests say nothing of the kind', () => {
  assert.deepEqual(scriptIn(bodyOf(SCRIPT)), SCRIPT);
  assert.equal(scriptIn('{"stream":false}'), undefined);
});

test('streams that a hop cuts or refuses are counted, each of them', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      const first = eventOf(0, 1);
      socket.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${first.length.toString(16)}\r\n${first}\r\n`);
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const order: StreamOrder = {
    port: (server.address() as AddressInfo).port,
    request: 'POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n',
    script: SCRIPT,
    streams: 3,
    rampMs: 0,
    limitMs: 5_000,
    hopPids: [],
    ownPids: [],
  };
  const result = await drive(order);
  server.close();
  assert.deepEqual([result.chunks, result.lost, result.unended], [3, 9, 3]);
  assert.equal(wrongIn(result), 12);
});

test('fifty streams from the scripted upstream come complete and in order', async () => {
  const children = new Children(null);
  const dir = mkdtempSync(join(tmpdir(), 'airspace-bench-stream-'));
  const plan = {
    targets: ['direct' as const],
    streams: [50],
    chunks: 20,
    everyMs: [5],
    rounds: 1,
    rampMs: 50,
    warmRounds: 0,
  };
  try {
    const [row] = await run({ plan, children, dir, say: () => {} });
    assert.equal(row?.wrong, 0);
    assert.ok(row.chunkMs.p50 >= 0 && row.firstChunkMs.p50 > 0);
  } finally {
    await children.endAll();
    rmSync(dir, { recursive: true, force: true });
  }
});
