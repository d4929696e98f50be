/** Cedar's `datetime` and `duration`: milliseconds since the epoch, and between two instants. */
import { EvaluationError } from '../evaluation-error.ts';
import { add, type Long, longOf, subtract } from '../long.ts';

export class Datetime {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly ms: Long;

  constructor(ms: Long) {
    this.ms = ms;
  }
}

export class Duration {
  readonly ms: Long;

  constructor(ms: Long) {
    this.ms = ms;
  }
}

export const MS = { day: 86_400_000n, hour: 3_600_000n, minute: 60_000n, second: 1_000n, ms: 1n } as const;

const DATETIME = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d):(\d\d)(?:\.(\d{3}))?(Z|([+-])(\d\d)(\d\d)))?$/;

/** `2026-11-22`, or `2026-11-22T10:00:00[.500]` with `Z` or `+0100`. Throws EvaluationError on anything else. */
export const parseDatetime = (text: string): Datetime => {
  const parts = DATETIME.exec(text);
  if (parts === null) throw new EvaluationError('a datetime looks like "2026-11-22" or "2026-11-22T10:00:00Z"');
  const part = (index: number): number => Number(parts[index] ?? 0);
  const midnight = midnightOf(part(1), part(2), part(3));
  const [hour, minute, second] = [part(4), part(5), part(6)];
  const [offsetHour, offsetMinute] = [part(10), part(11)];
  if (hour > 23 || minute > 59 || second > 59 || offsetHour > 23 || offsetMinute > 59)
    throw new EvaluationError('a datetime has hours to 23, minutes and seconds to 59');
  const offset = (offsetHour * 60 + offsetMinute) * 60_000 * (parts[9] === '-' ? -1 : 1);
  return new Datetime(midnight + ((hour * 60 + minute) * 60 + second) * 1000 + part(7) - offset);
};

const midnightOf = (year: number, month: number, day: number): number => {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // JavaScript rolls February 30 over to March; Cedar refuses it.
  if (date.getUTCFullYear() !== year || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day)
    throw new EvaluationError('no such day in the calendar');
  return date.getTime();
};

const DURATION = /^(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+)s)?(?:(\d+)ms)?$/;

/** `1d2h3m4s5ms`, any part may be missing, one sign in front. Throws EvaluationError on anything else or beyond 64 bits. */
export const parseDuration = (text: string): Duration => {
  const parts = DURATION.exec(text);
  if (parts === null || !/\d/.test(text)) throw new EvaluationError('a duration looks like "1h30m" or "-2d"');
  const part = (index: number): bigint => BigInt(parts[index] ?? 0);
  const size = part(2) * MS.day + part(3) * MS.hour + part(4) * MS.minute + part(5) * MS.second + part(6);
  return new Duration(longOf(parts[1] === '-' ? -size : size));
};

export const offset = (from: Datetime, by: Duration): Datetime => new Datetime(add(from.ms, by.ms));

export const durationSince = (to: Datetime, from: Datetime): Duration => new Duration(subtract(to.ms, from.ms));

/** Time of day; counted upwards from midnight before 1970 too. */
export const toTime = (at: Datetime): Duration => new Duration(longOf(sinceMidnight(at)));

export const toDate = (at: Datetime): Datetime => new Datetime(longOf(BigInt(at.ms) - sinceMidnight(at)));

const sinceMidnight = (at: Datetime): bigint => ((BigInt(at.ms) % MS.day) + MS.day) % MS.day;

/** Whole units, rounded towards zero. */
export const inUnits = (duration: Duration, unitMs: bigint): Long => longOf(BigInt(duration.ms) / unitMs);
