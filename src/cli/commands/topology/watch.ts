/** Watches one step of a move: the arm that grows against the one that shrinks, or against what was before where that is empty. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type ArmStats, type Judgement, judge, LEAST_CALLS } from '../../../topologies/index.ts';
import type { Admin } from '../../admin.ts';
import { armText } from './arm.ts';

/** What `/v1/topology/routes/{name}/arms` answers. */
export interface Arms {
  readonly window: { readonly fromMs: number; readonly toMs: number };
  readonly hubCost: { readonly cores: number; readonly cpuUsPerCall: number | null } | null;
  readonly perSecond: number;
  readonly hub: ArmStats | null;
  readonly mesh: ArmStats | null;
  readonly all: ArmStats | null;
  readonly instead: number;
}

export interface Step {
  /** Of the call trees, the new way. */
  readonly percent: number;
  readonly arms: Arms;
  readonly judgement: Judgement;
}

export interface Moved {
  readonly route: string;
  readonly to: 'mesh' | 'hub';
  readonly outcome: 'moved' | 'returned' | 'stopped' | 'unchanged';
  /** Empty when it moved. */
  readonly why: string;
  /** Of the call trees that went directly before, and go now. */
  readonly fromPercent: number;
  readonly percent: number;
  readonly steps: readonly Step[];
  readonly before: Arms | null;
  readonly after: Arms | null;
}

export interface Watching {
  readonly admin: Admin;
  readonly route: string;
  readonly to: 'mesh' | 'hub';
  readonly everyMs: number;
  readonly note: (text: string) => void;
}

/** A step with too few calls is watched for so many times its time before it is given up. */
const PATIENCE = 5;
/** Looks at one step: often enough to go back early, seldom enough for the hub. */
const LOOKS = 5;

const armsSince = ({ admin, route, to }: Watching, sinceMs: number): Promise<Arms> =>
  admin.get<Arms>(`/v1/topology/routes/${encodeURIComponent(route)}/arms`, { sinceMs, grows: to });

/** By the clock of the hub: that of this machine may be another. */
const nowAt = async (watching: Watching): Promise<number> => (await armsSince(watching, Date.now())).window.toMs;

const before = async (watching: Watching): Promise<Arms> =>
  armsSince(watching, Math.max(0, (await nowAt(watching)) - Math.max(watching.everyMs, 60_000)));

const of = async (watching: Watching, percent: number, first: Arms | null, earlier: readonly Step[]): Promise<Step> => {
  const { everyMs, to, note } = watching;
  const sinceMs = await nowAt(watching);
  const lookMs = Math.min(10_000, Math.max(20, everyMs / LOOKS));
  for (let passedMs = 0; ; ) {
    await sleep(lookMs);
    passedMs += lookMs;
    const arms = await armsSince(watching, sinceMs);
    const judgement = judged(arms, to, [
      ...earlier.map((step) => step.arms).toReversed(),
      ...(first === null ? [] : [first]),
    ]);
    const isOver = passedMs >= (judgement.kind === 'few' ? PATIENCE : 1) * everyMs;
    if (judgement.kind !== 'worse' && !isOver) continue;
    note(`  ${armText('hub', arms.hub)}; ${armText('mesh', arms.mesh)}: ${judgement.kind}`);
    return { percent, arms, judgement };
  }
};

/** Beside it in the same time if there are enough calls, else the newest time in which there were. */
const judged = (arms: Arms, to: 'mesh' | 'hub', earlier: readonly Arms[]): Judgement => {
  const other = to === 'mesh' ? 'hub' : 'mesh';
  const held = [arms, ...earlier].find((one) => (one[other]?.calls ?? 0) >= LEAST_CALLS);
  return judge(arms[to], held?.[other] ?? null, to, held !== arms);
};

export const watchStep = { before, of };
