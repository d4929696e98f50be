/** When a budget begins anew: calendar windows of a time zone, right on the days on which clocks are put forward or back. */
import type { BudgetEntry } from '../contract/index.ts';

export interface Window {
  /** Unix ms; 0 for a window that always was. */
  readonly startMs: number;
  /** Unix ms; null for one that never ends. */
  readonly endMs: number | null;
}

const FOR_EVER: Window = { startMs: 0, endMs: null };
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/**
 * The window that holds an instant. INVARIANT: start <= instant < end, and the end of one is the start of the next.
 * Minutes and hours are those of UTC everywhere: clocks change in between them, and a window must not be there twice.
 */
export const windowAt = ({ every, timezone }: BudgetEntry['window'], wallMs: number): Window => {
  if (every === 'none') return FOR_EVER;
  if (every === 'minute') return fixed(wallMs, MINUTE_MS);
  if (every === 'hour') return fixed(wallMs, HOUR_MS);
  const zone = zoneOf(timezone);
  const kept = zone.windows.get(every);
  if (kept !== undefined && kept.startMs <= wallMs && wallMs < (kept.endMs ?? 0)) return kept;
  const window = calendar(every, zone, wallMs);
  zone.windows.set(every, window);
  return window;
};

const fixed = (wallMs: number, lengthMs: number): Window => {
  const startMs = Math.floor(wallMs / lengthMs) * lengthMs;
  return { startMs, endMs: startMs + lengthMs };
};

type CalendarLength = 'day' | 'week' | 'month';

/** Days are counted from 1970-01-01, as dates without any clock. */
interface Zone {
  dayAt(wallMs: number): number;
  /** The last window of each length: nearly every question is about it. */
  readonly windows: Map<CalendarLength, Window>;
}

const calendar = (every: CalendarLength, zone: Zone, wallMs: number): Window => {
  let first = firstDay(every, zone.dayAt(wallMs));
  let window = between(zone, first, next(every, first));
  // Where clocks go back over midnight a date is there twice; the instant belongs to one window all the same.
  if (wallMs < window.startMs) {
    const before = firstDay(every, first - 1);
    window = between(zone, before, first);
  } else if (wallMs >= window.endMs!) {
    first = next(every, first);
    window = between(zone, first, next(every, first));
  }
  return window;
};

const between = (zone: Zone, first: number, end: number): Window => ({
  startMs: startOf(zone, first),
  endMs: startOf(zone, end),
});

/** The first day of the window that a day belongs to. 1970-01-01 was a Thursday, and weeks begin on Monday. */
const firstDay = (every: CalendarLength, day: number): number => {
  if (every === 'day') return day;
  if (every === 'week') return day - ((((day + 3) % 7) + 7) % 7);
  return day - (new Date(day * DAY_MS).getUTCDate() - 1);
};

const next = (every: CalendarLength, first: number): number => {
  if (every !== 'month') return first + (every === 'day' ? 1 : 7);
  const date = new Date(first * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1) / DAY_MS;
};

/** The first instant of a date, or of the next one where a zone left the date out. No zone is 18 h away from UTC. */
const startOf = (zone: Zone, day: number): number => {
  let low = day * DAY_MS - 18 * HOUR_MS;
  let high = day * DAY_MS + 42 * HOUR_MS;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (zone.dayAt(middle) >= day) high = middle;
    else low = middle;
  }
  return high;
};

const zones = new Map<string, Zone>();

/** Zones come from the configuration, so there are few. */
const zoneOf = (timezone: string): Zone => {
  const known = zones.get(timezone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: timezone,
    calendar: 'gregory',
    ...{ year: 'numeric', month: 'numeric', day: 'numeric' },
  });
  const dayAt = (wallMs: number): number => {
    const part: Record<string, number> = {};
    for (const { type, value } of format.formatToParts(wallMs)) part[type] = Number(value);
    return Date.UTC(part['year']!, part['month']! - 1, part['day']!) / DAY_MS;
  };
  const zone = { dayAt, windows: new Map<CalendarLength, Window>() };
  zones.set(timezone, zone);
  return zone;
};
