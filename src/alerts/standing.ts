/** Where a rule stands, and what becomes of that. Pure. */
import type { AlertState } from '../contract/index.ts';
import type { Verdict } from './judge.ts';

export interface Standing {
  readonly state: AlertState;
  /** Unix ms at which it came into this state; null before the first look. */
  readonly sinceMs: number | null;
  /** Unix ms since which it has not been so; null while it is, or nobody knows. */
  readonly wellSinceMs: number | null;
}

export const NEVER: Standing = { state: 'ok', sinceMs: null, wellSinceMs: null };

/** An incident is over when it has not been so for this long: what comes and goes is one incident and not many. */
export const CALM_MS = 60_000;

export const next = (before: Standing, { is }: Pick<Verdict, 'is'>, forMs: number, wallMs: number): Standing => {
  const { state } = before;
  if (is === 'unknown') return before.sinceMs === null ? { ...before, sinceMs: wallMs } : before;
  if (state === 'firing') return whileFiring(before, is === 'so', wallMs);
  if (is === 'not so') return state === 'ok' && before.sinceMs !== null ? before : became('ok', wallMs);
  const pending = state === 'pending' ? before : became('pending', wallMs);
  return wallMs - (pending.sinceMs ?? wallMs) >= forMs ? became('firing', wallMs) : pending;
};

const whileFiring = (before: Standing, isSo: boolean, wallMs: number): Standing => {
  if (isSo) return { ...before, wellSinceMs: null };
  const wellSinceMs = before.wellSinceMs ?? wallMs;
  return wallMs - wellSinceMs >= CALM_MS ? became('ok', wallMs) : { ...before, wellSinceMs };
};

const became = (state: AlertState, wallMs: number): Standing => ({ state, sinceMs: wallMs, wellSinceMs: null });
