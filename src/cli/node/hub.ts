/** A hub process: control plane, pipeline and doors over one data directory. The root of a tree, or the only node there is. */

import type { Desk } from '../../approvals/index.ts';
import { Treasury } from '../../budget/index.ts';
import type { ControlPort, Fault, Roster, Snapshot, Stores } from '../../contract/index.ts';
import { adminRolesOf, DEFAULT_TENANT } from '../../contract/index.ts';
import { ControlPlane, KillSwitch, NodeHub, Publisher, RosterKeeper } from '../../control/index.ts';
import { adminDoor } from '../../doors/admin/index.ts';
import { listen, refuseOpenBind } from '../../doors/index.ts';
import {
  AssertionSigner,
  idSealOf,
  issueBootstrapToken,
  KeyUse,
  openNodeKey,
  useBootstrapToken,
} from '../../identity/index.ts';
import { Canceller, systemWorld } from '../../kernel/index.ts';
import { Halt } from '../../kill/index.ts';
import { ApartCompiler } from '../../policy/apart/index.ts';
import { HealthRunner } from '../../routing/index.ts';
import { openPostgres, openSqlite } from '../../stores/index.ts';
import { fanout } from '../../telemetry/index.ts';
import { hub, viewOf } from '../../topologies/index.ts';
import { httpUpstream } from '../../upstreams/http/index.ts';
import { ApartDiagnoser } from '../diagnose/apart.ts';
import { a2aFront } from './a2a.ts';
import { toolPort } from './accepting.ts';
import { adminPorts } from './admin.ts';
import { approvalPages, approvalPort, notify, openDesk } from './approvals.ts';
import { openAudit } from './audit.ts';
import { auditedControl, auditedKills, auditedNodes, auditedReleases, auditedSteps } from './audited.ts';
import { budgetGauges, budgetPort } from './budgets.ts';
import { openCardKey } from './card-key.ts';
import { publishedBy } from './catalog.ts';
import { definitionsOf } from './definitions.ts';
import { detachedCalls } from './detached.ts';
import { directoryOf } from './directory.ts';
import { discovery } from './discovery.ts';
import { doorsOf } from './doors.ts';
import { egressOf } from './egress.ts';
import { entryOf } from './entry.ts';
import { countFallbacks, fallbackRemarks } from './fallback.ts';
import { type GrpcListener, listenGrpc, refuseOpenGrpc } from './grpc.ts';
import { houseOf } from './housekeeping.ts';
import { killPort } from './kills.ts';
import { lessorOf } from './leases.ts';
import { LivePipeline } from './live.ts';
import { loginDoors, sessionsOf } from './login.ts';
import { mcpParts } from './mcp.ts';
import { closeListener, describe, type NodeOptions, type RunningNode, weakenedBy } from './node.ts';
import { ORACLE_SHARE, openOracle } from './oracle.ts';
import { agreeOnKey, Others } from './others.ts';
import { watchOverload } from './overload.ts';
import { canaryOracle, releases } from './releases.ts';
import { keepRosters } from './rosters.ts';
import { ROUTES } from './routes.ts';
import { openVault, secretPort } from './secrets.ts';
import { observe } from './telemetry.ts';
import { treesOf } from './trees.ts';
import { unknownCalls } from './unknown.ts';
import { waysOf } from './ways.ts';

export interface HubOptions extends NodeOptions {
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
  const observed = observe({ ...options, world, node: id, keep: (events) => stores.traces.append(events) });
  const { logger } = observed;
  const signer = new AssertionSigner(id, key, world.clock);
  const vault = await openVault(options, stores.secrets, world);
  const lineage = treesOf(entryOf(id, key.publicKey, ''), key, world);
  const upstream = httpUpstream({
    world,
    nodeId: id,
    assertFor: (principal, node) => signer.assert(principal, node),
    vouch: (call, node) => desk.vouch(call, node),
    reveal: (tenant, secret, origin) => vault.reveal(tenant, secret, origin),
    handOver: (...sent) => lineage.trees.handOver(...sent),
  });
  held.defer(() => upstream.close());
  held.defer(() => observed.flush());
  const overload = watchOverload(world);
  held.defer(() => overload.stop());
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
  for (const gauge of budgetGauges(treasury)) observed.metrics.gauge(gauge);
  const audit = openAudit({ stores, world, node: id, key, logger, places: options.auditCheckpoints ?? [] });
  held.defer(() => audit.stop());
  const live = new LivePipeline({
    world,
    halt,
    lineage,
    treasury,
    trail: audit.trail,
    auditReads: options.auditReads ?? false,
    node: id,
    sink: fanout(observed.sink, { emit: (event) => train.observe([event]) }),
    calls: stores.calls,
    keyUse,
    tokens: egress.tokens,
    upstreamFor: waysOf(upstream),
    view: (_, sight) => viewOf(sight, { tenant: '', domain: '', parent: null }),
    compose: hub,
    overload: overload.level,
    watch: (snapshot) => oracle.watch(snapshot),
    watchTrial: (candidate) => second.watch(candidate),
    hold: (believed) => desk.hold(believed),
    onReconcile: (message, fields) => logger.log('info', message, fields),
    onBreaker: (endpoint, from, to) => logger.log('warn', `breaker ${to}`, { endpoint, from }),
  });

  countFallbacks(observed.metrics, [live]);

  const publisher = new Publisher(key);
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
      publisher.publish('kills', list);
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
  const nodes = new NodeHub({
    hub: id,
    store: stores.nodes,
    traces: stores.traces,
    keeper,
    publisher,
    clock: world.clock,
    ids: world.ids,
    heard: (events) => train.observe(events),
    ahead: (kind) => others?.renumber(kind),
    confirmed: () => others?.changed(),
  });
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
  const control = new ControlPlane({
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
  });

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
  await live.reconciler.start();
  held.defer(() => live.reconciler.stop());
  held.defer(houseOf(options, { stores, world, logger }));
  held.defer(desk.start());
  held.defer(notify(options.approvalWebhook, { world, stores, key, logger, fetch: egress.fetch }));

  const closing = new Canceller();
  const sessions = sessionsOf(live, world, options.tls !== undefined);
  const weakened = [...weakenedBy(options), ...(shared?.isPlain === true ? ['database connection without TLS'] : [])];
  const lessor = await lessorOf({
    ...{ ledger: stores.ledger, snapshot: () => live.snapshot, nodes, world, logger },
    granting: async (share) => void (await treasury.beyondSoft([share])),
  });
  const configure = auditedControl(control, audit.trail);
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
      budgets: budgetPort({
        treasury,
        ledger: stores.ledger,
        snapshot: () => live.snapshot,
        logger,
        lessor,
      }),
      control: configure,
      releases: auditedReleases(train, audit.trail),
      nodes: auditedNodes(nodes, audit.trail),
      kills: auditedKills(
        killPort({ kills, halt, nodes, live, logger, hubs: () => others?.hubs() ?? [] }),
        audit.trail,
      ),
      audit: audit.port,
      approvals: approvalPort(desk),
      traces: stores.traces,
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
  const calling = {
    handler: () => live.handler,
    world,
    directory: directoryOf(live, world),
    onInternal: (fault: Fault, occurrence: object) =>
      logger.log('error', 'internal fault', { ...occurrence, cause: describe(fault.cause) }),
  };
  let url = '';
  let grpc: GrpcListener | undefined;
  const a2a = await a2aFront({
    ...calling,
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
    mcp: mcpParts({ live, world, key }, closing, options.advertise),
    routes: ROUTES,
    catalog: { published: publishedBy(live, DEFAULT_TENANT) },
  });
  grpc = options.grpc && (await listenGrpc(options.grpc, { ...options, clock: world.clock }, a2a.grpc));
  if (grpc !== undefined) {
    const opened = grpc;
    egress.own(`http://${opened.address}`);
    held.defer(() => opened.close(false));
  }
  const pages = approvalPages(desk, live, world, logger, sessions);
  const login = loginDoors(options, { live, world, fetch: egress.fetch, logger }, sessions);
  const listener = await listen({
    ...options,
    clock: world.clock,
    doors: [...callers, ...login, admin, pages],
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
    recovered,
    stop: async (graceful) => {
      a2a.service.stop();
      await Promise.all([closeListener(listener, closing, graceful), grpc?.close(graceful)]);
      await release.disposeAsync();
    },
  };
};

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
