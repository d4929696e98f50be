/**
 * A domain hub: what the levels above say comes from its parent, and it governs everything in its domain and below. It says to its
 * parent what its domain can do, and is a parent itself to the hubs and sidecars that join it.
 */
import { join } from 'node:path';
import type { Desk } from '../../approvals/index.ts';
import type {
  AgentSpan,
  CallEvent,
  ControlPort,
  EventSink,
  LogRecord,
  ProgressOf,
  Roster,
} from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import {
  Exporter,
  exportsOf,
  exportTaker,
  KillSwitch,
  NodeHub,
  type NodeLink,
  Publisher,
  RosterKeeper,
} from '../../control/index.ts';
import { adminDoor, type KillPort } from '../../doors/admin/index.ts';
import { anyOf, type Door, listen } from '../../doors/index.ts';
import { Authority, idSealOf, issueBootstrapToken, useBootstrapToken } from '../../identity/index.ts';
import { Canceller, systemWorld, type World } from '../../kernel/index.ts';
import { Halt } from '../../kill/index.ts';
import { HealthRunner, rosterViews } from '../../routing/index.ts';
import { fanout, payloads } from '../../telemetry/index.ts';
import { domainHub, fresh, viewOf } from '../../topologies/index.ts';
import { httpUpstream } from '../../upstreams/http/index.ts';
import { ApartDiagnoser } from '../diagnose/apart.ts';
import { a2aFront } from './a2a.ts';
import { toolPort } from './accepting.ts';
import { adminPorts } from './admin.ts';
import { type Alerting, startAlerting } from './alerting.ts';
import { approvalPages, approvalPort, notify, openDesk, withdrawIdle } from './approvals.ts';
import { openAudit } from './audit.ts';
import { auditedAlerts, auditedKills, auditedNodes } from './audited.ts';
import { auditedBreakers, breakerPort } from './breakerport.ts';
import { breakersUp, NodeBreakers } from './breakers.ts';
import { budgetGauges, budgetPort } from './budgets.ts';
import { openCardKey } from './card-key.ts';
import { publishedBy } from './catalog.ts';
import { checkpointsBelow } from './checkpoints-below.ts';
import { definitionsOf } from './definitions.ts';
import { detachedCalls } from './detached.ts';
import { directoryOf } from './directory.ts';
import { discovery } from './discovery.ts';
import { capabilities, isOwn, joined } from './domain-fleet.ts';
import { doorsOf } from './doors.ts';
import { egressOf } from './egress.ts';
import { countFallbacks } from './fallback.ts';
import { type GrpcListener, listenGrpc, refuseOpenGrpc } from './grpc.ts';
import { houseOf } from './housekeeping.ts';
import { openIntake } from './intake.ts';
import { killPort, killRelay } from './kills.ts';
import { leasing, lessorOf } from './leases.ts';
import { LivePipeline } from './live.ts';
import { logPort, takeLogs } from './logs.ts';
import { mcpParts } from './mcp.ts';
import { auditSource } from './measures/audit.ts';
import { watchBreakers } from './measures/breakers.ts';
import { budgetSource, leaseSource } from './measures/budgets.ts';
import { memberSource } from './measures/member.ts';
import { nodesSource, OrdersPublished } from './measures/nodes.ts';
import { pipelineSource } from './measures/pipeline.ts';
import { processSource } from './measures/process.ts';
import { teamsIn } from './measures/teams.ts';
import { becomeMember, type MemberOptions } from './member.ts';
import { Mesh } from './mesh.ts';
import { closeListener, describe, type NodeOptions, type RunningNode, weakenedBy } from './node.ts';
import { watchOverload } from './overload.ts';
import { ownGovernance, refuseLoop } from './own.ts';
import { openPlans } from './plans.ts';
import { noReplays } from './replays.ts';
import { openRoom, type RoomOptions } from './room.ts';
import { keepRosters } from './rosters.ts';
import { DOMAIN_ROUTES } from './routes.ts';
import { openVault, secretPort } from './secrets.ts';
import { countingOf, toldAbove } from './sums.ts';
import { observe } from './telemetry.ts';
import { topologySeenAbove } from './topology.ts';
import { treesOf } from './trees.ts';
import { unknownCalls } from './unknown.ts';
import { waking } from './waking.ts';
import { waysOf } from './ways.ts';

export interface RunningDomainHub extends RunningNode {
  /** Sequence of the snapshot in force, 0 before the first. */
  snapshotSeq(): number;
  /** Instances of its own domain that are registered here. */
  readonly nodes: NodeHub;
  /** What the domain says for itself; who changes something is in its audit. */
  readonly configure: ControlPort;
  readonly kills: KillPort;
  readonly tenant: string;
  readonly domain: string;
  /** Resolves when it has heard from its parent, with what it has on disk too. Rejects with `stale` when the time is over. */
  heard(withinMs: number): Promise<void>;
}

export interface DomainOptions extends NodeOptions, MemberOptions, RoomOptions {
  /** A policy release of the domain that may widen needs a second person. Default false. */
  readonly twoPerson?: boolean;
  /** What secrets are sealed under in the end. Default: `root.key` in the data directory. */
  readonly rootKeyFile?: string | undefined;
  /** Places besides the parent that get signed checkpoints of the audit. */
  readonly auditCheckpoints?: readonly string[];
}

export const startDomainHub = async (options: DomainOptions): Promise<RunningDomainHub> => {
  refuseOpenGrpc(options);
  const closing = new Canceller();
  const doors: Door[] = [];
  let ready = (): boolean => false;
  const early: Door = (req, res) => {
    // Whoever calls a hub that begins again is to come back, and not to take its silence for the answer of a target.
    if (doors.length === 0)
      throw new Fault('unavailable', 'this hub is starting; ask again in a moment', { executed: 'no' });
    return anyOf(doors)(req, res);
  };
  const listener = await listen({
    ...options,
    clock: systemWorld().clock,
    doors: [early],
    ready: () => ready(),
  });
  const member = await becomeMember(options, { ...listener, url: options.advertise ?? listener.url });
  const { world, membership, hub, stores } = member;
  const { node } = membership;
  const startedAtMs = world.clock.wallMs();
  const observed = observe({
    ...options,
    world,
    node: node.id,
    about: { tenant: node.tenant, domain: node.domain },
    logs: stores.logs,
    up: (record) => logUp(record),
    // Kept here, so that the domain can explain its calls alone, and handed up, so that the whole can be explained there.
    keep: async (events) => {
      await stores.traces.append(events, counting.own);
      await keepForParent(events);
    },
    teamsOf: teamsIn(() => live.snapshot),
  });
  const { logger, metrics } = observed;
  const counting = countingOf({ snapshot: () => live.snapshot, place: node });
  const told = toldAbove({ store: stores.sums, place: node, above: () => own.standing.above });
  const keepForParent = async (events: readonly CallEvent[]): Promise<void> => {
    if (!told.only()) await member.keep(events);
  };
  /** A domain that keeps its calls keeps what is written down about them. */
  const logUp = (record: LogRecord): void => {
    if (record.call_id === '' || !told.only()) member.logs.add(record);
  };
  const below = takeLogs(observed, world, logUp);
  const room = openRoom(options, { store: stores.room, world, logger, metrics });
  const overload = watchOverload(world, options.overload);
  metrics.source(processSource(node.id, 'domain'));
  metrics.source(memberSource(member));
  metrics.gauge({ name: 'airspace_overload_level', read: overload.level });
  const lineage = treesOf(node, member.key, world);
  const vault = await openVault(options, stores.secrets, world);
  const certificate = member.certificate((problem) =>
    logger.log('warn', 'no new certificate', { code: problem.code, reason: problem.message }),
  );
  let authority: Authority | undefined;
  certificate.follow((held) => {
    authority = held.authority === null ? undefined : Authority.given(member.key, held.authority);
  });
  const mesh = new Mesh({
    ...{ key: member.key, certificate, logger, metrics, clock: world.clock },
    known: () => live.known,
  });
  const upstream = httpUpstream({
    world,
    nodeId: node.id,
    assertFor: (principal, to) => member.signer.assert(principal, to),
    secure: mesh.secure,
    vouch: (call, to) => desk.vouch(call, to),
    reveal: (tenant, secret, origin) => vault.reveal(tenant, secret, origin),
    handOver: (...sent) => lineage.trees.handOver(...sent),
  });
  const place = { tenant: node.tenant, domain: node.domain, parent: { id: hub.id, url: hub.url } };
  let link: NodeLink | undefined;
  const linked = (): NodeLink => {
    if (link === undefined) throw new Fault('unavailable', 'this hub has not reached its parent yet');
    return link;
  };
  const halt = new Halt();
  const egress = egressOf(options, world.clock, logger);
  egress.own(listener.url);
  const audit = openAudit({
    ...{ stores, world, node: node.id, key: member.key, logger, places: options.auditCheckpoints ?? [] },
    // Whoever is above can then tell that this hub rewrote its history.
    sinks: [{ name: hub.url, put: async (signed) => void (await linked().checkpoint(signed)) }],
  });
  const { trail } = audit;
  const isAbove = (tenant: string, name: string): boolean =>
    (own.standing.above?.budgets ?? []).some((budget) => budget.tenant === tenant && budget.name === name);
  const leased = leasing(member, logger, isAbove);
  const plans = openPlans({
    ...{ world, stores: { ...stores, calls: leased.calls }, logger, live: () => live },
    ...{ treasury: leased.treasury, isAbove },
    withdraw: (tenant, call) => desk.withdraw(tenant, call),
    ended: (ended) => said.ofRun(ended),
    holder: node.id,
  });
  let alerting: Alerting | undefined;
  const alertSink: EventSink = { emit: (event) => alerting?.alerts.emit(event) };
  const breakers = new NodeBreakers({ clock: world.clock, node: node.id });
  const saidHere = (spans: readonly AgentSpan[]): void => {
    for (const one of spans) alerting?.alerts.said(one);
    // Upwards nobody believes this hub about people.
    if (!told.only()) member.said.add(spans.filter(({ principal }) => principal.kind !== 'user'));
  };
  const live: LivePipeline = new LivePipeline({
    world,
    treasury: leased.treasury,
    halt,
    lineage,
    trail,
    node: node.id,
    sink: fanout(observed.sink, alertSink),
    calls: waking(leased.calls, (...ended) => plans.runner.heard(...ended)),
    upstreamFor: waysOf(upstream, plans.way),
    view: (_, sight) => viewOf(sight, place),
    compose: (parts) => {
      const { planOf, bounds, hold } = parts;
      const decidedAtMs = async (tenant: string, id: string) =>
        (await stores.approvals.get(tenant, id))?.decidedAtMs ?? null;
      const own = { ages: member.ages, unsent: member.unsent, place: node, decidedAtMs };
      const stale = fresh({ planOf, bounds, ...own });
      return domainHub({ ...parts, fresh: stale, hold: stale.held(hold) });
    },
    neighbours: [hub],
    tokens: egress.tokens,
    overload: overload.level,
    hold: (believed) => desk.hold(believed),
    place: node,
    payloads: payloads((...said) => logger.log(...said)),
    onBreaker: watchBreakers('domain', observed, breakers.log),
    onBreakerBorn: breakers.born,
  });
  breakers.watch(live.fleet);
  const desk: Desk = openDesk({
    node: node.id,
    ...{ world, stores, live, trail, key: member.key, logger },
    control: { history: (...asked) => own.control.history(...asked) },
    // Upwards nobody believes this hub about people, so it asks them about calls to its own domain only.
    elsewhere: (call) =>
      isOwn(live, place, call) ? undefined : `\`${hub.url}\`, which holds calls that leave this domain`,
    plans: plans.approval,
  });
  const approvals = approvalPort(desk, live, plans.approval);

  countFallbacks(metrics, live);
  metrics.source(pipelineSource('domain', live, world.clock));
  metrics.source(auditSource(trail));
  metrics.gauge({ name: 'airspace_snapshot_sequence', read: () => live.snapshot?.seq ?? 0 });

  ready = () => live.snapshot !== undefined;

  const publisher = new Publisher(member.key);
  let above: Roster = { seq: 0, nodes: [], instances: [] };
  /** Must not throw: what is published is committed. This node then keeps what it runs. */
  const refresh = (): void => {
    const { snapshot } = control;
    if (snapshot === undefined) return;
    try {
      live.adopt(snapshot, joined(keeper.roster, above, snapshot, place));
    } catch (thrown) {
      logger.log('error', 'a snapshot could not be put in force here', { seq: snapshot.seq, cause: describe(thrown) });
    }
  };
  const keeper: RosterKeeper = new RosterKeeper({
    clock: world.clock,
    nextSeq: () => stores.nodes.next('roster'),
    publish: (roster) => {
      publisher.publish('roster', roster);
      refresh();
    },
    failed: (cause) => logger.log('error', 'a roster could not be numbered', { cause: String(cause) }),
  });
  const nodes: NodeHub = new NodeHub({
    hub: node.id,
    place,
    checkpoints: checkpointsBelow({ dir: options.dir, trail, logger }),
    exports: exportTaker(
      { apply: (request) => configure.apply(request), list: (filter) => configure.list(filter) },
      () => own.control.snapshot,
    ),
    store: stores.nodes,
    traces: stores.traces,
    said: (node, spans) => said.handed(node, spans),
    audit: stores.nodeAudit,
    sums: { store: stores.sums, onward: true },
    logs: below,
    counting: counting.of,
    keeper,
    publisher,
    clock: world.clock,
    ids: world.ids,
    authority: () => authority,
    levels: (below) => {
      if (authority !== undefined && below > authority.below) void certificate.renew();
    },
    viewsOf: rosterViews,
    breakersChanged: () => link?.tellSoon(),
    heard: (events) => {
      for (const event of events) {
        alertSink.emit(event);
        observed.feed.emit(event);
      }
      own.train.observe(events);
      void keepForParent(events);
    },
  });
  const own = ownGovernance({
    ...{ dir: options.dir, node, parent: hub.id, key: member.key, stores, world, logger, trail },
    twoPerson: options.twoPerson ?? false,
    flush: observed.flush,
    publish: (snapshot) => {
      nodes.use(snapshot);
      publisher.publish('snapshot', snapshot);
      refresh();
      void alerting?.alerts.reread();
      exporter.changed();
      logger.log('info', 'snapshot published', { seq: snapshot.seq, above: snapshot.above?.[0]?.seq ?? 0 });
    },
  });
  const { control, configure } = own;
  const exporter: Exporter = new Exporter({
    clock: world.clock,
    random: world.random,
    closing,
    current: async () =>
      control.snapshot === undefined || link === undefined
        ? undefined
        : exportsOf(
            (await configure.list({ tenant: node.tenant })).map(({ resource }) => resource),
            control.snapshot.domains,
            place,
          ),
    send: (report) => linked().exports(report),
    noted: (refused) =>
      refused === null
        ? logger.log('info', 'the parent takes what this domain exports')
        : logger.log('warn', 'the parent takes nothing of what this domain exports', { reason: refused }),
  });
  const ordered = new OrdersPublished(world.clock);
  const relay = killRelay({
    node: node.id,
    halt,
    breakers,
    world,
    publisher,
    logger,
    published: (seq) => ordered.note(seq),
  });
  const kills = new KillSwitch({
    store: stores.kills,
    nextSeq: () => stores.nodes.next('kills'),
    clock: world.clock,
    ids: world.ids,
    publish: relay.own,
  });
  await kills.start();
  // Beside the parent's roster, which the link keeps in the folder above.
  const archive = await keepRosters(join(options.dir, 'own'), publisher, (cause) =>
    logger.log('warn', 'the roster could not be kept', { cause: String(cause) }),
  );
  keeper.start(await stores.nodes.list(), archive.last);

  for (const gauge of budgetGauges(leased.treasury)) metrics.gauge(gauge);
  // Parts of the parts that this hub holds, and of its own budgets.
  const lessor = await lessorOf({
    ...{ ledger: leased.ledger, snapshot: () => live.snapshot, nodes, world, logger },
    granting: async (share) => void (await leased.treasury.beyondSoft([share])),
  });
  const budgets = budgetPort({
    ...{ treasury: leased.treasury, ledger: leased.ledger, snapshot: () => live.snapshot, logger, lessor },
  });
  metrics.source(budgetSource({ port: budgets, snapshot: () => live.snapshot, clock: world.clock }));
  metrics.source(leaseSource(lessor));
  const breakerSeen = auditedBreakers(
    breakerPort({ node: node.id, own: breakers, nodes, kills, above: relay.breakersAbove, world, logger }),
    trail,
  );
  const watching = await startAlerting({
    ...{
      world,
      node: node.id,
      stores,
      control,
      budgets,
      breakers: breakerSeen,
      key: member.key,
      fetch: egress.fetch,
      logger,
      metrics,
    },
  });
  alerting = watching;
  metrics.source(
    nodesSource({
      ...{ list: () => nodes.list(null), snapshotSeq: () => publisher.seq('snapshot'), orders: ordered },
      clock: world.clock,
    }),
  );
  const left = await stores.calls.open();
  const diagnoser = new ApartDiagnoser();
  const definitions = definitionsOf(live, world, logger);
  const orders = auditedKills(killPort({ kills, halt, nodes, live, logger, hubs: () => [] }), trail);
  const first = { tenant: node.tenant, name: `admin-${node.domain}` };
  const calling = {
    handler: () => live.handler,
    world,
    directory: directoryOf(live, world),
    onInternal: (fault: Fault, occurrence: object) =>
      logger.log('error', 'internal fault', { ...occurrence, cause: describe(fault.cause) }),
  };
  const said = openIntake({ ...calling, role: 'domain', observed, stores, heard: saidHere });
  let grpc: GrpcListener | undefined;
  const progress: ProgressOf = (...of) => plans.runner.looks.progress(...of);
  const a2a = await a2aFront({
    ...calling,
    progress,
    ...{ node: node.id, tenant: node.tenant, live, tasks: stores.tasks, desk, fetch: egress.fetch },
    key: await openCardKey(options.dir),
    url: () => options.advertise ?? listener.url,
    grpc: () => grpc?.address ?? '',
  });
  doors.push(
    ...doorsOf({
      ...calling,
      seal: idSealOf(member.key),
      maxPayload: options.maxPayload,
      calls: detachedCalls(live, world, desk),
      a2a: a2a.door,
      mcp: mcpParts({ live, world, key: member.key, progress }, closing, options.advertise),
      routes: DOMAIN_ROUTES,
      catalog: { published: publishedBy(live, node.tenant), parent: hub },
    }),
    ...said.doors,
    adminDoor(
      adminPorts({
        world,
        id: node.id,
        role: 'domain',
        startedAtMs,
        signal: closing,
        live,
        observed,
        breakers: breakerSeen,
        control: configure,
        secrets: secretPort(vault, trail),
        tools: toolPort(definitions, configure),
        releases: own.releases,
        nodes: auditedNodes(nodes, trail),
        kills: orders,
        budgets,
        audit: audit.port,
        alerts: auditedAlerts(watching.port, trail),
        topology: topologySeenAbove(
          () => new Fault('bad_request', `ways are compared where all calls are seen; ask \`${hub.url}\``),
        ),
        approvals: approvals,
        plans: plans.port,
        replays: noReplays(
          () => new Fault('bad_request', `requests are made again where they began; ask \`${hub.url}\``),
        ),
        traces: stores.traces,
        agentSpans: stores.agentSpans,
        logs: logPort({ store: stores.logs, book: observed.book, logger }),
        intake: said.intake,
        sums: stores.sums,
        usage: stores.usage,
        room,
        unknown: unknownCalls({ calls: leased.calls }, live),
        rosterSeq: () => keeper.roster.seq,
        store: 'sqlite',
        weakened: weakenedBy(options),
        lastUsedMs: () => null,
        diagnoser,
        first,
        parent: () => ({
          ...{ domain: node.domain, hub: hub.id, url: hub.url, snapshotSeq: own.standing.above?.seq ?? 0 },
          silentMs: Number.isFinite(member.ages.hubMs()) ? Math.round(member.ages.hubMs()) : null,
          left: own.standing.left,
          exports: exporter.status,
          telemetry: told.only() ? 'sums' : 'calls',
          sumsRefused: link?.sumsRefused ?? null,
        }),
        useBootstrapToken: async (token) => {
          // Before the token burns: without a word from above nobody can be made an administrator.
          if (own.standing.above === undefined) throw new Fault('stale', `nothing was heard from \`${hub.url}\` yet`);
          await useBootstrapToken(stores.nodes, options.dir, token, world.clock.wallMs());
        },
        discover: discovery({ fetch: egress.fetch, vault, trail, world }),
      }),
    ),
    approvalPages(approvals, live, world, logger),
  );
  const followed = await member.follow(
    {
      prepareSnapshot: (snapshot) => {
        refuseLoop(node.id, snapshot);
        // With its own number nothing is published; what cannot be composed at all is refused before it is kept.
        const tried = { ...snapshot, ...own.standing.tried(snapshot) };
        live.prepare(tried, joined(keeper.roster, above, tried, place));
        return () => own.stand(snapshot);
      },
      prepareRoster: (roster) => {
        if (control.snapshot !== undefined)
          live.prepare(control.snapshot, joined(keeper.roster, roster, control.snapshot, place));
        return () => {
          above = roster;
          refresh();
        };
      },
      enforceKills: (list) => {
        relay.above(list);
        kills
          .renumber()
          .catch((cause: unknown) =>
            logger.log('error', 'orders to stop could not be passed on', { cause: String(cause) }),
          );
      },
      instances: () => capabilities(live, place, closing, world.clock.nowMs()),
      capabilities: () =>
        capabilities(live, place, closing, world.clock.nowMs()).map(({ kind, name }) => `${kind}/${name}`),
      breakers: () => breakersUp(breakers, node.tenant, nodes),
      sums: told,
    },
    options.advertise ?? listener.url,
    (problem) => logger.log('warn', 'parent link', { code: problem.code, reason: problem.message }),
  );
  link = followed;
  breakers.onChange(() => followed.tellSoon());
  await certificate.start();
  // Operators see it with the next word, which is now.
  certificate.follow(() => followed.tell());
  exporter.changed();
  await leased.start();
  const health = new HealthRunner(
    live.fleet,
    async (endpoint, path, timeoutMs) => (await upstream.probe(endpoint, path, timeoutMs)).healthy,
    world,
  );
  health.start();
  const recovered = await live.journal.recover(await desk.recover(left));
  await withdrawIdle(desk, plans.approval, stores.approvals);
  plans.runner.start();
  const stopLooking = desk.start();
  const stopTelling = notify(options.approvalWebhook, {
    ...{ world, stores, key: member.key, logger },
    fetch: egress.fetch,
  });
  await live.reconciler.start();
  await a2a.service.recover();
  grpc = options.grpc && (await listenGrpc(options.grpc, { ...options, clock: world.clock }, a2a.grpc));
  if (grpc !== undefined) egress.own(`http://${grpc.address}`);
  const endHouse = houseOf(options, { stores, world, logger, aged: (events) => room.aged(events) });
  const endRoom = await room.start();
  if (!(await isAdministered(configure, node.tenant)))
    await issueBootstrapToken(stores.nodes, options.dir, world.clock.wallMs());
  logger.log('info', 'domain hub is up', {
    url: listener.url,
    domain: node.domain,
    ...recovered,
    weakened: weakenedBy(options),
  });

  return {
    id: node.id,
    url: listener.url,
    grpc: grpc?.address ?? '',
    live,
    nodes,
    configure,
    kills: orders,
    tenant: node.tenant,
    domain: node.domain,
    heard: (withinMs) => heardOf(live, world, withinMs, hub.url),
    snapshotSeq: () => followed.seq('snapshot'),
    stop: async (graceful) => {
      a2a.service.stop();
      await Promise.all([closeListener(listener, closing, graceful), grpc?.close(graceful)]);
      await plans.runner.stop();
      stopLooking();
      stopTelling();
      watching.stop();
      breakers.stop();
      health.stop();
      live.reconciler.stop();
      endHouse();
      endRoom();
      overload.stop();
      keeper.stop();
      await archive.settled();
      await leased.stop(graceful);
      await observed.close();
      definitions.stop();
      await audit.stop();
      await Promise.all([diagnoser.close(), own.close()]);
      await member.close();
      await upstream.close();
    },
  };
};

const heardOf = async (live: LivePipeline, { clock }: World, withinMs: number, parent: string): Promise<void> => {
  if (live.snapshot !== undefined) return;
  await new Promise<void>((resolve, reject) => {
    const timer = clock.after(withinMs, () => {
      forget();
      reject(new Fault('stale', `nothing was heard from \`${parent}\` within ${withinMs / 1000} s; is it there?`));
    });
    const forget = live.onAdopt(() => {
      timer.cancel();
      forget();
      resolve();
    });
  });
};

/** Is there a key here that can administer the domain? */
const isAdministered = async (configure: ControlPort, tenant: string): Promise<boolean> => {
  const [users, keys] = await Promise.all([
    configure.list({ tenant, kind: 'User' }),
    configure.list({ tenant, kind: 'Key' }),
  ]);
  const admins = users.flatMap(({ resource }) =>
    resource.kind === 'User' && resource.spec.roles.includes('admin') ? [resource.metadata.name] : [],
  );
  return keys.some(
    ({ resource }) =>
      resource.kind === 'Key' &&
      resource.spec.principal.kind === 'user' &&
      admins.includes(resource.spec.principal.name),
  );
};
