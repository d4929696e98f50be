/** What a process costs, from the kernel's own accounting; nothing where there is no such thing. */
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';

export interface Cost {
  readonly cpuMs: number;
  readonly rssMiB: number;
  readonly peakRssMiB: number;
  /** All that it wrote: to sockets and to files. */
  readonly writtenMiB: number;
}

const TICK_MS = 10;
const NOTHING: Cost = { cpuMs: 0, rssMiB: 0, peakRssMiB: 0, writtenMiB: 0 };

export const costOf = (pid: number): Cost => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mib = (field: string): number => Number(new RegExp(`${field}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) / 1024;
    const written = /wchar: (\d+)/.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1] ?? 0;
    return {
      cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
      rssMiB: Math.round(mib('VmRSS')),
      peakRssMiB: Math.round(mib('VmHWM')),
      writtenMiB: Number(written) / 1024 / 1024,
    };
  } catch {
    return NOTHING;
  }
};

export const machine = () => ({
  cpus: cpus().length,
  model: cpus()[0]?.model ?? '',
  memoryGiB: Math.round(totalmem() / 1024 ** 3),
  node: process.version,
  loadAverage: loadavg().map((load) => Number(load.toFixed(2))),
});
