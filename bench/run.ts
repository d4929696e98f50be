/** One run: starts every target, measures them in turn, round by round, so that a slow minute of the machine hits all of them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Children } from './children.ts';
import type { LoadResult } from './load/order.ts';
import { describeMachine, loadAverage, type Pins } from './machine/describe.ts';
import type { Options } from './options.ts';
import { type Cell, cellMs, type Plan } from './plan.ts';
import { type Generator, startGenerator, startUpstream, type Upstream } from './processes.ts';
import { buildReport, type Report, type TargetDetail } from './report.ts';
import { doubtsOf, figuresOf, medianOf, wasDisturbed } from './statistics.ts';
import { type Running, type Target, type TargetName, targetNames, targets } from './targets/index.ts';

export interface Bench {
  readonly options: Options;
  readonly plan: Plan;
  readonly children: Children;
  readonly pins: Pins | null;
  /** An empty folder, removed by the caller. */
  readonly dir: string;
  readonly say: (line: string) => void;
}

/** A target that runs, and what was measured of it so far. */
interface Contestant {
  readonly name: TargetName;
  readonly running: Running;
  readonly results: Map<Cell, LoadResult[]>;
  /** Open rates that a round did not try, with the last reason. */
  readonly skipped: Map<number, string>;
}

/** Which part of a target's closed-loop throughput an open loop may ask for. */
const HELD_SHARE = 0.8;

export async function run(bench: Bench): Promise<Report> {
  const before = loadAverage();
  const leftOut = new Map<TargetName, string>();
  const upstream = await startUpstream(bench.children);
  const generator = startGenerator(bench.children);
  const prepared = await prepare(bench, upstream, leftOut);
  const limitAt = performance.now() + bench.plan.limitMs;
  const contestants = await startAll(bench, upstream, prepared, leftOut);
  const measure = measureWith(generator, upstream);
  const warm = await warmUp(bench, contestants, measure, leftOut);
  const notes: string[] =
    bench.pins === null ? ['hop and load were not pinned to cores of their own (no `taskset`, or one core)'] : [];
  const rounds = await measureRounds(bench, warm, measure, limitAt);
  if (rounds < bench.plan.rounds)
    notes.push(`stopped after ${rounds} of ${bench.plan.rounds} rounds: the time was over`);
  return buildReport({
    mode: bench.plan.mode,
    concurrency: bench.options.concurrency.includes(64) ? 64 : Math.max(...bench.options.concurrency),
    rounds,
    date: new Date().toISOString(),
    commit: readCommit(),
    node: process.version,
    machine: describeMachine(),
    pins: bench.pins,
    loadAverage: { before, after: loadAverage() },
    notes,
    targets: detailsOf(warm, leftOut),
  });
}

async function prepare(bench: Bench, upstream: Upstream, leftOut: Map<TargetName, string>): Promise<readonly Target[]> {
  const prepared: Target[] = [];
  for (const target of targets) {
    if (!bench.options.targets.includes(target.name)) leftOut.set(target.name, 'not asked for');
    else if (await attempt(bench, target.name, leftOut, () => target.prepare?.(siteOf(bench, upstream, target))))
      prepared.push(target);
  }
  return prepared;
}

async function startAll(
  bench: Bench,
  upstream: Upstream,
  prepared: readonly Target[],
  leftOut: Map<TargetName, string>,
) {
  const started: Contestant[] = [];
  for (const target of prepared) {
    await attempt(bench, target.name, leftOut, async () => {
      const running = await target.start(siteOf(bench, upstream, target));
      started.push({ name: target.name, running, results: new Map(), skipped: new Map() });
    });
  }
  return started;
}

/** A target that cannot run is left out, loudly, and the others go on. */
async function attempt(
  bench: Bench,
  name: TargetName,
  leftOut: Map<TargetName, string>,
  step: () => unknown,
): Promise<boolean> {
  try {
    await step();
    return true;
  } catch (error) {
    const reason = (error as Error).message;
    leftOut.set(name, reason);
    bench.say(`LEFT OUT ${name}: ${reason}`);
    return false;
  }
}

function siteOf(bench: Bench, upstream: Upstream, target: Target) {
  const dir = join(bench.dir, target.name);
  mkdirSync(dir, { recursive: true });
  return { upstream, children: bench.children, dir, say: bench.say };
}

type Measure = (running: Running, cell: Cell) => Promise<LoadResult>;

function measureWith(generator: Generator, upstream: Upstream): Measure {
  return ({ port, request, pids, beside = [] }, { connections, rate, warmMs, windowMs }) =>
    generator.measure({
      port,
      request,
      connections,
      ...(rate === undefined ? {} : { rate }),
      warmMs,
      windowMs,
      hopPids: pids,
      ownPids: [upstream.pid, process.pid, ...beside],
    });
}

/** Runs every target hot, and leaves out those that answer nothing. */
async function warmUp(
  bench: Bench,
  contestants: readonly Contestant[],
  measure: Measure,
  leftOut: Map<TargetName, string>,
) {
  const cell: Cell = {
    connections: Math.max(...bench.options.concurrency),
    warmMs: bench.plan.warmUpMs / 2,
    windowMs: bench.plan.warmUpMs / 2,
  };
  const warm: Contestant[] = [];
  for (const contestant of contestants) {
    await attempt(bench, contestant.name, leftOut, async () => {
      const { calls, firstError } = await measure(contestant.running, cell);
      if (calls === 0) throw new Error(`no call succeeded while warming up: ${firstError ?? 'no reply at all'}`);
      warm.push(contestant);
    });
  }
  return warm;
}

/** Returns how many rounds were finished before the time was over. */
async function measureRounds(
  bench: Bench,
  contestants: readonly Contestant[],
  measure: Measure,
  limitAt: number,
): Promise<number> {
  const { cells, rounds, attempts } = bench.plan;
  const roundMs = cells.reduce((sum, cell) => sum + cellMs(cell), 0) * contestants.length;
  for (let round = 0; round < rounds; round += 1) {
    if (performance.now() + roundMs > limitAt && round > 0) return round;
    for (const cell of cells) {
      for (const contestant of rotated(contestants, round)) {
        const laterMs = (rounds - round) * roundMs; // a second try must not cost a later round
        const tries = performance.now() + laterMs + cellMs(cell) < limitAt ? attempts : 1;
        await measureCell(bench, contestant, cell, measure, tries);
      }
    }
    bench.say(`round ${round + 1} of ${rounds} done`);
  }
  return rounds;
}

/** Another target begins each round, so that none always follows the same neighbour. */
function rotated<T>(list: readonly T[], by: number): readonly T[] {
  return list.map((_, i) => list[(i + by) % list.length]!);
}

async function measureCell(
  bench: Bench,
  contestant: Contestant,
  cell: Cell,
  measure: Measure,
  tries: number,
): Promise<void> {
  if (cell.rate !== undefined && cell.rate > HELD_SHARE * heldRps(contestant)) {
    const held = Math.round(heldRps(contestant));
    contestant.skipped.set(
      cell.rate,
      `open loop of ${cell.rate}/s not tried in every round: its closed loop did about ${held}/s`,
    );
    return;
  }
  let result = await measure(contestant.running, cell);
  for (let i = 1; i < tries && wasDisturbed(result); i += 1) result = await measure(contestant.running, cell);
  contestant.results.set(cell, [...(contestant.results.get(cell) ?? []), result]);
  bench.say(progressLine(contestant.name, cell, result));
}

function heldRps({ results }: Contestant): number {
  const closed = [...results].filter(([cell]) => cell.rate === undefined);
  return Math.max(
    0,
    ...closed.map(([, list]) => medianOf(list.map((result) => (result.calls * 1_000) / result.elapsedMs))),
  );
}

function progressLine(name: string, cell: Cell, result: LoadResult): string {
  const load = cell.rate === undefined ? `closed ${cell.connections}` : `open ${cell.rate}/s`;
  const cpu = result.cpu === null || result.calls === 0 ? '-' : (result.cpu.hopUs / result.calls).toFixed(1);
  const doubts = doubtsOf(result).join('; ');
  return `  ${name.padEnd(8)} ${load.padEnd(12)} ${cpu.padStart(7)} us CPU/call ${String(result.calls).padStart(7)} calls${doubts && `  (${doubts})`}`;
}

function detailsOf(
  contestants: readonly Contestant[],
  leftOut: ReadonlyMap<TargetName, string>,
): Record<TargetName, TargetDetail> {
  const details = targetNames.map((name) => {
    const contestant = contestants.find((candidate) => candidate.name === name);
    return [
      name,
      contestant === undefined ? { status: 'left out', reason: leftOut.get(name) ?? 'unknown' } : detailOf(contestant),
    ];
  });
  return Object.fromEntries(details) as Record<TargetName, TargetDetail>;
}

function detailOf({ running, results, skipped }: Contestant): TargetDetail {
  const rows = [...results].map(([cell, list]) => ({ cell, figures: figuresOf(list) }));
  return {
    status: 'measured',
    version: running.version,
    closed: rows.flatMap(({ cell, figures }) =>
      cell.rate === undefined ? { concurrency: cell.connections, ...figures } : [],
    ),
    open: rows.flatMap(({ cell, figures }) => (cell.rate === undefined ? [] : { rate: cell.rate, ...figures })),
    skipped: [...skipped.values()],
  };
}

export function readCommit(): string {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const dirty = git('status', '--porcelain', '--untracked-files=no') !== '';
    return git('rev-parse', 'HEAD').trim() + (dirty ? '-dirty' : '');
  } catch {
    return 'unknown';
  }
}
