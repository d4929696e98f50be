/** The calls of the chosen range, and the requests that they make, for a screen. */
import { useMemo, useSyncExternalStore } from 'react';
import { type RequestRow, requestsOf } from '../model/requests.ts';
import { live, type Seen } from './live.ts';

export const useLive = (): Seen => useSyncExternalStore(live.subscribe, live.seen);

export interface LiveRequests extends Seen {
  readonly rows: readonly RequestRow[];
  readonly rangeMs: number;
}

export const useRequests = (rangeMs: number): LiveRequests => {
  const seen = useLive();
  const { events, nowMs } = seen;
  const rows = useMemo(
    () =>
      requestsOf(
        events.filter(({ startedAtMs }) => startedAtMs >= nowMs - rangeMs),
        nowMs,
      ),
    [events, nowMs, rangeMs],
  );
  return { ...seen, rows, rangeMs };
};
