/** `npm run bench:policy`: what a decision costs, beside cedar-wasm and two engines from npm, and how fast a replay is. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { seeded } from '../../src/kernel/index.ts';
import { describeMachine, loadAverage } from '../machine/describe.ts';
import { cedarWasm, ours } from './cedar.ts';
import { measure, type Row } from './measure.ts';
import { cel, install, installed, jsonLogic } from './peers.ts';
import { type Replay, replay } from './replay.ts';
import { requestsFor, rulesFor } from './rules.ts';

const HELP = `usage: npm run bench:policy [-- --quick] [--json] [--keep]
  --quick  short slices, under half a minute
  --json   the report as JSON and nothing else
  --keep   keep the report in bench/results`;

const SIZES = [10, 100, 1_000] as const;
/** Requests that are asked in turn; all engines must agree on each before anything is measured. */
const REQUESTS = 500;
const REPLAYED = 100_000;
/** Promises: at 100 rules against cedar-wasm, and for the replay. */
const GOAL = { times: 30, replaySeconds: 10 } as const;

interface Report {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly machine: ReturnType<typeof describeMachine>;
  readonly load: readonly number[];
  readonly rows: readonly Row[];
  readonly replay: Replay;
}

const say = (line: string): void => console.error(line);

const readOptions = () => {
  try {
    const options = {
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      keep: { type: 'boolean' },
      help: { type: 'boolean' },
    } as const;
    return parseArgs({ options }).values;
  } catch (thrown) {
    console.error(`error: ${thrown instanceof Error ? thrown.message : 'cannot read the options'}\n${HELP}`);
    process.exit(2);
  }
};

const run = async (quick: boolean): Promise<Report> => {
  if (!installed()) {
    say('installing the engines to compare with (once) ...');
    install();
  }
  const load = loadAverage();
  const random = seeded(7);
  const requests = requestsFor(REQUESTS, random);
  const rows: Row[] = [];
  for (const size of SIZES) {
    say(`${size} rules: answers compared, then measured`);
    const plan = quick ? { rounds: 5, sliceMs: 60 } : { rounds: 20, sliceMs: 100 };
    rows.push(...(await measure([ours, cedarWasm, cel, jsonLogic], rulesFor(size), requests, plan)));
  }
  say(`replay of ${REPLAYED} recorded decisions`);
  const replayed = await replay(requestsFor(REPLAYED, random), 300);
  return {
    date: new Date().toISOString(),
    commit: execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).trim(),
    node: process.version,
    machine: describeMachine(),
    load,
    rows,
    replay: replayed,
  };
};

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

const renderText = ({ rows, replay, machine, node, load }: Report): string => {
  const lines = rows.map(({ engine, rules, p50Us, p99Us, perSecond }) =>
    [
      engine.padEnd(18),
      `${rules}`.padStart(6),
      p50Us.toFixed(1).padStart(10),
      p99Us.toFixed(1).padStart(10),
      whole(perSecond).padStart(13),
    ].join(''),
  );
  return [
    `node ${node}, ${machine.cores} cores of ${machine.cpu}, load ${load.join(' ')}`,
    `${'engine'.padEnd(18)}${'rules'.padStart(6)}${'p50 us'.padStart(10)}${'p99 us'.padStart(10)}${'decisions/s'.padStart(13)}`,
    ...lines,
    ...SIZES.map((size) => `at ${size} rules: ${timesFaster(rows, size).toFixed(0)} times cedar-wasm`),
    `replay: ${whole(replay.decisions)} recorded decisions against ${replay.rules} rules in ${replay.seconds.toFixed(1)} s, ${whole(replay.changed)} change`,
  ].join('\n');
};

const timesFaster = (rows: readonly Row[], size: number): number => {
  const medianOf = (engine: string): number => rows.find((row) => row.engine === engine && row.rules === size)!.p50Us;
  return medianOf(cedarWasm.name) / medianOf(ours.name);
};

const keep = (report: Report): void => {
  const folder = join(import.meta.dirname, '..', 'results');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `policy-${report.date.slice(0, 10)}-${report.commit.slice(0, 7)}.json`);
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  say(`kept ${file}`);
};

const options = readOptions();
if (options.help === true) console.log(HELP);
else {
  const report = await run(options.quick === true);
  console.log(options.json === true ? JSON.stringify(report, null, 2) : renderText(report));
  if (options.keep === true) keep(report);
  const kept = timesFaster(report.rows, 100) >= GOAL.times && report.replay.seconds < GOAL.replaySeconds;
  if (!kept)
    say(`MISSED: the goal is ${GOAL.times} times cedar-wasm at 100 rules, and a replay under ${GOAL.replaySeconds} s`);
  process.exitCode = kept ? 0 : 1;
}
