/** One row of a trace. */
import type { AgentSpan, CallEvent, StepEvent } from '../../../src/contract/index.ts';

export type SpanKind = 'agent' | 'model' | 'tool' | 'policy' | 'human' | 'inner' | 'said';

export interface Span {
  readonly id: string;
  readonly parent: string | null;
  readonly depth: number;
  readonly kind: SpanKind;
  /** What is done, as a word of the field: `invoke_agent`, `decide`. */
  readonly verb: string;
  readonly name: string;
  /** Unix ms. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly note: string;
  /** What went wrong here, or why it was a no; empty when it went well. */
  readonly error: string;
  /** The error is a no of policy: nothing failed. */
  readonly isNo: boolean;
  readonly tokens: number;
  readonly costMicros: number | null;
  /** A step that says nothing unless somebody wants every step. */
  readonly isDetail: boolean;
  /** The call that this is, or that it is inside of. */
  readonly event: CallEvent;
  /** Absent: this is the call itself. */
  readonly step?: StepEvent;
  /** Present: no node saw it, an agent says so. */
  readonly said?: AgentSpan;
}

export type Draft = Omit<Span, 'depth'>;
