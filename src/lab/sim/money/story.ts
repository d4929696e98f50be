/** What really happened, in order: written by the store, the agents and the callers, and read by nobody but the checker. */
import type { AccountState, Begin, Executed } from '../../../contract/index.ts';

export type Happening =
  /** The permit of exactly these bytes was given. */
  | { readonly kind: 'allowed'; readonly callId: string; readonly body: string }
  /** A hub asks the store for a beginning; `wallMs` is the clock that it asks by. */
  | { readonly kind: 'asked'; readonly callId: string; readonly wallMs: number }
  /** The store has carried it out. */
  | { readonly kind: 'begun'; readonly callId: string; readonly begin: Begin }
  /** A call with an unknown outcome is about to be sent again. */
  | { readonly kind: 'reopened'; readonly callId: string }
  /** A hub heard that another call holds the key. */
  | { readonly kind: 'taken'; readonly callId: string; readonly by: string }
  | { readonly kind: 'ended'; readonly callId: string; readonly state: string }
  | { readonly kind: 'accounts'; readonly states: readonly AccountState[] }
  /** A hub was told that this is written. */
  | { readonly kind: 'acknowledged'; readonly what: Acknowledged }
  | { readonly kind: 'arrived'; readonly request: Arrival }
  | { readonly kind: 'executed'; readonly request: Arrival; readonly cost: number };

export type Acknowledged =
  | { readonly kind: 'audit'; readonly tenant: string; readonly callId: string; readonly line: string }
  | { readonly kind: 'vote'; readonly tenant: string; readonly id: string; readonly user: string }
  | { readonly kind: 'call'; readonly tenant: string; readonly id: string; readonly state: string }
  | { readonly kind: 'settled'; readonly tenant: string; readonly id: string };

/** A request as the agent got it. */
export interface Arrival {
  readonly tenant: string;
  readonly principal: string;
  readonly callId: string;
  /** The idempotency key that came with it. */
  readonly key: string;
  readonly operation: string;
  readonly body: string;
}

/** One call as its caller heard of it. */
export interface Told {
  readonly tenant: string;
  readonly callId: string;
  readonly key: string;
  readonly operation: string;
  /** `ok`, `failed`, `accepted`, or a fault code. */
  readonly outcome: string;
  readonly executed: Executed;
  /** What the caller was told when it asked later, for a call that ran by itself. */
  readonly polled: boolean;
}

export class Story {
  readonly happenings: Happening[] = [];
  readonly told: Told[] = [];

  tell(happening: Happening): void {
    this.happenings.push(happening);
  }
}
