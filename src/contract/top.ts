/** What each target does, as `/v1/top` answers it: counts since the node started. Rates are the business of whoever reads twice. */

export interface FleetEndpoint {
  readonly id: string;
  readonly url: string;
  readonly version: string;
  readonly state: string;
  /** Why it takes no calls; null when it does. */
  readonly obstacle: string | null;
  readonly inFlight: number;
  readonly requests: number;
  readonly failures: number;
  readonly latencyMs: number | null;
  readonly ejectedForMs: number;
  readonly breaker: string;
  /** A person holds its breaker where it is. Absent: nobody does. */
  readonly isHeld?: true;
}

export interface TopEndpoint extends FleetEndpoint {
  /** Ways that lead to it. */
  readonly via: readonly string[];
}

export interface TopTarget {
  /** `agent/orders` */
  readonly target: string;
  /** Empty: the organisation itself. */
  readonly domain: string;
  readonly calls: number;
  readonly failed: number;
  readonly denied: number;
  /** Null before the first call. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  /** Pieces of work that it said the end of, and those of them that were completed. Absent: it said none. */
  readonly outcomes?: number;
  readonly completed?: number;
  readonly inFlight: number;
  /** Less than half of the endpoints are eligible, so that all are used (H3). */
  readonly panic: boolean;
  readonly endpoints: readonly TopEndpoint[];
}

export interface TopRead {
  readonly atMs: number;
  readonly targets: readonly TopTarget[];
}
