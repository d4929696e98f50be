/**
 * `npm run bench:telemetry [-- --quick --json --keep]`: what a hub pays for seeing a call: its span, every step, event, metrics, log, live
 * listeners and trace store, and the exporter, with a collector that takes what comes and with one that hangs. A call of the product is
 * recorded first; then its layers say the same again at a constant rate, without doing anything else, and the CPU is that of the process.
 */
import { createWriteStream, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Observed, observe } from '../../src/cli/node/telemetry.ts';
import type { CallEvent } from '../../src/contract/index.ts';
import { type Handler, rootScope, silentSpan, systemWorld } from '../../src/kernel/index.ts';
import { openSqlite } from '../../src/stores/index.ts';
import { sumOf, trace } from '../../src/telemetry/index.ts';
import { Children } from '../children.ts';
import { loadAverage } from '../machine/describe.ts';
import { readCommit } from '../run.ts';
import { medianOf } from '../statistics.ts';
import { recordedCall } from './recorded.ts';
import { replayed } from './replay.ts';

const flag = { type: 'boolean' } as const;
const { values } = parseArgs({ options: { quick: flag, json: flag, keep: flag } });
/** As a hub with work to do: its batches fill, and nothing is dropped. */
const RATE = 2_000;
const BEAT_MS = 10;
const rounds = values.quick === true ? 3 : 7;
const seconds = values.quick === true ? 2 : 5;
/** Of the main thread, where calls are: what docs/telemetry.md promises. */
const MOST_US = 60;
/** Of the same thread, for handing it on to a collector besides. */
const MOST_EXPORT_US = 40;

const WAYS = ['nothing', 'kept', 'exported', 'hung'] as const;
type Way = (typeof WAYS)[number];

interface Used {
  /** Of the thread that serves calls, and of the whole process with the thread of the store and the garbage collector. */
  readonly threadUs: number;
  readonly processUs: number;
}

interface Seen {
  readonly work: Handler;
  readonly observed: Observed | null;
  close(): Promise<void>;
}

const world = systemWorld();
const children = new Children(null);
const dir = mkdtempSync(join(tmpdir(), 'airspace-bench-telemetry-'));

const collectorOf = async (kind: 'take' | 'hang'): Promise<string> => {
  const child = children.start([process.execPath, fileURLToPath(new URL('./collector.ts', import.meta.url)), kind], {
    ...{ on: 'any', ipc: true },
  });
  const port = await new Promise<number>((resolve) =>
    child.process.once('message', (message) => resolve((message as { port: number }).port)),
  );
  return `http://127.0.0.1:${port}/v1/traces`;
};

const seenBy = async (way: Way, event: CallEvent): Promise<Seen> => {
  const { below } = replayed(event);
  if (way === 'nothing') return { work: below, observed: null, close: async () => {} };
  const place = join(dir, way);
  mkdirSync(place);
  const stores = await openSqlite({ dir: place });
  const lines = createWriteStream(devNull);
  const ground = { domain: '', isWithin: () => true, isTarget: () => true };
  const counting = { rowOf: (one: CallEvent) => sumOf(one, ground), onward: false };
  const observed = observe({
    ...{ world, node: 'hub-bench', level: 'info', log: (line) => lines.write(line) },
    keep: (events) => stores.traces.append(events, counting),
    ...(way === 'kept' ? {} : { otlp: await otlpTo(way) }),
  });
  const layer = trace({ node: 'hub-bench', role: 'hub', sink: observed.sink, snapshotSeq: 1 });
  return {
    work: layer(below),
    observed,
    close: async () => {
      await observed.flush();
      await stores.close();
      lines.destroy();
    },
  };
};

const otlpTo = async (way: 'exported' | 'hung') => ({
  url: await collectorOf(way === 'hung' ? 'hang' : 'take'),
  ...({ encoding: 'protobuf', names: 'otel', headers: {}, timeoutMs: 10_000, isCompressed: true } as const),
});

/** The same number of calls for every way, each with ids of its own, at the same beats. */
const used = async ({ work }: Seen, event: CallEvent, forMs: number): Promise<Used> => {
  const { call } = replayed(event);
  const thread = process.threadCpuUsage();
  const all = process.cpuUsage();
  const beginMs = performance.now();
  let calls = 0;
  while (performance.now() - beginMs < forMs) {
    const due = ((performance.now() - beginMs) * RATE) / 1_000;
    for (; calls < due; calls++) {
      const { scope } = rootScope(world, silentSpan(''));
      const trace = { ...call.trace, trace: world.ids.traceId() };
      await work({ ...call, id: world.ids.callId(), trace }, scope);
    }
    await after(BEAT_MS);
  }
  const us = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / calls;
  return { threadUs: us(process.threadCpuUsage(thread)), processUs: us(process.cpuUsage(all)) };
};

interface Row {
  readonly way: Way;
  readonly threadUs: number;
  readonly processUs: number;
  readonly dropped: number;
}

try {
  const event = await recordedCall(children, dir);
  await children.endAll();
  const seen = new Map<Way, Seen>();
  for (const way of WAYS) seen.set(way, await seenBy(way, event));
  for (const way of WAYS) await used(seen.get(way)!, event, 2_000);
  const before = loadAverage();
  const heapBefore = process.memoryUsage().rss;
  const results = new Map<Way, Used[]>(WAYS.map((way) => [way, []]));
  for (let round = 0; round < rounds; round++)
    for (let at = 0; at < WAYS.length; at++) {
      const way = WAYS[(at + round) % WAYS.length]!;
      results.get(way)!.push(await used(seen.get(way)!, event, seconds * 1_000));
      // What its store and exporter still have to do is its own, and nobody else's.
      await seen.get(way)!.observed?.flush();
    }
  const middle = (way: Way, of: keyof Used): number => medianOf(results.get(way)!.map((one) => one[of]));
  const rows: Row[] = WAYS.slice(1).map((way) => ({
    way,
    threadUs: middle(way, 'threadUs') - middle('nothing', 'threadUs'),
    processUs: middle(way, 'processUs') - middle('nothing', 'processUs'),
    dropped: Object.values(seen.get(way)!.observed?.exported().otlp?.dropped ?? {}).reduce((sum, one) => sum + one, 0),
  }));
  const report = {
    ...{ date: new Date().toISOString(), commit: readCommit(), node: process.version },
    ...{ steps: event.steps.length, rate: RATE, rounds, seconds, loadAverage: { before, after: loadAverage() } },
    rssMb: { before: Math.round(heapBefore / 1e6), after: Math.round(process.memoryUsage().rss / 1e6) },
    rows,
  };
  if (values.keep === true)
    writeFileSync(
      join(
        import.meta.dirname,
        '..',
        'results',
        `telemetry-${report.date.slice(0, 10)}-${report.commit.slice(0, 7)}.json`,
      ),
      `${JSON.stringify(report, null, 2)}\n`,
    );
  if (values.json === true) console.log(JSON.stringify(report, null, 2));
  else {
    console.log(`a call of ${report.steps} steps, ${RATE} a second, medians of ${rounds} rounds of ${seconds} s`);
    console.log('way        main thread us/call   whole process us/call   spans dropped by the exporter');
    for (const { way, threadUs, processUs, dropped } of rows)
      console.log(
        `${way.padEnd(10)} ${threadUs.toFixed(1).padStart(19)} ${processUs.toFixed(1).padStart(23)} ${String(dropped).padStart(31)}`,
      );
    console.log(`resident memory ${report.rssMb.before} MB before the rounds, ${report.rssMb.after} MB after them`);
  }
  for (const one of seen.values()) await one.close();
  const costOf = (way: Way): number => rows.find((row) => row.way === way)!.threadUs;
  const isDear = costOf('kept') > MOST_US || costOf('exported') - costOf('kept') > MOST_EXPORT_US;
  process.exitCode = isDear ? 1 : 0;
} finally {
  await children.endAll();
  rmSync(dir, { recursive: true, force: true });
}
process.exit();
