/** What a node lends to its admin door: every port that the door asks of, tied to this process. */
import type { IncomingMessage } from 'node:http';
import type {
  AgentSpanStore,
  ControlPort,
  Diagnosis,
  NodePort,
  NodeRole,
  ReleasePort,
  ReplayPort,
  SumStore,
  TraceStore,
  UsageStore,
} from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { belonging } from '../../control/index.ts';
import type {
  AdminPorts,
  AlertPort,
  ApprovalPort,
  AuditPort,
  BreakerPort,
  BudgetPort,
  KillPort,
  NodeStatus,
  PlanPort,
  SecretPort,
  ToolPort,
  TopologyPort,
  UnknownPort,
} from '../../doors/admin/index.ts';
import { isCsrf, mintKey, type Opened } from '../../identity/index.ts';
import type { Canceller, World } from '../../kernel/index.ts';
import { drain, fleetStatus } from '../../routing/index.ts';
import type { Intake } from '../../telemetry/index.ts';
import type { ApartDiagnoser } from '../diagnose/apart.ts';
import { VERSION } from '../version.ts';
import { capabilitiesSeen } from './capabilities.ts';
import type { LivePipeline } from './live.ts';
import { scrape } from './measures/scrape.ts';
import { policyPort } from './policyport.ts';
import type { Room } from './room.ts';
import { sumsPort } from './sums.ts';
import type { Observed } from './telemetry.ts';
import { usagePort } from './usage.ts';

export interface AdminParts {
  readonly world: World;
  readonly id: string;
  readonly role: NodeRole;
  readonly startedAtMs: number;
  readonly signal: Canceller;
  readonly live: LivePipeline;
  readonly observed: Observed;
  readonly breakers: BreakerPort;
  readonly control: ControlPort;
  readonly secrets: SecretPort;
  readonly tools: ToolPort;
  readonly releases: ReleasePort;
  readonly nodes: NodePort;
  readonly topology: TopologyPort;
  readonly kills: KillPort;
  readonly budgets: BudgetPort;
  readonly audit: AuditPort;
  readonly alerts: AlertPort;
  readonly approvals: ApprovalPort;
  readonly plans: PlanPort;
  readonly unknown: UnknownPort;
  readonly traces: TraceStore;
  readonly agentSpans: Pick<AgentSpanStore, 'trace'>;
  readonly replays: ReplayPort;
  readonly logs: AdminPorts['logs'];
  readonly intake: Pick<Intake, 'counts'>;
  readonly sums: Pick<SumStore, 'total'>;
  readonly usage: Pick<UsageStore, 'read'>;
  readonly room: Pick<Room, 'status'>;
  readonly rosterSeq: () => number;
  /** Of nodes that have one. */
  readonly oracle?: () => NonNullable<NodeStatus['oracle']>;
  /** Where state lives. */
  readonly store: 'sqlite' | 'postgres';
  readonly weakened: readonly string[];
  /** Of nodes that people log in to. */
  readonly session?: (request: IncomingMessage) => Opened | undefined;
  readonly lastUsedMs: (tenant: string, id: string) => number | null;
  readonly diagnoser: ApartDiagnoser;
  readonly useBootstrapToken: (token: string) => Promise<void>;
  /** Of a domain hub: whom the bootstrap token makes, and what it stands on. */
  readonly first?: AdminPorts['access']['first'];
  readonly parent?: () => NonNullable<NodeStatus['parent']>;
  readonly discover: AdminPorts['discover'];
}

export const adminPorts = (parts: AdminParts): AdminPorts => {
  const { world, live, observed } = parts;
  return {
    world,
    signal: parts.signal,
    resolver: { resolve: (credential, wallMs) => live.resolver.resolve(credential, wallMs) },
    ...(parts.session === undefined ? {} : { sessions: sessionsPort(parts.session) }),
    belonging: (rights) => belonging(rights, live.snapshot ?? { targets: [], domains: [] }),
    control: parts.control,
    secrets: parts.secrets,
    tools: parts.tools,
    releases: parts.releases,
    status: () => ({
      node: parts.id,
      role: parts.role,
      version: VERSION,
      startedAtMs: parts.startedAtMs,
      ready: live.snapshot !== undefined,
      snapshotSeq: live.snapshot?.seq ?? 0,
      rosterSeq: parts.rosterSeq(),
      store: parts.store,
      weakened: parts.weakened,
      fallback: live.fallbackSets,
      agentSpans: parts.intake.counts,
      telemetry: parts.room.status,
      ...observed.exported(),
      ...(parts.oracle === undefined ? {} : { oracle: parts.oracle() }),
      ...(parts.parent === undefined ? {} : { parent: parts.parent() }),
    }),
    metrics: { text: scrape(observed.metrics), targets: (tenant) => observed.metrics.targets(tenant) },
    fleet: (tenant) => fleetStatus(live.fleet, tenant, world.clock.nowMs()),
    breakers: parts.breakers,
    targets: () => live.snapshot?.targets ?? [],
    capabilities: (tenant, isSeen) => capabilitiesSeen(live, world.clock, tenant, isSeen),
    // What has just ended may still be on its way to the store: whoever asks for a trace must find it.
    traces: {
      trace: async (tenant, id) => {
        await observed.flush();
        return parts.traces.trace(tenant, id);
      },
      recent: (filter) => parts.traces.recent(filter),
    },
    otlp: observed.otlp,
    agentSpans: (tenant, trace) => parts.agentSpans.trace(tenant, trace),
    sums: sumsPort(parts),
    usage: usagePort(parts),
    replays: parts.replays,
    logs: parts.logs,
    feed: observed.feed,
    access: {
      mint: (id) => mintKey(id),
      lastUsedMs: (tenant, id) => parts.lastUsedMs(tenant, id),
      useBootstrapToken: parts.useBootstrapToken,
      ...(parts.first === undefined ? {} : { first: parts.first }),
    },
    policy: policyPort(live, world, (tenant, files) => diagnosisOf(parts, tenant, files)),
    nodes: parts.nodes,
    topology: parts.topology,
    kills: parts.kills,
    budgets: parts.budgets,
    audit: parts.audit,
    alerts: parts.alerts,
    approvals: parts.approvals,
    plans: parts.plans,
    unknown: parts.unknown,
    discover: parts.discover,
    drain: (tenant, id, timeoutMs) => drainById(live, tenant, id, timeoutMs, world),
    onInternal: (thrown, path) => observed.logger.log('error', 'internal fault', { path, cause: causeOf(thrown) }),
  };
};

const sessionsPort = (session: NonNullable<AdminParts['session']>): NonNullable<AdminPorts['sessions']> => ({
  resolve: (req) => {
    const opened = session(req);
    if (opened === undefined) return undefined;
    return { principal: opened.principal, isCsrf: (shown) => isCsrf(opened, shown) };
  },
});

/** Over the configuration and the policy as they are now; where the configuration is somebody else's, its owner is named. */
const diagnosisOf: (parts: AdminParts, ...asked: Parameters<AdminPorts['policy']['diagnose']>) => Promise<Diagnosis> =
  async ({ control, live, world, diagnoser }, tenant, files) => {
    const stored = await control.list({ tenant });
    const { levels } = live.inForce.snapshot.policy;
    return diagnoser.diagnose({
      files,
      tenant,
      running: stored.map(({ resource }) => resource),
      active: levels.filter((level) => level.tenant === tenant),
      wallMs: world.clock.wallMs(),
    });
  };

/** `id` is an endpoint as `top` shows it, or an instance as the registry does. */
const drainById: (
  live: LivePipeline,
  tenant: string,
  id: string,
  timeoutMs: number,
  world: World,
) => Promise<{ readonly inFlight: number }> = async (live, tenant, id, timeoutMs, { clock }) => {
  const found = fleetStatus(live.fleet, tenant, clock.nowMs()).find(({ endpoints }) =>
    endpoints.some((one) => one.id === id),
  );
  if (found === undefined)
    throw new Fault('not_found', `no endpoint \`${id}\` is known here; \`airspace top\` shows those that are`);
  return drain(live.fleet, found, id, timeoutMs, clock);
};

const causeOf = (thrown: unknown): string => {
  const cause = thrown instanceof Fault && thrown.cause !== undefined ? thrown.cause : thrown;
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
};
