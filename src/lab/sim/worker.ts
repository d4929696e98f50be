/** One thread of a simulation: runs the seeds that it is given and says how each went. Seeds know nothing of each other. */
import { parentPort, workerData } from 'node:worker_threads';
import { WORLDS } from './worlds.ts';

export interface Share {
  /** Name of one of `WORLDS`. */
  readonly world: string;
  readonly from: number;
  readonly to: number;
  /** Every how manyth seed is this thread's. */
  readonly stride: number;
  readonly plant: string | null;
}

export interface SeedReport {
  readonly seed: number;
  readonly calls: number;
  readonly violations: readonly string[];
}

const { world, from, to, stride, plant } = workerData as Share;
const run = WORLDS[world]!.runner(plant);
for (let seed = from; seed < to; seed += stride) {
  const { calls, violations } = await run(seed);
  const report: SeedReport = { seed, calls, violations };
  parentPort!.postMessage(report);
}
