/** `npm run bench`: what a hop through Airspace costs, beside no hop, a plain proxy and a peer, measured in one run. */
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Children } from './children.ts';
import { findPins } from './machine/describe.ts';
import { type Options, parseOptions, UsageError, usage } from './options.ts';
import { planFor } from './plan.ts';
import { type Report, renderText } from './report.ts';
import { run } from './run.ts';

/** Progress goes to standard error: standard output is the report alone. */
const say = (line: string): void => console.error(line);

try {
  const options = parseOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(usage);
  else process.exitCode = await main(options);
} catch (error) {
  process.exitCode = error instanceof UsageError ? 2 : 1;
  say(`error: ${(error as Error).message}${error instanceof UsageError ? `\n  try: ${error.hint}` : ''}`);
}

async function main(options: Options): Promise<number> {
  if (options.out !== undefined) requireFolder(options.out);
  const pins = findPins();
  const children = new Children(pins);
  const dir = mkdtempSync(join(tmpdir(), 'airspace-bench-'));
  process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
  endOnSignals();
  say(
    pins === null
      ? 'NOT PINNED: hop and load share cores, read only ratios'
      : `hop pinned to core ${pins.hop}, load and upstream to core ${pins.load}`,
  );
  try {
    const report = await run({ options, plan: planFor(options), children, pins, dir, say });
    publish(report, options);
    return Object.values(report.detail.targets).some((target) => target.status === 'measured') ? 0 : 1;
  } finally {
    await children.endAll();
  }
}

/** Before the run, because minutes of measuring are not to be lost over a typing error. */
function requireFolder(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch {
    throw new UsageError(
      `\`--out ${file}\` cannot be written`,
      'give a file in a folder that exists and that you may write to',
    );
  }
}

/** `exit` listeners end the children and remove the folder, whatever ended the run. */
function endOnSignals(): void {
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.once(signal, () => process.exit(128 + number));
  }
}

function publish(report: Report, options: Options): void {
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (options.out !== undefined) writeFileSync(options.out, json);
  if (options.keep) keep(report, json);
  process.stdout.write(options.json ? json : renderText(report));
}

function keep({ detail }: Report, json: string): void {
  const folder = join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${detail.date.slice(0, 10)}-${detail.commit.slice(0, 7)}.json`);
  writeFileSync(file, json);
  say(`kept ${file}; draw it with: node bench/draw.ts`);
}
