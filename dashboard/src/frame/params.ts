/** What a screen shows is in its address, so that it can be sent to somebody, kept, and gone back to. */
import { useCallback } from 'react';
import { useLocation, useSearchParams } from 'wouter';

/** One value of the address; empty when it is not there. Setting it to its default takes it away. */
export const useParam = (name: string, fallback = ''): readonly [string, (value: string) => void] => {
  const [search, setSearch] = useSearchParams();
  const set = useCallback(
    (value: string) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          if (value === fallback) after.delete(name);
          else after.set(name, value);
          return after;
        },
        // A selection that moves is not a place that somebody wants to go back to.
        { replace: true },
      ),
    [name, fallback, setSearch],
  );
  return [search.get(name) ?? fallback, set];
};

/** Several at once, so that none undoes another; empty takes it away. */
export const usePut = (): ((values: Readonly<Record<string, string>>) => void) => {
  const [, setSearch] = useSearchParams();
  return useCallback(
    (values) =>
      setSearch(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(values)) {
            if (value === '') after.delete(name);
            else after.set(name, value);
          }
          return after;
        },
        { replace: true },
      ),
    [setSearch],
  );
};

export const RANGES = [
  { id: '5m', name: '5 min', ms: 300_000 },
  { id: '15m', name: '15 min', ms: 900_000 },
  { id: '1h', name: '1 h', ms: 3_600_000 },
  { id: '24h', name: '24 h', ms: 86_400_000 },
] as const;

const DEFAULT_RANGE = RANGES[1];

export const useRange = () => {
  const [id, set] = useParam('since', DEFAULT_RANGE.id);
  return { range: RANGES.find((one) => one.id === id) ?? DEFAULT_RANGE, set };
};

/** The address of another screen, over the same time. */
export const useHref = (): ((to: string) => string) => {
  const { range } = useRange();
  return (to) => (range === DEFAULT_RANGE ? to : `${to}${to.includes('?') ? '&' : '?'}since=${range.id}`);
};

export const useGo = (): ((to: string) => void) => {
  const [, go] = useLocation();
  const href = useHref();
  return (to) => go(href(to));
};
