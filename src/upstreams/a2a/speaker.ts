/** What a binding of A2A does: says a request, and understands what comes back. */
import type { Call, Reply, Scope } from '../../contract/index.ts';
import type { A2aError } from '../../dialects/a2a/index.ts';
import type { WireRequest } from '../http/index.ts';
import type { Asked } from './asked.ts';
import type { Plan } from './cards.ts';
import type { AgentEvent } from './shapes.ts';

export type Answered =
  | { readonly kind: 'answer'; readonly value: unknown }
  | { readonly kind: 'error'; readonly error: A2aError };

export type Happened = ({ readonly kind: 'event' } & AgentEvent) | { readonly kind: 'error'; readonly error: A2aError };

/** One exchange: whoever says the request understands its reply. */
export interface Conversation {
  readonly request: WireRequest;
  /** Of an exchange with one answer. Throws `upstream_invalid`. */
  answer(reply: Reply): Promise<Answered>;
  /** Of a stream. Throws `upstream_invalid`, `upstream_broken`. */
  events(reply: Reply): AsyncGenerator<Happened>;
}

export type Speak = (asked: Asked, plan: Plan, call: Call, scope: Scope) => Conversation;

/** Largest document that an agent may answer. */
export const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** A task takes its time: only the deadline of the call ends the wait for it. */
export const QUIET_MS = 3_600_000;
