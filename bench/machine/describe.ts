/** What the machine is and how busy it was, kept with the figures because they mean nothing without it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly platform: string;
  readonly kernel: string;
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    platform: `${process.platform}-${process.arch}`,
    kernel: release(),
  };
}

/** Load averages of 1, 5 and 15 minutes; zeros on Windows. */
export function loadAverage(): readonly number[] {
  return loadavg().map((value) => Math.round(value * 100) / 100);
}

/** Where hop and load may be pinned. */
export interface Pins {
  readonly hop: number;
  readonly load: number;
}

/** The first two cores that this process may use; null without `taskset` or with one core. */
export function findPins(): Pins | null {
  try {
    const status = readFileSync('/proc/self/status', 'utf8');
    const [hop, load] = parseCpuList(/^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? '');
    if (hop === undefined || load === undefined) return null;
    execFileSync('taskset', ['-c', `${hop}`, 'true'], { stdio: 'ignore', timeout: 2_000 });
    return { hop, load };
  } catch {
    return null;
  }
}

/** `0-2,5` is 0, 1, 2, 5: the kernel's list format. */
export function parseCpuList(list: string): readonly number[] {
  return list.split(',').flatMap((range) => {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(range) ?? [];
    if (first === undefined) return [];
    return Array.from({ length: Number(last ?? first) - Number(first) + 1 }, (_, i) => Number(first) + i);
  });
}
