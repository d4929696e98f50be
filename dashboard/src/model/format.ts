/** Numbers and instants as people read them. */

/** `40µs`, `7ms`, `1.08s`, `3m 24s`, `2h 05m`, `3d`. */
export const duration = (ms: number): string => {
  if (ms < 1) return `${Math.max(0, Math.round(ms * 1_000))}µs`;
  if (ms < 10) return `${ms.toFixed(1)}ms`;
  if (ms < 1_000) return `${ms.toFixed(0)}ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(2)}s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)}m ${two(seconds % 60)}s`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3_600)}h ${two(Math.floor((seconds % 3_600) / 60))}m`;
  return `${Math.floor(seconds / 86_400)}d`;
};

/** The same for what people count in seconds: `12s`, `3m 05s`. */
export const coarse = (ms: number): string => (ms < 60_000 ? `${Math.max(0, Math.round(ms / 1_000))}s` : duration(ms));

const two = (number: number): string => String(number).padStart(2, '0');

/** `10:41:23`, in the time zone of whoever looks. */
export const clock = (atMs: number): string => {
  const at = new Date(atMs);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
};

/** `2026-11-27 10:41:23`, in the time zone of whoever looks. */
export const stamp = (atMs: number): string => {
  const at = new Date(atMs);
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${clock(atMs)}`;
};

/** With date and zone, for a title. */
export const instant = (atMs: number): string => new Date(atMs).toISOString();

/** `12`, `1.4k`, `31.7k`, `1.92M`. */
export const count = (number: number): string => {
  if (number < 1_000) return String(Math.round(number));
  if (number < 1_000_000) return `${(number / 1_000).toFixed(1)}k`;
  return `${(number / 1_000_000).toFixed(2)}M`;
};

/** Micro-USD as `$0.0681`, `$4.12`, `$412`. */
export const money = (micros: number): string => {
  const usd = micros / 1_000_000;
  if (usd >= 100) return `$${usd.toFixed(0)}`;
  return usd >= 1 ? `$${usd.toFixed(2)}` : `$${usd.toFixed(4)}`;
};

/** A difference with its sign: `+1.08s`, `−$0.0020`; of none, `±0`. */
export const apart = (by: number, of: (amount: number) => string): string =>
  by === 0 ? '±0' : `${by > 0 ? '+' : '−'}${of(Math.abs(by))}`;

/** Of a budget, in its own unit. */
export const amount = (of: number, unit: 'micros' | 'tokens' | 'calls'): string =>
  unit === 'micros' ? money(of) : `${count(of)} ${unit}`;

/** A share of 1 as `2.1%`; nothing of nothing is no share. */
export const percent = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(part === 0 || part === whole ? 0 : 1)}%`;

/** `37.1`, `0.4`, `0`. */
export const rate = (perSecond: number): string => (perSecond === 0 ? '0' : perSecond.toFixed(perSecond < 100 ? 1 : 0));
