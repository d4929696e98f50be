/** One run of the lab from the first process to the verdict, on a ground of its own that is gone afterwards. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ground } from './ground.ts';
import { type Judged, judge } from './judge.ts';
import { type Plan, play } from './play.ts';
import { type BoundsMs, startScene } from './scene.ts';

export interface RunOptions {
  readonly ground: Ground;
  /** How long the hub is away. */
  readonly seconds: number;
  readonly plant?: string | undefined;
  /** In the tests the machine does other things too, and what is measured in seconds there says little: ages that were noted do. Default false. */
  readonly isShared?: boolean;
  readonly say: (line: string) => void;
}

const LEAST_MS = 5_000;

/** The table, so much shorter that all of it fits into the cut: reads of what is public stop after 72 % of it. */
export const boundsFor = (seconds: number): BoundsMs => {
  const share = (part: number): number => Math.max(LEAST_MS, Math.round(seconds * 1_000 * part));
  return {
    readMs: share(0.72),
    sensitiveReadMs: share(0.3),
    annexSensitiveMs: share(0.2),
    writeMs: share(0.15),
    killsMs: share(0.01),
    missedBeats: 2,
  };
};

/** With little time the agent's own sidecar stays up, or nothing could be seen of the bounds. */
const planFor = (seconds: number, isShared: boolean): Plan => ({
  slackMs: isShared ? 6_000 : 2_000,
  convergedMs: isShared ? 25_000 : 10_000,
  cutMs: seconds * 1_000,
  periodMs: seconds > 60 ? 1_000 : 900,
  kills: seconds > 60 ? { ann: 0.4, dan: 0.45, cid: 0.5, led: 0.6 } : { ann: 0.35, dan: 0.35 },
  rolledBack: 'dan',
});

export const run = async ({ ground, seconds, plant, isShared = false, say }: RunOptions): Promise<Judged> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-centre-'));
  const bounds = boundsFor(seconds);
  const plan = planFor(seconds, isShared);
  try {
    const scene = await startScene({ dir, ground, bounds, plant });
    try {
      return await judge(scene, plan, bounds, await play(scene, plan, say));
    } finally {
      await scene.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
};
