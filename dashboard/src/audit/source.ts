/** The rows of the audit, whichever way they come: all of a chain by number, or what fits as far as somebody has looked. */
import { useEffect, useMemo } from 'react';
import type { AuditRecord } from '../../../src/contract/index.ts';
import { type ChainName, PAGE, useAuditPages, useAuditSearch } from '../api/audit.ts';
import { isFiltering, type TrailFilter, trailQuery } from '../model/trail.ts';

export interface Trail {
  /** Rows, newest first. */
  readonly count: number;
  /** Undefined: it is on its way. */
  readonly at: (index: number) => AuditRecord | undefined;
  /** Row of a record; -1: it is not among them. */
  readonly rowOf: (seq: number) => number;
  /** Why there is nothing; null: there is no reason. */
  readonly problem: unknown;
  readonly isLoading: boolean;
  /** With a filter: more may be found further back, and this looks there. */
  readonly further: (() => void) | null;
  /** With a filter: the oldest record that was looked at. */
  readonly lookedTo: number | null;
}

/** A browser makes no element higher than some 33 million pixels. */
export const MOST_ROWS = 1_000_000;

interface TrailAsked {
  readonly chain: ChainName;
  readonly filter: TrailFilter;
  /** The newest record that is shown. */
  readonly last: number;
  /** First and last row that is seen. */
  readonly seen: readonly [number, number];
}

export const useTrail = ({ chain, filter, last, seen }: TrailAsked): Trail => {
  const isFiltered = isFiltering(filter);
  const whole = useWhole(chain, isFiltered ? 0 : last, seen);
  const found = useFound(filter, isFiltered, seen[1]);
  return isFiltered ? found : whole;
};

const useWhole = (chain: ChainName, last: number, [first, end]: readonly [number, number]): Trail => {
  const pageOf = (row: number): number => Math.max(0, Math.floor((last - row - 1) / PAGE));
  const [newest, oldest] = [pageOf(first), pageOf(end)];
  const pages = last === 0 ? [] : Array.from({ length: newest - oldest + 1 }, (_, at) => oldest + at);
  const asked = useAuditPages(chain, pages, last);
  const records = new Map(asked.flatMap(({ data }) => data?.items ?? []).map((record) => [record.seq, record]));
  return {
    count: Math.min(MOST_ROWS, last),
    at: (index) => records.get(last - index),
    rowOf: (seq) => (seq > 0 && seq <= last && last - seq < MOST_ROWS ? last - seq : -1),
    problem: records.size === 0 ? (asked.find(({ error }) => error !== null)?.error ?? null) : null,
    isLoading: records.size === 0 && asked.some(({ isPending }) => isPending),
    ...{ further: null, lookedTo: null },
  };
};

/** So many bites by themselves; then whoever waits says whether to go on. */
const MOST_BITES = 10;

const useFound = (filter: TrailFilter, isWanted: boolean, end: number): Trail => {
  const { query, problem: slip } = trailQuery(filter);
  const asked = useAuditSearch(query, isWanted && slip === '');
  const { data, hasNextPage, isFetching, fetchNextPage } = asked;
  const items = useMemo(() => data?.pages.flatMap((page) => page.items) ?? [], [data]);
  const bites = data?.pages.length ?? 0;
  // Until there is a screen of rows, and while somebody scrolls.
  const isShort = end >= items.length - 20;
  const isWaiting = isShort && items.length < PAGE && bites >= MOST_BITES;
  useEffect(() => {
    if (isWanted && hasNextPage && !isFetching && isShort && !isWaiting) void fetchNextPage();
  }, [isWanted, hasNextPage, isFetching, isShort, isWaiting, fetchNextPage]);
  return {
    count: items.length,
    at: (index) => items[index],
    rowOf: (seq) => items.findIndex((record) => record.seq === seq),
    problem: data === undefined ? asked.error : null,
    isLoading: isWanted && slip === '' && items.length === 0 && (asked.isPending || isFetching),
    further: isWaiting && hasNextPage && !isFetching ? () => void fetchNextPage() : null,
    lookedTo: data?.pages.at(-1)?.before ?? null,
  };
};
