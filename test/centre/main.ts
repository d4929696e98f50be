/**
 * `npm run lab:centre -- [--seconds 600] [--loopback] [--plant <defect>]`: a mesh whose hub cannot be reached, from processes in network
 * namespaces. Prints what each class of calls did; exit code 1 when a promise broke, 2 for wrong words, 3 when it cannot run here.
 */
import { parseArgs } from 'node:util';
import { type Ground, loopback, namespaces, namespacesMissing } from './ground.ts';
import { PLANTS } from './plants.ts';
import { boundsFor, run } from './run.ts';
import { PLACES } from './scene.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    loopback: { type: 'boolean', default: false },
    plant: { type: 'string' },
  },
});
const seconds = Number(values.seconds);
if (!Number.isInteger(seconds) || seconds < 15 || seconds > 3_600) {
  console.error('error: --seconds is a whole number from 15 to 3600');
  process.exit(2);
}
if (values.plant !== undefined && !Object.hasOwn(PLANTS, values.plant)) {
  console.error(`error: there is no defect \`${values.plant}\`\n  try: one of ${Object.keys(PLANTS).join(', ')}`);
  process.exit(2);
}
const missing = values.loopback ? undefined : namespacesMissing();
if (missing !== undefined) {
  console.error(`cannot run here: ${missing}`);
  process.exit(3);
}

let ground: Ground | undefined;
process.once('exit', () => ground?.remove());
// What is left of an interrupted run goes with it: processes and namespaces are ended by those who listen to the exit.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

ground = values.loopback ? loopback() : namespaces(PLACES);
console.log(`on ${ground.name}; away for ${seconds} s; bounds ${JSON.stringify(boundsFor(seconds))}`);
const { rows, findings, notes } = await run({
  ground,
  seconds,
  plant: values.plant,
  say: (line) => console.log(`  ${line}`),
});
ground.remove();

const table = [['CALLER', 'CALLS', 'CLASS', 'BOUND', 'RAN AWAY', 'LAST', 'REFUSED AFTER', ''], ...rows];
const widths = table[0]!.map((_, at) => Math.max(...table.map((row) => row[at]!.length)));
for (const row of table) console.log(`  ${row.map((cell, at) => cell.padEnd(widths[at]!)).join('  ')}`.trimEnd());
for (const note of notes) console.log(`  note: ${note}`);
for (const finding of findings) console.log(`  BROKEN: ${finding}`);
console.log(findings.length === 0 ? 'ok      every promise held' : `FAILED  ${findings.length} promises broke`);
process.exit(findings.length === 0 ? 0 : 1);
