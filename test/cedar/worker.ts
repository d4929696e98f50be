/** One thread's share of a check. Seeds decide what it draws, so a share can be done again alone. */
import { parentPort, workerData } from 'node:worker_threads';
import { checkCorpus } from './corpus.ts';
import { fuzz, ROUND } from './fuzz.ts';
import { asOneSet, byLevels, checkHierarchy } from './hierarchy.ts';
import { PLANTS } from './plants.ts';
import { subjectOf } from './subject.ts';
import type { Tally } from './tally.ts';

export interface Task {
  readonly check: 'corpus' | 'fuzz' | 'hierarchy';
  /** A name in `PLANTS`, `merged-set`, or null for our engine as it is. */
  readonly plant: string | null;
  readonly seed: number;
  /** Policies for the fuzz, cases for the hierarchy, over all threads. */
  readonly count: number;
  readonly archive: string;
  readonly thread: number;
  readonly threads: number;
}

export const perform = ({ check, plant, seed, count, archive, thread, threads }: Task): Tally => {
  const share = Math.ceil(count / threads);
  // Far apart, so that no two threads draw the same.
  const own = seed + thread * 10_000_000;
  if (check === 'hierarchy')
    return checkHierarchy(plant === 'merged-set' ? asOneSet : byLevels, { seed: own, count: share });
  const subject = subjectOf(plant === null ? undefined : PLANTS.get(plant));
  if (check === 'corpus') return checkCorpus(archive, subject, { from: thread, stride: threads });
  return fuzz(subject, { seed: own, count: Math.ceil(share / ROUND) });
};

if (parentPort !== null && workerData !== null) {
  const { compared, agreed, counted, differences } = perform(workerData as Task);
  parentPort.postMessage({ compared, agreed, counted, differences } satisfies Tally);
}
