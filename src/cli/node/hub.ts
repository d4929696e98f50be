/** A hub process: control plane, pipeline and doors over one data directory. The root of a tree, or the only node there is. */
import { fileURLToPath } from 'node:url';
import type { Desk } from '../../approvals/index.ts';
import { Treasury } from '../../budget/index.ts';
import type {
  AgentSpan,
  ControlPort,
  EventSink,
  Fault,
  ProgressOf,
  Roster,
  Snapshot,
  Stores,
  TraceStore,
} from '../../contract/index.ts';
import { adminRolesOf, DEFAULT_TENANT } from '../../contract/index.ts';
import {
  ControlPlane,
  type ExportTaker,
  exportTaker,
  KillSwitch,
  NodeHub,
  Publisher,
  RosterKeeper,
} from '../../control/index.ts';
import { adminDoor, type KillPort } from '../../doors/admin/index.ts';
import { dashboardDoor, readPages } from '../../doors/dashboard/index.ts';
import { listen, refuseOpenBind } from '../../doors/index.ts';
import {
  AssertionSigner,
  Authority,
  idSealOf,
  issueBootstrapToken,
  KeyUse,
  NodeCertificate,
  openNodeKey,
  useBootstrapToken,
} from '../../identity/index.ts';
import { Canceller, systemWorld } from '../../kernel/index.ts';
import { Halt } from '../../kill/index.ts';
import { ApartCompiler } from '../../policy/apart/index.ts';
import type { Replays } from '../../replays/index.ts';
import { HealthRunner, rosterViews } from '../../routing/index.ts';
import { openPostgres, openSqlite } from '../../stores/index.ts';
import { fanout, payloads } from '../../telemetry/index.ts';
import { hub, viewOf } from '../../topologies/index.ts';
import { httpUpstream } from '../../upstreams/http/index.ts';
import { ApartDiagnoser } from '../diagnose/apart.ts';
import { a2aFront } from './a2a.ts';
import { toolPort } from './accepting.ts';
import { adminPorts } from './admin.ts';
import { type Alerting, startAlerting } from './alerting.ts';
import { approvalPages, approvalPort, notify, openDesk, withdrawIdle } from './approvals.ts';
import { openAudit } from './audit.ts';
import { auditedAlerts, auditedControl, auditedKills, auditedNodes, auditedReleases, auditedSteps } from './audited.ts';
import { auditedBreakers, breakerPort } from './breakerport.ts';
import { NodeBreakers } from './breakers.ts';
import { budgetGauges, budgetPort } from './budgets.ts';
import { openCardKey } from './card-key.ts';
import { publishedBy } from './catalog.ts';
import { checkpointsBelow } from './checkpoints-below.ts';
import { definitionsOf } from './definitions.ts';
import { detachedCalls } from './detached.ts';
import { directoryOf } from './directory.ts';
import { discovery } from './discovery.ts';
import { doorsOf } from './doors.ts';
import { egressOf } from './egress.ts';
import { entryOf } from './entry.ts';
import { countFallbacks, fallbackRemarks } from './fallback.ts';
import { type GrpcListener, listenGrpc, refuseOpenGrpc } from './grpc.ts';
import { meterHops } from './hopmeter.ts';
import { houseOf } from './housekeeping.ts';
import { openIntake } from './intake.ts';
import { killPort } from './kills.ts';
import { lessorOf } from './leases.ts';
import { LivePipeline } from './live.ts';
import { loginDoors, sessionsOf } from './login.ts';
import { logPort, takeLogs } from './logs.ts';
import { mcpParts } from './mcp.ts';
import { auditSource } from './measures/audit.ts';
import { watchBreakers } from './measures/breakers.ts';
import { budgetSource, leaseSource } from './measures/budgets.ts';
import { nodesSource, OrdersPublished } from './measures/nodes.ts';
import { pipelineSource } from './measures/pipeline.ts';
import { processSource } from './measures/process.ts';
import { teamsIn } from './measures/teams.ts';
import { Mesh } from './mesh.ts';
import { closeListener, describe, type NodeOptions, type RunningNode, weakenedBy } from './node.ts';
import { ORACLE_SHARE, openOracle } from './oracle.ts';
import { agreeOnKey, Others } from './others.ts';
import { watchOverload } from './overload.ts';
import { openPlans } from './plans.ts';
import { canaryOracle, releases } from './releases.ts';
import { besideReplays, openReplays } from './replays.ts';
import { openRoom, type RoomOptions } from './room.ts';
import { keepRosters } from './rosters.ts';
import { ROUTES } from './routes.ts';
import { openVault, secretPort } from './secrets.ts';
import { countingOf } from './sums.ts';
import { observe } from './telemetry.ts';
import { topologyPort } from './topology.ts';
import { treesOf } from './trees.ts';
import { unknownCalls } from './unknown.ts';
import { waking } from './waking.ts';
import { waysOf } from './ways.ts';

export interface HubOptions extends NodeOptions, RoomOptions {
  /** Share of decisions to take again with cedar-wasm, 0 to 1. Default `ORACLE_SHARE`. */
  readonly oracle?: number | undefined;
  /** What all secrets are sealed under in the end. Default: `root.key` in the data directory. */
  readonly rootKeyFile?: string | undefined;
  /** From the deadline of a call whose node is gone until what was set aside for it counts as spent. Default 60 s. */
  readonly reservationGraceMs?: number | undefined;
  /** A policy release that may widen needs a second person. Default false. */
  readonly twoPerson?: boolean;
  /** Address of a PostgreSQL database. Default: SQLite in the data directory. */
  readonly store?: string;
  /** Calls that only read are audited before they are sent too, and wait for the disk. Default false. */
  readonly auditReads?: boolean;
  /** Places outside of this hub's reach that get signed checkpoints of the audit. */
  readonly auditCheckpoints?: readonly string[];
}

export interface RunningHub extends RunningNode {
  readonly control: ControlPlane;
  /** The same for whoever changes something: what they do is in the audit. */
  readonly configure: ControlPort;
  readonly nodes: NodeHub;
  readonly traces: TraceStore;
  /** What domain hubs export. */
  readonly exports: ExportTaker;
  /** Orders to stop; who gives one is in the audit. */
  readonly kills: KillPort;
  /** Public key in SPKI DER, base64. */
  readonly publicKey: string;
  /** Detached calls that the last run left behind. */
  readonly recovered: { readonly resumed: number; readonly unknown: number };
}

/** What cannot start holds nothing: an open store or a running timer would keep the process alive, and its folder locked. */
export const startHub = async (options: HubOptions): Promise<RunningHub> => {
  refuseOpenBind(options);
  refuseOpenGrpc(options);
  await using held = new AsyncDisposableStack();
  const world = systemWorld();
  const startedAtMs = world.clock.wallMs();
  const stores = await openStores(options);
  const { shared } = stores;
  held.defer(() => stores.close());
  const key = await openNodeKey(options.dir);
  if (shared !== undefined) await agreeOnKey(shared, key, options.dir);
  const id = `hub-${key.keyId.slice(0, 8)}`;
  const counting = countingOf({ snapshot: () => live.snapshot });
  const observed = observe({
    ...options,
    ...{ world, node: id, keep: (events) => stores.traces.append(events, counting.own), logs: stores.logs },
    teamsOf: teamsIn(() => live.snapshot),
  });
  const { logger, metrics } = observed;
  const signer = new AssertionSigner(id, key, world.clock);
  const authority = await Authority.root(key, world.clock.wallMs());
  const own = entryOf(id, key.publicKey, '');
  const certificate = new NodeCertificate({
    ...{ node: id, key, pinned: key.publicKey, clock: world.clock, random: world.random },
    issue: async () => ({ chain: await authority.leaf(own, () => true, world.clock.wallMs()), authority: null }),
    note: (problem) => logger.log('error', 'no certificate for this hub', { reason: problem.message }),
  });
  held.defer(() => certificate.stop());
  await certificate.start();
  const mesh = new Mesh({
    ...{ key, certificate, logger, metrics },
    known: () => live.known,
    clock: world.clock,
  });
  const vault = await openVault(options, stores.secrets, world);
  const lineage = treesOf(own, key, world);
  const upstream = httpUpstream({
    world,
    nodeId: id,
    assertFor: (principal, node) => signer.assert(principal, node),
    secure: mesh.secure,
    vouch: (call, node) => desk.vouch(call, node),
    reveal: (tenant, secret, origin) => vault.reveal(tenant, secret, origin),
    handOver: (...sent) => lineage.trees.handOver(...sent),
  });
  held.defer(() => upstream.close());
  held.defer(() => observed.close());
  const overload = watchOverload(world, options.overload);
  held.defer(() => overload.stop());
  metrics.source(processSource(id, 'hub'));
  metrics.gauge({ name: 'airspace_overload_level', read: overload.level });
  const oracle = openOracle(options.oracle ?? ORACLE_SHARE, world, observed);
  held.defer(() => oracle.close());
  const second = canaryOracle(world, options.oracle !== 0, () => train);
  held.defer(() => second.close());
  const halt = new Halt();
  const keyUse = await KeyUse.open({
    dir: options.dir,
    clock: world.clock,
    failed: (cause) => logger.log('warn', 'the last use of keys could not be kept', { cause: String(cause) }),
  });
  held.defer(() => keyUse.close());
  const egress = egressOf(options, world.clock, logger);
  const treasury = new Treasury({
    ledger: stores.ledger,
    clock: world.clock,
    ...(options.reservationGraceMs === undefined ? {} : { graceMs: options.reservationGraceMs }),
    notice: ({ kind, text, ...about }) =>
      logger.log(kind === 'refused' ? 'info' : 'warn', `budget: ${kind}`, { ...about, detail: text }),
  });
  held.defer(() => treasury.stop());
  for (const gauge of budgetGauges(treasury)) metrics.gauge(gauge);
  const meter = meterHops(world);
  held.defer(() => meter.stop());
  const plans = openPlans({
    ...{ world, stores, logger, treasury, live: () => live },
    withdraw: (tenant, call) => desk.withdraw(tenant, call),
    ended: (ended) => said.ofRun(ended),
    holder: shared?.holder ?? id,
  });
  const audit = openAudit({ stores, world, node: id, key, logger, places: options.auditCheckpoints ?? [] });
  held.defer(() => audit.stop());
  let alerting: Alerting | undefined;
  const alertSink: EventSink = { emit: (event) => alerting?.alerts.emit(event) };
  const breakers = new NodeBreakers({ clock: world.clock, node: id });
  held.defer(() => breakers.stop());
  const alertSaid = (spans: readonly AgentSpan[]): void => {
    for (const one of spans) alerting?.alerts.said(one);
  };
  const logs = logPort({ store: stores.logs, book: observed.book, logger });
  const replays: Replays = openReplays({
    ...{ world, node: id, traces: stores.traces, flush: observed.flush, logs, trail: audit.trail },
    live: () => live,
    nodes: () => nodes,
    others: () => others?.hubs().length ?? 0,
  });
  const live: LivePipeline = new LivePipeline({
    world,
    halt,
    lineage,
    treasury,
    trail: audit.trail,
    auditReads: options.auditReads ?? false,
    node: id,
    sink: replays.sink(fanout(observed.sink, meter.sink, { emit: (event) => train.observe([event]) }, alertSink)),
    replays: replays.layer,
    calls: waking(stores.calls, (...ended) => plans.runner.heard(...ended)),
    keyUse,
    tokens: egress.tokens,
    upstreamFor: waysOf(upstream, plans.way),
    view: (_, sight) => viewOf(sight, { tenant: '', domain: '', parent: null }),
    compose: hub,
    overload: overload.level,
    watch: (snapshot) => oracle.watch(snapshot),
    watchTrial: (candidate) => second.watch(candidate),
    hold: (believed) => desk.hold(believed),
    onReconcile: (message, fields) => logger.log('info', message, fields),
    payloads: payloads((...said) => logger.log(...said)),
    onBreaker: watchBreakers('hub', observed, breakers.log),
    onBreakerBorn: breakers.born,
  });
  breakers.watch(live.fleet);

  const calling = {
    handler: () => live.handler,
    world,
    directory: directoryOf(live, world),
    onInternal: (fault: Fault, occurrence: object) =>
      logger.log('error', 'internal fault', { ...occurrence, cause: describe(fault.cause) }),
  };
  const said = openIntake({
    ...calling,
    ...{ role: 'hub', observed, stores: besideReplays(stores, replays), heard: alertSaid },
  });
  countFallbacks(metrics, live);
  metrics.source(pipelineSource('hub', live, world.clock));
  metrics.source(auditSource(audit.trail));
  metrics.gauge({ name: 'airspace_snapshot_sequence', read: () => live.snapshot?.seq ?? 0 });

  const publisher = new Publisher(key);
  const ordered = new OrdersPublished(world.clock);
  /** Of hubs that share their store. */
  let others: Others | undefined;
  const kills = new KillSwitch({
    store: stores.kills,
    nextSeq: () => stores.nodes.next('kills'),
    clock: world.clock,
    ids: world.ids,
    shared: shared !== undefined,
    publish: (list) => {
      const cut = halt.enforce(list, world.clock.wallMs());
      breakers.enforce(list.breakers ?? []);
      publisher.publish('kills', list);
      ordered.note(list.seq);
      others?.changed();
      return cut;
    },
  });
  /** Must not throw: what is published is committed, and whoever applied it must hear so. This node then keeps what it runs. */
  const refresh = (snapshot: Snapshot | undefined, roster: Roster): void => {
    if (snapshot === undefined) return;
    try {
      live.adopt(snapshot, roster);
    } catch (thrown) {
      logger.log('error', 'a snapshot could not be put in force here', { seq: snapshot.seq, cause: describe(thrown) });
    }
  };
  const keeper = new RosterKeeper({
    clock: world.clock,
    nextSeq: () => stores.nodes.next('roster'),
    publish: (roster) => {
      publisher.publish('roster', roster);
      others?.changed();
      refresh(control.snapshot, roster);
    },
    failed: (cause) => logger.log('error', 'a roster could not be numbered', { cause: String(cause) }),
  });
  const exports = exportTaker(
    { apply: (request) => configure.apply(request), list: (filter) => configure.list(filter) },
    () => control.snapshot,
  );
  const nodes: NodeHub = new NodeHub({
    hub: id,
    exports,
    checkpoints: checkpointsBelow({ dir: options.dir, trail: audit.trail, logger }),
    store: stores.nodes,
    traces: stores.traces,
    said: (node, spans) => said.handed(node, spans),
    audit: stores.nodeAudit,
    sums: { store: stores.sums, onward: false },
    logs: takeLogs(observed, world),
    counting: counting.of,
    keeper,
    publisher,
    clock: world.clock,
    ids: world.ids,
    viewsOf: rosterViews,
    heard: (events) => {
      train.observe(events);
      for (const event of events) {
        alertSink.emit(event);
        observed.feed.emit(event);
      }
    },
    ahead: (kind) => others?.renumber(kind),
    confirmed: () => others?.changed(),
    authority: () => authority,
  });
  metrics.source(
    nodesSource({
      ...{ list: () => nodes.list(null), snapshotSeq: () => publisher.seq('snapshot'), orders: ordered },
      clock: world.clock,
    }),
  );
  const compiler = new ApartCompiler();
  held.defer(() => compiler.close());
  const diagnoser = new ApartDiagnoser();
  held.defer(() => diagnoser.close());
  const { trainOver, ...asked } = releases({
    world,
    stores: { ...stores, releases: auditedSteps(stores.releases, audit.trail) },
    key,
    logger,
    twoPerson: options.twoPerson ?? false,
    compilePolicy: compiler.compile,
    flush: observed.flush,
  });
  const control: ControlPlane = new ControlPlane({
    resources: stores.resources,
    nodes: stores.nodes,
    compilePolicy: compiler.compile,
    remarksOn: fallbackRemarks,
    clock: world.clock,
    ...asked,
    publish: (snapshot) => {
      nodes.use(snapshot);
      publisher.publish('snapshot', snapshot);
      refresh(snapshot, keeper.roster);
      void alerting?.alerts.reread();
      logger.log('info', 'snapshot published', {
        seq: snapshot.seq,
        revision: snapshot.revision,
        policy: snapshot.policy.version,
      });
    },
  });

  const desk: Desk = openDesk({
    node: id,
    ...{ world, stores, live, trail: audit.trail, key, logger, control },
    elsewhere: () => undefined,
    plans: plans.approval,
  });
  const approvals = approvalPort(desk, live, plans.approval);

  // Before anything can be called, and before what the last run left behind goes on.
  await kills.start();
  const train = trainOver(control);
  await control.refresh();
  const archive = await keepRosters(options.dir, publisher, (cause) =>
    logger.log('warn', 'the roster could not be kept', { cause: String(cause) }),
  );
  held.defer(() => archive.settled());
  keeper.start(await stores.nodes.list(), archive.last);
  held.defer(() => keeper.stop());
  others = shared && new Others({ shared, control, kills, nodes, keeper, vault, world, logger });
  if (others !== undefined) {
    const running = others;
    await running.start();
    held.defer(() => running.stop());
  }
  const health = new HealthRunner(
    live.fleet,
    async (endpoint, path, timeoutMs) => (await upstream.probe(endpoint, path, timeoutMs)).healthy,
    world,
  );
  health.start();
  held.defer(() => health.stop());
  const recovered = await live.journal.recover(await desk.recover(await stores.calls.open()));
  treasury.start();
  await withdrawIdle(desk, plans.approval, stores.approvals);
  plans.runner.start();
  held.defer(() => plans.runner.stop());
  await live.reconciler.start();
  held.defer(() => live.reconciler.stop());
  const room = openRoom(options, { store: stores.room, world, logger, metrics });
  held.defer(houseOf(options, { stores, world, logger, aged: (events) => room.aged(events) }));
  held.defer(await room.start());
  held.defer(desk.start());
  held.defer(notify(options.approvalWebhook, { world, stores, key, logger, fetch: egress.fetch }));

  const closing = new Canceller();
  const sessions = sessionsOf(live, world, options.tls !== undefined);
  const weakened = [...weakenedBy(options), ...(shared?.isPlain === true ? ['database connection without TLS'] : [])];
  const lessor = await lessorOf({
    ...{ ledger: stores.ledger, snapshot: () => live.snapshot, nodes, world, logger },
    granting: async (share) => void (await treasury.beyondSoft([share])),
  });
  const budgets = budgetPort({
    ...{ treasury, ledger: stores.ledger, snapshot: () => live.snapshot, logger, lessor },
  });
  metrics.source(budgetSource({ port: budgets, snapshot: () => live.snapshot, clock: world.clock }));
  metrics.source(leaseSource(lessor));
  const breakerSeen = auditedBreakers(
    breakerPort({
      ...{ node: id, own: breakers, nodes, kills, world, logger },
      followsOther: (node) => nodes.followsOther(node),
    }),
    audit.trail,
  );
  const watching = await startAlerting({
    ...{
      world,
      node: shared?.holder ?? id,
      stores,
      control,
      budgets,
      breakers: breakerSeen,
      key,
      fetch: egress.fetch,
      logger,
      metrics,
    },
  });
  alerting = watching;
  held.defer(() => watching.stop());
  const configure: ControlPort = auditedControl(control, audit.trail);
  const orders = auditedKills(
    killPort({ kills, halt, nodes, live, logger, hubs: () => others?.hubs() ?? [] }),
    audit.trail,
  );
  const definitions = definitionsOf(live, world, logger);
  held.defer(() => definitions.stop());
  const admin = adminDoor(
    adminPorts({
      world,
      id,
      role: 'hub',
      startedAtMs,
      signal: closing,
      live,
      observed,
      breakers: breakerSeen,
      budgets,
      control: configure,
      releases: auditedReleases(train, audit.trail),
      nodes: auditedNodes(nodes, audit.trail),
      kills: orders,
      topology: topologyPort({
        ...{ world, nodes, meter },
        snapshot: () => live.inForce.snapshot,
        traces: stores.traces,
        flush: observed.flush,
      }),
      audit: audit.port,
      alerts: auditedAlerts(watching.port, audit.trail),
      approvals: approvals,
      plans: plans.port,
      traces: stores.traces,
      agentSpans: stores.agentSpans,
      logs,
      replays,
      intake: said.intake,
      sums: stores.sums,
      usage: stores.usage,
      room,
      unknown: unknownCalls(stores, live),
      rosterSeq: () => keeper.roster.seq,
      oracle: () => oracle.counts,
      store: shared === undefined ? 'sqlite' : 'postgres',
      weakened,
      session: (req) => sessions.resolve(req),
      secrets: secretPort(vault, audit.trail),
      tools: toolPort(definitions, configure),
      lastUsedMs: (tenant, name) => keyUse.lastUsedMs(tenant, name),
      diagnoser,
      useBootstrapToken: (token) => useBootstrapToken(stores.nodes, options.dir, token, world.clock.wallMs()),
      discover: discovery({ fetch: egress.fetch, vault, trail: audit.trail, world }),
    }),
  );
  let url = '';
  let grpc: GrpcListener | undefined;
  const progress: ProgressOf = (...of) => plans.runner.looks.progress(...of);
  const a2a = await a2aFront({
    ...calling,
    progress,
    ...{
      node: shared === undefined ? id : `${id}/${shared.holder}`,
      tenant: DEFAULT_TENANT,
      live,
      tasks: stores.tasks,
      desk,
      fetch: egress.fetch,
    },
    key: await openCardKey(options.dir),
    url: () => options.advertise ?? url,
    grpc: () => grpc?.address ?? '',
  });
  held.defer(() => a2a.service.stop());
  const callers = doorsOf({
    ...calling,
    seal: idSealOf(key),
    maxPayload: options.maxPayload,
    calls: detachedCalls(live, world, desk),
    a2a: a2a.door,
    mcp: mcpParts({ live, world, key, progress }, closing, options.advertise),
    routes: ROUTES,
    catalog: { published: publishedBy(live, DEFAULT_TENANT) },
  });
  grpc = options.grpc && (await listenGrpc(options.grpc, { ...options, clock: world.clock }, a2a.grpc));
  if (grpc !== undefined) {
    const opened = grpc;
    egress.own(`http://${opened.address}`);
    held.defer(() => opened.close(false));
  }
  const pages = approvalPages(approvals, live, world, logger, sessions);
  const login = loginDoors(options, { live, world, fetch: egress.fetch, logger }, sessions);
  const listener = await listen({
    ...options,
    clock: world.clock,
    doors: [...callers, ...said.doors, ...login, admin, pages, dashboardDoor(readPages(DASHBOARD))],
    ready: () => live.snapshot !== undefined,
  });
  url = listener.url;
  egress.own(listener.url);
  await a2a.service.recover();
  if (!hasAdministrator(control, world.clock.wallMs()))
    await issueBootstrapToken(stores.nodes, options.dir, world.clock.wallMs());
  logger.log('info', 'hub is up', { url: listener.url, ...recovered, weakened });
  const release = held.move();

  return {
    id,
    url: listener.url,
    grpc: grpc?.address ?? '',
    publicKey: key.publicKey,
    live,
    control,
    configure,
    nodes,
    traces: stores.traces,
    exports,
    kills: orders,
    recovered,
    stop: async (graceful) => {
      a2a.service.stop();
      await Promise.all([closeListener(listener, closing, graceful), grpc?.close(graceful)]);
      await release.disposeAsync();
    },
  };
};

/** Where a checkout has it once it is built. */
const DASHBOARD = fileURLToPath(new URL('../../../dashboard/dist', import.meta.url));

const openStores = ({ dir, store }: HubOptions): Promise<Stores> =>
  store === undefined ? openSqlite({ dir }) : openPostgres({ url: store, dir });

/**
 * Can anybody administer this hub with a key? If not, whoever reads the token file on its machine becomes its first administrator,
 * or the next one, when the last key has expired.
 */
export const hasAdministrator = ({ snapshot }: Pick<ControlPlane, 'snapshot'>, wallMs: number): boolean =>
  (snapshot?.keys ?? []).some(
    (key) =>
      key.tenant === DEFAULT_TENANT &&
      (key.expiresAtMs === null || key.expiresAtMs > wallMs) &&
      key.principal.kind === 'user' &&
      adminRolesOf({ ...key.principal, ...(key.scopes === undefined ? {} : { scopes: key.scopes }) }).has('admin'),
  );
