/** What a data directory promises: one process at a time, private files, and plain words when something is wrong with it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { test } from 'node:test';
import { refused } from '../../conformance/stores/expect.ts';
import { appending, head, intent } from '../../conformance/stores/run-samples.ts';
import { approval, event, hexId, record, reply, user } from '../../conformance/stores/samples.ts';
import type { Stores } from '../../contract/index.ts';
import { openSqlite } from './index.ts';

const withDirectory = async (work: (dir: string) => Promise<void>): Promise<void> => {
  const parent = mkdtempSync(join(tmpdir(), 'airspace-sqlite-'));
  try {
    await work(join(parent, 'data'));
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
};

const withStores = (dir: string, work: (stores: Stores) => Promise<void>, maxBytes?: number): Promise<void> =>
  openSqlite(maxBytes === undefined ? { dir } : { dir, maxBytes }).then(async (stores) => {
    try {
      await work(stores);
    } finally {
      await stores.close();
    }
  });

test('a call that was edited before its question had a column is found by its question', () =>
  withDirectory(async (dir) => {
    const edited = approval(1, { digest: 'e'.repeat(64), askedDigest: 'f'.repeat(64) });
    await withStores(dir, async ({ approvals }) => {
      for (const one of [edited, approval(2)]) await approvals.put(one);
    });
    const db = new DatabaseSync(join(dir, 'control.db'));
    // As it was before that step and those that came after it.
    const later = ['task', 'task_context', 'task_push', 'run', 'run_event', 'run_step', 'run_blob', 'incident'];
    for (const table of [...later, 'mark', 'spool', 'node_audit', 'node_audit_head']) db.exec(`drop table ${table}`);
    for (const index of ['approval_asked', 'approval_waiting']) db.exec(`drop index ${index}`);
    db.exec('alter table approval drop column asked_digest');
    db.exec("delete from airspace_schema where name in ('askers', 'tasks', 'runs', 'keeping', 'incidents')");
    db.close();
    await withStores(dir, async ({ approvals }) => {
      const { principal } = edited;
      assert.deepEqual(await approvals.latest('default', principal, 'f'.repeat(64)), edited);
      assert.equal(await approvals.latest('default', principal, ''), undefined);
    });
  }));

const commitOne = (stores: Stores, name: string) =>
  stores.resources.commit({ puts: [user(name)], deletes: [], by: 'ada', reason: 'test' }, 1);

test('a second opener is refused and hears which process has the directory', () =>
  withDirectory(async (dir) => {
    await withStores(dir, async (stores) => {
      for (const _ of [1, 2]) {
        const fault = await refused(openSqlite({ dir }), 'conflict', dir, process.pid);
        assert.deepEqual(fault.facts, { dir, pid: process.pid });
      }
      await commitOne(stores, 'ada');
    });
    await withStores(dir, async (stores) => assert.equal((await stores.resources.list()).revision, 1));
  }));

test('another process that has the directory is named, and when it is killed its lock is gone', () =>
  withDirectory(async (dir) => {
    const index = new URL('./index.ts', import.meta.url).href;
    const holder = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      `const { openSqlite } = await import(${JSON.stringify(index)});
       await openSqlite({ dir: ${JSON.stringify(dir)} });
       console.log('open');
       setInterval(() => {}, 1000);`,
    ]);
    await Promise.race([
      once(holder.stdout, 'data'),
      once(holder, 'exit').then(() => assert.fail('the other process ended early')),
    ]);
    await refused(openSqlite({ dir }), 'conflict', holder.pid!);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await withStores(dir, async (stores) => assert.equal(await stores.nodes.next('x'), 1));
  }));

test('the directory and all its files are private', () =>
  withDirectory((dir) =>
    withStores(dir, async (stores) => {
      await commitOne(stores, 'ada');
      await stores.traces.append([event(1)]);
      assert.equal(statSync(dir).mode & 0o777, 0o700);
      const files = readdirSync(dir);
      assert.ok(files.includes('control.db-wal') && files.includes('telemetry.db-wal'), files.join());
      for (const file of files) assert.equal(statSync(join(dir, file)).mode & 0o777, 0o600, file);
    }),
  ));

test('a directory that cannot be one is refused in plain words', () =>
  withDirectory(async (dir) => {
    writeFileSync(dir, 'a file');
    await refused(openSqlite({ dir }), 'storage', dir, 'is a directory');
  }));

for (const file of ['control.db', 'telemetry.db']) {
  test(`a damaged ${file} is refused by name, without the words of SQLite, and the directory is free again`, () =>
    withDirectory(async (dir) => {
      await withStores(dir, async () => {});
      writeFileSync(join(dir, file), 'this was a database once. '.repeat(400));
      for (const _ of [1, 2]) {
        const fault = await refused(openSqlite({ dir }), 'storage', file, 'restore a backup');
        assert.deepEqual(fault.facts, { file, reason: 'corrupt' });
        assert.doesNotMatch(fault.message, /sqlite|SQLITE|malformed/);
        assert.ok(fault.cause instanceof Error);
      }
    }));

  test(`a ${file} of a newer airspace is refused and left alone`, () =>
    withDirectory(async (dir) => {
      await withStores(dir, async () => {});
      const db = new DatabaseSync(join(dir, file));
      db.exec(`insert into airspace_schema values (99, 'from the future')`);
      db.close();
      const fault = await refused(openSqlite({ dir }), 'storage', file, 'newer', 99);
      assert.equal(fault.facts['reason'], 'newer');
    }));
}

test('a migration that fails leaves the database as it was', () =>
  withDirectory(async (dir) => {
    mkdirSync(dir, { recursive: true });
    const path = join(dir, 'control.db');
    const foreign = new DatabaseSync(path);
    foreign.exec('create table node (something text)');
    foreign.close();
    await refused(openSqlite({ dir }), 'storage', 'control.db');
    const left = new DatabaseSync(path);
    const tables = left.prepare(`select name from sqlite_schema where type = 'table'`).all();
    left.close();
    assert.deepEqual(
      tables.map((row) => row['name']),
      ['node'],
    );
  }));

test('a full disk is a fault `storage`, costs nothing that was acknowledged, and passes', () =>
  withDirectory((dir) =>
    withStores(
      dir,
      async (stores) => {
        const body = new Uint8Array(20_000);
        const large = (id: number) => record(id, { request: { contentType: 'a/b', body, timeoutMs: 1, priority: 2 } });
        const accepted: string[] = [];
        const fill = async (): Promise<void> => {
          for (let id = 0; ; id++) {
            await stores.calls.accept(large(id));
            accepted.push(hexId(id));
            if (id < 3) await stores.calls.conclude(hexId(id), 'done', null, 1);
          }
        };
        const fault = await refused(fill(), 'storage', 'control.db', 'no room');
        assert.deepEqual(fault.facts, { file: 'control.db', reason: 'full' });
        assert.equal(fault.executed, 'no');
        assert.ok(accepted.length > 5);
        assert.deepEqual(
          (await stores.calls.open()).map(({ id }) => id),
          accepted.slice(3),
        );
        assert.equal(await stores.calls.prune(2), 3);
        assert.deepEqual(await stores.calls.accept(large(500)), { taken: null });
      },
      480_000,
    ),
  ));

test('only the command that finds the disk full is refused; small ones of the same turn go through', () =>
  withDirectory((dir) =>
    withStores(
      dir,
      async (stores) => {
        const huge = reply({ body: new Uint8Array(2_000_000) });
        await stores.calls.accept(record(1));
        const settled = await Promise.allSettled([
          stores.calls.accept(record(2)),
          stores.calls.conclude(hexId(1), 'done', huge, 1),
          stores.calls.accept(record(3)),
        ]);
        assert.deepEqual(
          settled.map(({ status }) => status),
          ['fulfilled', 'rejected', 'fulfilled'],
        );
        assert.deepEqual(
          (await stores.calls.open()).map(({ id }) => id),
          [hexId(1), hexId(2), hexId(3)],
        );
      },
      400_000,
    ),
  ));

test('whoever worked on runs here is gone after a restart: they are free at once', () =>
  withDirectory(async (dir) => {
    const claim = { nowMs: 2, leaseMs: 1_000_000, limit: 9 } as const;
    await withStores(dir, async ({ plans }) => {
      await plans.start(head(1), [], 1);
      const [run] = await plans.claim({ ...claim, holder: 'before' });
      await plans.append(appending(run!, [intent('find', 100)]));
    });
    await withStores(dir, async ({ plans }) => {
      const [run] = await plans.claim({ ...claim, holder: 'after' });
      assert.deepEqual([run?.id, run?.epoch, run?.holder], [hexId(1), 2, 'after']);
    });
  }));

test('closing finishes what was asked before, and refuses what comes after', () =>
  withDirectory(async (dir) => {
    const stores = await openSqlite({ dir });
    const asked = Array.from({ length: 30 }, (_, id) => stores.calls.accept(record(id)));
    const closing = stores.close();
    await Promise.all([...asked, closing, stores.close()]);
    await refused(stores.calls.accept(record(99)), 'storage', 'closed');
    await refused(stores.calls.open(), 'storage', 'closed');
    await refused(stores.traces.recent({ limit: 1 }), 'storage', 'closed');
    await withStores(dir, async (again) => assert.equal((await again.calls.open()).length, 30));
  }));

test('bytes that are a view into something larger are stored as they are', () =>
  withDirectory((dir) =>
    withStores(dir, async (stores) => {
      const body = Buffer.from('before|the body|after').subarray(7, 15);
      await stores.calls.accept(record(1, { request: { contentType: '', body, timeoutMs: 1, priority: 1 } }));
      const stored = (await stores.calls.get('default', hexId(1)))!.request!.body;
      assert.equal(Buffer.from(stored).toString(), 'the body');
    }),
  ));

test('without close the process may still end', async () =>
  withDirectory(async (dir) => {
    const index = new URL('./index.ts', import.meta.url).href;
    const child = spawn(process.execPath, [
      '--input-type=module',
      '--eval',
      `const { openSqlite } = await import(${JSON.stringify(index)});
       const stores = await openSqlite({ dir: ${JSON.stringify(dir)} });
       await stores.nodes.next('x');`,
    ]);
    const [code] = await once(child, 'exit');
    assert.equal(code, 0);
    await withStores(dir, async (stores) => assert.equal(await stores.nodes.next('x'), 2));
  }));
