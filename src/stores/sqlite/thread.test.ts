/** The near side of a writer thread: whoever waits hears an outcome, whatever happens on the other side. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { refused } from '../../conformance/stores/expect.ts';
import { CONTROL, prepareDatabase } from './database.ts';
import { WriterThread } from './thread.ts';

const withThread = async (work: (thread: WriterThread) => Promise<void>): Promise<void> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-thread-'));
  const plans = await prepareDatabase(dir, CONTROL);
  const path = join(dir, CONTROL.file);
  const thread = await WriterThread.open(CONTROL.file, { path, plans, sync: 'full', maxBytes: null });
  try {
    await work(thread);
  } finally {
    await thread.close();
    rmSync(dir, { recursive: true, force: true });
  }
};

const next = (thread: WriterThread) => thread.ask('write', 'nextOf', { name: 'x' });

test('a thread that cannot open its file says so and is gone', async () => {
  const path = join(tmpdir(), 'airspace-no-such-directory', 'control.db');
  const opening = WriterThread.open('control.db', { path, plans: [], sync: 'full', maxBytes: null });
  assert.equal((await refused(opening, 'storage', 'control.db')).facts['reason'], 'open');
});

test('reads and writes are answered in the order in which they were asked', () =>
  withThread(async (thread) => {
    const answers = await Promise.all([
      next(thread),
      thread.ask('read', 'listNodes', null),
      next(thread),
      thread.ask('write', 'putNode', { id: 'a', entry: '{}' }),
      thread.ask('read', 'listNodes', null),
    ]);
    assert.deepEqual(answers.slice(0, 3), [1, [], 2]);
    assert.equal((answers[4] as readonly unknown[]).length, 1);
  }));

test('a command that makes no sense is refused, and its neighbours are not', () =>
  withThread(async (thread) => {
    const [first, nonsense, second] = await Promise.allSettled([
      next(thread),
      thread.ask('write', 'putNode', { id: null, entry: null }),
      next(thread),
    ]);
    assert.deepEqual(
      [first, second],
      [1, 2].map((value) => ({ status: 'fulfilled', value })),
    );
    await refused(nonsense.status === 'rejected' ? Promise.reject(nonsense.reason) : Promise.resolve(), 'storage');
  }));

test('what cannot cross to the thread is refused, and the thread goes on', () =>
  withThread(async (thread) => {
    await refused(thread.ask('write', 'nextOf', { name: () => 'a function' }), 'storage');
    assert.equal(await next(thread), 1);
  }));

test('more commands than one batch holds are all answered', () =>
  withThread(async (thread) => {
    const numbers = await Promise.all(Array.from({ length: 2_500 }, () => next(thread)));
    assert.equal(new Set(numbers).size, 2_500);
  }));
