/** What a move came to, in words: what was measured before and after, and nothing that was not. */
import { type ArmStats, LEAST_CALLS } from '../../../topologies/index.ts';
import { clean } from '../../render/clean.ts';
import { duration } from '../../render/time.ts';
import { armText } from './arm.ts';
import type { Arms, Moved } from './watch.ts';

export const moveText = (moved: Moved): string =>
  [
    headOf(moved),
    ...(moved.before === null || moved.after === null ? [] : measuredText(moved.to, moved.before, moved.after)),
    ...gained(moved),
  ].join('\n');

const headOf = ({ route, to, outcome, why, fromPercent, percent }: Moved): string => {
  const name = clean(route);
  if (outcome === 'moved') return `route/${name} moved to ${to}: ${fromPercent} % → ${percent} % directly`;
  if (outcome === 'returned') return `route/${name} is back at ${percent} % directly: ${clean(why)}`;
  return `route/${name} stopped at ${percent} % directly: ${clean(why)}`;
};

const measuredText = (to: 'mesh' | 'hub', before: Arms, after: Arms): readonly string[] => {
  const left = to === 'mesh' ? 'hub' : 'mesh';
  return [
    `  before  ${armText(left, before[left])}${hubText(before)}`,
    `  after   ${armText(to, after[to])}${hubText(after)}`,
    ...(after.instead === 0 ? [] : [`  ${after.instead} calls found no sidecar and went through the hub`]),
  ];
};

const hubText = ({ hubCost, perSecond }: Arms): string =>
  hubCost === null ? '' : `; hub ${hubCost.cores.toFixed(2)} of a core at ${perSecond.toFixed(1)} calls/s`;

/** Two times differ in more than the way, so that a gain is told from one in which both ways were in use, where there was one. */
const gained = ({ steps, before, after, to }: Moved): readonly string[] => {
  const step = steps.findLast(({ arms }) => isEnough(arms.hub) && isEnough(arms.mesh))?.arms;
  if (step !== undefined)
    return [
      `  beside  in the same time p50 ${duration(step.hub!.p50Ms)} through the hub, ${duration(step.mesh!.p50Ms)} directly`,
    ];
  const [first, last] = [before?.[to === 'mesh' ? 'hub' : 'mesh'], after?.[to]];
  if (first == null || last == null) return [];
  const byMs = first.p50Ms - last.p50Ms;
  return [`  median  ${byMs >= 0 ? `${duration(byMs)} less` : `${duration(-byMs)} more`}, at another time`];
};

const isEnough = (arm: ArmStats | null): boolean => (arm?.calls ?? 0) >= LEAST_CALLS;
