/**
 * `node bench/steps/main.ts [--seconds 5 --runs 64 --store postgres://...]`: how long a durable step takes, and how many fit into a second. A
 * step is three transactions, one after the other: its intent, its beginning with the call's own, and its end with the result.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { appending, head, intent, stepBegin, stepEnd } from '../../src/conformance/stores/run-samples.ts';
import { begin, end, hexId, record, reply } from '../../src/conformance/stores/samples.ts';
import type { Stores } from '../../src/contract/index.ts';
import { openPostgres, openSqlite } from '../../src/stores/index.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    runs: { type: 'string', default: '64' },
    store: { type: 'string' },
  },
});
const [seconds, runs] = [values.seconds, values.runs].map(Number) as [number, number];
if (![seconds, runs].every((number) => Number.isInteger(number) && number > 0)) {
  console.error('error: --seconds and --runs are numbers from 1');
  process.exit(2);
}

let nextId = Date.now() * 1_000;

/** One step after another in one run, until the time is over; answers how long each took. */
const work = async ({ plans, calls }: Stores, endMs: number): Promise<readonly number[]> => {
  const id = nextId++;
  await plans.start(head(id), [], 1);
  let run = (await plans.claim({ holder: 'bench', nowMs: 1, leaseMs: 1e9, limit: 1 }))[0]!;
  const number = Number.parseInt(run.id, 16);
  const took: number[] = [];
  for (let at = 0; performance.now() < endMs; at++) {
    const startMs = performance.now();
    const [step, call] = [`s${at % 50}`, nextId++];
    const appended = await plans.append(appending(run, [intent(step, call)]));
    const kept = record(call, { state: 'dispatched', step: { run: run.id, step } });
    const begun = await calls.begin(begin({ record: kept, step: stepBegin(number, step, call) }));
    if (appended.kind !== 'appended' || begun.kind !== 'begun') throw new Error(`${appended.kind}, ${begun.kind}`);
    await calls.end(
      end(hexId(call), { outcome: { state: 'done', reply: reply() }, step: stepEnd(number, step, call) }),
    );
    took.push(performance.now() - startMs);
    run = { ...run, seq: run.seq + 3 };
  }
  // What was measured must also be right.
  const now = await plans.get(run.tenant, run.id);
  if (now?.seq !== run.seq || now.costMicros !== 7 * took.length) throw new Error(`run ${run.id} is at ${now?.seq}`);
  return took;
};

const measure = async (stores: Stores, count: number, forMs: number): Promise<string> => {
  const startMs = performance.now();
  const all = await Promise.all(Array.from({ length: count }, () => work(stores, startMs + forMs)));
  const took = all.flat().sort((a, b) => a - b);
  const perSecond = Math.round((took.length * 1_000) / (performance.now() - startMs));
  const at = (part: number): string => (took[Math.floor(took.length * part)] ?? Number.NaN).toFixed(2);
  return `${perSecond} steps/s, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms`;
};

const dir = mkdtempSync(join(tmpdir(), 'airspace-bench-steps-'));
const stores = await (values.store === undefined ? openSqlite({ dir }) : openPostgres({ url: values.store }));
try {
  await measure(stores, runs, 500);
  console.log(`one run: ${await measure(stores, 1, seconds * 1_000)}`);
  console.log(`${runs} runs at once: ${await measure(stores, runs, seconds * 1_000)}`);
} finally {
  await stores.close();
  rmSync(dir, { recursive: true, force: true });
}
