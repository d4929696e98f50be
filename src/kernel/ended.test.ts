import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault, type Reply } from '../contract/index.ts';
import { Canceller } from './cancel.ts';
import { type Ended, whenEnded, whenEndedOrCut, whenStopped } from './ended.ts';
import { loopbackReply } from './loopback.ts';

const gone = new Fault('cancelled', 'the caller went away');
const streamed = (chunks: AsyncIterable<Uint8Array>): Promise<Reply> =>
  Promise.resolve(loopbackReply({ body: { kind: 'stream', chunks } }));
const chunksOf = (reply: Reply): AsyncIterator<Uint8Array> => {
  if (reply.body.kind !== 'stream') assert.fail('expected a stream');
  return reply.body.chunks[Symbol.asyncIterator]();
};
const recorder = (): { readonly ends: string[]; readonly ended: Ended } => {
  const ends: string[] = [];
  return {
    ends,
    ended: (fault, reply, bytes) => ends.push(`${fault?.code ?? 'well'} ${reply?.status ?? '-'} ${bytes}`),
  };
};
async function* three(): AsyncGenerator<Uint8Array> {
  for (let size = 1; size <= 3; size += 1) yield new Uint8Array(size);
}
/** A source whose next chunk comes when told, and that knows whether it was closed. */
const slow = () => {
  const state = {
    closed: 0,
    deliver: (_result: IteratorResult<Uint8Array>): void => {},
    chunks: {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<IteratorResult<Uint8Array>>((resolve) => (state.deliver = resolve)),
        return: async () => {
          state.closed += 1;
          return { done: true as const, value: undefined };
        },
      }),
    },
  };
  return state;
};
const watchers = { whenEnded, whenEndedOrCut, whenStopped };

for (const [name, watch] of Object.entries(watchers)) {
  test(`${name}: a unary reply ends at once, with its size`, async () => {
    const { ends, ended } = recorder();
    const reply = loopbackReply({ body: { kind: 'bytes', bytes: new Uint8Array(7) } });
    assert.equal(await watch(Promise.resolve(reply), new Canceller(), ended), reply);
    assert.deepEqual(ends, ['well 200 7']);
  });

  test(`${name}: a failure ends the call and arrives as a Fault`, async () => {
    const { ends, ended } = recorder();
    const work = watch(Promise.reject(new TypeError('secret text')), new Canceller(), ended);
    await assert.rejects(work, (thrown) => thrown instanceof Fault && !thrown.message.includes('secret'));
    assert.deepEqual(ends, ['internal - 0']);
  });

  test(`${name}: a stream ends after its last chunk, once, and its signal forgets it`, async () => {
    const { ends, ended } = recorder();
    const canceller = new Canceller();
    const chunks = chunksOf(await watch(streamed(three()), canceller, ended));
    while ((await chunks.next()).done !== true) assert.deepEqual(ends, []);
    assert.deepEqual(ends, ['well 200 6']);
    await chunks.next();
    await chunks.return?.();
    canceller.cancel(gone);
    assert.deepEqual(ends, ['well 200 6']);
    assert.equal(canceller.listening, 0);
  });

  test(`${name}: a stream that breaks ends with the reason`, async () => {
    const { ends, ended } = recorder();
    async function* breaks(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(4);
      throw new Fault('upstream_broken', 'cut');
    }
    const chunks = chunksOf(await watch(streamed(breaks()), new Canceller(), ended));
    await chunks.next();
    await assert.rejects(chunks.next(), { code: 'upstream_broken' });
    assert.deepEqual(ends, ['upstream_broken 200 4']);
  });

  test(`${name}: a reader that leaves early closes the source, even while a chunk is on its way`, async () => {
    const { ends, ended } = recorder();
    const source = slow();
    const chunks = chunksOf(await watch(streamed(source.chunks), new Canceller(), ended));
    void chunks.next();
    await chunks.return?.();
    assert.equal(source.closed, 1);
    assert.deepEqual(ends, ['cancelled 200 0']);
  });

  test(`${name}: a stream dropped before its first chunk ends when the scope does`, async () => {
    const { ends, ended } = recorder();
    const canceller = new Canceller();
    await watch(streamed(three()), canceller, ended);
    canceller.cancel(gone);
    await null;
    await null;
    assert.deepEqual(ends, ['cancelled 200 0']);
    assert.equal(canceller.listening, 0);
  });

  test(`${name}: a stream that starts in a scope which is over ends too`, async () => {
    const { ends, ended } = recorder();
    const canceller = new Canceller();
    canceller.cancel(gone);
    await watch(streamed(three()), canceller, ended);
    await null;
    await null;
    assert.deepEqual(ends, ['cancelled 200 0']);
  });

  test(`${name}: whatever the reader and the caller do, the end comes exactly once`, async () => {
    const step = fc.constantFrom('next', 'return', 'cancel');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
        const { ends, ended } = recorder();
        const canceller = new Canceller();
        const chunks = chunksOf(await watch(streamed(three()), canceller, ended));
        for (const action of steps) {
          if (action === 'cancel') canceller.cancel(gone);
          else await Promise.resolve(chunks[action]?.()).catch(() => {});
        }
        await chunks.return?.();
        assert.equal(ends.length, 1);
        assert.equal(canceller.listening, 0);
      }),
      { numRuns: 50 },
    );
  });
}

test('whenEndedOrCut: a reader that waits hears the end at once, though the source hangs', async () => {
  const canceller = new Canceller();
  const source = slow();
  const chunks = chunksOf(await whenEndedOrCut(streamed(source.chunks), canceller, () => {}));
  const waiting = assert.rejects(chunks.next(), gone);
  canceller.cancel(gone);
  await waiting;
  assert.equal(source.closed, 1);
  await assert.rejects(chunks.next(), gone);
});

test('whenEndedOrCut: a reader that leaves does not wait for a source that takes its time', async () => {
  const { ends, ended } = recorder();
  const chunks = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: () => new Promise<never>(() => {}),
    }),
  };
  await chunksOf(await whenEndedOrCut(streamed(chunks), new Canceller(), ended)).return?.();
  assert.deepEqual(ends, ['cancelled 200 0']);
});

test('whenStopped: a source that still works keeps its slot until it lets go (D5)', async () => {
  const { ends, ended } = recorder();
  const canceller = new Canceller();
  const source = slow();
  const chunks = chunksOf(await whenStopped(streamed(source.chunks), canceller, ended));
  const pulled = chunks.next();
  canceller.cancel(gone);
  await null;
  assert.deepEqual(ends, []);
  source.deliver({ done: false, value: new Uint8Array(2) });
  await pulled;
  await null;
  await null;
  assert.equal(source.closed, 1);
  assert.deepEqual(ends, ['cancelled 200 2']);
});
