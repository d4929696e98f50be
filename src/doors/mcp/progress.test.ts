/** Words about a run on the stream of its request: each with a number that grows, and none after the answer. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CancelSignal, Fault, type Reply, type RunProgress } from '../../contract/index.ts';
import { loopbackReply } from '../../kernel/index.ts';
import { withProgress } from './progress.ts';

const heard = async (
  words: (signal: CancelSignal) => AsyncIterable<RunProgress>,
  reply: Promise<Reply>,
  call: Promise<string> = Promise.resolve('c'),
): Promise<{ readonly progress: readonly unknown[]; readonly end: Reply | string }> => {
  const progress: unknown[] = [];
  const messages = withProgress('token', (_call, signal) => words(signal), call, reply);
  try {
    for (;;) {
      const step = await messages.next();
      if (step.done === true) return { progress, end: step.value };
      progress.push((step.value['params'] as { readonly progress: unknown }).progress);
    }
  } catch (thrown) {
    return { progress, end: Fault.from(thrown).code };
  }
};

const word = (done: number): RunProgress => ({ done, total: 3, message: `${done}` });

test('a word whose number does not grow is not sent, and the answer comes when it is there', async () => {
  const { promise: reply, resolve: answer } = Promise.withResolvers<Reply>();
  const words = async function* () {
    for (const done of [0, 0, 1, 1, 0, 3]) yield word(done);
    answer(loopbackReply());
  };
  const { progress, end } = await heard(words, reply);
  assert.deepEqual([progress, typeof end], [[0, 1, 3], 'object']);
});

test('words that never end are given up with the answer, and a failure of theirs keeps no answer back', async () => {
  const given: Fault[] = [];
  const endless = async function* (signal: CancelSignal) {
    yield word(0);
    await new Promise<void>((_, reject) =>
      signal.onCancel((reason) => {
        given.push(reason);
        reject(reason);
      }),
    );
  };
  const { end } = await heard(endless, Promise.resolve(loopbackReply()));
  assert.equal(typeof end, 'object');
  const broken = (): AsyncIterable<RunProgress> => {
    throw new Error('no store');
  };
  assert.equal((await heard(broken, Promise.reject(new Fault('timeout', 'late')))).end, 'timeout');
});

test('a request that is refused before it is a call is answered all the same', async () => {
  const none = async function* () {
    yield word(0);
  };
  const { progress, end } = await heard(none, Promise.reject(new Fault('too_large', 'no')), new Promise(() => {}));
  assert.deepEqual([progress, end], [[], 'too_large']);
});
