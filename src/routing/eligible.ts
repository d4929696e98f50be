/** Who may take a new call, and for everyone else the reason why not, in words for people. */
import type { EndpointRecord } from './endpoints.ts';

export type Obstacle =
  | 'starting'
  | 'draining'
  | 'weightless'
  | 'breaker'
  | 'silent'
  | 'ejected'
  | 'unreachable'
  /** Only found while picking: as many calls in flight as the target's concurrency allows (L1). */
  | 'full';

/** What stands between an endpoint and a new call. A stronger obstacle is named before one that panic ignores. */
export const obstacleOf = (record: EndpointRecord, nowMs: number): Obstacle | undefined => {
  const { state, weight } = record.candidate;
  if (record.draining || state === 'draining') return 'draining';
  if (state === 'starting') return 'starting';
  if (weight === 0) return 'weightless';
  if (!record.breaker.accepts(nowMs)) return 'breaker';
  if (state === 'silent') return 'silent';
  if (nowMs < record.ejectedUntilMs) return 'ejected';
  return record.reachable ? undefined : 'unreachable';
};

/** Signs of illness may be wrong about a whole pool at once (H3); an operator, a weight or an open breaker is not. */
export const ignoredInPanic = (obstacle: Obstacle | undefined): boolean =>
  obstacle === undefined || obstacle === 'silent' || obstacle === 'ejected' || obstacle === 'unreachable';

/** Does it belong to the pool whose health is judged? Those leaving, arriving or without weight do not. */
export const isHost = (obstacle: Obstacle | undefined): boolean =>
  obstacle !== 'draining' && obstacle !== 'starting' && obstacle !== 'weightless';

export const reasonOf = (record: EndpointRecord, obstacle: Obstacle, nowMs: number): string => {
  switch (obstacle) {
    case 'starting':
      return 'is still starting';
    case 'draining':
      return 'is draining';
    case 'weightless':
      return 'has weight 0';
    case 'breaker':
      return record.breaker.forced === null
        ? `has failed too often, its breaker is ${record.breaker.state(nowMs)}`
        : 'gets no calls: an operator holds its breaker open';
    case 'silent':
      return 'sends no heartbeat';
    case 'ejected':
      return `is ejected for another ${seconds(record.ejectedUntilMs - nowMs)}`;
    case 'unreachable':
      return 'fails its health check';
    case 'full':
      return `has ${record.inFlight} calls in flight, all it may have`;
  }
};

const seconds = (ms: number): string => `${Math.max(1, Math.ceil(ms / 1000))} s`;
