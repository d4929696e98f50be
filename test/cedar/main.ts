/** `npm run conformance:cedar`: our policy engine held against Cedar's corpus, cedar-wasm and the promise of levels, on all cores. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { archiveIn } from './corpus.ts';
import { PLANTS } from './plants.ts';
import { failuresOf, merged, type Tally } from './tally.ts';
import type { Task } from './worker.ts';

const ALL_PLANTS = [...PLANTS.keys(), 'merged-set'];

const HELP = `usage: npm run conformance:cedar -- [--corpus DIR] [--fuzz N] [--hierarchy N] [--seed N] [--plant NAME]
  --corpus DIR   folder of Cedar's corpus-tests.tar.gz; without it only an explicit --fuzz or --hierarchy runs
  --fuzz N       random policies against cedar-wasm, as many requests (default with a corpus: 10000)
  --hierarchy N  random chains of levels (default with a corpus: 10000)
  --seed N       where the random ones begin (default 1)
  --plant NAME   an engine with one defect, which must be found: ${ALL_PLANTS.join(', ')}`;

const fail = (message: string): never => {
  console.error(`error: ${message}\n${HELP}`);
  process.exit(2);
};

const options = {
  corpus: { type: 'string' },
  fuzz: { type: 'string' },
  hierarchy: { type: 'string' },
  seed: { type: 'string', default: '1' },
  plant: { type: 'string' },
  help: { type: 'boolean' },
} as const;

const parse = () => {
  try {
    return parseArgs({ options }).values;
  } catch (thrown) {
    return fail(thrown instanceof Error ? thrown.message : 'cannot read the options');
  }
};

const values = parse();
if (values.help === true) {
  console.log(HELP);
  process.exit(0);
}

const whole = (text: string | undefined, name: string, otherwise: number): number => {
  const value = Number(text ?? otherwise);
  return Number.isSafeInteger(value) && value >= 0
    ? value
    : fail(`\`--${name}\` needs a whole number, not \`${text}\``);
};

if (values.corpus === undefined && values.fuzz === undefined && values.hierarchy === undefined)
  fail('name the folder of the corpus with `--corpus`; nothing was checked');
const archive = values.corpus === undefined ? '' : archiveIn(values.corpus);
if (archive === undefined)
  fail(
    `there is no corpus-tests.tar.gz in \`${values.corpus}\`; nothing was checked. It comes from cedar-integration-tests`,
  );
if (values.plant !== undefined && !ALL_PLANTS.includes(values.plant)) fail(`no plant is called \`${values.plant}\``);

const byDefault = values.corpus === undefined ? 0 : 10_000;
const seed = whole(values.seed, 'seed', 1);
const counts = {
  corpus: archive === '' ? 0 : 1,
  fuzz: whole(values.fuzz, 'fuzz', byDefault),
  hierarchy: whole(values.hierarchy, 'hierarchy', byDefault),
};

/** All cores; each thread does its share alone. */
const inThreads = async (check: Task['check'], plant: string | null, count: number): Promise<Tally> => {
  const threads = availableParallelism();
  const shares = Array.from({ length: threads }, async (_, thread): Promise<Tally> => {
    const task: Task = { check, plant, seed, count, archive: archive ?? '', thread, threads };
    const [tally] = (await once(
      new Worker(new URL('./worker.ts', import.meta.url), { workerData: task }),
      'message',
    )) as [Tally];
    return tally;
  });
  return merged(await Promise.all(shares));
};

const number = (value: number): string => value.toLocaleString('en-US');

const print = (check: string, tally: Tally, startMs: number): void => {
  for (const [kind, compared] of Object.entries(tally.compared)) {
    const agreed = tally.agreed[kind] ?? 0;
    console.log(
      `${agreed === compared ? 'ok    ' : 'FAILED'} ${check}: ${kind}: ${number(agreed)} of ${number(compared)}`,
    );
  }
  const counted = Object.entries(tally.counted).map(([name, count]) => `${number(count)} ${name}`);
  console.log(`       ${counted.join(', ')} (${((performance.now() - startMs) / 1000).toFixed(1)} s)`);
  for (const difference of tally.differences) console.log(`       ${difference}`);
};

const plant = values.plant ?? null;
const found: Tally[] = [];
for (const check of ['corpus', 'fuzz', 'hierarchy'] as const) {
  if (counts[check] === 0) continue;
  const startMs = performance.now();
  const tally = await inThreads(check, plant, counts[check]);
  print(check, tally, startMs);
  found.push(tally);
}

/** Enough for every plant; most are found in the first rounds. */
const PLANTED = { fuzz: 5_000, hierarchy: 2_000 };

/** Check the checkers: each defect must be found. */
const plantsCaught = async (): Promise<number> => {
  let missed = 0;
  for (const name of ALL_PLANTS) {
    const check = name === 'merged-set' ? 'hierarchy' : 'fuzz';
    const caught = failuresOf(await inThreads(check, name, PLANTED[check])) > 0;
    missed += caught ? 0 : 1;
    const says = PLANTS.get(name)?.says ?? 'all levels are one set';
    console.log(
      `${caught ? 'ok    ' : 'FAILED'} plant ${name} (${says}): ${caught ? 'caught' : 'NOT CAUGHT'} by the ${check}`,
    );
  }
  return missed;
};

const missed = plant === null ? await plantsCaught() : 0;
const total = merged(found);
const compared = Object.values(total.compared).reduce((sum, count) => sum + count, 0);
const failures = failuresOf(total);
console.log(
  `${number(compared - failures)} of ${number(compared)} answers agree${plant === null ? `, ${ALL_PLANTS.length - missed} of ${ALL_PLANTS.length} planted defects caught` : `, with the defect \`${plant}\` planted`}`,
);
process.exitCode = failures === 0 && missed === 0 && compared > 0 ? 0 : 1;
