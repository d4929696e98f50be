/** Times as people read them: short durations with three digits, long ones in two units, ages instead of dates. */

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** `0.42ms`, `12ms`, `1.24s`, `3m24s`, `2d4h`. */
export const duration = (ms: number): string => {
  if (!Number.isFinite(ms)) return '-';
  if (ms < 0) return `-${duration(-ms)}`;
  if (ms < 1) return `${trimmed(ms.toFixed(2))}ms`;
  if (ms < 9.95) return `${trimmed(ms.toFixed(1))}ms`;
  if (ms < 999.5) return `${Math.round(ms)}ms`;
  if (ms < 59_950) return `${trimmed((ms / 1000).toFixed(ms < 9_995 ? 2 : 1))}s`;
  return twoUnits(Math.round(ms / 1000) * 1000);
};

const trimmed = (digits: string): string => digits.replace(/\.?0+$/, '') || '0';

const twoUnits = (ms: number): string => {
  const at = UNITS.findIndex(([, size]) => ms >= size);
  const [unit, size] = UNITS[at]!;
  const next = UNITS[at + 1];
  const rest = next === undefined ? 0 : Math.floor((ms % size) / next[1]);
  return `${Math.floor(ms / size)}${unit}${rest === 0 ? '' : `${rest}${next![0]}`}`;
};

/** Whole seconds at least: an age of milliseconds is `now`. */
export const age = (fromMs: number, nowMs: number): string => {
  const ms = Math.floor((nowMs - fromMs) / 1000) * 1000;
  return ms < 1_000 ? 'now' : twoUnits(ms);
};

const SPAN = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)$/;

/** Reads `500ms`, `30s`, `15m`, `2h`, `7d`; undefined for anything else. */
export const parseDuration = (text: string): number | undefined => {
  const found = SPAN.exec(text);
  if (found === null) return undefined;
  const size = found[2] === 'ms' ? 1 : UNITS.find(([unit]) => unit === found[2])![1];
  return Math.round(Number(found[1]) * size);
};
