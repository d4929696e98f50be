/** `npm run bench:mesh`: what the way of a call costs, with all nodes on it counted: directly between sidecars, through the hub, and no way at all. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Children } from '../children.ts';
import type { LoadResult } from '../load/order.ts';
import { describeMachine, findPins, loadAverage } from '../machine/describe.ts';
import { startGenerator, startUpstream } from '../processes.ts';
import { readCommit } from '../run.ts';
import { type Figures, figuresOf } from '../statistics.ts';
import { type Row, renderText, rowsOf } from './report.ts';
import { startWays, WAYS, type Way } from './ways.ts';

const USAGE = `usage: npm run bench:mesh -- [--quick] [--json] [--keep]

  --quick   three short rounds, about a minute
  --json    print the report as JSON and nothing else
  --keep    also keep it in bench/results/
`;

const flag = { type: 'boolean' } as const;
const { values } = parseArgs({ options: { quick: flag, json: flag, keep: flag, help: flag } });
if (values.help === true) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const quick = values.quick === true;
const rounds = quick ? 3 : 7;
const windowMs = quick ? 1_000 : 3_000;
/** One call at a time tells the time of the way; many tell its CPU, without the cost of waking up. */
const LOADS = [1, 16] as const;
const WARM_MS = quick ? 1_500 : 4_000;

const say = (line: string): void => console.error(line);
const pins = findPins();
say(
  pins === null
    ? 'NOT PINNED: nodes and load share cores, read only ratios'
    : `nodes pinned to core ${pins.hop}, load and upstream to core ${pins.load}`,
);
const children = new Children(pins);
const dir = mkdtempSync(join(tmpdir(), 'airspace-bench-mesh-'));
process.once('exit', () => rmSync(dir, { recursive: true, force: true }));
for (const [signal, number] of [
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const)
  process.once(signal, () => process.exit(128 + number));

const measured = async (): Promise<readonly Row[]> => {
  const upstream = await startUpstream(children);
  const generator = startGenerator(children);
  const ways = await startWays(children, dir, upstream);
  const results = new Map<string, LoadResult[]>();
  const look = (way: Way, connections: number, warmMs: number, overMs: number): Promise<LoadResult> => {
    const { port, request, pids } = ways[way];
    const beside = WAYS.flatMap((other) => ways[other].pids).filter((pid) => !pids.includes(pid));
    return generator.measure({
      ...{ port, request, connections, warmMs, windowMs: overMs, hopPids: pids },
      ownPids: [...new Set([upstream.pid, process.pid, ...beside])].filter((pid) => !pids.includes(pid)),
    });
  };
  for (const way of WAYS) await look(way, 16, WARM_MS / 2, WARM_MS);
  for (let round = 0; round < rounds; round++) {
    say(`round ${round + 1} of ${rounds}`);
    // Each round begins with another way: a slow minute of the machine hits all of them.
    for (let at = 0; at < WAYS.length; at++) {
      const way = WAYS[(at + round) % WAYS.length]!;
      for (const connections of LOADS) {
        const key = `${way}/${connections}`;
        results.set(key, [...(results.get(key) ?? []), await look(way, connections, 200, windowMs)]);
      }
    }
  }
  const figures = (way: Way, connections: number): Figures => figuresOf(results.get(`${way}/${connections}`) ?? []);
  return rowsOf(WAYS, LOADS, figures);
};

try {
  const before = loadAverage();
  const rows = await measured();
  const report = {
    date: new Date().toISOString(),
    commit: readCommit(),
    node: process.version,
    machine: describeMachine(),
    pins,
    rounds,
    loadAverage: { before, after: loadAverage() },
    rows,
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (values.keep === true) {
    const folder = join(import.meta.dirname, '..', 'results');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `mesh-${report.date.slice(0, 10)}-${report.commit.slice(0, 7)}.json`), json);
  }
  process.stdout.write(values.json === true ? json : renderText(rows));
} catch (error) {
  say(`error: ${(error as Error).message}`);
  process.exitCode = 1;
} finally {
  await children.endAll();
}
