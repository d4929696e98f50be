/** What is special about PostgreSQL: a server that is away, refuses, comes back, or is lost in the middle of a commit. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import pg from 'pg';
import { freshSchema, type PostgresServer, postgresMissing, startPostgres } from '../../conformance/postgres/index.ts';
import { head } from '../../conformance/stores/run-samples.ts';
import { hexId, record, user } from '../../conformance/stores/samples.ts';
import { Fault } from '../../contract/index.ts';
import { openPostgres } from '../index.ts';
import { storageFault } from './fault.ts';
import { CuttingProxy } from './proxy.ts';

const missing = postgresMissing();
const options = missing === undefined ? {} : { skip: missing };
let server: PostgresServer;

before(async () => {
  if (missing !== undefined) return;
  server = await startPostgres();
  await sql("create role guarded login password 'secret'");
});
after(() => server?.stop());

const sql = async (text: string): Promise<readonly Record<string, unknown>[]> => {
  const client = new pg.Client(server.url);
  await client.connect();
  return client
    .query(text)
    .then(({ rows }) => rows)
    .finally(() => client.end());
};

const faultOf = async (work: Promise<unknown>): Promise<Fault> => {
  const thrown = await work.then(
    () => assert.fail('it went through'),
    (error: unknown) => error,
  );
  assert.ok(thrown instanceof Fault, String(thrown));
  return thrown;
};

const open = (schema = freshSchema()) => openPostgres({ url: server.url, schema });

test('what keeps a database from being opened is said by its name, and never with a password', options, async () => {
  const at = `127.0.0.1:${server.port}`;
  for (const [url, reason, said] of [
    ['postgres://ada:hunter2@127.0.0.1:1/airspace', 'unreachable', /`127\.0\.0\.1\/airspace` cannot be reached/],
    ['postgres://ada:hunter2@nowhere.invalid/airspace', 'unreachable', /nowhere\.invalid/],
    [`postgres://guarded:hunter2@${at}/postgres`, 'credentials', /does not accept this user and password/],
    [`postgres://airspace@${at}/nothing`, 'missing', /`127\.0\.0\.1\/nothing` does not exist; create it/],
    [`postgres://guarded:secret@${at}/postgres`, 'permission', /create schema .* authorization "guarded"/],
  ] as const) {
    const fault = await faultOf(openPostgres({ url, schema: freshSchema() }));
    assert.deepEqual([fault.code, fault.facts['reason']], ['storage', reason], fault.message);
    assert.match(fault.message, said);
    assert.doesNotMatch(fault.message, /hunter2|secret/);
  }
  assert.equal((await faultOf(openPostgres({ url: 'mysql://x/y' }))).code, 'bad_request');
});

test('each kind of trouble has its own word, and the raw text stays in the cause', () => {
  for (const [code, reason] of [
    ['53100', 'full'],
    ['25006', 'read_only'],
    ['57014', 'timeout'],
    ['55P03', 'timeout'],
    ['53300', 'connections'],
    ['57P03', 'starting'],
    ['XX001', 'corrupt'],
    ['ECONNRESET', 'unreachable'],
    ['22P02', 'other'],
  ] as const) {
    const cause = Object.assign(new Error('raw'), { code });
    const fault = storageFault('db.example/airspace', cause);
    assert.deepEqual([fault.code, fault.facts['reason'], fault.cause], ['storage', reason, cause], code);
    assert.match(fault.message, /^database `db\.example\/airspace` /);
    assert.doesNotMatch(fault.message, /raw/);
  }
});

test('hubs that start together on an empty database all find it ready', options, async () => {
  const schema = freshSchema();
  const all = await Promise.all(Array.from({ length: 6 }, () => open(schema)));
  const numbers = await Promise.all(all.map(({ nodes }) => nodes.next('snapshot')));
  assert.deepEqual(numbers.toSorted(), [1, 2, 3, 4, 5, 6]);
  await Promise.all(all.map((stores) => stores.close()));
});

test('a database of a newer airspace is refused and left alone', options, async () => {
  const schema = freshSchema();
  await (await open(schema)).close();
  await sql(`insert into ${schema}.airspace_schema values (999, 'later')`);
  const fault = await faultOf(open(schema));
  assert.deepEqual([fault.code, fault.facts['reason']], ['storage', 'newer']);
  assert.match(fault.message, /written by a newer airspace/);
});

test('a database that may not be written says so', options, async () => {
  const schema = freshSchema();
  await sql('create database frozen');
  await sql('alter database frozen set default_transaction_read_only to on');
  const fault = await faultOf(openPostgres({ url: server.url.replace('/postgres', '/frozen'), schema }));
  assert.equal(fault.facts['reason'], 'read_only', fault.message);
});

test('a command that the server refuses is alone with it: its neighbours are committed', options, async () => {
  const stores = await open();
  // Longer than an index entry may be, and not to be compressed.
  const long = Array.from({ length: 20_000 }, () => Math.random().toString(36)[2]).join('');
  const settled = await Promise.allSettled([
    stores.calls.accept(record(1)),
    stores.calls.accept(record(2, { idempotencyKey: long })),
    stores.calls.accept(record(3)),
    stores.nodes.next('snapshot'),
  ]);
  assert.deepEqual(
    settled.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'fulfilled'],
  );
  assert.deepEqual(
    (await stores.calls.open()).map(({ id }) => id),
    [hexId(1), hexId(3)],
  );
  await stores.close();
});

test('a restart of the server costs what was under way, and nothing that was acknowledged', options, async () => {
  const schema = freshSchema();
  const [one, other] = await Promise.all([open(schema), open(schema)]);
  const acknowledged: string[] = [];
  let next = 0;
  let isAway = false;
  const work = Array.from({ length: 8 }, async () => {
    while (!isAway) {
      const id = next++;
      try {
        await one.calls.accept(record(id));
        acknowledged.push(hexId(id));
      } catch (thrown) {
        assert.ok(thrown instanceof Fault && thrown.code === 'storage', String(thrown));
        assert.match(thrown.message, /127\.0\.0\.1\/postgres/);
        isAway = true;
      }
    }
  });
  while (acknowledged.length < 50) await new Promise((turn) => setImmediate(turn));
  await server.crash();
  await Promise.all(work);
  assert.equal((await faultOf(one.nodes.list())).code, 'storage');
  await server.start();
  const open1 = new Set((await one.calls.open()).map(({ id }) => id));
  assert.deepEqual(
    acknowledged.filter((id) => !open1.has(id)),
    [],
  );
  // Whoever listened hears again, and of what happened meanwhile.
  const heard = Promise.withResolvers<void>();
  other.shared!.watch((topic) => topic === 'resources' && heard.resolve());
  await one.resources.commit({ puts: [user('ada')], deletes: [], by: 'ada', reason: '' }, 1);
  await heard.promise;
  await Promise.all([one.close(), other.close()]);
});

test('a commit whose answer was lost is asked after, and counts once', options, async (t) => {
  const proxy = new CuttingProxy(server.port);
  const port = await proxy.listen();
  t.after(() => proxy.stop());
  const stores = await openPostgres({ url: `postgres://airspace@127.0.0.1:${port}/postgres`, schema: freshSchema() });
  for (const [at, cut] of (['after', 'before', 'after', 'before'] as const).entries()) {
    proxy.cutAtCommit(cut);
    assert.equal(await stores.nodes.next('snapshot'), at + 1, cut);
  }
  await stores.close();
});

test('a commit that nobody can be asked about is a fault that says so', options, async (t) => {
  const proxy = new CuttingProxy(server.port);
  const port = await proxy.listen();
  t.after(() => proxy.stop());
  const stores = await openPostgres({ url: `postgres://airspace@127.0.0.1:${port}/postgres`, schema: freshSchema() });
  proxy.cutAtCommit('after', true);
  const fault = await faultOf(stores.nodes.next('snapshot'));
  assert.deepEqual([fault.code, fault.executed, fault.facts['reason']], ['storage', 'unknown', 'unknown']);
  assert.match(fault.message, /may have gone through/);
  await stores.close();
});

test('closing finishes what was asked before, and refuses what comes after', options, async () => {
  const stores = await open();
  const asked = Promise.all(Array.from({ length: 50 }, () => stores.nodes.next('snapshot')));
  const closed = stores.close();
  assert.equal((await asked).length, 50);
  await closed;
  assert.equal((await faultOf(stores.nodes.next('snapshot'))).facts['reason'], 'closed');
  assert.equal((await faultOf(stores.nodes.list())).facts['reason'], 'closed');
});

test(
  'open calls and runs belong to the process that works on them, and to the same directory after a restart',
  options,
  async () => {
    const schema = freshSchema();
    const scratch = mkdtempSync(join(tmpdir(), 'airspace-holder-'));
    const openIn = (name: string) => openPostgres({ url: server.url, schema, dir: join(scratch, name) });
    const [one, other] = [await openIn('one'), await openIn('other')];
    await one.calls.accept(record(1));
    const claim = { nowMs: 1, leaseMs: 1_000_000, limit: 1 } as const;
    for (const [at, { plans }] of [one, other].entries()) {
      await plans.start(head(at), [], 1);
      await plans.claim({ ...claim, holder: `hub-${at}` });
    }
    assert.deepEqual(await other.calls.open(), []);
    assert.equal((await faultOf(openIn('one'))).code, 'conflict');
    await one.close();
    const again = await openIn('one');
    assert.deepEqual(
      (await again.calls.open()).map(({ id }) => id),
      [hexId(1)],
    );
    const freed = await again.plans.claim({ ...claim, limit: 9, holder: 'hub-0' });
    assert.deepEqual(
      freed.map(({ id, epoch }) => [id, epoch]),
      [[hexId(0), 2]],
    );
    await Promise.all([again.close(), other.close()]);
    rmSync(scratch, { recursive: true });
  },
);

test('without close the process may still end', options, () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `const { openPostgres } = await import(${JSON.stringify(new URL('../index.ts', import.meta.url).href)});
       const stores = await openPostgres({ url: ${JSON.stringify(server.url)}, schema: ${JSON.stringify(freshSchema())} });
       await stores.nodes.next('snapshot');
       await stores.nodes.list();`,
    ],
    { encoding: 'utf8', timeout: 20_000 },
  );
  assert.equal(status, 0, stderr);
});
