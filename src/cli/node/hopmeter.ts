/** What calls cost this process in CPU: samples of what the kernel says, beside the number of calls that ended here. */
import type { EventSink } from '../../contract/index.ts';
import type { World } from '../../kernel/index.ts';
import type { HopCost } from '../../topologies/index.ts';

const EVERY_MS = 2_000;
/** An hour. */
const MOST_SAMPLES = 1_800;
/** Of fewer calls most of the CPU was something else. */
const LEAST_CALLS = 100;

interface Sample {
  /** Unix ms. */
  readonly atMs: number;
  readonly cpuUs: number;
  readonly calls: number;
}

export interface HopMeter {
  readonly sink: EventSink;
  /** Since the sample that is nearest to the instant, Unix ms. Null: there are not two yet. */
  since(fromMs: number, toMs?: number): HopCost | null;
  stop(): void;
}

/** `cpuUs`: of the whole process, all threads. */
export const meterHops = ({ clock }: World, cpuUs: () => number = ofProcess): HopMeter => {
  let calls = 0;
  const samples: Sample[] = [];
  const look = (): void => {
    samples.push({ atMs: clock.wallMs(), cpuUs: cpuUs(), calls });
    if (samples.length > MOST_SAMPLES) samples.shift();
    timer = clock.after(EVERY_MS, look);
  };
  let timer = clock.after(0, look);
  return {
    sink: {
      emit: () => {
        calls++;
      },
    },
    since: (fromMs, toMs = Number.POSITIVE_INFINITY) => {
      const within = samples.filter(({ atMs }) => atMs >= fromMs - EVERY_MS && atMs <= toMs + EVERY_MS);
      const [first, last] = [within.at(0), within.at(-1)];
      return first === undefined || last === undefined || first === last ? null : between(first, last);
    },
    stop: () => timer.cancel(),
  };
};

const ofProcess = (): number => {
  const { user, system } = process.cpuUsage();
  return user + system;
};

const between = (first: Sample, last: Sample): HopCost => {
  const calls = last.calls - first.calls;
  const cpuUs = last.cpuUs - first.cpuUs;
  const overMs = last.atMs - first.atMs;
  return {
    cpuUsPerCall: calls < LEAST_CALLS ? null : cpuUs / calls,
    cores: cpuUs / Math.max(1, overMs * 1_000),
    calls,
    overMs,
  };
};
