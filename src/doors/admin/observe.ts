/** What the node knows about itself and about calls: status, traces, numbers, logs, and calls as they finish. */
import { z } from 'zod';
import { type CallEvent, type CallStatus, DEFAULT_TENANT, Fault, type TargetKind } from '../../contract/index.ts';
import { type Answer, json } from './answer.ts';
import type { FleetEndpoint, FleetTarget, LogLine } from './ports.ts';
import type { AdminRequest, OpenRequest } from './request.ts';

const STATUSES = ['ok', 'failed', 'denied', 'refused', 'cancelled', 'unknown'] as const satisfies readonly CallStatus[];
const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

const Nothing = z.strictObject({});
const Limit = z.coerce.number().int().min(1).max(1000).default(100);
const Short = z.string().max(200);

export const CallsQuery = z.strictObject({
  status: z.enum(STATUSES).optional(),
  target: Short.optional(),
  principal: Short.optional(),
  since: z
    .union([z.iso.datetime({ offset: true }).transform(Date.parse), z.coerce.number().min(0)])
    .optional()
    .describe('RFC 3339, or Unix milliseconds'),
  limit: Limit,
});

export const LogsQuery = z.strictObject({
  limit: Limit,
  level: z.enum(LEVELS).default('debug'),
  call: Short.optional(),
  trace: Short.optional(),
});

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

export const metrics = async ({ ports, query }: OpenRequest): Promise<Answer> => {
  query(Nothing);
  return { kind: 'text', contentType: 'text/plain; version=0.0.4; charset=utf-8', text: ports.metrics.text() };
};

export const trace = async (asked: AdminRequest): Promise<Answer> => {
  asked.query(Nothing);
  const { param } = asked;
  const events = await ownTrace(asked);
  if (events.length === 0)
    throw new Fault('not_found', `there is no trace or call \`${param}\` here; it may be older than what is kept`);
  return json({ events });
};

/** A caller that nobody knows has no tenant; who runs the node may look at what it tried. */
export const ownTrace = async ({
  ports: { traces },
  principal: { tenant },
  theirs,
  param,
}: AdminRequest): Promise<readonly CallEvent[]> => {
  const events = await traces.trace(tenant, param);
  const found = events.length === 0 && tenant === DEFAULT_TENANT ? await traces.trace('', param) : events;
  return found.filter(theirs.call);
};

/** How far back calls of a part of the tenant are looked for: a store knows nothing of domains. */
const MOST_LOOKED_AT = 1000;

export const calls = async ({ ports, principal, rights, theirs, query }: AdminRequest): Promise<Answer> => {
  const { since, status, target, principal: caller, limit } = query(CallsQuery);
  const events = await ports.traces.recent({
    tenant: principal.tenant,
    ...(status === undefined ? {} : { status }),
    ...(target === undefined ? {} : { target }),
    ...(caller === undefined ? {} : { principal: caller }),
    ...(since === undefined ? {} : { sinceMs: since }),
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

type SeenEndpoint = FleetEndpoint & { readonly via: readonly string[] };

const endpointsOf = ({ via, endpoints }: FleetTarget): readonly SeenEndpoint[] =>
  endpoints.map((endpoint) => ({ ...endpoint, via: [via] }));

/** An endpoint that both ways lead to is one: busy with the calls of both, and the busier way knows it better. */
const asOne = (seen: readonly SeenEndpoint[]): SeenEndpoint => {
  const sum = (of: (endpoint: SeenEndpoint) => number): number => seen.reduce((total, one) => total + of(one), 0);
  return {
    ...seen.reduce((a, b) => (b.requests > a.requests ? b : a)),
    inFlight: sum((one) => one.inFlight),
    requests: sum((one) => one.requests),
    failures: sum((one) => one.failures),
    via: seen.flatMap((one) => one.via),
  };
};

export const logs = async ({ ports, principal, query }: AdminRequest): Promise<Answer> => {
  const { limit, level, call, trace } = query(LogsQuery);
  const least = LEVELS.indexOf(level);
  const records = ports.logs.recent(
    limit,
    (record) =>
      maySee(record, principal.tenant) &&
      LEVELS.indexOf(record.level as (typeof LEVELS)[number]) >= least &&
      (call === undefined || startsWith(record['call_id'], call)) &&
      (trace === undefined || startsWith(record['trace_id'], trace)),
  );
  return json({ records });
};

/** Records about calls belong to their tenant; those about the node itself to the tenant that runs it. */
const maySee = (record: LogLine, tenant: string): boolean => (record['tenant'] || DEFAULT_TENANT) === tenant;

const startsWith = (value: unknown, prefix: string): boolean => typeof value === 'string' && value.startsWith(prefix);

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
