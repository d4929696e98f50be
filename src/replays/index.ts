/** Recorded requests made again, with their calls answered here. */
export type { IsOfRecord } from './alike.ts';
export { notedOf, type ReplayParts, Replays } from './replays.ts';
export type { Prepared } from './running.ts';
export type { Standing } from './standing.ts';
