/** What a node says about a call when the call is over. One event per call and node, steps inside. */
import type { Lineage, Target } from './call.ts';
import type { Attributes } from './scope.ts';

/** How a call ended, in the words of `status` columns, metrics and traces. */
export type CallStatus = 'ok' | 'failed' | 'denied' | 'refused' | 'cancelled' | 'unknown';

export interface StepEvent {
  readonly span: string;
  /** `decide`, `attempt`, `hold`, `idempotency`, ... */
  readonly name: string;
  /** Milliseconds after the start of the call's own span. */
  readonly offsetMs: number;
  readonly durationMs: number;
  readonly attributes: Attributes;
}

export interface CallEvent {
  readonly callId: string;
  readonly trace: string;
  readonly span: string;
  /** The span that called: another node's, or the caller's own. */
  readonly parentSpan?: string;
  readonly tenant: string;
  /** Null when the caller could not be identified. */
  readonly principal: { readonly kind: string; readonly id: string; readonly domain?: string } | null;
  readonly target: Target;
  readonly lineage: Lineage;
  readonly session?: string;
  /** Node that saw it, and its part: `hub`, `sidecar-out`, `sidecar-in`, `domain`. */
  readonly node: string;
  readonly role: string;
  /** Unix time in milliseconds with fraction. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly status: CallStatus;
  /** Fault code, or empty for a reply. */
  readonly code: string;
  /** The target's HTTP status, 0 when there was no reply. */
  readonly httpStatus: number;
  readonly requestBytes: number;
  readonly replyBytes: number;
  readonly snapshotSeq: number;
  readonly attributes: Attributes;
  readonly steps: readonly StepEvent[];
}

/** Receives finished events. Must return at once and never throw: telemetry may be lost, calls may not. */
export interface EventSink {
  emit(event: CallEvent): void;
}
