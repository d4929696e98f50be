/** What the benchmark asks of the load generator, and what it gets back: plain data, because it crosses a process boundary. */
import type { CpuUse } from '../machine/cpu.ts';

export interface LoadOrder {
  readonly port: number;
  /** A whole HTTP/1.1 request, head and body. */
  readonly request: string;
  readonly connections: number;
  /** Calls per second, sent whatever the replies do (open loop); without it each connection sends when its reply came (closed loop). */
  readonly rate?: number;
  /** Load before the window, not measured. */
  readonly warmMs: number;
  readonly windowMs: number;
  /** Processes whose CPU is the hop's, each with all its children. */
  readonly hopPids: readonly number[];
  /** Further processes of the benchmark, whose CPU is not foreign. */
  readonly ownPids: readonly number[];
}

export interface LoadResult {
  /** 2xx replies inside the window. */
  readonly calls: number;
  /** Broken connections and other replies inside the window. */
  readonly errors: number;
  readonly firstError: string | null;
  /** Calls of the window that had no reply when the wait for them ended. */
  readonly unfinished: number;
  readonly elapsedMs: number;
  /** From the intended send time to the last byte of the reply, of calls that were due inside the window. */
  readonly latencyUs: Readonly<Record<'p50' | 'p90' | 'p99' | 'p999' | 'max', number>>;
  /** Open loop: how late the generator itself was, 99th percentile. A control, not a property of the target. */
  readonly lateP99Us: number | null;
  /** Null where the kernel does not tell. */
  readonly cpu: CpuUse | null;
}
