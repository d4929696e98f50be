/** The answer to a call, from a target that ran it. What never ran, or may have run, is a Fault. */
import type { Body } from './call.ts';

/** Tokens as the target reported them. Absent means that nobody knows, which is not zero. */
export interface Usage {
  readonly inputTokens?: number;
  readonly outputTokens?: number;
}

export interface Reply {
  /** `failed`: the target itself answered with an error (its status is 400 or above); its body still passes through. */
  readonly outcome: 'ok' | 'failed';
  /** The target's own HTTP status. */
  readonly status: number;
  readonly contentType: string;
  /** Other headers worth passing on, lower-case names. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Body;
  readonly usage?: Usage;
  readonly costMicros?: number;
  /** Id of the endpoint that answered, and the version that it runs. */
  readonly endpoint: string;
  readonly version?: string;
  /** The endpoint behind all nodes, for a call about something that only it has. */
  readonly pin?: string;
  /** Tries in total, 1 when the first one answered. */
  readonly attempts: number;
  /** Remarks of the layers for the response metadata, such as `panic` (H3) or `stale`. */
  readonly notes?: readonly string[];
}
