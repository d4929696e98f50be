/** What a topology must offer so that the suite can be run against it. Everything goes over real connections. */
import type { CallEvent, KillKind } from '../../contract/index.ts';
import type { OverloadLevel } from '../../kernel/index.ts';

/**
 * `alice` may call everything that policy allows; `mallory` is denied; `bob` is of the domain that the workshop is in; `echo` and
 * `scribe` are of the workshop and call on, as agents do; `stranger` belongs to another tenant.
 */
export type CallerName = 'alice' | 'mallory' | 'bob' | 'echo' | 'scribe' | 'stranger';

/** Who looks after it: the administrator who made the keys of all agents, and two approvers. */
export type PersonName = 'admin' | 'ann' | 'ben';

export interface CallRequest {
  readonly caller: CallerName;
  /** Sent to the hub at the top, with the caller's own key, wherever the caller's calls enter otherwise. */
  readonly atHub?: boolean;
  /** Default `agent/echo`. */
  readonly target?: string;
  readonly operation: string;
  /** Asked for instead of the two: `say_back@^1`. */
  readonly capability?: string;
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
  /** Lets the operation `wait` answer. */
  readonly release: () => void;
}

/** Where calls are sent, and with which key. */
export interface Entrance {
  readonly url: string;
  readonly key: string;
}

export interface Asked {
  /** Default: the administrator. */
  readonly as?: PersonName | CallerName;
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly body?: unknown;
}

export interface Deployment {
  call(request: CallRequest): Promise<Answer>;
  /** Where the calls of `caller` enter, for cases that speak other protocols. */
  entrance(caller: CallerName, atHub?: boolean): Entrance;
  /** Asks the admin door of the hub at the top. Default: POST with a body, GET without. */
  ask(path: string, asked?: Asked): Promise<Answer>;
  /** All executions of all instances so far, in order. */
  executions(): readonly Execution[];
  /** Events of a call on every node that saw it; waits until at least `atLeast` are there. */
  events(callId: string, atLeast: number): Promise<readonly CallEvent[]>;
  /** Nodes that a call passes in this topology. */
  readonly hops: number;
  /** Applies resources and resolves when every node runs them. */
  apply(resources: readonly unknown[]): Promise<void>;
  /** Resolves when every node runs what the hub published last. */
  settled(): Promise<void>;
  /** Orders to stop, given by an operator. */
  readonly kills: {
    /** Resolves with the id of the order when the hub has acknowledged it. */
    order(kind: KillKind, name: string, reason: string): Promise<string>;
    lift(id: string): Promise<void>;
    /** Resolves when every node that is there has confirmed the newest list. */
    spread(): Promise<void>;
  };
  /** From now on all nodes believe that they have this much too much to do. */
  overload(level: OverloadLevel): void;
  /**
   * Ends the hub, a node that joined it, or one that stands between the two, lets something happen, and starts it again with the data
   * that it left. Resolves when calls can reach it; false when this topology has no such node.
   */
  restart(which: NodePlace, meanwhile?: () => Promise<void>): Promise<boolean>;
  /** The same, in order: it ends when the calls in the works have ended. `closing` is called when it has begun to end. */
  drain(which: NodePlace, closing: () => void): Promise<boolean>;
  /** Takes the centre away and brings it back; null where the centre is the only node on the way. */
  readonly centre: { lose(): Promise<void>; regain(): Promise<void> } | null;
  stop(): Promise<void>;
}

export type NodePlace = 'hub' | 'between' | 'member';

/** Starts a topology with the fixture of this suite: its resources, and the two instances of its agent. */
export type Deploy = (fixture: {
  readonly resources: readonly unknown[];
  readonly instances: readonly { readonly name: string; readonly url: string }[];
  readonly executions: () => readonly Execution[];
}) => Promise<Deployment>;
