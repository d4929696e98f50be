/** `npm run simulate`: many seeds of the simulated worlds in virtual time; says which broke a promise, and exits 1 if any did. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { SeedReport, Share } from './sim/worker.ts';
import { WORLDS, worldOf } from './sim/worlds.ts';

const HELP = `usage: npm run simulate -- [--seeds N] [--from N] [--seed N] [--world NAME] [--plant NAME]
  --seeds N     how many seeds, from --from on (default 500); ${Object.entries(WORLDS)
    .map(([name, { share }]) => (share === 1 ? `all of them for ${name}` : `every ${1 / share}th for ${name}`))
    .join(', ')}
  --from N      the first seed (default 1)
  --seed N      this seed only, with all it did wrong
  --world NAME  one world only, all seeds: ${Object.entries(WORLDS)
    .map(([name, { about }]) => `${name} (${about})`)
    .join(', ')}
  --plant NAME  build its world with a defect, all seeds:
${Object.entries(WORLDS)
  .map(([name, { plants }]) => `    ${name}: ${plants.join(', ')}`)
  .join('\n')}`;

const fail = (message: string): never => {
  console.error(`error: ${message}\n${HELP}`);
  process.exit(2);
};

const whole = (text: string, name: string): number => {
  const value = Number(text);
  return Number.isSafeInteger(value) && value >= 0
    ? value
    : fail(`\`--${name}\` needs a whole number, not \`${text}\``);
};

const options = {
  seeds: { type: 'string', default: '500' },
  from: { type: 'string', default: '1' },
  seed: { type: 'string' },
  world: { type: 'string' },
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
const planted = values.plant === undefined ? undefined : worldOf(values.plant);
if (values.plant !== undefined && planted === undefined) fail(`no plant is called \`${values.plant}\``);
const only = planted ?? values.world;
if (only !== undefined && !Object.hasOwn(WORLDS, only)) fail(`no world is called \`${only}\``);
if (values.world !== undefined && values.world !== only) fail(`\`${values.plant}\` is a plant of world \`${planted}\``);
const from = whole(values.seed ?? values.from, values.seed === undefined ? 'from' : 'seed');
const asked = values.seed === undefined ? whole(values.seeds, 'seeds') : 1;

/** All cores: a seed is one thread's affair from beginning to end, so that it stays the same seed. */
const inThreads = (world: string, many: number, tell: (report: SeedReport) => void): Promise<unknown> => {
  const threads = Math.min(availableParallelism(), many);
  const share = (at: number): Share => ({
    world,
    from: from + at,
    to: from + many,
    stride: threads,
    plant: values.plant ?? null,
  });
  return Promise.all(
    Array.from({ length: threads }, async (_, at) => {
      const worker = new Worker(new URL('./sim/worker.ts', import.meta.url), { workerData: share(at) });
      worker.on('message', tell);
      await once(worker, 'exit');
    }),
  );
};

/** False when a promise was broken. */
const simulate = async (world: string, many: number): Promise<boolean> => {
  const startMs = performance.now();
  const reports: SeedReport[] = [];
  await inThreads(world, many, (report) => {
    reports.push(report);
    const shown = values.seed === undefined ? report.violations.slice(0, 1) : report.violations;
    for (const violation of shown) console.log(`${world} seed ${report.seed}  ${violation}`);
  });
  const seconds = (performance.now() - startMs) / 1000;
  const calls = reports.reduce((sum, report) => sum + report.calls, 0);
  const failing = reports.filter(({ violations }) => violations.length > 0).length;
  console.log(
    `${world}: ${reports.length} seeds, ${calls} calls in ${seconds.toFixed(1)} s: ${(reports.length / seconds).toFixed(1)} seeds a second`,
  );
  console.log(failing === 0 ? 'every promise was kept' : `${failing} seeds broke a promise`);
  // A thread that died has told less than it was asked: that is no success.
  return failing === 0 && reports.length === many;
};

let kept = true;
for (const [name, { share }] of Object.entries(WORLDS)) {
  if (only !== undefined && name !== only) continue;
  const many = only !== undefined || values.seed !== undefined ? asked : Math.ceil(asked * share);
  kept = (await simulate(name, many)) && kept;
}
process.exitCode = kept ? 0 : 1;
