/**
 * `npm run scenario -- <name> [--repeat N] [--plant <defect>]`: one promise, real processes, load, and a verdict line for each time.
 * Exit code 1 when a promise did not hold, 2 when there is no such scenario.
 */
import { parseArgs } from 'node:util';
import { run as arms } from './arms.ts';
import { alone as budgetAlone, run as budgetExact } from './budget-exact.ts';
import { run as budgetLeases } from './budget-leases.ts';
import { run as loops } from './loops.ts';
import type { Scenario } from './scenario.ts';

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  arms,
  'budget-exact': budgetExact,
  'budget-exact-alone': budgetAlone,
  'budget-leases': budgetLeases,
  loops,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { repeat: { type: 'string', default: '1' }, plant: { type: 'string' } },
});
const [name = ''] = positionals;
const scenario = Object.hasOwn(SCENARIOS, name) ? SCENARIOS[name] : undefined;
const repeat = Number(values.repeat);
if (scenario === undefined || positionals.length > 1 || !Number.isInteger(repeat) || repeat < 1) {
  console.error(`error: name one scenario (${Object.keys(SCENARIOS).join(', ')}); --repeat is a number from 1`);
  process.exit(2);
}

// An interrupted run takes its processes along: what started them does so when this process exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

let failed = 0;
for (let time = 1; time <= repeat; time++) {
  const { holds, text, findings } = await scenario({
    plant: values.plant,
    say: (line) => console.log(`       ${line}`),
  });
  if (!holds) failed++;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${name} ${time}/${repeat}: ${text}`);
  for (const finding of findings) console.log(`       ${finding}`);
}
process.exit(failed === 0 ? 0 : 1);
