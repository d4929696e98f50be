/** `npm run conformance`: holds our own stores and topologies against the published suites, one line per promise. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import {
  type CheckResult,
  inSchemas,
  postgresMissing,
  runSuites,
  type Suite,
  startPostgres,
  storeSuite,
  topologySuite,
} from '../conformance/index.ts';
import { memoryStores, openPostgres, openSqlite } from '../stores/index.ts';
import type { Topology } from './deploy.ts';
import { shapeOf, topologyUnderTest, UNDER_TEST } from './under-test.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-conformance-'));
const directories = new WeakMap<object, string>();

const openIn = async (dir: string) => {
  const stores = await openSqlite({ dir });
  directories.set(stores, dir);
  return stores;
};

const stores: readonly Suite[] = [
  storeSuite({ name: 'memory', open: async () => memoryStores() }),
  storeSuite({
    name: 'sqlite',
    open: () => openIn(mkdtempSync(join(scratch, 'data-'))),
    reopen: async (open) => {
      await open.close();
      return openIn(directories.get(open)!);
    },
  }),
];

/** In a server of their own: each store has a schema of it, and the hub has the rest. */
const checkPostgres = async (): Promise<readonly CheckResult[]> => {
  const wanted = ['stores: postgres', 'topology hub over postgres'].filter((name) => name.includes(only));
  const missing = wanted.length === 0 ? undefined : postgresMissing();
  if (missing !== undefined) console.log(`SKIPPED ${wanted.join(', ')}: ${missing}`);
  if (missing !== undefined || wanted.length === 0) return [];
  const server = await startPostgres();
  const openers = inSchemas((schema) => openPostgres({ url: server.url, schema }));
  try {
    return [
      ...(wanted[0] === 'stores: postgres'
        ? await runSuites([storeSuite({ name: 'postgres', ...openers })], print)
        : []),
      ...(wanted.at(-1) === 'stores: postgres' ? [] : await checkTopology('hub', 'hub over postgres', server.url)),
    ];
  } finally {
    await server.stop();
  }
};

const checkTopology = async (topology: Topology, name: string, store?: string): Promise<readonly CheckResult[]> => {
  const under = topologyUnderTest(topology, join(scratch, name), store);
  const { suite, stop } = await topologySuite(name, under, shapeOf(topology));
  const checked = await runSuites([suite], print);
  await stop();
  return checked;
};

const print = ({ suite, promise, durationMs, broken }: CheckResult): void => {
  const verdict = broken === undefined ? 'ok    ' : 'FAILED';
  console.log(`${verdict} ${suite}: ${promise} (${Math.round(durationMs)} ms)`);
  if (broken !== undefined) console.log(inspect(broken).replace(/^/gm, '       '));
};

const started = performance.now();
const only = process.argv[2] ?? '';
const results: CheckResult[] = [];
results.push(
  ...(await runSuites(
    stores.filter(({ name }) => name.includes(only)),
    print,
  )),
);
results.push(...(await checkPostgres()));
for (const topology of UNDER_TEST)
  if (`topology ${topology}`.includes(only)) results.push(...(await checkTopology(topology, topology)));
rmSync(scratch, { recursive: true, force: true });
const failed = results.filter((result) => result.broken !== undefined).length;
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`${results.length - failed} of ${results.length} promises kept (${seconds} s)`);
process.exit(failed === 0 && results.length > 0 ? 0 : 1);
