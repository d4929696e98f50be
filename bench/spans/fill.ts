/** Fills a store through its port, as fast as it takes, and says what that cost. */
import type { CallEvent, Counting, Stores } from '../../src/contract/index.ts';
import { sumOf, usageOf } from '../../src/telemetry/index.ts';
import { Organisation, spansIn } from './events.ts';

/** As a hub hands them over. */
const BATCH = 256;
/** Batches on their way at once: enough that the writer never waits for us. */
const UNDER_WAY = 4;

/** As a hub that knows all its targets. */
export const COUNTING: Counting = {
  rowOf: (event) => sumOf(event, { domain: '', isWithin: () => false, isTarget: () => true }),
  usageOf: (event) => usageOf(event, { isTarget: () => true, isOperation: () => true }),
  onward: false,
};

export interface Filled {
  readonly spans: number;
  readonly events: number;
  readonly traces: number;
  readonly seconds: number;
  /** User and system time of this process with its threads; without that of a database server. */
  readonly cpuUsPerEvent: number;
  /** Of it: making the events, which no product does. */
  readonly makingUsPerEvent: number;
  /** The longest that a batch took to be kept. */
  readonly slowestBatchMs: number;
  /** One event in many, to ask for. */
  readonly some: readonly CallEvent[];
}

export interface FillOptions {
  readonly spans: number;
  readonly seed: number;
  readonly fromMs: number;
  readonly toMs: number;
  /** When it stops, whatever is left. */
  readonly mostSeconds: number;
  readonly told: (spans: number, seconds: number) => void;
}

export const fill = async ({ traces }: Stores, options: FillOptions): Promise<Filled> => {
  const { spans: wanted, seed, fromMs, toMs, mostSeconds, told } = options;
  const organisation = new Organisation(seed);
  const some: CallEvent[] = [];
  const underWay = new Set<Promise<void>>();
  let [spans, events, count, makingMs, slowestBatchMs, toldAt] = [0, 0, 0, 0, 0, 0];
  let batch: CallEvent[] = [];
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  const seconds = (): number => (performance.now() - startMs) / 1_000;
  const send = async (full: readonly CallEvent[]): Promise<void> => {
    const sentMs = performance.now();
    const sending = traces.append(full, COUNTING).then(() => {
      underWay.delete(sending);
      slowestBatchMs = Math.max(slowestBatchMs, performance.now() - sentMs);
    });
    underWay.add(sending);
    if (underWay.size >= UNDER_WAY) await Promise.race(underWay);
  };
  while (spans < wanted && seconds() < mostSeconds) {
    const madeMs = performance.now();
    const trace = organisation.trace(fromMs + ((toMs - fromMs) * spans) / wanted);
    makingMs += performance.now() - madeMs;
    count += 1;
    if (count % 97 === 0) some.push(trace[0]!);
    for (const event of trace) {
      batch.push(event);
      spans += spansIn(event);
      events += 1;
      if (batch.length < BATCH) continue;
      await send(batch);
      batch = [];
    }
    if (spans - toldAt < 500_000) continue;
    toldAt = spans;
    told(spans, seconds());
  }
  if (batch.length > 0) await send(batch);
  await Promise.all(underWay);
  const { user, system } = process.cpuUsage(cpu);
  return {
    ...{ spans, events, traces: count, seconds: seconds(), slowestBatchMs, some },
    cpuUsPerEvent: (user + system) / events,
    makingUsPerEvent: (makingMs * 1_000) / events,
  };
};

/** What somebody else filled: how much it is, and some calls to ask for. */
export const lookAt = async ({ traces, room }: Stores): Promise<Filled> => {
  const { events, oldestMs } = await room.size();
  const [newest] = await traces.recent({ limit: 1 });
  const [fromMs, toMs] = [oldestMs ?? 0, newest?.startedAtMs ?? 0];
  const some: CallEvent[] = [];
  let spans = 0;
  for (let at = 1; at <= 50; at++)
    for (const event of await traces.recent({ untilMs: fromMs + ((toMs - fromMs) * at) / 50, limit: 40 })) {
      some.push(event);
      spans += spansIn(event);
    }
  const each = spans / Math.max(1, some.length);
  return {
    ...{ spans: Math.round(events * each), events, traces: 0, seconds: 0, slowestBatchMs: 0, some },
    ...{ cpuUsPerEvent: 0, makingUsPerEvent: 0 },
  };
};

/** Keeps calls at a steady pace until it is stopped. Answers how many spans were kept, and how many batches were late by over a second. */
export const pour = ({ traces }: Stores, spansPerSecond: number, seed: number) => {
  const organisation = new Organisation(seed);
  const startMs = performance.now();
  let [isOver, spans, late] = [false, 0, 0];
  const pouring = (async () => {
    while (!isOver) {
      const batch: CallEvent[] = [];
      while (batch.length < BATCH / 4) batch.push(...organisation.trace(Date.now()));
      const due = startMs + (spans * 1_000) / spansPerSecond;
      const waitMs = due - performance.now();
      if (waitMs > 0) await new Promise((later) => setTimeout(later, waitMs));
      else if (waitMs < -1_000) late += 1;
      await traces.append(batch, COUNTING);
      spans += batch.reduce((sum, event) => sum + spansIn(event), 0);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await pouring;
      return { spansPerSecond: (spans * 1_000) / (performance.now() - startMs), late };
    },
  };
};
