/** What the benchmark asks of the reader of streams, and what it gets back: plain data, because it crosses a process boundary. */
import type { CpuUse } from '../machine/cpu.ts';
import type { Script } from './script.ts';

export interface StreamOrder {
  readonly port: number;
  /** A whole HTTP/1.1 request, head and body. */
  readonly request: string;
  readonly script: Script;
  readonly streams: number;
  /** Streams begin at even distances within this time, on connections that are open already. */
  readonly rampMs: number;
  /** From the first request; a stream that has not ended by then is cut and counts as unended. */
  readonly limitMs: number;
  /** Processes whose CPU is the hop's, each with all its children. */
  readonly hopPids: readonly number[];
  readonly ownPids: readonly number[];
}

export interface Quantiles {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface StreamResult {
  readonly streams: number;
  readonly chunks: number;
  /** Sums over all streams. All must be zero. */
  readonly lost: number;
  readonly doubled: number;
  readonly reordered: number;
  readonly strange: number;
  readonly unended: number;
  readonly firstError: string | null;
  /** From the request to the first chunk. */
  readonly firstChunkUs: Quantiles;
  /** From the time a chunk was made to the time it was read. */
  readonly chunkUs: Quantiles;
  /** While all streams ran: from the first chunk of the last stream to the end of the first one. Null when there was no such time. */
  readonly steady: { readonly chunks: number; readonly elapsedMs: number; readonly cpu: CpuUse | null } | null;
}
