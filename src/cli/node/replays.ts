/** Replays of requests on a hub: tied to what it recorded, to how its agents stand now, and to its audit. */
import type { AuditTrail } from '../../audit/index.ts';
import {
  type AgentSpan,
  type AgentSpanStore,
  type CallEvent,
  type LogRecord,
  type NodePort,
  PAYLOAD_OF_CALL,
  PAYLOAD_OF_REPLY,
  type ReplayPort,
  type TraceStore,
} from '../../contract/index.ts';
import type { AdminPorts } from '../../doors/admin/index.ts';
import { digestOf } from '../../journal/index.ts';
import type { World } from '../../kernel/index.ts';
import { notedOf, Replays, type Standing } from '../../replays/index.ts';
import type { LivePipeline } from './live.ts';
import type { SaidStores } from './telemetry.ts';

export interface ReplayWiring {
  readonly world: World;
  readonly node: string;
  readonly live: () => LivePipeline;
  readonly nodes: () => Pick<NodePort, 'list'>;
  readonly traces: Pick<TraceStore, 'trace' | 'recent'>;
  readonly flush: () => Promise<void>;
  readonly logs: AdminPorts['logs'];
  readonly trail: AuditTrail;
  /** Other hubs over the same store. */
  readonly others: () => number;
}

/** Of one trace: two records for each call with its payloads. */
const MOST_LOGS = 5_000;

export const openReplays = (wiring: ReplayWiring): Replays => {
  const { world, node, live, traces, flush, logs, trail } = wiring;
  return new Replays({
    world,
    handler: (call, scope) => live().handler(call, scope),
    events: async (tenant, id) => {
      await flush();
      return traces.trace(tenant, id);
    },
    logs: async (tenant, trace) => {
      const isPayload = (record: LogRecord): boolean =>
        record.node === node && (record.message === PAYLOAD_OF_CALL || record.message === PAYLOAD_OF_REPLY);
      const { records } = await logs.find({ tenant, trace, level: 'debug', limit: MOST_LOGS }, isPayload);
      return records;
    },
    record: (tenant, call) => live().journal.get(tenant, call),
    isOfRecord: ({ digest }, { body, ...call }) => body.kind === 'bytes' && digestOf({ ...call, body }) === digest,
    standing: (root) => standingOf(wiring, root),
    note: (by, prepared, wish) =>
      trail.note({
        ...{ tenant: wish.tenant, kind: 'request.replayed', actor: `${by.kind}/${by.id}` },
        ...notedOf(prepared, wish),
      }),
  });
};

/** Of the agent, since the request began. */
const MOST_SINCE = 500;

const standingOf = async (wiring: ReplayWiring, root: CallEvent): Promise<Standing> => {
  const { world, node, live, nodes, others, traces } = wiring;
  const { snapshot } = live().inForce;
  const { tenant, target, startedAtMs: sinceMs } = root;
  const entry = snapshot.targets.find(
    (one) => one.tenant === tenant && one.kind === 'agent' && one.name === target.name,
  );
  const pool = entry && live().fleet.pool({ target: entry, via: 'hub' }, world.clock.nowMs());
  return {
    node,
    endpoints: pool?.table.present.map(({ candidate }) => candidate) ?? [],
    isPlan: (snapshot.plans ?? []).some((plan) => plan.tenant === tenant && plan.name === target.name),
    sidecars: nodes()
      .list(tenant)
      .flatMap(({ node: { id, agent } }) => (agent === target.name ? [id] : [])),
    since: await traces.recent({ tenant, principal: target.name, sinceMs, limit: MOST_SINCE }),
    never:
      others() > 0
        ? 'hubs that share a store do not replay: the calls of the agent may come to another one of them; stop the others first'
        : '',
  };
};

/** Of nodes that replay nothing. */
export const noReplays = (why: () => Error): ReplayPort => ({
  check: () => Promise.reject(why()),
  run: () => Promise.reject(why()),
  trace: () => [],
});

/**
 * The stores of what agents say, without what they say of replays: that is nobody's work, and counts nowhere. They are told that it is
 * known already.
 */
export const besideReplays = (
  { traces, agentSpans }: SaidStores,
  replays: Pick<Replays, 'trace' | 'isOf'>,
): SaidStores => {
  const isOfReplay = ({ tenant, trace, outcome }: AgentSpan): boolean =>
    replays.isOf(tenant, outcome?.session ?? trace);
  return {
    traces: {
      trace: async (tenant, id) => {
        const played = tenant === null ? [] : replays.trace(tenant, id);
        return played.length > 0 ? played : traces.trace(tenant, id);
      },
    },
    agentSpans: {
      trace: (tenant, trace) => agentSpans.trace(tenant, trace),
      append: async (spans, most) => {
        const rest = spans.filter((span) => !isOfReplay(span));
        const outcomes = rest.length === 0 ? [] : [...(await agentSpans.append(rest, most))];
        return spans.map((span): Appended => (isOfReplay(span) ? 'repeated' : outcomes.shift()!));
      },
    },
  };
};

type Appended = Awaited<ReturnType<AgentSpanStore['append']>>[number];
