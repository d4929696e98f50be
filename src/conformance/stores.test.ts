/** Our own stores keep every published promise, and the suite notices a store that does not. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Stores } from '../contract/index.ts';
import { memoryStores, openPostgres, openSqlite } from '../stores/index.ts';
import { inSchemas, type PostgresServer, postgresMissing, startPostgres } from './postgres/index.ts';
import { storeSuite } from './stores/index.ts';
import { runSuites, type Suite } from './suite.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-stores-'));
const directories = new WeakMap<Stores, string>();
after(() => rmSync(scratch, { recursive: true, force: true }));

const openIn = async (dir: string): Promise<Stores> => {
  const stores = await openSqlite({ dir });
  directories.set(stores, dir);
  return stores;
};

const suites: readonly Suite[] = [
  storeSuite({ name: 'memory', open: async () => memoryStores() }),
  storeSuite({
    name: 'sqlite',
    open: () => openIn(mkdtempSync(join(scratch, 'data-'))),
    reopen: async (stores) => {
      await stores.close();
      return openIn(directories.get(stores)!);
    },
  }),
];

for (const { name, checks } of suites) {
  describe(name, () => {
    for (const { promise, check } of checks) test(promise, check);
  });
}

const missing = postgresMissing();

describe('stores: postgres', missing === undefined ? {} : { skip: missing }, () => {
  let server: PostgresServer;
  before(async () => {
    server = await startPostgres();
  });
  after(() => server.stop());
  const openers = inSchemas((schema) => openPostgres({ url: server.url, schema }));
  for (const { promise, check } of storeSuite({ name: 'postgres', ...openers }).checks) test(promise, check);
});

/** Memory stores with one defect each, and a word of the promise that it breaks. */
const DEFECTS: readonly { readonly breaks: string; readonly spoil: (stores: Stores) => Partial<Stores> }[] = [
  {
    breaks: 'taken once under 100',
    spoil: ({ calls }) => ({
      calls: bound(calls, { accept: (record) => calls.accept({ ...record, idempotencyKey: '' }) }),
    }),
  },
  {
    breaks: 'second conclusion',
    spoil: ({ calls }) => ({
      calls: bound(calls, { conclude: async (...args) => (await calls.conclude(...args)) || true }),
    }),
  },
  {
    breaks: 'own events only',
    spoil: ({ traces }) => ({ traces: bound(traces, { trace: (_tenant, id) => traces.trace(null, id) }) }),
  },
  {
    breaks: 'stale ifRevision',
    spoil: ({ resources }) => ({
      resources: bound(resources, {
        commit: ({ ifRevision: _, ...change }, atMs) => resources.commit(change, atMs),
      }),
    }),
  },
  {
    breaks: 'has not seen the newest event',
    spoil: ({ plans }) => ({
      plans: bound(plans, {
        append: async (append) => {
          const seq = (await plans.get(append.tenant, append.run))?.seq ?? 0;
          return plans.append({ ...append, afterSeq: seq });
        },
      }),
    }),
  },
  {
    breaks: 'a step begins once',
    spoil: ({ calls }) => ({ calls: bound(calls, { begin: ({ step: _, ...begin }) => calls.begin(begin) }) }),
  },
  {
    breaks: 'an end is in the history',
    spoil: ({ calls }) => ({ calls: bound(calls, { end: ({ step: _, ...end }) => calls.end(end) }) }),
  },
  {
    breaks: 'sends under a number is taken once',
    spoil: ({ sums }) => ({
      sums: bound(sums, { take: (from, ...rest) => sums.take({ ...from, seq: Number.MAX_SAFE_INTEGER }, ...rest) }),
    }),
  },
  {
    breaks: 'token is taken once',
    spoil: ({ nodes }) => ({ nodes: bound(nodes, { takeToken: async () => 'grant' }) }),
  },
];

const bound = <T extends object>(port: T, change: Partial<T>): T =>
  new Proxy(port, {
    get: (target, name) => {
      const own = Reflect.get(change, name) ?? Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });

for (const { breaks, spoil } of DEFECTS) {
  test(`the suite notices a store that breaks "${breaks}"`, async () => {
    const open = async (): Promise<Stores> => {
      const stores = memoryStores();
      return { ...stores, ...spoil(stores) };
    };
    const results = await runSuites([storeSuite({ name: 'spoilt', open })], () => {});
    const broken = results.filter((result) => result.broken !== undefined).map(({ promise }) => promise);
    assert.ok(
      broken.some((promise) => promise.includes(breaks)),
      `noticed only ${broken.join('; ')}`,
    );
  });
}
