/** What agents say of themselves in spans of their own: kept beside what nodes saw of calls, and never in its place. */
import type { Attributes } from './scope.ts';
import type { TaskOutcome } from './task-outcome.ts';

export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

/** Something that happened while a span lasted, such as an exception. */
export interface SaidEvent {
  readonly name: string;
  /** As of the span. */
  readonly atMs: number;
  readonly attributes: Attributes;
}

/** Another span that this one has to do with, in this trace or another. */
export interface SaidLink {
  readonly trace: string;
  readonly span: string;
}

/** A span as it was said, cut to what is kept. */
export interface SaidSpan {
  /** 32 lower-case hex digits. */
  readonly trace: string;
  /** 16 lower-case hex digits. */
  readonly span: string;
  /** Absent: it says that it is the first of its trace. */
  readonly parentSpan?: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Unix time in milliseconds with fraction, by the clock of who said it. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly status: 'unset' | 'ok' | 'error';
  /** Of the status; empty: none. */
  readonly message: string;
  /** `service.name` of the resource; empty: none. */
  readonly service: string;
  readonly attributes: Attributes;
  /** In the order in which they were said. Absent: none. */
  readonly events?: readonly SaidEvent[];
  readonly links?: readonly SaidLink[];
  /** Attributes, events and links that were not kept. */
  readonly left: number;
}

export interface AgentSpan extends SaidSpan {
  readonly tenant: string;
  /** Whose key it came with: nobody else is believed to have said it. */
  readonly principal: { readonly kind: string; readonly id: string };
  /** Unix ms, by our clock. */
  readonly receivedAtMs: number;
  /** Present: it is no span, but what was said of how the work ended. Its id begins with `outcome/`, so that no span has it. */
  readonly outcome?: TaskOutcome;
}

/**
 * What became of one: `repeated` has been said before by the same principal and is kept once; `clashed` has the id of a span of somebody
 * else; `crowded` is one too many for its trace. `full`: nothing more can wait where it was to wait.
 */
export type SpanOutcome = 'kept' | 'repeated' | 'clashed' | 'crowded' | 'full';
