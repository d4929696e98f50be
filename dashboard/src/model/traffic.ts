/** How much goes where: calls of the last while, counted once however many nodes told of them. */
import type { CallEvent } from '../../../src/contract/index.ts';
import { costOf, isHeld, tokensOf } from './facts.ts';

export interface Flow {
  readonly calls: number;
  readonly perSecond: number;
  /** Failed, refused or unknown. */
  readonly failed: number;
  readonly denied: number;
  readonly held: number;
  /** Null when there were no calls. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly tokens: number;
  readonly costMicros: number;
}

export interface Edge extends Flow {
  /** `user/visitor`, `agent/concierge` */
  readonly from: string;
  readonly to: string;
  readonly fromDomain: string;
}

export interface Traffic {
  readonly all: Flow;
  /** By `kind/name`. */
  readonly targets: ReadonlyMap<string, Flow>;
  readonly edges: readonly Edge[];
  /** Time that was looked at: less than was asked for when that is all that is known. */
  readonly windowMs: number;
}

export interface Window {
  readonly nowMs: number;
  readonly windowMs: number;
  /** Unix ms from which all calls are known. */
  readonly fromMs: number;
}

/** A call as it is counted: what its entry says of it, with what all its nodes charged. */
interface Counted {
  readonly event: CallEvent;
  readonly tokens: number;
  readonly costMicros: number;
}

export const trafficOf = (events: readonly CallEvent[], { nowMs, windowMs, fromMs }: Window): Traffic => {
  const spanMs = Math.max(1_000, Math.min(windowMs, nowMs - fromMs));
  const recent = events.filter(({ startedAtMs, durationMs }) => startedAtMs + durationMs >= nowMs - spanMs);
  const calls = [...Map.groupBy(recent, ({ callId }) => callId).values()].map(counted);
  const edges = [...Map.groupBy(calls, ({ event }) => `${callerOf(event)} ${targetOf(event)}`).values()].map((of) => {
    const { event } = of[0]!;
    return {
      ...flowOf(of, spanMs),
      from: callerOf(event),
      to: targetOf(event),
      fromDomain: event.principal?.domain ?? '',
    };
  });
  const targets = Map.groupBy(calls, ({ event }) => targetOf(event));
  return {
    all: flowOf(calls, spanMs),
    targets: new Map([...targets].map(([target, of]) => [target, flowOf(of, spanMs)])),
    edges,
    windowMs: spanMs,
  };
};

export const callerOf = ({ principal }: CallEvent): string =>
  principal === null ? 'user/nobody' : `${principal.kind}/${principal.id}`;

export const targetOf = ({ target }: CallEvent): string => `${target.kind}/${target.name}`;

const counted = (told: readonly CallEvent[]): Counted => ({
  event: told.reduce((a, b) =>
    b.startedAtMs < a.startedAtMs || (b.startedAtMs === a.startedAtMs && b.durationMs > a.durationMs) ? b : a,
  ),
  tokens: told.reduce((sum, event) => sum + tokensOf(event), 0),
  costMicros: told.reduce((sum, event) => sum + costOf(event), 0),
});

const FAILED: ReadonlySet<string> = new Set(['failed', 'refused', 'unknown']);

const flowOf = (calls: readonly Counted[], spanMs: number): Flow => {
  const lasted = calls.map(({ event }) => event.durationMs).sort((a, b) => a - b);
  const how = (matches: (event: CallEvent) => boolean): number => calls.filter(({ event }) => matches(event)).length;
  return {
    calls: calls.length,
    perSecond: calls.length / (spanMs / 1_000),
    failed: how(({ status }) => FAILED.has(status)),
    denied: how(({ status }) => status === 'denied'),
    held: how(isHeld),
    p50Ms: lasted[Math.floor(lasted.length * 0.5)] ?? null,
    p95Ms: lasted[Math.min(lasted.length - 1, Math.floor(lasted.length * 0.95))] ?? null,
    tokens: calls.reduce((sum, { tokens }) => sum + tokens, 0),
    costMicros: calls.reduce((sum, { costMicros }) => sum + costMicros, 0),
  };
};

/** One number per slice of the window, oldest first, for small lines. */
export const seriesOf = (
  events: readonly CallEvent[],
  { nowMs, windowMs }: Pick<Window, 'nowMs' | 'windowMs'>,
  slices: number,
  of: (calls: readonly CallEvent[]) => number,
): readonly number[] => {
  const width = windowMs / slices;
  const from = nowMs - windowMs;
  const groups = Map.groupBy(events, ({ startedAtMs }) => Math.floor((startedAtMs - from) / width));
  return Array.from({ length: slices }, (_, at) => of(groups.get(at) ?? []));
};
