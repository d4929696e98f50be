/** What every verdict stands on: how many calls, how often, and what the hub was measured to take of them. Pure. */
import { armOf, LEAST_CALLS, medianOf } from './arms.ts';
import type { PairCalls, Seen } from './view.ts';

/** `prepare`: worth it once sidecars are started. `stay`: it could, and would gain little or nothing. `unknown`: too few calls. */
export type Verdict = 'move' | 'prepare' | 'stay' | 'cannot' | 'unknown';

export interface RouteAdvice {
  /** Name of the route, or of the domain for a hierarchy. */
  readonly about: string;
  readonly verdict: Verdict;
  /** Why this verdict. */
  readonly reasons: readonly string[];
  readonly calls: number;
  readonly perSecond: number;
  readonly gains: readonly string[];
  readonly costs: readonly string[];
  /** What policy, budgets and limits would need, or would mean from then on. */
  readonly governance: readonly string[];
  /** What of the calls could not go that way. */
  readonly blocked: readonly { readonly pair: string; readonly calls: number; readonly why: readonly string[] }[];
  /** Null: not measured. */
  readonly numbers: {
    readonly hubP50Ms: number | null;
    readonly hubCpuUsPerCall: number | null;
    readonly hubCpuSecondsPerDay: number | null;
    readonly callsPerDay: number;
  };
}

/** A quantile of fewer calls is an anecdote. */
export const ADVISABLE = 100;

const DAY_MS = 86_400_000;

/** Over those calls that went through the hub: what went directly has cost it nothing. */
export const measured = (
  pairs: readonly PairCalls[],
  { window, hubCost }: Seen,
): Pick<RouteAdvice, 'calls' | 'perSecond' | 'numbers'> => {
  const calls = pairs.flatMap((pair) => pair.calls);
  const cpuUs = hubCost?.cpuUsPerCall ?? null;
  const overMs = Math.max(1, window.toMs - window.fromMs);
  const through = calls.filter(({ way }) => way === 'hub');
  const callsPerDay = (calls.length / overMs) * DAY_MS;
  const perDay = (through.length / overMs) * DAY_MS;
  return {
    calls: calls.length,
    perSecond: (calls.length / overMs) * 1_000,
    numbers: {
      hubP50Ms: through.length < LEAST_CALLS ? null : medianOf(through.map(({ hubMs }) => hubMs)),
      hubCpuUsPerCall: cpuUs,
      hubCpuSecondsPerDay: cpuUs === null ? null : (perDay * cpuUs) / 1_000_000,
      callsPerDay,
    },
  };
};

/** What the two ways of the same route were seen to take, where both were. */
export const waysBeside = (pairs: readonly PairCalls[]): string | undefined => {
  const calls = pairs.flatMap((pair) => pair.calls).filter(({ entry }) => entry === 'sidecar-out');
  const [hub, mesh] = [armOf(calls, 'hub'), armOf(calls, 'mesh')];
  if (hub === null || mesh === null || Math.min(hub.calls, mesh.calls) < LEAST_CALLS) return undefined;
  return `both ways were in use: median ${hub.p50Ms.toFixed(2)} ms through the hub (${hub.calls} calls), ${mesh.p50Ms.toFixed(2)} ms directly (${mesh.calls})`;
};
