/** What is asked about the audit. Records never change, so a page that is here stays. */
import { useInfiniteQuery, useMutation, useQueries, useQuery, useQueryClient } from '@tanstack/react-query';
import type {
  AuditHead,
  AuditRecord,
  AuditVerification,
  NodeAuditHead,
  RevisionChange,
} from '../../../src/contract/index.ts';
import { get, post } from './client.ts';
import { again } from './queries.ts';
import type { Listed } from './views.ts';

/** A chain that a node handed over; without a node the one that is written at this hub. */
export interface ChainName {
  readonly node?: string;
  readonly chain?: string;
}

export interface TrailPage {
  readonly items: readonly AuditRecord[];
  /** Where to go on; null: nothing older fits. */
  readonly before: number | null;
}

const SECOND = 1_000;
export const PAGE = 200;

export const useAuditHead = (chain: ChainName, isPaused: boolean) =>
  useQuery({
    queryKey: ['audit-head', chain],
    queryFn: ({ signal }) => get<AuditHead>('/v1/audit/head', { ...chain }, signal),
    refetchInterval: again(5 * SECOND, isPaused),
  });

export const useAuditNodes = () =>
  useQuery({
    queryKey: ['audit-nodes'],
    queryFn: ({ signal }) => get<Listed<NodeAuditHead>>('/v1/audit/nodes', {}, signal),
    refetchInterval: again(30 * SECOND),
  });

/** Those of the numbered pages that are looked at; page 0 begins with record 1. `last`: newest record that is shown. */
export const useAuditPages = (chain: ChainName, pages: readonly number[], last: number) =>
  useQueries({
    queries: pages.map((page) => {
      const from = page * PAGE + 1;
      const limit = Math.min(PAGE, last - from + 1);
      return {
        queryKey: ['audit-page', chain, from, limit],
        queryFn: ({ signal }: { readonly signal: AbortSignal }) =>
          get<Listed<AuditRecord>>('/v1/audit/records', { ...chain, from, limit }, signal),
        staleTime: Number.POSITIVE_INFINITY,
        enabled: limit > 0,
      };
    }),
  });

/** Newest first, as far as somebody has scrolled. */
export const useAuditSearch = (query: Readonly<Record<string, string | number | undefined>>, isWanted: boolean) =>
  useInfiniteQuery({
    queryKey: ['audit-search', query],
    queryFn: ({ pageParam, signal }) =>
      get<TrailPage>('/v1/audit', { ...query, limit: PAGE, before: pageParam }, signal),
    initialPageParam: undefined as number | undefined,
    getNextPageParam: ({ before }: TrailPage) => before ?? undefined,
    enabled: isWanted,
    staleTime: 30 * SECOND,
  });

export const useAuditRecord = (chain: ChainName, seq: number) =>
  useQuery({
    queryKey: ['audit-record', chain, seq],
    queryFn: ({ signal }) => get<Listed<AuditRecord>>('/v1/audit/records', { ...chain, from: seq, limit: 1 }, signal),
    staleTime: Number.POSITIVE_INFINITY,
    enabled: seq > 0,
  });

export const useVerification = (chain: ChainName) =>
  useQuery({
    queryKey: ['audit-verification', chain],
    queryFn: ({ signal }) => get<AuditVerification>('/v1/audit/verification', { ...chain }, signal),
    refetchInterval: (query) => again(query.state.data?.running == null ? 30 * SECOND : SECOND)(query),
  });

export const useVerify = (chain: ChainName, csrf: string) => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => post<AuditVerification>('/v1/audit:verify', chain, csrf),
    onSuccess: (said) => client.setQueryData(['audit-verification', chain], said),
  });
};

export const useRevision = (revision: number | null) =>
  useQuery({
    queryKey: ['revision', revision],
    queryFn: ({ signal }) => get<Listed<RevisionChange>>(`/v1/revisions/${revision}`, {}, signal),
    enabled: revision !== null,
    staleTime: Number.POSITIVE_INFINITY,
  });

interface ReleaseSeen {
  readonly diff: readonly {
    readonly change: string;
    readonly kind: string;
    readonly rule: string;
    readonly reason: string;
  }[];
}

export const useReleaseDiff = (release: string) =>
  useQuery({
    queryKey: ['release-diff', release],
    queryFn: ({ signal }) => get<ReleaseSeen>(`/v1/policy/releases/${release}`, {}, signal),
    enabled: release !== '',
    staleTime: 60 * SECOND,
  });

/** All records, oldest first, page by page; with a filter only those that fit, newest first. */
export async function* everyRecord(
  chain: ChainName,
  query: Readonly<Record<string, string | number | undefined>> | null,
  signal: AbortSignal,
): AsyncGenerator<readonly AuditRecord[]> {
  if (query === null) {
    for (let from = 1; ; ) {
      const { items } = await get<Listed<AuditRecord>>('/v1/audit/records', { ...chain, from, limit: 5_000 }, signal);
      yield items;
      if (items.length < 5_000) return;
      from = items.at(-1)!.seq + 1;
    }
  }
  for (let before: number | null | undefined; before !== null; ) {
    const page: TrailPage = await get('/v1/audit', { ...query, limit: 1_000, before }, signal);
    yield page.items;
    before = page.before;
  }
}
