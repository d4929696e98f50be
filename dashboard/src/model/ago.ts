/** How long ago, as a list says it: `now`, `40s ago`, `6m ago`, `3h ago`, `12d ago`. */
const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;

export const ago = (atMs: number, nowMs: number): string => {
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1_000));
  if (seconds < 5) return 'now';
  if (seconds < MINUTE) return `${seconds}s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m ago`;
  if (seconds < 2 * DAY) return `${Math.floor(seconds / HOUR)}h ago`;
  return `${Math.floor(seconds / DAY)}d ago`;
};
