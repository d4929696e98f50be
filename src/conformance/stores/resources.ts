/** Promises about desired state: atomic commits, complete history, honest conflicts. */
import assert from 'node:assert/strict';
import type { Change, Resource, Stores } from '../../contract/index.ts';
import { idOf } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import { refused } from './expect.ts';
import { HOSTILE, user } from './samples.ts';

const AT = 1_700_000_000_000;

const change = (puts: readonly Resource[], more: Partial<Change> = {}): Change => ({
  puts,
  deletes: [],
  by: 'ada',
  reason: 'because',
  ...more,
});

const put = (stores: Stores, ...names: readonly string[]) =>
  stores.resources.commit(change(names.map((name) => user(name))), AT);

const namesAt = async (stores: Stores, revision?: number): Promise<readonly string[]> =>
  (await stores.resources.list(revision)).resources.map(({ resource }) => resource.metadata.name);

export const resourceChecks = (promise: StoreCheck): void => {
  promise('an empty store is at revision 0 and holds nothing', async (stores) => {
    assert.deepEqual(await stores.resources.list(), { revision: 0, resources: [] });
    assert.deepEqual(await stores.resources.history(10), []);
  });

  promise('a commit says what it did, and the list shows it in order of keys', async (stores) => {
    const revision = await stores.resources.commit(change([user('zoe'), user('ada')], { rollbackOf: 0 }), AT);
    assert.deepEqual(revision, {
      revision: 1,
      atMs: AT,
      by: 'ada',
      reason: 'because',
      rollbackOf: 0,
      put: ['default/User/zoe', 'default/User/ada'],
      deleted: [],
    });
    assert.deepEqual(await stores.resources.list(), {
      revision: 1,
      resources: [
        { resource: user('ada'), version: 1, revision: 1 },
        { resource: user('zoe'), version: 1, revision: 1 },
      ],
    });
    assert.deepEqual(await stores.resources.history(10), [revision]);
  });

  promise('a commit is all or nothing', async (stores) => {
    await put(stores, 'ada');
    const before = [await stores.resources.list(), await stores.resources.history(10)];
    const ghost = idOf(user('ghost'));
    await refused(
      stores.resources.commit(change([user('eve'), user('ada', 'changed')], { deletes: [ghost] }), AT),
      'not_found',
      'default/User/ghost',
    );
    const versions = { 'default/User/ada': 1, 'default/User/eve': 5 };
    await refused(stores.resources.commit(change([user('eve')], { ifVersions: versions }), AT), 'conflict');
    await refused(stores.resources.commit(change([user('eve'), user('eve')]), AT), 'bad_request', 'default/User/eve');
    assert.deepEqual([await stores.resources.list(), await stores.resources.history(10)], before);
  });

  promise('a stale ifRevision changes nothing and says both numbers', async (stores) => {
    await put(stores, 'ada');
    await put(stores, 'bob');
    const fault = await refused(
      stores.resources.commit(change([user('eve')], { ifRevision: 1 }), AT),
      'conflict',
      'revision 1',
      'at 2',
    );
    assert.deepEqual(fault.facts, { expected: 1, actual: 2 });
    assert.deepEqual(await namesAt(stores), ['ada', 'bob']);
    assert.equal((await stores.resources.commit(change([user('eve')], { ifRevision: 2 }), AT)).revision, 3);
  });

  promise('a stale version changes nothing, names the resource, and 0 means that it must not exist', async (stores) => {
    await put(stores, 'ada');
    const key = 'default/User/ada';
    const attempt = (version: number) =>
      stores.resources.commit(change([user('ada', 'new')], { ifVersions: { [key]: version } }), AT);
    assert.deepEqual((await refused(attempt(0), 'conflict', key)).facts, { key, expected: 0, actual: 1 });
    assert.deepEqual((await refused(attempt(7), 'conflict', key)).facts, { key, expected: 7, actual: 1 });
    assert.equal((await stores.resources.list()).revision, 1);
    await attempt(1);
    await stores.resources.commit(change([], { deletes: [idOf(user('ada'))] }), AT);
    assert.deepEqual((await refused(attempt(2), 'conflict', key)).facts, { key, expected: 2, actual: 0 });
    assert.equal((await attempt(0)).revision, 4);
  });

  promise('history is gap-free under 50 concurrent commits', async (stores) => {
    const revisions = await Promise.all(Array.from({ length: 50 }, (_, at) => put(stores, `user-${at}`)));
    const numbers = revisions.map((each) => each.revision).sort((a, b) => a - b);
    const expected = Array.from({ length: 50 }, (_, at) => at + 1);
    assert.deepEqual(numbers, expected);
    const history = await stores.resources.history(100);
    assert.deepEqual(
      history.map((each) => each.revision),
      expected.reverse(),
    );
    assert.equal((await stores.resources.list()).resources.length, 50);
  });

  promise('of 20 concurrent commits that looked at the same revision one wins', async (stores) => {
    const attempts = await Promise.allSettled(
      Array.from({ length: 20 }, (_, at) =>
        stores.resources.commit(change([user('ada', `by ${at}`)], { ifRevision: 0 }), AT),
      ),
    );
    assert.equal(attempts.filter((each) => each.status === 'fulfilled').length, 1);
    assert.equal((await stores.resources.list()).revision, 1);
  });

  promise('every revision can be looked at as it was, and one that never was is not found', async (stores) => {
    await put(stores, 'ada', 'bob');
    await stores.resources.commit(change([user('ada', 'Ada L.')]), AT);
    await stores.resources.commit(change([user('eve')], { deletes: [idOf(user('bob'))] }), AT);
    assert.deepEqual(await namesAt(stores, 0), []);
    assert.deepEqual(await namesAt(stores, 1), ['ada', 'bob']);
    assert.deepEqual((await stores.resources.list(2)).resources[0], {
      resource: user('ada', 'Ada L.'),
      version: 2,
      revision: 2,
    });
    assert.deepEqual(await namesAt(stores), ['ada', 'eve']);
    await refused(stores.resources.list(4), 'not_found', 4, 3);
    await refused(stores.resources.list(-1), 'not_found');
  });

  promise('a version can be read after its resource is gone, and its number never comes back', async (stores) => {
    const id = idOf(user('ada'));
    await stores.resources.commit(change([user('ada', 'first')]), AT);
    await stores.resources.commit(change([], { deletes: [id] }), AT);
    await stores.resources.commit(change([user('ada', 'again')]), AT);
    assert.deepEqual(await stores.resources.version(id, 1), {
      resource: user('ada', 'first'),
      version: 1,
      revision: 1,
    });
    assert.deepEqual(await stores.resources.version(id, 2), {
      resource: user('ada', 'again'),
      version: 2,
      revision: 3,
    });
    assert.equal(await stores.resources.version(id, 3), undefined);
    assert.equal(await stores.resources.version(idOf(user('bob')), 1), undefined);
    await refused(
      stores.resources.commit(change([], { deletes: [idOf(user('bob'))] }), AT),
      'not_found',
      'default/User/bob',
    );
  });

  promise('history is newest first, and of one resource it holds what put and what deleted it', async (stores) => {
    await put(stores, 'ada');
    await put(stores, 'bob');
    await stores.resources.commit(change([user('eve')], { deletes: [idOf(user('ada'))] }), AT);
    const revisions = async (limit: number, key?: string) =>
      (await stores.resources.history(limit, key)).map((each) => each.revision);
    assert.deepEqual(await revisions(2), [3, 2]);
    assert.deepEqual(await revisions(10, 'default/User/ada'), [3, 1]);
    assert.deepEqual(await revisions(1, 'default/User/ada'), [3]);
    assert.deepEqual(await revisions(10, 'other/User/ada'), []);
    assert.deepEqual((await stores.resources.history(1))[0]!.deleted, ['default/User/ada']);
  });

  promise('tenants may use the same names, and neither touches the other', async (stores) => {
    await stores.resources.commit(change([user('ada', 'ours', 'one'), user('ada', 'theirs', 'two')]), AT);
    await stores.resources.commit(change([], { deletes: [idOf(user('ada', '', 'one'))] }), AT);
    const { resources } = await stores.resources.list();
    assert.deepEqual(
      resources.map(({ resource }) => resource),
      [user('ada', 'theirs', 'two')],
    );
  });

  promise('hostile strings in resources, authors and reasons come back unchanged', async (stores) => {
    for (const [at, text] of HOSTILE.entries()) {
      const resource = user(`user-${at}`, text);
      const revision = await stores.resources.commit(change([resource], { by: text, reason: text }), AT);
      assert.deepEqual((await stores.resources.history(1))[0], revision);
      assert.equal(revision.by, text);
      assert.equal(revision.reason, text);
      assert.deepEqual((await stores.resources.version(idOf(resource), 1))?.resource, resource);
    }
  });

  promise('what was handed out or handed in is a copy', async (stores) => {
    const resource = user('ada', 'before');
    await stores.resources.commit(change([resource]), AT);
    (resource.metadata as { name: string }).name = 'mallory';
    (((await stores.resources.list()).resources[0]!.resource.metadata as { name: string }).name as string) = 'mallory';
    assert.deepEqual(await namesAt(stores), ['ada']);
  });

  promise('desired state is there after reopen: every revision and every version', async (stores, again) => {
    await put(stores, 'ada', 'bob');
    await stores.resources.commit(change([user('ada', 'new')], { deletes: [idOf(user('bob'))] }), AT);
    const before = [await stores.resources.list(), await stores.resources.list(1), await stores.resources.history(9)];
    const { resources } = await again();
    assert.deepEqual([await resources.list(), await resources.list(1), await resources.history(9)], before);
    assert.equal((await resources.commit(change([user('eve')]), AT)).revision, 3);
  });
};
