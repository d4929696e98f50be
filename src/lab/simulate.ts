/** `npm run simulate`: many seeds of the simulated world in virtual time; says which broke a promise, and exits 1 if any did. */
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { PLANTS } from './sim/plants.ts';
import type { SeedReport, Share } from './sim/worker.ts';

const HELP = `usage: npm run simulate -- [--seeds N] [--from N] [--seed N] [--plant NAME]
  --seeds N     how many seeds, from --from on (default 500)
  --from N      the first seed (default 1)
  --seed N      this seed only, with all it did wrong
  --plant NAME  build the same node with a defect: ${Object.keys(PLANTS).join(', ')}`;

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
if (values.plant !== undefined && !Object.hasOwn(PLANTS, values.plant)) fail(`no plant is called \`${values.plant}\``);
const from = whole(values.seed ?? values.from, values.seed === undefined ? 'from' : 'seed');
const many = values.seed === undefined ? whole(values.seeds, 'seeds') : 1;

/** All cores: a seed is one thread's affair from beginning to end, so that it stays the same seed. */
const inThreads = (tell: (report: SeedReport) => void): Promise<unknown> => {
  const threads = Math.min(availableParallelism(), many);
  const share = (at: number): Share => ({
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

const startMs = performance.now();
const reports: SeedReport[] = [];
await inThreads((report) => {
  reports.push(report);
  const shown = values.seed === undefined ? report.violations.slice(0, 1) : report.violations;
  for (const violation of shown) console.log(`seed ${report.seed}  ${violation}`);
});
const seconds = (performance.now() - startMs) / 1000;
const calls = reports.reduce((sum, report) => sum + report.calls, 0);
const failing = reports.filter(({ violations }) => violations.length > 0).length;
console.log(
  `${reports.length} seeds, ${calls} calls in ${seconds.toFixed(1)} s: ${(reports.length / seconds).toFixed(1)} seeds a second`,
);
console.log(failing === 0 ? 'every promise was kept' : `${failing} seeds broke a promise`);
// A thread that died has told less than it was asked: that is no success.
process.exitCode = failing === 0 && reports.length === many ? 0 : 1;
