/** CPU from the kernel's own accounting (Linux): what the hop used, what the benchmark used, and what everybody else took. */
import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';

/** Linux tells times to programs in hundredths of a second on every platform that Node supports. */
const US_PER_TICK = 10_000;

export interface Pids {
  /** The measured processes, each with its children. */
  readonly hop: readonly number[];
  /** Further processes of the benchmark: generator, upstream, orchestrator. Without their children. */
  readonly own: readonly number[];
}

export interface CpuSample {
  readonly atUs: number;
  readonly busyUs: number;
  readonly stealUs: number;
  readonly hopUs: number;
  /** Hop and own processes together. */
  readonly oursUs: number;
}

export interface CpuUse {
  readonly hopUs: number;
  /** Of one core, 0 to the number of cores: near 1, a hop of one thread has no more to give. */
  readonly hopCores: number;
  /** CPU of processes that are not the benchmark's, as a share of the whole machine, 0 to 1. */
  readonly foreignShare: number;
  /** CPU that the hypervisor gave to others, as a share of the whole machine, 0 to 1. */
  readonly stealShare: number;
}

/** One look at the kernel's counters; null where there is no `/proc`. */
export function sampleCpu(pids: Pids): CpuSample | null {
  const machine = readOptional('/proc/stat');
  if (machine === null) return null;
  const hop = new Set(pids.hop.flatMap(withChildren));
  const ours = new Set([...hop, ...pids.own]);
  const total = (set: ReadonlySet<number>): number => [...set].reduce((sum, pid) => sum + processCpuUs(pid), 0);
  return { atUs: performance.now() * 1_000, ...parseMachineStat(machine), hopUs: total(hop), oursUs: total(ours) };
}

/** What happened between two samples. Shares below zero are noise of the coarser counter and become zero. */
export function compareCpu(before: CpuSample | null, after: CpuSample | null, cores = cpus().length): CpuUse | null {
  if (before === null || after === null) return null;
  const wallUs = Math.max(1, after.atUs - before.atUs);
  const share = (us: number): number => Math.max(0, us) / (wallUs * cores);
  const hopUs = Math.max(0, after.hopUs - before.hopUs);
  return {
    hopUs,
    hopCores: hopUs / wallUs,
    foreignShare: share(after.busyUs - before.busyUs - (after.oursUs - before.oursUs)),
    stealShare: share(after.stealUs - before.stealUs),
  };
}

/** First line of `/proc/stat`: busy is user, nice, system, irq and softirq; waiting for a disk is idle. */
export function parseMachineStat(text: string): { readonly busyUs: number; readonly stealUs: number } {
  const [line = ''] = text.split('\n', 1);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = line.split(/\s+/).slice(1).map(Number);
  return { busyUs: (user + nice + system + irq + softirq) * US_PER_TICK, stealUs: steal * US_PER_TICK };
}

/** User and system time of all threads, `/proc/<pid>/stat`. The name in brackets may hold spaces and brackets. */
export function parseProcessStat(text: string): number {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * US_PER_TICK; // fields 14 and 15 of proc(5)
}

/** Time on a core, in nanoseconds, is the first number of `schedstat`. */
export function parseSchedstat(text: string): number {
  return Number(text.split(' ', 1)[0]) / 1_000;
}

/**
 * `schedstat` counts nanoseconds and forgets threads that ended; `stat` remembers them and counts hundredths of a second.
 * The larger of the two is right within one tick, and nearly always within a microsecond.
 */
function processCpuUs(pid: number): number {
  const stat = readOptional(`/proc/${pid}/stat`);
  if (stat === null) return 0;
  const threads = threadsOf(pid).map((thread) => readOptional(`/proc/${pid}/task/${thread}/schedstat`));
  const fineUs = threads.reduce((sum, text) => sum + (text === null ? 0 : parseSchedstat(text)), 0);
  return Math.max(parseProcessStat(stat), fineUs);
}

function withChildren(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) =>
    (readOptional(`/proc/${pid}/task/${thread}/children`) ?? '').trim().split(' '),
  );
  return [pid, ...children.filter((child) => child !== '').flatMap((child) => withChildren(Number(child)))];
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // it ended between two looks
  }
}

function readOptional(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // not Linux, or the process or thread ended
  }
}
