/** Promises about tasks: they are there after a restart, change once for whoever saw them last, and are found by their owner alone. */
import assert from 'node:assert/strict';
import type { ContextRecord, TaskRecord } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import { refused } from './expect.ts';
import { HOSTILE, hexId } from './samples.ts';

const task = (id: number, change: Partial<TaskRecord> = {}): TaskRecord => ({
  id: hexId(id),
  tenant: 'default',
  principal: { kind: 'agent', tenant: 'default', id: 'caller', roles: ['reader'] },
  target: { kind: 'agent', name: 'quoter', operation: 'message' },
  context: 'trip',
  state: 'TASK_STATE_WORKING',
  isOver: false,
  held: '',
  remote: { task: 't-1', context: 'c-1', pin: 'quoter@1' },
  node: 'hub-1',
  createdAtMs: 1,
  statusAtMs: id,
  version: 1,
  body: '{"id":"x"}',
  ...change,
});

const owner = { tenant: 'default', principal: { kind: 'agent', id: 'caller' } } as const;

export const taskChecks = (promise: StoreCheck): void => {
  promise('a task comes back as it was written, after reopen too', async (stores, again) => {
    await stores.tasks.put(task(1));
    const { tasks } = await again();
    assert.deepEqual(await tasks.get('default', hexId(1)), task(1));
    assert.equal(await tasks.get('theirs', hexId(1)), undefined);
    for (const [at, text] of HOSTILE.entries()) {
      const odd = task(50 + at, { tenant: text, context: text, state: text, body: text });
      await tasks.put(odd);
      assert.deepEqual(await tasks.get(text, odd.id), odd);
      const found = await tasks.list({ ...owner, tenant: text, context: text, state: text, limit: 9 });
      assert.deepEqual(found, { tasks: [odd], total: 1 });
    }
  });

  promise('of 20 who change one task at the same time one is heard', async ({ tasks }) => {
    await tasks.put(task(1));
    const changes = Array.from({ length: 20 }, (_, at) => tasks.put(task(1, { version: 2, body: `${at}` })));
    const settled = await Promise.allSettled(changes);
    assert.equal(settled.filter(({ status }) => status === 'fulfilled').length, 1);
    await refused(tasks.put(task(1)), 'conflict', hexId(1));
  });

  promise('an owner finds its tasks and nobody else does, newest state first, page by page', async ({ tasks }) => {
    for (const n of [1, 2, 3]) await tasks.put(task(n));
    await tasks.put(task(4, { statusAtMs: 3, context: 'other' }));
    await tasks.put(task(5, { principal: { kind: 'user', tenant: 'default', id: 'caller', roles: [] } }));
    await tasks.put(task(6, { target: { kind: 'tool', name: 'quoter', operation: 'x' }, state: 'TASK_STATE_FAILED' }));
    const ids = async (filter: object): Promise<readonly string[]> =>
      (await tasks.list({ ...owner, limit: 9, ...filter })).tasks.map(({ id }) => id);
    assert.deepEqual(await ids({}), [6, 4, 3, 2, 1].map(hexId));
    const page = await tasks.list({ ...owner, limit: 2 });
    assert.deepEqual([page.tasks.map(({ id }) => id), page.total], [[hexId(6), hexId(4)], 5]);
    const after = { statusAtMs: 3, id: hexId(4) };
    assert.deepEqual(await ids({ after }), [3, 2, 1].map(hexId));
    assert.deepEqual(await ids({ context: 'other' }), [hexId(4)]);
    assert.deepEqual(await ids({ state: 'TASK_STATE_FAILED' }), [hexId(6)]);
    assert.deepEqual(await ids({ target: { kind: 'agent', name: 'quoter' }, sinceMs: 3 }), [hexId(4), hexId(3)]);
    assert.deepEqual(await ids({ principal: { kind: 'agent', id: 'other' } }), []);
    assert.deepEqual(await ids({ tenant: 'theirs' }), []);
  });

  promise('a node finds what it has to follow, and nothing that is over', async (stores, again) => {
    await stores.tasks.put(task(1));
    await stores.tasks.put(task(2, { node: 'hub-2' }));
    await stores.tasks.put(task(3));
    await stores.tasks.put(task(3, { version: 2, isOver: true, state: 'TASK_STATE_COMPLETED' }));
    const { tasks } = await again();
    assert.deepEqual(
      (await tasks.open('hub-1')).map(({ id }) => id),
      [hexId(1)],
    );
  });

  promise('a conversation belongs to one caller and one target', async (stores, again) => {
    const key = { ...owner, target: { kind: 'agent', name: 'quoter' }, id: 'trip' } as const;
    const context: ContextRecord = { ...key, remote: { context: 'c-1', pin: 'p' }, atMs: 1 };
    await stores.tasks.putContext({ ...context, remote: { context: 'c-0', pin: '' } });
    await stores.tasks.putContext(context);
    const { tasks } = await again();
    assert.deepEqual(await tasks.context(key), context);
    assert.equal(await tasks.context({ ...key, principal: { kind: 'agent', id: 'other' } }), undefined);
    assert.equal(await tasks.context({ ...key, target: { kind: 'tool', name: 'quoter' } }), undefined);
    assert.equal(await tasks.context({ ...key, tenant: 'theirs' }), undefined);
  });

  promise('what is wanted of a task is there until it is removed, or the task goes', async (stores, again) => {
    const push = (id: string, n = 1) => ({ tenant: 'default', task: hexId(n), id, atMs: 1, body: id });
    for (const id of ['a', 'b']) await stores.tasks.putPush(push(id));
    await stores.tasks.putPush(push('c', 2));
    await stores.tasks.putPush({ ...push('a'), body: 'changed' });
    const { tasks } = await again();
    assert.deepEqual(await tasks.pushes('default', hexId(1)), [{ ...push('a'), body: 'changed' }, push('b')]);
    assert.equal(await tasks.removePush('default', hexId(1), 'b'), true);
    assert.equal(await tasks.removePush('default', hexId(1), 'b'), false);
    assert.equal(await tasks.removePush('theirs', hexId(1), 'a'), false);
    await tasks.put(task(1, { isOver: true, statusAtMs: 5 }));
    await tasks.put(task(2, { isOver: true, statusAtMs: 50 }));
    await tasks.put(task(3, { statusAtMs: 5 }));
    const key = { ...owner, target: { kind: 'agent', name: 'quoter' }, id: 'trip' } as const;
    await tasks.putContext({ ...key, remote: { context: 'c', pin: '' }, atMs: 5 });
    assert.equal(await tasks.prune(10), 1);
    assert.equal(await tasks.get('default', hexId(1)), undefined);
    assert.deepEqual(await tasks.pushes('default', hexId(1)), []);
    assert.deepEqual(await tasks.pushes('default', hexId(2)), [push('c', 2)]);
    assert.notEqual(await tasks.get('default', hexId(3)), undefined);
    assert.equal(await tasks.context(key), undefined);
  });
};
