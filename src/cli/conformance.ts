/** `npm run conformance`: holds our own implementations against the published suites and prints one line per promise. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type CheckResult, runSuites, type Suite, storeSuite } from '../conformance/index.ts';
import { memoryStores, openSqlite } from '../stores/index.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-conformance-'));
const directories = new WeakMap<object, string>();

const openIn = async (dir: string) => {
  const stores = await openSqlite({ dir });
  directories.set(stores, dir);
  return stores;
};

/** Everything that `npm run conformance` looks at. */
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

const print = ({ suite, promise, durationMs, broken }: CheckResult): void => {
  const verdict = broken === undefined ? 'ok    ' : 'FAILED';
  console.log(`${verdict} ${suite}: ${promise} (${Math.round(durationMs)} ms)`);
  if (broken !== undefined) console.log(inspect(broken).replace(/^/gm, '       '));
};

const started = performance.now();
const results = await runSuites(suites, print);
rmSync(scratch, { recursive: true, force: true });
const failed = results.filter((result) => result.broken !== undefined).length;
const seconds = ((performance.now() - started) / 1000).toFixed(1);
console.log(`${results.length - failed} of ${results.length} promises kept (${seconds} s)`);
process.exitCode = failed === 0 ? 0 : 1;
