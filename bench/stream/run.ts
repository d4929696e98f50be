/** One run: all targets are up for the whole of it and take turns, so that a slow minute of the machine hits every one of them. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Child, Children } from '../children.ts';
import type { StreamOrder, StreamResult } from './order.ts';
import { type Cell, type Row, rowsOf } from './report.ts';
import { type Running, start, type TargetName } from './targets.ts';

export interface Plan {
  readonly targets: readonly TargetName[];
  /** How many streams at once, one load after the other. */
  readonly streams: readonly number[];
  readonly chunks: number;
  /** Between two chunks of a stream; each with each number of streams. */
  readonly everyMs: readonly number[];
  readonly rounds: number;
  readonly rampMs: number;
  /** Short ones of each target before anything is measured. */
  readonly warmRounds: number;
}

export interface Bench {
  readonly plan: Plan;
  readonly children: Children;
  /** An empty folder, removed by the caller. */
  readonly dir: string;
  readonly say: (line: string) => void;
}

/** A target that cannot run is not in the answer, and is said aloud. */
export const run = async (bench: Bench): Promise<readonly Row[]> => {
  const { plan, children, say } = bench;
  const upstream = await startUpstream(children);
  const reader = startNode(children, './generator.ts');
  const running = await startAll(bench, upstream);
  const cells: Cell[] = [];
  const own = [upstream.pid, process.pid];
  // A hop that has never seen a stream would be measured while it compiles itself.
  for (const target of running) await warm(plan, target, (order) => asked(reader, order), own);
  for (const streams of plan.streams)
    for (const everyMs of plan.everyMs) {
      const results = new Map(running.map(({ name }) => [name, [] as StreamResult[]]));
      for (let round = 0; round < plan.rounds; round += 1)
        for (const at of running.keys()) {
          const target = running[(at + round) % running.length]!;
          const order = orderFor(plan, target, { streams, everyMs, own });
          const result = await asked(reader, order);
          results.get(target.name)!.push(result);
          say(`  ${target.name.padEnd(7)} ${streams} streams, every ${everyMs} ms: ${result.chunks} chunks`);
        }
      for (const [target, found] of results) cells.push({ target, streams, everyMs, results: found });
    }
  return rowsOf(cells);
};

const warm = async (
  plan: Plan,
  target: Running,
  ask: (order: StreamOrder) => Promise<StreamResult>,
  own: readonly number[],
): Promise<void> => {
  const short = { ...plan, chunks: 30, rampMs: 1_000 };
  for (let round = 0; round < plan.warmRounds; round += 1)
    await ask(orderFor(short, target, { streams: 200, everyMs: 10, own }));
};

const startAll = async (
  { plan, children, dir, say }: Bench,
  upstream: { readonly port: number; readonly pid: number },
): Promise<readonly Running[]> => {
  const running: Running[] = [];
  for (const name of plan.targets) {
    const own = join(dir, name);
    mkdirSync(own, { recursive: true });
    mkdirSync(own, { recursive: true });
    try {
      running.push(await start(name, { upstream, children, dir: own }));
    } catch (error) {
      say(`LEFT OUT ${name}: ${(error as Error).message}`);
    }
  }
  return running;
};

const GRACE_MS = 15_000;

const orderFor = (
  { chunks, rampMs }: Plan,
  target: Running,
  { streams, everyMs, own }: { readonly streams: number; readonly everyMs: number; readonly own: readonly number[] },
): StreamOrder => ({
  port: target.port,
  request: target.requestFor({ chunks, everyMs }),
  script: { chunks, everyMs },
  streams,
  rampMs,
  limitMs: rampMs + chunks * everyMs * 2 + GRACE_MS,
  hopPids: target.pids,
  ownPids: own,
});

const START_MS = 10_000;

const startUpstream = async (children: Children): Promise<{ readonly port: number; readonly pid: number }> => {
  const child = startNode(children, './upstream.ts');
  return { ...((await message(child, START_MS)) as { port: number }), pid: child.pid };
};

const startNode = (children: Children, file: string): Child =>
  children.start([process.execPath, fileURLToPath(new URL(file, import.meta.url))], { on: 'load', ipc: true });

const asked = async (reader: Child, order: StreamOrder): Promise<StreamResult> => {
  const answer = message(reader, order.limitMs + GRACE_MS);
  reader.process.send(order);
  const { result, failed } = (await answer) as { result?: StreamResult; failed?: string };
  if (result === undefined) throw new Error(`the reader of streams failed: ${failed}`);
  return result;
};

const message = (child: Child, limitMs: number): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer in ${limitMs} ms`)), limitMs);
    child.process.once('message', (said) => {
      clearTimeout(timer);
      resolve(said);
    });
    void child.ended.then((reason) => {
      clearTimeout(timer);
      reject(new Error(reason));
    });
  });
