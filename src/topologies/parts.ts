/** What a pipeline is made of: everything here is built once per snapshot by the wiring, or lives as long as the node. */
import type { Call, Endpoint, EventSink, RoutePlan } from '../contract/index.ts';
import { DEFAULT_STREAM_TIMEOUT_MS, DEFAULT_TIMEOUT_MS } from '../contract/index.ts';
import type { Resolver } from '../identity/index.ts';
import type { Gate, Handler, Layer, RetryBudgets } from '../kernel/index.ts';
import type { PreparedPolicy } from '../policy/index.ts';
import type { Fleet } from '../routing/index.ts';

/** The same for every pipeline of a node. */
export interface Parts {
  readonly node: string;
  /** Events of finished calls. */
  readonly sink: EventSink;
  readonly snapshotSeq: number;
  /** Who a credential stands for. */
  readonly resolver: Resolver;
  readonly policy: PreparedPolicy;
  /** What configuration says about a call: target, route, limits. Throws `not_found`. */
  readonly planOf: (call: Call) => RoutePlan;
  /** Who is in the works and who waits. */
  readonly gate: Gate;
  readonly budgets: RetryBudgets;
  /** Durable intents and outcomes. */
  readonly record: Layer;
  readonly fleet: Fleet;
  readonly upstreamFor: (endpoint: Endpoint) => Handler;
}

/** D1: what route and target grant, 30 s when neither says, 10 min for a stream. */
export const limitOf =
  ({ planOf }: Pick<Parts, 'planOf'>) =>
  (call: Call): number =>
    planOf(call).timeoutMs ?? (call.stream ? DEFAULT_STREAM_TIMEOUT_MS : DEFAULT_TIMEOUT_MS);

export const attemptsOf =
  ({ planOf }: Pick<Parts, 'planOf'>) =>
  (call: Call): number =>
    planOf(call).attempts;

/**
 * O2, O3: what the target declares. A caller's idempotency key says nothing about it: the key is ours to keep, and a target that
 * never heard of it would run the call twice.
 */
export const idempotentOf =
  ({ planOf }: Pick<Parts, 'planOf'>) =>
  (call: Call): boolean =>
    planOf(call).operation.idempotent;
