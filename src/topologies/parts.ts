/** What a pipeline is made of: everything here is built once per snapshot by the wiring, or lives as long as the node. */
import type { Call, Endpoint, EventSink, Hold, RoutePlan } from '../contract/index.ts';
import { DEFAULT_STREAM_TIMEOUT_MS, DEFAULT_TIMEOUT_MS } from '../contract/index.ts';
import type { Resolver } from '../identity/index.ts';
import type { DeadlineOptions, Gate, Handler, Layer, RetryBudgets, RetryOptions } from '../kernel/index.ts';
import type { TreeRules } from '../lineage/index.ts';
import type { Places, PreparedPolicy, Rates, Tighten, Trees, Trials, Versions, Watch } from '../policy/index.ts';
import { type Fleet, isAway } from '../routing/index.ts';
import type { Bounds } from './bounds.ts';

/** The same for every pipeline of a node. */
export interface Parts {
  readonly node: string;
  /** Events of finished calls. */
  readonly sink: EventSink;
  readonly snapshotSeq: number;
  /** For how long calls go on without the hub. Only nodes that have one ask. */
  readonly bounds: Bounds;
  /** Refuses what this node sent to itself. */
  readonly turnedBack: Layer;
  /** Turns what is asked for as a capability into a target. */
  readonly resolving: Layer;
  /** Places a call in its tree, and refuses it when that has grown enough. */
  readonly lineage: Layer;
  /** Must policy permit a call also for whoever began its tree? */
  readonly intersects: TreeRules['intersects'];
  /** Answers calls of replays, and sends their first ones. Absent: this node replays nothing, and refuses what belongs to one. */
  readonly replays?: Layer | undefined;
  /** Refuses what is under an order to stop, and cuts what comes under one while it runs. */
  readonly halt: Layer;
  /** Writes down what is refused, and what is about to be sent. */
  readonly audit: { readonly refusals: Layer; readonly sending: Layer };
  /** Watches who is behind which calls, so that nobody approves their own. */
  readonly origins: Layer;
  /** Asks people about calls that policy wants an approval for. Absent: such calls are refused. */
  readonly hold?: Hold | undefined;
  /** Who a credential stands for. */
  readonly resolver: Resolver;
  readonly policy: PreparedPolicy;
  /** Sees every decision; a hub takes some of them again. */
  readonly watch?: Watch | undefined;
  /** Releases of policy on trial. */
  readonly trials?: Trials;
  /** What may decide a call that another node decided already. Default: what is in this snapshot. */
  readonly versions?: Versions;
  /** Call trees that this node has seen. Default: those of this snapshot. */
  readonly trees?: Trees;
  /** How often who called what, kept as long as the pipeline of a node is. Default: as long as its snapshot. */
  readonly rates?: Rates;
  /** How many calls of whom are in the works, kept as long. */
  readonly places?: Places;
  /** What configuration says about a call: target, route, limits. Throws `not_found`. */
  readonly planOf: (call: Call) => RoutePlan;
  /** Who is in the works and who waits. */
  readonly gate: Gate;
  readonly budgets: RetryBudgets;
  /** What budgets ask of a call before its permit. Absent: there are none. */
  readonly tighten?: Tighten | undefined;
  /** Sends calls elsewhere that their budget moves to a cheaper model, before policy is asked about it. Absent: nobody is moved. */
  readonly downgrade?: Layer | undefined;
  /** Gives calls to the next model of a chain when one cannot take them. Absent: there are no chains. */
  readonly fallback?: Layer | undefined;
  /** Sets aside what a call may come to. Absent: nothing costs anything. */
  readonly price?: Layer | undefined;
  /** Durable intents and outcomes. */
  readonly record: Layer;
  /** Writes payloads down where policy says so. Absent: nobody does. */
  readonly payloads?: Layer | undefined;
  readonly fleet: Fleet;
  /** Takes this node's own questions for facts through a whole pipeline. Absent: no fact is ever available. */
  readonly ask?: Handler;
  readonly upstreamFor: (endpoint: Endpoint) => Handler;
}

/** D1: what route and target grant, 30 s when neither says, 10 min for a stream. */
export const timing = ({ planOf }: Pick<Parts, 'planOf'>): DeadlineOptions => ({
  limitMs: (call) => planOf(call).timeoutMs ?? (call.stream ? DEFAULT_STREAM_TIMEOUT_MS : DEFAULT_TIMEOUT_MS),
});

/** O2: what may run twice is declared by the operation. An idempotency key alone proves nothing: the target may not honour it. */
export const repeating = ({ planOf, budgets }: Pick<Parts, 'planOf' | 'budgets'>): RetryOptions => ({
  attemptsOf: (call) => planOf(call).attempts,
  idempotentOf: (call) => planOf(call).operation.idempotent,
  budgets,
  // Another provider of what was asked for need not be waited for at all.
  patienceMs: (call, fault) => (call.detour?.more === true && isAway(fault) ? 0 : patienceMs(planOf(call))),
});

/** What providers of models ask for may be minutes, and their clients know how to wait; another model need not be waited for at all. */
const MODEL_PATIENCE_MS = 2_000;

const patienceMs = ({ target }: RoutePlan): number => {
  if (target.kind !== 'model') return Number.POSITIVE_INFINITY;
  return (target.fallback ?? []).length > 0 ? 0 : MODEL_PATIENCE_MS;
};

/** Layers that not every node has. */
export const ifAny = (layer: Layer | undefined): readonly Layer[] => (layer === undefined ? [] : [layer]);
