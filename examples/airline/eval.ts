/**
 * Replays recorded conversations of an airline's service desk through each topology, with real processes, and checks from
 * outside that nothing was changed, lost or doubled: `npm run eval:airline -- --data DIR`.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TOPOLOGIES, type Topology } from '../../src/cli/deploy.ts';
import { governedLines, governedReport } from './governed-report.ts';
import { runGoverned } from './governed-run.ts';
import { runPlans, taskLine } from './plans/run.ts';
import { readTasks } from './plans/tasks.ts';
import { type Conversation, readRecordings } from './recordings.ts';
import { asJson, directLine, problemLines, recordingLines, reportOf, toolTable, topologyLine } from './report.ts';
import { runDirect, runTopology, type TopologyRun } from './topology-run.ts';

/** 0: everything holds. 1: something does not, or could not be run. 2: it was asked for in a way that cannot work. */
const EXIT = { holds: 0, broken: 1, usage: 2, interrupted: 130 } as const;

const USAGE =
  'usage: npm run eval:airline -- --data DIR [--topology hub|mesh|hierarchy] [--sessions N: the first N conversations] [--json]\n' +
  '       npm run eval:airline -- --data DIR --policies [--sessions N] [--json]: under the written policy\n' +
  '       npm run eval:airline -- --data DIR --plans [--tasks 0,4,19] [--seed N] [--json]: each reference task as a plan, with a kill in each';

class Misuse extends Error {}

interface Options {
  readonly data: string;
  readonly topologies: readonly Topology[];
  readonly sessions: number;
  readonly json: boolean;
  /** Enforce the written policy, and tell what it stops, instead of comparing topologies. */
  readonly policies: boolean;
  /** Run the reference tasks as plans, and kill a process in each. */
  readonly plans: boolean;
  /** Their numbers; absent: all. */
  readonly tasks: ReadonlySet<number> | undefined;
  readonly seed: number;
}

const optionsOf = (args: readonly string[]): Options => {
  const { data, topology, sessions, json, policies, plans, tasks, seed } = parse(args);
  if (data === undefined) throw new Misuse('`--data` must name the folder with the airline data');
  if (sessions !== undefined && !/^[1-9]\d{0,5}$/.test(sessions))
    throw new Misuse(`\`--sessions ${sessions}\` must be a number of conversations, such as 20`);
  if (tasks !== undefined && !/^\d{1,3}(,\d{1,3})*$/.test(tasks))
    throw new Misuse(`\`--tasks ${tasks}\` must be numbers of tasks, such as 0,4,19`);
  if (seed !== undefined && !/^\d{1,9}$/.test(seed)) throw new Misuse(`\`--seed ${seed}\` must be a number`);
  const topologies = TOPOLOGIES.filter((one) => topology === undefined || one === topology);
  if (topologies.length === 0) throw new Misuse(`\`${topology}\` is not a topology; say hub, mesh or hierarchy`);
  return {
    data,
    topologies,
    sessions: sessions === undefined ? Infinity : Number(sessions),
    json: json === true,
    policies: policies === true,
    plans: plans === true,
    tasks: tasks === undefined ? undefined : new Set(tasks.split(',').map(Number)),
    seed: seed === undefined ? Date.now() % 100_000 : Number(seed),
  };
};

const parse = (args: readonly string[]) => {
  try {
    return parseArgs({
      args: [...args],
      options: {
        data: { type: 'string' },
        topology: { type: 'string' },
        sessions: { type: 'string' },
        json: { type: 'boolean' },
        policies: { type: 'boolean' },
        plans: { type: 'boolean' },
        tasks: { type: 'string' },
        seed: { type: 'string' },
      },
    }).values;
  } catch (thrown) {
    throw new Misuse((thrown as Error).message);
  }
};

const FILES = ['flights.json', 'users.json', 'reservations.json', 'trajectories.jsonl'];

const refuseMissing = (data: string, files: readonly string[]): void => {
  const missing = files.filter((file) => !existsSync(join(data, file)));
  if (missing.length > 0)
    throw new Misuse(
      `\`${data}\` has no ${missing.join(', ')}; name the folder with the airline data, as examples/airline/README.md says`,
    );
};

const conversationsIn = (data: string, sessions: number, files = FILES): readonly Conversation[] => {
  refuseMissing(data, files);
  return readRecordings(data).slice(0, sessions);
};

const evaluate = async ({ data, topologies, sessions, json }: Options, scratch: string): Promise<boolean> => {
  const startedMs = performance.now();
  const say = (...lines: readonly string[]): void => {
    if (!json) for (const line of lines) console.log(line);
  };
  const conversations = conversationsIn(data, sessions);
  const options = { data, scratch, conversations };
  const direct = await runDirect(options);
  say(`${conversations.length} recorded conversations`, directLine({ direct }));
  const runs: TopologyRun[] = [];
  for (const topology of topologies) {
    const run = await runTopology(topology, direct.exchanges, options);
    say(topologyLine(run), ...problemLines(run));
    runs.push(run);
  }
  const evaluation = { conversations: conversations.length, direct, runs };
  const report = reportOf(evaluation);
  if (json) console.log(JSON.stringify(asJson(evaluation, report), null, 2));
  say(...recordingLines(report), '', ...toolTable(report.tools, topologies), '');
  say(
    `${report.holds ? 'everything holds' : 'NOT everything holds'} (${((performance.now() - startedMs) / 1000).toFixed(1)} s in all)`,
  );
  return report.holds;
};

const evaluatePolicies = async ({ data, sessions, json }: Options, scratch: string): Promise<boolean> => {
  const conversations = conversationsIn(data, sessions, [...FILES, 'tasks.json']);
  const run = await runGoverned({ data, scratch, conversations });
  const report = governedReport(run, conversations);
  if (json) console.log(JSON.stringify(report, null, 2));
  else for (const line of governedLines(report, run.seconds)) console.log(line);
  return report.broken.length === 0;
};

const evaluatePlans = async ({ data, tasks: wanted, seed, json }: Options, scratch: string): Promise<boolean> => {
  refuseMissing(data, ['flights.json', 'users.json', 'reservations.json', 'tasks.json']);
  const tasks = readTasks(data).filter(({ number }) => wanted?.has(number) ?? true);
  if (tasks.length === 0) throw new Misuse('there is none of these tasks');
  const say = (line: string): void => {
    if (!json) console.log(line);
  };
  say(`seed ${seed}`);
  const runs = await runPlans({ data, scratch, tasks, seed, each: (run) => say(taskLine(run)) });
  const good = runs.filter(({ problems }) => problems.length === 0).length;
  const inRun = runs.filter((run) => run.inRun).length;
  say(`${good} of ${runs.length} tasks ended as direct calls would; ${inRun} kills fell into the run`);
  if (json) console.log(JSON.stringify({ seed, runs }, null, 2));
  return good === runs.length;
};

const evaluationOf = ({ plans, policies }: Options): typeof evaluate => {
  if (plans) return evaluatePlans;
  return policies ? evaluatePolicies : evaluate;
};

const main = async (): Promise<number> => {
  const scratch = mkdtempSync(join(tmpdir(), 'airspace-airline-'));
  const forget = (): void => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  // Leaving by `exit` takes along every process that was started; what they wrote can go after them, so it is told last.
  const leave = (): void => {
    process.once('exit', forget);
    process.exit(EXIT.interrupted);
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, leave);
  try {
    const options = optionsOf(process.argv.slice(2));
    const holds = await evaluationOf(options)(options, scratch);
    if (holds) forget();
    else console.error(`ledgers, logs and data of this run are kept in ${scratch}`);
    return holds ? EXIT.holds : EXIT.broken;
  } catch (thrown) {
    forget();
    const misused = thrown instanceof Misuse;
    console.error(`error: ${thrown instanceof Error ? thrown.message : String(thrown)}${misused ? `\n${USAGE}` : ''}`);
    return misused ? EXIT.usage : EXIT.broken;
  }
};

process.exitCode = await main();
