/** What a topology must offer so that the suite can be run against it. Everything goes over real connections. */
import type { CallEvent, KillKind } from '../../contract/index.ts';

export interface CallRequest {
  /** `alice` may call everything that policy allows; `mallory` is denied; `stranger` belongs to another tenant. */
  readonly caller: 'alice' | 'mallory' | 'stranger';
  /** Default `agent/echo`. */
  readonly target?: string;
  readonly operation: string;
  readonly body?: Uint8Array | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent instead of the caller's own key. */
  readonly key?: string;
  readonly signal?: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Reads the rest of the body. */
  bytes(): Promise<Uint8Array>;
  json(): Promise<Record<string, unknown>>;
}

/** One line of a fixture agent's own ledger: the truth about what ran, from outside the system under test. */
export interface Execution {
  readonly instance: string;
  readonly operation: string;
  readonly callId: string;
  readonly idempotencyKey: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Resolves when the other side closed the connection before the reply was complete. */
  readonly dropped: Promise<void>;
}

export interface Deployment {
  call(request: CallRequest): Promise<Answer>;
  /** All executions of all instances so far, in order. */
  executions(): readonly Execution[];
  /** Events of a call on every node that saw it; waits until at least `atLeast` are there. */
  events(callId: string, atLeast: number): Promise<readonly CallEvent[]>;
  /** Nodes that a call passes in this topology. */
  readonly hops: number;
  /** Applies resources and resolves when every node runs them. */
  apply(resources: readonly unknown[]): Promise<void>;
  /** Orders to stop, given by an operator. */
  readonly kills: {
    /** Resolves with the id of the order when the hub has acknowledged it. */
    order(kind: KillKind, name: string, reason: string): Promise<string>;
    lift(id: string): Promise<void>;
    /** Resolves when every node that is there has confirmed the newest list. */
    spread(): Promise<void>;
  };
  /**
   * Ends the hub, or a node that joined it, lets something happen, and starts it again with the data that it left. Resolves when calls
   * can reach it; false when this topology has no such node.
   */
  restart(which: 'hub' | 'member', meanwhile?: () => Promise<void>): Promise<boolean>;
  /** Takes the centre away and brings it back; null where the centre is the only node on the way. */
  readonly centre: { lose(): Promise<void>; regain(): Promise<void> } | null;
  stop(): Promise<void>;
}

/** Starts a topology with the fixture of this suite: its resources, and the two instances of its agent. */
export type Deploy = (fixture: {
  readonly resources: readonly unknown[];
  readonly instances: readonly { readonly name: string; readonly url: string }[];
  readonly executions: () => readonly Execution[];
}) => Promise<Deployment>;
