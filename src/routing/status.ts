/** What routing knows, as plain data for `top`, `describe` and the admin door. */
import type { InstanceState, TargetKind } from '../contract/index.ts';
import { latencyAt, warmth } from './balance.ts';
import { type Obstacle, obstacleOf } from './eligible.ts';
import type { EndpointRecord } from './endpoints.ts';
import type { Fleet } from './fleet.ts';
import type { Pool } from './pool.ts';

export interface EndpointStatus {
  readonly id: string;
  readonly url: string;
  readonly protocol: 'direct' | 'airspace';
  readonly node: string;
  readonly version: string;
  readonly weight: number;
  readonly state: InstanceState;
  /** Why it takes no calls; null when it does. */
  readonly obstacle: Obstacle | null;
  readonly inFlight: number;
  /** Since this node knows it. */
  readonly requests: number;
  readonly failures: number;
  /** Peak-sensitive moving average; null when nothing was measured. */
  readonly latencyMs: number | null;
  /** Share of its weight during slow start, 1 when warm. */
  readonly warmth: number;
  /** Milliseconds from now; 0 when it is not ejected. */
  readonly ejectedForMs: number;
  readonly breaker: string;
  /** A person holds its breaker where it is. Absent: nobody does. */
  readonly isHeld?: true;
  readonly reachable: boolean;
}

export interface TargetStatus {
  readonly tenant: string;
  readonly kind: TargetKind;
  readonly name: string;
  readonly domain: string;
  /** A target may have a pool for each way. */
  readonly via: 'hub' | 'mesh';
  /** Less than half of the endpoints are eligible, so that all are used (H3). */
  readonly panic: boolean;
  readonly endpoints: readonly EndpointStatus[];
}

/** Every target that this node has had to do with; `tenant` null for all tenants. */
export const fleetStatus = (fleet: Fleet, tenant: string | null, nowMs: number): readonly TargetStatus[] =>
  fleet
    .pools(nowMs)
    .filter((pool) => (tenant === null || pool.target.tenant === tenant) && pool.table.present.length > 0)
    .map((pool) => targetStatus(pool, nowMs));

const targetStatus = (pool: Pool, nowMs: number): TargetStatus => {
  pool.refresh(nowMs);
  const { tenant, kind, name, domain } = pool.target;
  const endpoints = pool.table.present.map((record) => endpointStatus(record, pool.concurrency, nowMs));
  return { tenant, kind, name, domain, via: pool.via, panic: pool.panic, endpoints };
};

const endpointStatus = (record: EndpointRecord, concurrency: number, nowMs: number): EndpointStatus => {
  const { id, url, protocol, node, version, weight, state } = record.candidate;
  const full = record.inFlight >= concurrency ? 'full' : null;
  return {
    id,
    url,
    protocol,
    node,
    version,
    weight,
    state,
    obstacle: obstacleOf(record, nowMs) ?? full,
    inFlight: record.inFlight,
    requests: record.requests,
    failures: record.failures,
    latencyMs: latencyAt(record, nowMs) ?? null,
    warmth: warmth(record, nowMs),
    ejectedForMs: Math.max(0, record.ejectedUntilMs - nowMs),
    breaker: record.breaker.state(nowMs),
    ...(record.breaker.forced === null ? {} : { isHeld: true as const }),
    reachable: record.reachable,
  };
};
