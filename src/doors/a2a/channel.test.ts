/** A reader gets everything in order or is told that it did not, and who left is forgotten. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault } from '../../contract/index.ts';
import { Channel } from './channel.ts';

test('what was pushed before the end is read, and then the reason', async () => {
  const channel = new Channel<number>();
  channel.push(1);
  channel.push(2);
  channel.close(new Fault('unavailable', 'going away'));
  channel.push(3);
  const read: number[] = [];
  await assert.rejects(
    async () => {
      for await (const value of channel) read.push(value);
    },
    { code: 'unavailable' },
  );
  assert.deepEqual(read, [1, 2]);
});

test('a reader that waits hears at once, and of the end too', async () => {
  const channel = new Channel<string>();
  const reading = Array.fromAsync(channel);
  channel.push('a');
  await Promise.resolve();
  channel.push('b');
  channel.close();
  assert.deepEqual(await reading, ['a', 'b']);
});

test('a reader that takes nothing is cut off, and holds no more than its share', async () => {
  const channel = new Channel<number>();
  for (let n = 0; n < 5_000; n++) channel.push(n);
  assert.equal(channel.isClosed, true);
  let read = 0;
  await assert.rejects(
    async () => {
      for await (const _ of channel) read += 1;
    },
    { code: 'slow_consumer' },
  );
  assert.equal(read, 2_000);
});

test('whoever kept a reader is told once that it left, early or late', async () => {
  for (const leave of [
    async (channel: Channel<number>) => channel.close(),
    async (channel: Channel<number>) => {
      channel.push(1);
      for await (const _ of channel) break;
    },
  ]) {
    const channel = new Channel<number>();
    let left = 0;
    channel.whenLeft(() => left++);
    await leave(channel);
    channel.close();
    assert.equal(left, 1);
    channel.whenLeft(() => left++);
    assert.equal(left, 2);
  }
});
