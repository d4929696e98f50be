/** What the node knows about itself and about calls: status, traces, numbers, logs, and calls as they finish. */
import { z } from 'zod';
import {
  type AgentSpan,
  type CallEvent,
  type CallStatus,
  compareTrees,
  DEFAULT_TENANT,
  Fault,
  type NodeView,
  sessionTrace,
  type TargetKind,
  type TopEndpoint,
} from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import type { FleetTarget, HubRefusal } from './ports.ts';
import type { AdminRequest, OpenRequest } from './request.ts';

const STATUSES = ['ok', 'failed', 'denied', 'refused', 'cancelled', 'unknown'] as const satisfies readonly CallStatus[];

const Nothing = z.strictObject({});
const Limit = z.coerce.number().int().min(1).max(1000).default(100);
const Short = z.string().max(200);

const Instant = z
  .union([z.iso.datetime({ offset: true }).transform(Date.parse), z.coerce.number().min(0)])
  .optional()
  .describe('RFC 3339, or Unix milliseconds');

export const CallsQuery = z.strictObject({
  status: z.enum(STATUSES).optional(),
  target: Short.optional(),
  principal: Short.optional(),
  since: Instant,
  /** Not later than this: how a reader of many comes to older ones. */
  until: Instant,
  limit: Limit,
});

const Id = z.string().regex(/^[0-9a-f]{8,32}$/, 'must be 8 to 32 hex digits of a trace or a call');

export const CompareQuery = z.strictObject({ with: Id.describe('the other trace or call') });

export const StreamQuery = z.strictObject({ status: z.enum(STATUSES).optional(), target: Short.optional() });

export const status = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  const { startedAtMs, ...node } = ports.status();
  const fleet = ports.fleet(principal.tenant).filter(({ domain }) => theirs.domain(domain));
  const endpoints = fleet.flatMap((target) => target.endpoints);
  return json({
    ...node,
    fallback: node.fallback.filter(({ tenant }) => tenant === principal.tenant),
    startedAt: new Date(startedAtMs).toISOString(),
    refusals: ports.nodes
      .list(principal.tenant)
      .filter(({ node: { domain } }) => theirs.domain(domain))
      .flatMap(refusalsOf),
    uptimeMs: Math.max(0, ports.world.clock.wallMs() - startedAtMs),
    targets: {
      declared: ports.targets().filter(({ tenant, domain }) => tenant === principal.tenant && theirs.domain(domain))
        .length,
      endpoints: endpoints.length,
      eligible: endpoints.filter((endpoint) => endpoint.obstacle === null).length,
      panic: fleet.filter((target) => target.panic).map((target) => `${target.kind}/${target.name}`),
    },
  });
};

const refusalsOf = ({ node, exports, sumsRefused }: NodeView): readonly HubRefusal[] => {
  const said = { exports: exports?.refused ?? null, sums: sumsRefused };
  return (['exports', 'sums'] as const).flatMap((what) => {
    const reason = said[what];
    return reason === null ? [] : [{ node: node.id, domain: node.domain, what, reason }];
  });
};

export const metrics = async ({ ports, query, accept }: OpenRequest): Promise<Answer> => {
  query(Nothing);
  return { kind: 'text', ...(await ports.metrics.text(accept)) };
};

export const trace = async (asked: AdminRequest): Promise<Answer> => {
  asked.query(Nothing);
  return json(await wholeTrace(asked));
};

/** What is said of a session is in no trace, and no collector gets it. */
export const traceAsOtlp = async (asked: AdminRequest): Promise<Answer> => {
  asked.query(Nothing);
  const { events, agentSpans } = await wholeTrace(asked);
  const said = agentSpans.filter(({ outcome }) => outcome?.session === undefined);
  return json(asked.ports.otlp(events, said));
};

/** What the asker may see of it. */
const wholeTrace = async (asked: AdminRequest) => {
  const events = await ownTrace(asked);
  const agentSpans = await saidIn(asked, events);
  if (events.length === 0 && agentSpans.length === 0) throw unknownTrace(asked.param);
  return { events, agentSpans };
};

const unknownTrace = (id: string): Fault =>
  new Fault('not_found', `there is no trace or call \`${id}\` here; it may be older than what is kept`);

/** Of two traces, what the asker may see of each. */
export const compare = async (asked: AdminRequest): Promise<Answer> => {
  const { with: other } = asked.query(CompareQuery);
  const [a, b] = [await ownTrace(asked), await ownTrace({ ...asked, param: other })];
  if (a.length === 0) throw unknownTrace(asked.param);
  if (b.length === 0) throw unknownTrace(other);
  return json(compareTrees(a, b));
};

/** Sessions of one trace whose outcomes are looked for: mostly there is one. */
const MOST_SESSIONS = 5;

/** Of agents and plans of their own. A trace that nodes know nothing of yet is found by its whole id only. */
const saidIn = async (
  { ports, principal: { tenant }, rights, theirs, param }: AdminRequest,
  events: readonly CallEvent[],
): Promise<readonly AgentSpan[]> => {
  const sessions = new Set(events.flatMap(({ session }) => (session === undefined ? [] : [session])));
  const ofSessions = [...sessions].slice(0, MOST_SESSIONS).map(sessionTrace);
  const said = await Promise.all(
    [events[0]?.trace ?? param, ...ofSessions].map((trace) => ports.agentSpans(tenant, trace)),
  );
  return said
    .flat()
    .filter(
      ({ principal: { kind, id } }) => rights.kind === 'tenant' || (kind !== 'user' && theirs.target('agent', id)),
    );
};

/** A caller that nobody knows has no tenant; who runs the node may look at what it tried. */
export const ownTrace = async ({
  ports: { traces, replays },
  principal: { tenant },
  theirs,
  param,
}: AdminRequest): Promise<readonly CallEvent[]> => {
  // A replay is in no store: it is found by whoever names it, and by nobody who counts.
  const played = replays.trace(tenant, param);
  const events = played.length > 0 ? played : await traces.trace(tenant, param);
  const found = events.length === 0 && tenant === DEFAULT_TENANT ? await traces.trace('', param) : events;
  return found.filter(theirs.call);
};

/** How far back calls of a part of the tenant are looked for: a store knows nothing of domains. */
const MOST_LOOKED_AT = 1000;

export const calls = async ({ ports, principal, rights, theirs, query }: AdminRequest): Promise<Answer> => {
  const { since, until, status, target, principal: caller, limit } = query(CallsQuery);
  const events = await ports.traces.recent({
    tenant: principal.tenant,
    ...(status === undefined ? {} : { status }),
    ...(target === undefined ? {} : { target }),
    ...(caller === undefined ? {} : { principal: caller }),
    ...(since === undefined ? {} : { sinceMs: since }),
    ...(until === undefined ? {} : { untilMs: until }),
    limit: rights.kind === 'tenant' ? limit : MOST_LOOKED_AT,
  });
  return json({ events: events.filter(theirs.call).slice(0, limit) });
};

/** Counts per target beside what routing sees of it. A target may be in one of the two only: never called, or gone. */
export const top = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  query(Nothing);
  const counts = new Map(
    ports.metrics
      .targets(principal.tenant)
      .filter(({ kind, target }) => theirs.target(kind as TargetKind, target))
      .map((one) => [`${one.kind}/${one.target}`, one]),
  );
  const fleet = Map.groupBy(
    ports.fleet(principal.tenant).filter(({ domain }) => theirs.domain(domain)),
    (one) => `${one.kind}/${one.name}`,
  );
  const targets = [...new Set([...counts.keys(), ...fleet.keys()])].map((key) => {
    const count = counts.get(key);
    return {
      target: key,
      calls: count?.calls ?? 0,
      failed: count?.failed ?? 0,
      denied: count?.denied ?? 0,
      p50Ms: count?.p50Ms ?? null,
      p99Ms: count?.p99Ms ?? null,
      ...(count?.outcomes === undefined ? {} : { outcomes: count.outcomes, completed: count.completed ?? 0 }),
      ...seenByRouting(fleet.get(key) ?? []),
    };
  });
  return json({ atMs: ports.world.clock.wallMs(), targets });
};

const seenByRouting = (ways: readonly FleetTarget[]) => {
  const endpoints = [...Map.groupBy(ways.flatMap(endpointsOf), ({ id }) => id).values()].map(asOne);
  return {
    domain: ways[0]?.domain ?? '',
    panic: ways.some((way) => way.panic),
    inFlight: endpoints.reduce((sum, endpoint) => sum + endpoint.inFlight, 0),
    endpoints,
  };
};

const endpointsOf = ({ via, endpoints }: FleetTarget): readonly TopEndpoint[] =>
  endpoints.map((endpoint) => ({ ...endpoint, via: [via] }));

/** An endpoint that both ways lead to is one: busy with the calls of both, and the busier way knows it better. */
const asOne = (seen: readonly TopEndpoint[]): TopEndpoint => {
  const sum = (of: (endpoint: TopEndpoint) => number): number => seen.reduce((total, one) => total + of(one), 0);
  return {
    ...seen.reduce((a, b) => (b.requests > a.requests ? b : a)),
    inFlight: sum((one) => one.inFlight),
    requests: sum((one) => one.requests),
    failures: sum((one) => one.failures),
    via: seen.flatMap((one) => one.via),
  };
};

export const stream = async ({ ports, principal, theirs, query }: AdminRequest): Promise<Answer> => {
  const { status, target } = query(StreamQuery);
  return {
    kind: 'stream',
    open: (send) =>
      ports.feed.subscribe(principal.tenant, (event) => {
        if (!theirs.call(event)) return;
        if (status !== undefined && event.status !== status) return;
        if (target !== undefined && event.target.name !== target) return;
        send({ event: 'call', data: JSON.stringify(event) });
      }),
  };
};
