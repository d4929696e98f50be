/** Two trees of calls beside each other, as the admin door answers them: what is in one only, and what differs where both called the same. */
import type { CallStatus } from './event.ts';

/** One call of a tree, with what all nodes on its way said of it put together. */
export interface ComparedCall {
  readonly callId: string;
  /** Of the node where it came in first. */
  readonly span: string;
  /** `agent/concierge`; `nobody` when the caller could not be identified. */
  readonly caller: string;
  /** `agent/orders/where` */
  readonly target: string;
  /** After the beginning of its own tree. */
  readonly offsetMs: number;
  /** With the wait for people in it. */
  readonly durationMs: number;
  /** Of that: people were waited for. */
  readonly waitedMs: number;
  /** `held`: it still waits for people. */
  readonly status: CallStatus | 'held';
  /** Fault code; empty for a reply. */
  readonly code: string;
  /** What each decision about it came to, in order, a word that repeats once: `require_approval`, `allow`. Empty: nobody was asked. */
  readonly effects: readonly string[];
  /** Rules that decided, sorted. */
  readonly rules: readonly string[];
  /** Versions of policy that decided, in order. */
  readonly policies: readonly string[];
  /** Where it ran; empty: nowhere. */
  readonly endpoint: string;
  /** Tries of the node that tried most; 0: it was not sent. */
  readonly attempts: number;
  /** `hub hub-1`, in the order in which it passed them. */
  readonly nodes: readonly string[];
  readonly tokens: number;
  /** Micro-USD; null when nothing says what it costs. */
  readonly costMicros: number | null;
}

/** `target`: another one did the same work, such as a fallback. */
export type Difference =
  | 'only one'
  | 'target'
  | 'outcome'
  | 'decision'
  | 'policy'
  | 'endpoint'
  | 'way'
  | 'attempts'
  | 'duration'
  | 'tokens'
  | 'cost';

/** Parents first. At least one of the two is there. */
export interface ComparedRow {
  /** 0 at the top. */
  readonly depth: number;
  /** Of the row in `rows` that this one is below; null at the top. */
  readonly parent: number | null;
  readonly a: ComparedCall | null;
  readonly b: ComparedCall | null;
  /** Empty: as far as is compared they are alike. */
  readonly differs: readonly Difference[];
}

export interface ComparedTree {
  readonly trace: string;
  /** Unix ms. */
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly waitedMs: number;
  readonly calls: number;
  readonly tokens: number;
  readonly costMicros: number | null;
  /** False: the record of the call that began it is not here, so more may be missing. */
  readonly isWhole: boolean;
}

export interface Comparison {
  readonly a: ComparedTree;
  readonly b: ComparedTree;
  readonly rows: readonly ComparedRow[];
}
