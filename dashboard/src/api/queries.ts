/** One hook for each thing that is asked: how often it is asked again, and what it is kept under. */
import { QueryClient, useQuery } from '@tanstack/react-query';
import type { ApprovalView, TopRead } from '../../../src/contract/index.ts';
import { get, Problem } from './client.ts';
import type {
  Approvals,
  BudgetView,
  DescribedTarget,
  Explanation,
  Listed,
  LogLine,
  NodeStatus,
  Payer,
  Session,
  TraceRead,
  WhoAmI,
} from './views.ts';

/** A no stays a no however often it is asked; a node that is away may be back. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (failures, thrown) => failures < 2 && thrown instanceof Problem && thrown.status === 0,
      refetchOnWindowFocus: false,
    },
  },
});

const SECOND = 1_000;

/** How often something is asked again: not while the picture is held still, and not what one may not see. */
export const again =
  (everyMs: number, isPaused = false) =>
  ({ state: { error } }: { readonly state: { readonly error: unknown } }): number | false =>
    isPaused || (error instanceof Problem && error.status === 403) ? false : everyMs;

export const useSession = () =>
  useQuery({
    queryKey: ['session'],
    queryFn: ({ signal }) => get<Session>('/session', {}, signal),
    staleTime: 60 * SECOND,
  });

export const useWhoAmI = () =>
  useQuery({
    queryKey: ['whoami'],
    queryFn: ({ signal }) => get<WhoAmI>('/v1/whoami', {}, signal),
    staleTime: 60 * SECOND,
  });

export const useStatus = () =>
  useQuery({
    queryKey: ['status'],
    queryFn: ({ signal }) => get<NodeStatus>('/v1/status', {}, signal),
    refetchInterval: 15 * SECOND,
  });

export const useApprovals = () =>
  useQuery({
    queryKey: ['approvals'],
    queryFn: ({ signal }) => get<Approvals>('/v1/approvals', { limit: 200 }, signal),
    refetchInterval: 3 * SECOND,
  });

export const useApproval = (id: string) =>
  useQuery({
    queryKey: ['approval', id],
    queryFn: ({ signal }) => get<ApprovalView>(`/v1/approvals/${id}`, {}, signal),
    enabled: id !== '',
    refetchInterval: 5 * SECOND,
  });

/** `version`: changes when the stream has told of something new in it. */
export const useTrace = (id: string, version: number) =>
  useQuery({
    queryKey: ['trace', id, version],
    queryFn: ({ signal }) => get<TraceRead>(`/v1/traces/${id}`, {}, signal),
    enabled: id !== '',
    placeholderData: (before, query) => (query?.queryKey[1] === id ? before : undefined),
  });

/** Clauses are for operators; whoever may not see them reads the rest. */
export const useExplanations = (id: string, mayAsk: boolean) =>
  useQuery({
    queryKey: ['explain', id],
    queryFn: ({ signal }) => get<Listed<Explanation>>(`/v1/traces/${id}/explain`, {}, signal),
    enabled: mayAsk && id !== '',
  });

export const useLogs = (trace: string) =>
  useQuery({
    queryKey: ['logs', trace],
    queryFn: ({ signal }) => get<{ readonly records: readonly LogLine[] }>('/v1/logs', { trace, limit: 200 }, signal),
  });

export const useTop = (isPaused: boolean) =>
  useQuery({
    queryKey: ['top'],
    queryFn: ({ signal }) => get<TopRead>('/v1/top', {}, signal),
    refetchInterval: isPaused ? false : 3 * SECOND,
  });

export const useTargets = () =>
  useQuery({
    queryKey: ['targets'],
    queryFn: ({ signal }) => get<Listed<DescribedTarget>>('/v1/targets', {}, signal),
    refetchInterval: 30 * SECOND,
  });

export const useBudgets = (isPaused: boolean, everyMs = 5 * SECOND) =>
  useQuery({
    queryKey: ['budgets'],
    queryFn: ({ signal }) => get<Listed<BudgetView>>('/v1/budgets', {}, signal),
    refetchInterval: again(everyMs, isPaused),
  });

export const usePayers = (budget: string, by: string) =>
  useQuery({
    queryKey: ['payers', budget, by],
    queryFn: ({ signal }) => get<Listed<Payer>>(`/v1/budgets/${encodeURIComponent(budget)}/payers`, { by }, signal),
    enabled: budget !== '',
    refetchInterval: 10 * SECOND,
  });
