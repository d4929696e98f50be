/** Carries out one order: opens the connections, begins the streams, reads and checks every one of them to its end. */
import { connect, type Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { monotonicMs } from '../load/clock.ts';
import { Histogram } from '../load/histogram.ts';
import { type CpuSample, compareCpu, sampleCpu } from '../machine/cpu.ts';
import { EventReply } from './body.ts';
import { StreamCheck } from './check.ts';
import type { Quantiles, StreamOrder, StreamResult } from './order.ts';
import { nowUs } from './script.ts';

const CONNECT_MS = 10_000;

export async function drive(order: StreamOrder): Promise<StreamResult> {
  const tally = new Tally(order);
  const streams = await Promise.all(Array.from({ length: order.streams }, () => open(order, tally)));
  const begunMs = monotonicMs();
  const limit = AbortSignal.timeout(order.limitMs);
  for (const [at, stream] of streams.entries()) {
    const waitMs = begunMs + (order.rampMs * at) / order.streams - monotonicMs();
    if (waitMs > 1) await after(waitMs);
    stream.begin();
  }
  limit.addEventListener('abort', () => {
    for (const { socket } of streams) socket.destroy(new Error(`not ended after ${order.limitMs} ms`));
  });
  await Promise.all(streams.map(({ over }) => over));
  return tally.result(streams.map(({ check }) => check));
}

interface Stream {
  readonly socket: Socket;
  readonly check: StreamCheck;
  readonly begin: () => void;
  readonly over: Promise<void>;
}

const open = async (order: StreamOrder, tally: Tally): Promise<Stream> => {
  const socket = connect({ host: '127.0.0.1', port: order.port, noDelay: true });
  const check = new StreamCheck(order.script);
  let begunUs = 0;
  let isFirst = true;
  const over = new Promise<void>((resolve) => {
    socket.once('close', () => {
      tally.ended();
      resolve();
    });
  });
  const reply = new EventReply({
    status: (status) => {
      if (status !== 200) throw new Error(`answered ${status}`);
    },
    event: (text) => {
      const atUs = check.heard(text);
      if (atUs === undefined) return;
      const readUs = nowUs();
      tally.chunk(readUs - atUs);
      if (isFirst) tally.first(readUs - begunUs);
      isFirst = false;
    },
    end: () => socket.destroy(),
  });
  socket.on('data', (bytes: Buffer) => {
    try {
      reply.push(bytes);
    } catch (thrown) {
      socket.destroy(thrown as Error);
    }
  });
  socket.on('error', (error) => tally.broke(error.message));
  await new Promise<void>((resolve, reject) => {
    socket.setTimeout(CONNECT_MS, () => reject(new Error(`no connection in ${CONNECT_MS} ms`)));
    socket.once('connect', resolve);
    socket.once('close', () => reject(new Error('no connection')));
  });
  socket.setTimeout(0);
  const begin = (): void => {
    begunUs = nowUs();
    socket.write(order.request);
  };
  return { socket, check, begin, over };
};

/** What all streams of an order share. */
class Tally {
  readonly #order: StreamOrder;
  readonly #firsts = new Histogram();
  readonly #chunks = new Histogram();
  #firstError: string | null = null;
  #from: { readonly cpu: CpuSample | null; readonly atMs: number; readonly chunks: number } | undefined;
  #steady: StreamResult['steady'] = null;
  #isOver = false;

  constructor(order: StreamOrder) {
    this.#order = order;
  }

  chunk(tookUs: number): void {
    this.#chunks.record(tookUs);
  }

  first(tookUs: number): void {
    this.#firsts.record(tookUs);
    if (this.#firsts.count < this.#order.streams || this.#isOver) return;
    this.#from = { cpu: this.#sample(), atMs: monotonicMs(), chunks: this.#chunks.count };
  }

  broke(reason: string): void {
    this.#firstError ??= reason;
  }

  ended(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#from === undefined) return;
    this.#steady = {
      chunks: this.#chunks.count - this.#from.chunks,
      elapsedMs: monotonicMs() - this.#from.atMs,
      cpu: compareCpu(this.#from.cpu, this.#sample()),
    };
  }

  result(checks: readonly StreamCheck[]): StreamResult {
    const faults = checks.map((check) => check.faults);
    const sum = (name: 'lost' | 'doubled' | 'reordered' | 'strange'): number =>
      faults.reduce((total, one) => total + one[name], 0);
    return {
      streams: checks.length,
      chunks: this.#chunks.count,
      lost: sum('lost'),
      doubled: sum('doubled'),
      reordered: sum('reordered'),
      strange: sum('strange'),
      unended: faults.filter(({ unended }) => unended).length,
      firstError: this.#firstError,
      firstChunkUs: quantiles(this.#firsts),
      chunkUs: quantiles(this.#chunks),
      steady: this.#steady,
    };
  }

  #sample(): CpuSample | null {
    return sampleCpu({ hop: this.#order.hopPids, own: [...this.#order.ownPids, process.pid] });
  }
}

const quantiles = (histogram: Histogram): Quantiles => ({
  p50: histogram.quantile(0.5),
  p99: histogram.quantile(0.99),
  max: histogram.max,
});
