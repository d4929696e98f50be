/** What is wrong, asked of everybody who knows: whoever may not see a part of it sees the rest, and is told. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo } from 'react';
import type {
  AlertSpec,
  BreakerMode,
  BreakerView,
  CallEvent,
  Incident,
  KillOrder,
  StoredResource,
} from '../../../src/contract/index.ts';
import { type IncidentRow, incidentsOf } from '../model/incidents.ts';
import { get, post, remove } from './client.ts';
import { again, useBudgets } from './queries.ts';
import type { Listed } from './views.ts';

const SECOND = 1_000;

interface KillsSeen extends Listed<KillOrder> {
  readonly seq: number;
  readonly nodes: readonly {
    readonly id: string;
    readonly state: string;
    readonly seq: number;
    readonly atMs: number | null;
  }[];
}

const useFired = (isPaused: boolean, everyMs: number) =>
  useQuery({
    queryKey: ['incidents'],
    queryFn: ({ signal }) => get<Listed<Incident>>('/v1/incidents', { limit: 200 }, signal),
    refetchInterval: again(everyMs, isPaused),
  });

const useAlertSpecs = () =>
  useQuery({
    queryKey: ['alert-specs'],
    queryFn: ({ signal }) => get<Listed<StoredResource>>('/v1/resources', { kind: 'Alert' }, signal),
    refetchInterval: again(60 * SECOND),
  });

export const useBreakers = (isPaused: boolean, everyMs = 5 * SECOND) =>
  useQuery({
    queryKey: ['breakers'],
    queryFn: ({ signal }) => get<Listed<BreakerView>>('/v1/breakers', {}, signal),
    refetchInterval: again(everyMs, isPaused),
  });

export const useKills = (isPaused: boolean, everyMs = 5 * SECOND) =>
  useQuery({
    queryKey: ['kills'],
    queryFn: ({ signal }) => get<KillsSeen>('/v1/kills', {}, signal),
    refetchInterval: again(everyMs, isPaused),
  });

export interface Incidents {
  readonly rows: readonly IncidentRow[];
  /** Nothing has come yet. */
  readonly isLoading: boolean;
  /** Of parts that did not come: whose, and why. */
  readonly missing: readonly { readonly what: string; readonly error: Error }[];
}

/** `everyMs`: whoever looks at them wants them sooner than whoever only counts them. */
export const useIncidents = (isPaused: boolean, everyMs = 2 * SECOND): Incidents => {
  const [fired, breakers, budgets, kills, alerts] = [
    useFired(isPaused, everyMs),
    useBreakers(isPaused, everyMs),
    useBudgets(isPaused, everyMs),
    useKills(isPaused, everyMs),
    useAlertSpecs(),
  ];
  const rows = useMemo(
    () =>
      incidentsOf({
        incidents: fired.data?.items ?? [],
        specs: specsOf(alerts.data?.items ?? []),
        breakers: breakers.data?.items ?? [],
        budgets: budgets.data?.items ?? [],
        orders: kills.data?.items ?? [],
      }),
    [fired.data, alerts.data, breakers.data, budgets.data, kills.data],
  );
  const parts = { alerts: fired, breakers, budgets, 'orders to stop': kills };
  return {
    rows,
    isLoading: Object.values(parts).every(({ isPending }) => isPending),
    missing: Object.entries(parts).flatMap(([what, { error }]) => (error instanceof Error ? [{ what, error }] : [])),
  };
};

const specsOf = (stored: readonly StoredResource[]): ReadonlyMap<string, AlertSpec> =>
  new Map(
    stored.flatMap(({ resource }) => (resource.kind === 'Alert' ? [[resource.metadata.name, resource.spec]] : [])),
  );

/** Calls of a target since then, the newest thousand; all calls without one. The page itself may have seen fewer. */
export const useCallsSince = (target: string, sinceMs: number) =>
  useQuery({
    queryKey: ['calls-since', target, sinceMs],
    queryFn: ({ signal }) =>
      get<{ readonly events: readonly CallEvent[] }>(
        '/v1/calls',
        { since: Math.max(0, Math.floor(sinceMs)), limit: 1_000, ...(target === '' ? {} : { target }) },
        signal,
      ),
    refetchInterval: 10 * SECOND,
  });

export const useLift = (csrf: string, onDone: () => void) => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (order: string) => remove<unknown>(`/v1/kills/${encodeURIComponent(order)}`, csrf),
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: ['kills'] });
      onDone();
    },
  });
};

export interface Hold {
  readonly endpoint: string;
  readonly node: string;
  readonly mode: BreakerMode;
  readonly reason: string;
  readonly forMs: number;
}

export const useHold = (csrf: string, onDone: (warnings: readonly string[]) => void) => {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (hold: Hold) => post<{ readonly warnings: readonly string[] }>('/v1/breakers:force', hold, csrf),
    onSuccess: ({ warnings }) => {
      void client.invalidateQueries({ queryKey: ['breakers'] });
      onDone(warnings);
    },
  });
};
