/**
 * `npm run crash -- [--rounds 20] [--seed N] [--only hub|shared|centre|sidecar|domain|store|postgres] [--within 5000]`: kill -9 at random instants under load, with
 * real processes, and what callers were told held against what really ran. Exit code 1 when a promise was broken.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { postgresMissing, startPostgres } from '../../src/conformance/index.ts';
import { crashRound, KIND_NAMES, KINDS, type Kind, type KindName } from './kinds.ts';
import { type Result, roundLine, summary } from './report.ts';
import { openScene } from './scene.ts';
import { crashRound as storeRound } from './stores.ts';

const PARTS = [...KIND_NAMES, 'store', 'postgres'] as const;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    only: { type: 'string' },
    /** Milliseconds from the restart to the first call: on a machine that others keep busy, more. */
    within: { type: 'string', default: '5000' },
  },
});
const rounds = Number(values.rounds);
const seed = Number(values.seed ?? Date.now() % 100_000);
const only = PARTS.find((part) => part === values.only);
if (
  !Number.isInteger(rounds) ||
  rounds < 1 ||
  !Number.isInteger(seed) ||
  (values.only !== undefined && only === undefined)
) {
  console.error(`error: --rounds and --seed are numbers, --only is one of ${PARTS.join(', ')}`);
  process.exit(2);
}

const crashNodes = async (kind: KindName): Promise<readonly Result[]> => {
  const { topology, store }: Kind = KINDS[kind];
  const missing = store === undefined ? undefined : postgresMissing();
  if (missing !== undefined) console.log(`SKIPPED ${kind}: ${missing}`);
  if (missing !== undefined) return [];
  const server = store === undefined ? undefined : await startPostgres();
  const scene = await openScene(topology, server?.url);
  const results: Result[] = [];
  try {
    for (let number = 1; number <= rounds; number++) {
      const round = await crashRound({ scene, kind, number, seed, backWithinMs: Number(values.within) });
      results.push({ kind, number, ...round });
      console.log(roundLine(results.at(-1)!));
    }
  } finally {
    await scene.stop();
    await server?.stop();
  }
  return results;
};

/** A store alone, with nothing above it: many more writes a second than calls could bring. */
const crashStore = async (name: string, place: string): Promise<boolean> => {
  let failed = 0;
  for (let number = 1; number <= rounds; number++) {
    const killAfter = 1 + Math.floor(Math.random() * 10_000);
    const { acknowledged, losses } = await storeRound(place, number * 1_000_000, killAfter);
    if (losses.length > 0) failed++;
    console.log(`${losses.length === 0 ? 'ok    ' : 'FAILED'} ${name} ${number}: ${acknowledged} acknowledged`);
    for (const loss of losses.slice(0, 10)) console.log(`       ${loss}`);
  }
  return failed === 0;
};

const crashSqlite = async (): Promise<boolean> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-crash-'));
  return crashStore('store', dir).finally(() => rmSync(dir, { recursive: true, force: true }));
};

const crashPostgres = async (): Promise<boolean> => {
  const missing = postgresMissing();
  if (missing !== undefined) console.log(`SKIPPED postgres: ${missing}`);
  if (missing !== undefined) return true;
  const server = await startPostgres();
  return crashStore('postgres', server.url).finally(() => server.stop());
};

// An interrupted run takes its nodes along: what started them does so when this process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

console.log(`seed ${seed}, ${rounds} rounds each`);
const results: Result[] = [];
for (const kind of KIND_NAMES) if (only === undefined || only === kind) results.push(...(await crashNodes(kind)));
const storeHolds = only === undefined || only === 'store' ? await crashSqlite() : true;
const postgresHolds = only === undefined || only === 'postgres' ? await crashPostgres() : true;
if (results.length > 0) console.log(summary(results));
process.exitCode = storeHolds && postgresHolds && results.every(({ findings }) => findings.length === 0) ? 0 : 1;
