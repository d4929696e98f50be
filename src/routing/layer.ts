/** The route handler: gives each call an endpoint, sends it there, and learns from how it went. */
import type { Attributes, Call, Endpoint, Reply, RoutePlan, Scope } from '../contract/index.ts';
import { DEFAULT_TIMEOUT_MS, Fault } from '../contract/index.ts';
import { type Handler, invoke, type Verdict, whenStopped } from '../kernel/index.ts';
import type { Fleet } from './fleet.ts';
import type { Lease } from './lease.ts';
import type { PlanOf } from './plan.ts';
import type { Pool } from './pool.ts';

/** A caller's own shorter deadline blames nobody, unless the endpoint took this long and well over the usual. */
const FAIR_MS = 1_000;
const FAIR_TIMES_TYPICAL = 4;

const NOBODY: readonly string[] = [];

export interface RouteParts {
  readonly fleet: Fleet;
  readonly planOf: PlanOf;
  /** The way to an endpoint; reuse of connections is its own business. */
  readonly upstreamFor: (endpoint: Endpoint) => Handler;
}

/**
 * Stands where a layer's `next` would: it chooses it. A stream is in flight until its source has let go (D5).
 * Throws `unavailable` or `overloaded` when no endpoint can take the call, and whatever the upstream throws.
 */
export const route =
  ({ fleet, planOf, upstreamFor }: RouteParts): Handler =>
  async (call, scope) => {
    const plan = planOf(call);
    scope.span.set(wayShown(plan, fleet.ways));
    try {
      return await along(plan, { fleet, upstreamFor }, call, scope);
    } catch (thrown) {
      const why = noPeer(Fault.from(thrown), plan, fleet, call, scope);
      if (why === undefined) throw thrown;
      fleet.wentThroughHub();
      scope.span.set({ via: 'hub', 'via.instead': why });
      return along({ ...plan, via: 'hub' }, { fleet, upstreamFor }, call, scope);
    }
  };

const along = async (
  plan: RoutePlan,
  { fleet, upstreamFor }: Pick<RouteParts, 'fleet' | 'upstreamFor'>,
  call: Call,
  scope: Scope,
): Promise<Reply> => {
  const startMs = scope.clock.nowMs();
  const pool = fleet.pool(plan, startMs);
  const lease = takeNoted(pool, call, scope, startMs);
  const sent: Sent = { plan, pool, lease, startMs, began: false };
  const upstream: Handler = (sentCall, within) => upstreamFor(lease.record.candidate)(sentCall, within);
  const work = invoke(upstream, call, scope);
  const reply = await whenStopped(work, scope.signal, (fault, ended) => settle(sent, fault, ended, scope));
  if (reply.body.kind === 'stream') begin(sent, reply, scope);
  return labelled(reply, lease);
};

/** What stands right before its agent was reached by either way and cannot tell which. */
const wayShown = ({ route: name, via, meshPercent }: RoutePlan, ways: Fleet['ways']): Attributes => ({
  route: name,
  ...(ways === 'own' ? {} : { via: ways === 'hub' ? 'hub' : via }),
  ...(meshPercent === undefined ? {} : { 'route.mesh_percent': meshPercent }),
});

/**
 * Why a call that was to go directly goes through the hub; undefined when it does not. INVARIANT: only what never left goes again, and
 * not while another sidecar is left to try: that one is for the retry. A sidecar that is busy or says no was reached.
 */
const noPeer = (fault: Fault, plan: RoutePlan, fleet: Fleet, call: Call, scope: Scope): string | undefined => {
  if (fleet.ways !== 'either' || plan.via !== 'mesh' || plan.withoutPeer !== 'hub') return undefined;
  if (fault.remote || fault.executed !== 'no') return undefined;
  if (fault.code === 'unavailable') return fault.message;
  if (fault.code !== 'unreachable' || call.body.kind === 'stream') return undefined;
  const { members } = fleet.pool(plan, scope.clock.nowMs());
  return members.every(({ candidate }) => call.avoid?.includes(candidate.id)) ? fault.message : undefined;
};

interface Sent {
  readonly plan: RoutePlan;
  readonly pool: Pool;
  readonly lease: Lease;
  readonly startMs: number;
  /** Its reply is a stream and has begun; what follows says nothing about latency. */
  began: boolean;
}

const takeNoted = (pool: Pool, call: Call, scope: Scope, startMs: number): Lease => {
  const candidates = pool.table.present.length;
  try {
    const lease = pool.take(call.avoid ?? NOBODY, startMs, scope.random, call.pin);
    call.avoid?.push(lease.record.candidate.id);
    const eligible = pool.members.length;
    scope.span.step('route', startMs, { candidates, eligible, picked: lease.record.candidate.id, panic: lease.panic });
    return lease;
  } catch (thrown) {
    scope.span.step('route', startMs, { candidates, eligible: 0, refused: pool.reasons(startMs) });
    throw thrown;
  }
};

const begin = (sent: Sent, reply: Reply, scope: Scope): void => {
  const nowMs = scope.clock.nowMs();
  sent.began = true;
  sent.lease.began(verdictOf(reply), nowMs - sent.startMs, nowMs);
};

const settle = (sent: Sent, fault: Fault | undefined, reply: Reply | undefined, scope: Scope): void => {
  const nowMs = scope.clock.nowMs();
  const tookMs = nowMs - sent.startMs;
  const verdict = fault === undefined ? verdictOf(reply) : blame(fault, sent, tookMs);
  sent.lease.end(verdict, countsAs(verdict, sent, tookMs), nowMs);
};

/** H4: a failed call counts as its timeout (30 s when nobody set one, D1), however fast it failed. */
const countsAs = (verdict: Verdict, sent: Sent, tookMs: number): number | undefined => {
  if (verdict === 'nothing') return undefined;
  if (verdict !== 'success') return Math.max(tookMs, sent.plan.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  return sent.began ? undefined : tookMs;
};

/** C1: a 4xx is the caller's affair; from 500 on the target itself is in trouble. */
const verdictOf = (reply: Reply | undefined): Verdict =>
  reply !== undefined && reply.status >= 500 ? 'failure' : 'success';

/**
 * INVARIANT: no caller can talk an endpoint out of its pool. A timeout speaks against the endpoint only if it had the
 * whole limit of its plan, or clearly more than its siblings need: a deadline of one millisecond proves nothing.
 */
const blame = (fault: Fault, { plan, pool, began }: Sent, tookMs: number): Verdict => {
  if (!fault.blamesEndpoint) return 'nothing';
  if (fault.code === 'unreachable') return 'unreachable';
  if (fault.code !== 'timeout') return 'failure';
  if (began) return 'nothing';
  const fairMs = Math.max(FAIR_MS, FAIR_TIMES_TYPICAL * pool.typicalMs);
  return tookMs >= Math.min(plan.timeoutMs ?? DEFAULT_TIMEOUT_MS, fairMs) ? 'unreachable' : 'nothing';
};

/** Behind another node only its reply knows which version answered; our own endpoints are known better than they say. */
const labelled = (reply: Reply, { record, panic }: Lease): Reply => {
  const { id, protocol, version } = record.candidate;
  const ran = protocol === 'airspace' ? (reply.version ?? version) : version;
  const { version: _, ...rest } = reply;
  return {
    ...rest,
    endpoint: id,
    ...(ran === '' ? {} : { version: ran }),
    ...(panic ? { notes: [...(reply.notes ?? []), 'panic'] } : {}),
  };
};
