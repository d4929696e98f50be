/** A domain hub: a hub without a control plane of its own. It takes policy from its parent and says what its domain can do. */
import { join } from 'node:path';
import type { Desk } from '../../approvals/index.ts';
import type { Call, ControlPort, ReleasePort, Roster, Snapshot } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { NodeHub, type NodeLink, Publisher, RosterKeeper } from '../../control/index.ts';
import { adminDoor } from '../../doors/admin/index.ts';
import { anyOf, type Door, listen } from '../../doors/index.ts';
import { idSealOf } from '../../identity/index.ts';
import { Canceller, systemWorld } from '../../kernel/index.ts';
import { Halt } from '../../kill/index.ts';
import { HealthRunner } from '../../routing/index.ts';
import { capabilitiesOf, domainHub, fresh, type Place, viewOf } from '../../topologies/index.ts';
import { httpUpstream } from '../../upstreams/http/index.ts';
import { ApartDiagnoser } from '../diagnose/apart.ts';
import { a2aFront } from './a2a.ts';
import { toolsElsewhere } from './accepting.ts';
import { adminPorts } from './admin.ts';
import { approvalPages, approvalPort, notify, openDesk } from './approvals.ts';
import { auditPortOf, trailOf } from './audit.ts';
import { budgetsAbove } from './budgets.ts';
import { openCardKey } from './card-key.ts';
import { publishedBy } from './catalog.ts';
import { detachedCalls } from './detached.ts';
import { directoryOf } from './directory.ts';
import { doorsOf } from './doors.ts';
import { egressOf } from './egress.ts';
import { countFallbacks } from './fallback.ts';
import { type GrpcListener, listenGrpc, refuseOpenGrpc } from './grpc.ts';
import { houseOf } from './housekeeping.ts';
import { killsGovernedAbove } from './kills.ts';
import { leasing } from './leases.ts';
import { LivePipeline } from './live.ts';
import { mcpParts } from './mcp.ts';
import { ageOf, becomeMember, Following, killsAgeOf, type MemberOptions } from './member.ts';
import { closeListener, describe, type NodeOptions, type RunningNode, weakenedBy } from './node.ts';
import { watchOverload } from './overload.ts';
import { keepRosters } from './rosters.ts';
import { DOMAIN_ROUTES } from './routes.ts';
import { secretsElsewhere } from './secrets.ts';
import { observe } from './telemetry.ts';
import { treesOf } from './trees.ts';
import { unknownCalls } from './unknown.ts';
import { waysOf } from './ways.ts';

export interface RunningDomainHub extends RunningNode {
  /** Sequence of the snapshot in force, 0 before the first. */
  snapshotSeq(): number;
  /** Instances of its own domain that are registered here. */
  readonly nodes: NodeHub;
}

export const startDomainHub = async (options: NodeOptions & MemberOptions): Promise<RunningDomainHub> => {
  refuseOpenGrpc(options);
  const closing = new Canceller();
  const doors: Door[] = [];
  let ready = (): boolean => false;
  const early: Door = (req, res) => anyOf(doors)(req, res);
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
    // Kept here, so that the domain can explain its calls alone, and handed up, so that the whole can be explained there.
    keep: async (events) => {
      await stores.traces.append(events);
      await member.keep(events);
    },
  });
  const { logger } = observed;
  const overload = watchOverload(world);
  const lineage = treesOf(node, member.key, world);
  const upstream = httpUpstream({
    world,
    nodeId: node.id,
    assertFor: (principal, to) => member.signer.assert(principal, to),
    vouch: (call, to) => desk.vouch(call, to),
    handOver: (...sent) => lineage.trees.handOver(...sent),
  });
  const place = { tenant: node.tenant, domain: node.domain, parent: { id: hub.id, url: hub.url } };
  let link: NodeLink | undefined;
  const killsAgeMs = killsAgeOf(world, () => link?.killsConfirmedAtMs);
  const ageMs = ageOf(
    world,
    () => link?.heardAtMs,
    () => following.snapshot,
  );
  const halt = new Halt();
  const egress = egressOf(options, world.clock, logger);
  egress.own(listener.url);
  const trail = trailOf(stores, world, logger);
  const leased = leasing(member, logger);
  const live: LivePipeline = new LivePipeline({
    world,
    treasury: leased.treasury,
    halt,
    lineage,
    trail,
    node: node.id,
    sink: observed.sink,
    calls: leased.calls,
    upstreamFor: waysOf(upstream),
    view: (_, sight) => viewOf(sight, place),
    compose: (parts) => domainHub({ ...parts, fresh: fresh({ planOf: parts.planOf, ageMs, killsAgeMs }) }),
    neighbours: [hub],
    tokens: egress.tokens,
    overload: overload.level,
    hold: (believed) => desk.hold(believed),
    place: node,
    onBreaker: (endpoint, from, to) => logger.log('warn', `breaker ${to}`, { endpoint, from }),
  });
  const desk: Desk = openDesk({
    node: node.id,
    ...{ world, stores, live, trail, key: member.key, logger },
    // Upwards nobody believes this hub about people, so it asks them about calls to its own domain only.
    elsewhere: (call) =>
      isOwn(live, place, call) ? undefined : `\`${hub.url}\`, which holds calls that leave this domain`,
  });

  countFallbacks(observed.metrics, [live]);

  ready = () => live.snapshot !== undefined;

  const publisher = new Publisher(member.key);
  const keeper = new RosterKeeper({
    clock: world.clock,
    nextSeq: () => stores.nodes.next('roster'),
    publish: (roster) => {
      publisher.publish('roster', roster);
      following.refresh();
    },
    failed: (cause) => logger.log('error', 'a roster could not be numbered', { cause: String(cause) }),
  });
  const nodes = new NodeHub({
    hub: node.id,
    store: stores.nodes,
    traces: stores.traces,
    keeper,
    publisher,
    clock: world.clock,
    ids: world.ids,
  });
  const following: Following = new Following((snapshot: Snapshot, roster: Roster) => {
    const enforce = live.prepare(snapshot, joined(keeper.roster, roster));
    return () => {
      nodes.use(snapshot);
      enforce();
    };
  });
  // Beside the parent's roster, which the link keeps in the folder above.
  const archive = await keepRosters(join(options.dir, 'own'), publisher, (cause) =>
    logger.log('warn', 'the roster could not be kept', { cause: String(cause) }),
  );
  keeper.start(await stores.nodes.list(), archive.last);

  const left = await stores.calls.open();
  const diagnoser = new ApartDiagnoser();
  const calling = {
    handler: () => live.handler,
    world,
    directory: directoryOf(live, world),
    onInternal: (fault: Fault, occurrence: object) =>
      logger.log('error', 'internal fault', { ...occurrence, cause: describe(fault.cause) }),
  };
  let grpc: GrpcListener | undefined;
  const a2a = await a2aFront({
    ...calling,
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
      mcp: mcpParts({ live, world, key: member.key }, closing, options.advertise),
      routes: DOMAIN_ROUTES,
      catalog: { published: publishedBy(live, node.tenant), parent: hub },
    }),
    adminDoor(
      adminPorts({
        world,
        id: node.id,
        role: 'domain',
        startedAtMs,
        signal: closing,
        live,
        observed,
        control: governedAbove(hub.url),
        secrets: secretsElsewhere(() => elsewhere(hub.url)),
        tools: toolsElsewhere(() => elsewhere(hub.url)),
        releases: releasedAbove(hub.url),
        nodes,
        kills: killsGovernedAbove(halt, () => elsewhere(hub.url)),
        budgets: budgetsAbove(() => elsewhere(hub.url)),
        audit: auditPortOf(stores, trail, member.key.publicKey),
        approvals: approvalPort(desk),
        traces: stores.traces,
        unknown: unknownCalls({ calls: leased.calls }, live),
        rosterSeq: () => keeper.roster.seq,
        store: 'sqlite',
        weakened: weakenedBy(options),
        lastUsedMs: () => null,
        diagnoser,
        useBootstrapToken: () => Promise.reject(elsewhere(hub.url)),
        discover: () => Promise.reject(elsewhere(hub.url)),
      }),
    ),
    approvalPages(desk, live, world, logger),
  );
  const followed = await member.follow(
    {
      prepareSnapshot: (snapshot) => following.prepareSnapshot(snapshot),
      prepareRoster: (roster) => following.prepareRoster(roster),
      enforceKills: (list) => void halt.enforce(list, world.clock.wallMs()),
      instances: () => capabilities(live, place, closing, world.clock.nowMs()),
      capabilities: () =>
        capabilities(live, place, closing, world.clock.nowMs()).map(({ kind, name }) => `${kind}/${name}`),
    },
    options.advertise ?? listener.url,
    (problem) => logger.log('warn', 'parent link', { code: problem.code, reason: problem.message }),
  );
  link = followed;
  await leased.start();
  const health = new HealthRunner(
    live.fleet,
    async (endpoint, path, timeoutMs) => (await upstream.probe(endpoint, path, timeoutMs)).healthy,
    world,
  );
  health.start();
  const recovered = await live.journal.recover(await desk.recover(left));
  const stopLooking = desk.start();
  const stopTelling = notify(options.approvalWebhook, {
    ...{ world, stores, key: member.key, logger },
    fetch: egress.fetch,
  });
  await live.reconciler.start();
  await a2a.service.recover();
  grpc = options.grpc && (await listenGrpc(options.grpc, { ...options, clock: world.clock }, a2a.grpc));
  const endHouse = houseOf(options, { stores, world, logger });
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
    snapshotSeq: () => followed.seq('snapshot'),
    stop: async (graceful) => {
      a2a.service.stop();
      await Promise.all([closeListener(listener, closing, graceful), grpc?.close(graceful)]);
      stopLooking();
      stopTelling();
      health.stop();
      live.reconciler.stop();
      endHouse();
      overload.stop();
      keeper.stop();
      await archive.settled();
      await leased.stop(graceful);
      await observed.flush();
      await diagnoser.close();
      await member.close();
      await upstream.close();
    },
  };
};

/** What runs here, and whom the parent knows. */
const joined = (own: Roster, parent: Roster): Roster => ({
  seq: parent.seq,
  nodes: [...parent.nodes, ...own.nodes],
  instances: [
    ...parent.instances.filter(({ protocol, node }) => protocol === 'airspace' && node !== ''),
    ...own.instances,
  ],
});

/** A capability is announced while at least one endpoint of it can be reached from here. */
const capabilities = (live: LivePipeline, place: Place, closing: Canceller, nowMs: number) => {
  const { snapshot } = live;
  if (snapshot === undefined) return [];
  return capabilitiesOf(snapshot, place)
    .filter((target) => live.fleet.pool({ target, via: 'hub' }, nowMs).table.present.length > 0)
    .map(({ kind, name }) => ({
      id: `${kind}.${name}`,
      kind,
      name,
      version: '-',
      labels: {},
      state: closing.reason === undefined ? ('ready' as const) : ('draining' as const),
    }));
};

const isOwn = ({ snapshot }: LivePipeline, place: Place, { target }: Call): boolean =>
  snapshot !== undefined &&
  capabilitiesOf(snapshot, place).some(({ kind, name }) => kind === target.kind && name === target.name);

const elsewhere = (parent: string): Fault =>
  new Fault('bad_request', `a domain hub takes its configuration from its parent; ask \`${parent}\``);

/** Configuration has one home. Reading it here would answer with something that may be older than the truth. */
const governedAbove = (parent: string): ControlPort => {
  const refuse = async (): Promise<never> => {
    throw elsewhere(parent);
  };
  return { apply: refuse, diff: refuse, list: refuse, remove: refuse, history: refuse, rollback: refuse };
};

const releasedAbove = (parent: string): ReleasePort => {
  const refuse = async (): Promise<never> => {
    throw elsewhere(parent);
  };
  return {
    stage: refuse,
    list: refuse,
    get: refuse,
    shadow: refuse,
    activate: refuse,
    approve: refuse,
    rollback: refuse,
    replay: refuse,
  };
};
