/** `npm run bench:stream`: what a hop costs a stream of events, beside no hop and a plain proxy, measured in one run. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Children } from '../children.ts';
import { describeMachine, findPins, loadAverage } from '../machine/describe.ts';
import { type Row, renderText } from './report.ts';
import { type Plan, run } from './run.ts';
import { targetNames } from './targets.ts';

const USAGE = `usage: npm run bench:stream -- [options]

  --quick              200 streams, one round, under half a minute
  --json               print the rows as JSON and nothing else
  --keep               also keep them in bench/results/
  --targets A,B        which targets: ${targetNames.join(', ')} (default: all)
  --streams 100,1000   streams at once, up to 4 loads (default 1000)
  --every 100,50       milliseconds between two chunks of a stream, up to 4 paces (default 100)
  --chunks 100         chunks of each stream
  --rounds 3           rounds of each load
`;

const flag = { type: 'boolean' } as const;
const text = { type: 'string' } as const;

const wrongUsage = (message: string): never => {
  console.error(`error: ${message}\n  try: npm run bench:stream -- --help`);
  process.exit(2);
};

const readFlags = (args: readonly string[]) => {
  const options = {
    quick: flag,
    json: flag,
    keep: flag,
    help: flag,
    targets: text,
    streams: text,
    every: text,
    chunks: text,
    rounds: text,
  };
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (error) {
    return wrongUsage((error as Error).message);
  }
};

const numbers = (name: string, list: string, most: number): readonly number[] => {
  const found = list.split(',').map(Number);
  const fits = found.length <= 4 && found.every((n) => Number.isInteger(n) && n >= 1 && n <= most);
  return fits ? found : wrongUsage(`--${name} takes up to 4 whole numbers from 1 to ${most}, not \`${list}\``);
};

const flags = readFlags(process.argv.slice(2));
if (flags.help === true) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const quick = flags.quick === true;
const names = flags.targets?.split(',');
const unknown = names?.find((name) => !targetNames.some((known) => known === name));
if (unknown !== undefined) wrongUsage(`no target is called \`${unknown}\``);
const plan: Plan = {
  targets: targetNames.filter((name) => names === undefined || names.includes(name)),
  streams: numbers('streams', flags.streams ?? (quick ? '200' : '1000'), 4_000),
  everyMs: numbers('every', flags.every ?? (quick ? '20' : '100'), 10_000),
  chunks: numbers('chunks', flags.chunks ?? '100', 10_000)[0]!,
  rounds: numbers('rounds', flags.rounds ?? (quick ? '1' : '3'), 20)[0]!,
  rampMs: quick ? 500 : 2_000,
  warmRounds: 3,
};

const say = (line: string): void => console.error(line);
const pins = findPins();
say(
  pins === null
    ? 'NOT PINNED: hop and load share cores, read only ratios'
    : `hop pinned to core ${pins.hop}, load and upstream to core ${pins.load}`,
);
const children = new Children(pins);
const dir = mkdtempSync(join(tmpdir(), 'airspace-bench-stream-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const)
  process.once(signal, () => process.exit(128 + number));

const publish = (rows: readonly Row[], before: readonly number[]): void => {
  const report = {
    date: new Date().toISOString(),
    node: process.version,
    machine: describeMachine(),
    pins,
    loadAverage: { before, after: loadAverage() },
    plan,
    rows,
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (flags.keep === true) {
    const folder = join(import.meta.dirname, '..', 'results');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `stream-${report.date.slice(0, 10)}.json`), json);
  }
  process.stdout.write(flags.json === true ? json : renderText(rows));
};

try {
  const before = loadAverage();
  const rows = await run({ plan, children, dir, say });
  publish(rows, before);
  // Fast and wrong is wrong.
  process.exitCode = rows.some(({ wrong }) => wrong > 0) ? 1 : 0;
} catch (error) {
  say(`error: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await children.endAll();
}
