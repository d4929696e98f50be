/** One thread of a simulation: runs the seeds that it is given and says how each went. Seeds know nothing of each other. */
import { parentPort, workerData } from 'node:worker_threads';
import { SOUND } from './machinery.ts';
import { PLANTS } from './plants.ts';
import { run } from './run.ts';

export interface Share {
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

const { from, to, stride, plant } = workerData as Share;
const machinery = plant === null ? SOUND : PLANTS[plant]!;
for (let seed = from; seed < to; seed += stride) {
  const { calls, violations } = await run(seed, machinery);
  const report: SeedReport = { seed, calls, violations };
  parentPort!.postMessage(report);
}
