/** What configuration says about a call before policy is asked: computed once per caller, target and operation. */

import type { Priority } from './call.ts';
import type { CredentialEntry } from './secret.ts';
import type { OperationEntry, TargetEntry } from './snapshot.ts';
import type { Speech } from './speech.ts';

export interface RoutePlan {
  readonly target: TargetEntry;
  readonly operation: OperationEntry;
  /** Name of the route that matched, `default` when none did. */
  readonly route: string;
  /** The way of this call tree. */
  readonly via: 'hub' | 'mesh';
  /** Percent of the call trees that the route sends directly. Absent: all or none, as `via` says. */
  readonly meshPercent?: number;
  /** Where it is to go directly and finds nobody there, it goes through the hub. Absent: it is refused. */
  readonly withoutPeer?: 'hub';
  /** The smaller of the route's and the target's limit; null when neither says (then D1: 30 s, streams 10 min). */
  readonly timeoutMs: number | null;
  /** Tries in total, 1 to 3 (R1). */
  readonly attempts: number;
  readonly priority: Priority;
}

/** One place that a call can be sent to, as routing hands it to an upstream. */
export interface Endpoint {
  /** Stable while the address is the same: `name@host:port`. */
  readonly id: string;
  readonly url: string;
  /** `direct`: the target itself, `POST {url}/{operation}`. `airspace`: a node's native door, which governs the call again. */
  readonly protocol: 'direct' | 'airspace';
  /** Node behind an `airspace` endpoint: the audience of the assertion that it is sent. */
  readonly node: string;
  /**
   * The node behind it chooses among endpoints of its own and retries there, so its word is final (R1). False for the target
   * itself and for a sidecar, which has one agent and nobody to try instead.
   */
  readonly final: boolean;
  readonly version: string;
  /** What it is shown. Absent: nothing. */
  readonly credential?: CredentialEntry;
  /** How a `direct` one is spoken to. Absent: `POST {url}/{operation}`. */
  readonly speech?: Speech;
  /** What the configuration says of the operations of a `direct` one, where its protocol needs to know. */
  readonly operations?: readonly OperationEntry[];
}
