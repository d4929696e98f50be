/** `npm run simulate`: many seeds of the simulated world in virtual time; says which broke a promise, and exits 1 if any did. */
import { parseArgs } from 'node:util';
import { SOUND } from './sim/machinery.ts';
import { PLANTS } from './sim/plants.ts';
import { run } from './sim/run.ts';

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
const machinery =
  values.plant === undefined ? SOUND : (PLANTS[values.plant] ?? fail(`no plant is called \`${values.plant}\``));
const from = whole(values.seed ?? values.from, 'from');
const many = values.seed === undefined ? whole(values.seeds, 'seeds') : 1;

const startMs = performance.now();
let calls = 0;
const failing: number[] = [];
for (let seed = from; seed < from + many; seed += 1) {
  const result = await run(seed, machinery);
  calls += result.calls;
  if (result.violations.length === 0) continue;
  failing.push(seed);
  const shown = values.seed === undefined ? result.violations.slice(0, 1) : result.violations;
  for (const violation of shown) console.log(`seed ${seed}  ${violation}`);
}
const seconds = (performance.now() - startMs) / 1000;
console.log(`${many} seeds, ${calls} calls in ${seconds.toFixed(1)} s: ${(many / seconds).toFixed(1)} seeds a second`);
console.log(failing.length === 0 ? 'every promise was kept' : `${failing.length} seeds broke a promise`);
process.exitCode = failing.length === 0 ? 0 : 1;
