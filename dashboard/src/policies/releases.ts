/** Releases as the screen speaks of them. */
import type { ReleaseView } from '../../../src/contract/index.ts';

const OPEN: ReadonlySet<string> = new Set(['staged', 'shadow', 'canary']);

export const isOpen = ({ state }: Pick<ReleaseView, 'state'>): boolean => OPEN.has(state);

/** The one that is on trial, or else the one that was staged last and still fits. */
export const openRelease = (releases: readonly ReleaseView[]): ReleaseView | undefined =>
  releases.find(({ state }) => state === 'canary' || state === 'shadow') ??
  releases.find((one) => one.state === 'staged' && !one.stale);

/** `canary 10 %` */
export const stateText = ({ state, percent, stale }: Pick<ReleaseView, 'state' | 'percent' | 'stale'>): string =>
  `${state}${state === 'canary' ? ` ${percent} %` : ''}${stale ? ' (stale)' : ''}`;

export const moodOf = ({ state, stale }: Pick<ReleaseView, 'state' | 'stale'>): string => {
  if (stale) return 'warn';
  return state === 'active'
    ? 'ok'
    : state === 'canary' || state === 'shadow'
      ? 'info'
      : state === 'halted'
        ? 'warn'
        : '';
};
