/** A sidecar process: one door for its own agent, one for other nodes, and the last good policy between them. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Believed, Desk } from '../../approvals/index.ts';
import {
  type Credential,
  type Endpoint,
  Fault,
  HEADERS,
  type NodeEntry,
  type Principal,
  type Roster,
  type Snapshot,
  type Target,
  type TargetEntry,
} from '../../contract/index.ts';
import type { GrpcDoor } from '../../doors/a2a/index.ts';
import { metricsDoor } from '../../doors/admin/index.ts';
import { anyOf, checkSocketPath, type Door, refuseOpenBind } from '../../doors/index.ts';
import { nativeDoor } from '../../doors/native/index.ts';
import { idSealOf, type NodeCertificate, unauthenticated } from '../../identity/index.ts';
import { Canceller, type Handler, systemWorld, type World } from '../../kernel/index.ts';
import { Halt } from '../../kill/index.ts';
import { Trees } from '../../policy/index.ts';
import { besideOwn, type Place, placeOfNode, sidecarInCandidates, sidecarOutCandidates } from '../../routing/index.ts';
import { type Logger, payloads } from '../../telemetry/index.ts';
import { fresh, type Parts, sidecarIn, sidecarOut } from '../../topologies/index.ts';
import { httpUpstream } from '../../upstreams/http/index.ts';
import { StdioServer } from '../../upstreams/stdio/index.ts';
import { a2aFront } from './a2a.ts';
import { AgentOutput, type AgentStream } from './agent-output.ts';
import { openDesk } from './approvals.ts';
import { trailOf } from './audit.ts';
import { breakersUp, NodeBreakers } from './breakers.ts';
import { openCardKey } from './card-key.ts';
import { SnapshotCompiler } from './compiled.ts';
import { detachedCalls } from './detached.ts';
import { directoryOf } from './directory.ts';
import { doorsOf } from './doors.ts';
import { egressOf } from './egress.ts';
import { countFallbacks } from './fallback.ts';
import { type GrpcListener, listenGrpc, refuseOpenGrpc } from './grpc.ts';
import { houseOf } from './housekeeping.ts';
import { openIntake } from './intake.ts';
import { leasing } from './leases.ts';
import { LivePipeline } from './live.ts';
import { mcpParts } from './mcp.ts';
import { auditSource } from './measures/audit.ts';
import { watchBreakers } from './measures/breakers.ts';
import { memberSource } from './measures/member.ts';
import { pipelineSource } from './measures/pipeline.ts';
import { processSource } from './measures/process.ts';
import { scrape } from './measures/scrape.ts';
import { teamsIn } from './measures/teams.ts';
import { becomeMember, Following, type MemberOptions } from './member.ts';
import { lateMutual, Mesh } from './mesh.ts';
import { closeListener, describe, type NodeOptions, type RunningNode, weakenedBy } from './node.ts';
import { watchOverload } from './overload.ts';
import { APP_ROUTES } from './routes.ts';
import { openListeners } from './sidecar-listeners.ts';
import { observe } from './telemetry.ts';
import { treesOf } from './trees.ts';
import { waitingStores } from './waiting.ts';
import { stdioWay, waysOf } from './ways.ts';

export interface SidecarOptions extends NodeOptions, MemberOptions {
  /** Where the agent behind it listens; null for an agent that only calls. */
  readonly agentUrl: string | null;
  readonly agentVersion: string;
  /** Of this instance: where it is, such as `host` or `residency`, and whatever else tells it from others. Default: none. */
  readonly labels?: Readonly<Record<string, string>>;
  /** The MCP server behind it, where it stands in front of a tool: it is started and ended with the sidecar, and spoken to on stdio. */
  readonly stdio?: { readonly command: readonly string[]; readonly env: Readonly<Record<string, string>> };
  /** Is the agent ready for calls? Asked at each heartbeat. Default: always. */
  readonly agentReady?: () => boolean;
  /** Speak A2A over gRPC to the own agent, too. Default: no. */
  readonly appGrpc?: boolean;
  /** Port of the listener for the own agent, and for whoever asks whether this node is well. Default: a free one. */
  readonly appPort?: number;
  /** Path at which the own agent is listened to as well. Default: none. */
  readonly appSocket?: string;
  /** A listener for callers that have keys of their own, with every door. Default: none; other nodes have theirs. */
  readonly door?: { readonly host: string; readonly port: number };
}

export interface RunningSidecar extends RunningNode {
  /** For the own agent: `AIRSPACE_URL` and `AIRSPACE_KEY` of its process. */
  readonly appUrl: string;
  readonly appKey: string;
  /** For the own agent, `host:port`: its `AIRSPACE_GRPC`. Empty: not wanted. */
  readonly appGrpc: string;
  /** For the own agent: its `AIRSPACE_SOCKET`. Empty: not wanted. */
  readonly appSocket: string;
  /** For callers with keys. Empty: not wanted. */
  readonly doorUrl: string;
  /** What it shows to other nodes, for whoever asks. */
  readonly certificate: NodeCertificate;
  /** A line of the agent behind it, for the logs. */
  heard(stream: AgentStream, line: string): void;
  /** Sequence of the snapshot in force, 0 before the first. */
  snapshotSeq(): number;
}

export const startSidecar = async (options: SidecarOptions): Promise<RunningSidecar> => {
  refuseOpenGrpc(options);
  refuseWrongAddresses(options);
  const closing = new Canceller();
  // The port must be known before joining, and the doors behind it come after: until then every call is refused.
  const secured = lateMutual();
  const listeners = await openListeners(options, secured.mutual, systemWorld().clock);
  const { front, app, door } = listeners;
  const member = await becomeMember(options, { url: options.advertise ?? front.url, close: listeners.close });
  const { world, membership, hub } = member;
  const { node } = membership;
  const waiting = waitingStores(member.said);
  const observed = observe({
    ...{ ...options, world, node: node.id },
    keep: async (events) => {
      waiting.remember(events);
      await member.keep(events);
    },
    about: { tenant: node.tenant, domain: node.domain, agent: node.tool ?? node.agent },
    up: (record) => member.logs.add(record),
    teamsOf: teamsIn(() => into.snapshot),
  });
  const { logger, metrics } = observed;
  const output = new AgentOutput(world.clock, (...said) => logger.hand(...said));
  const overload = watchOverload(world, options.overload);
  metrics.source(processSource(node.id, 'sidecar'));
  metrics.source(memberSource(member));
  metrics.gauge({ name: 'airspace_overload_level', read: overload.level });
  const lineage = treesOf(node, member.key, world);
  const certificate = member.certificate((problem) =>
    logger.log('warn', 'no new certificate', { code: problem.code, reason: problem.message }),
  );
  const mesh = new Mesh({
    ...{ key: member.key, certificate, logger, metrics, clock: world.clock },
    known: () => into.known,
  });
  secured.use(mesh.listening);
  const upstream = httpUpstream({
    world,
    nodeId: node.id,
    assertFor: (principal, to) => member.signer.assert(principal, to),
    secure: mesh.secure,
    handOver: (...sent) => lineage.trees.handOver(...sent),
  });
  const upstreamFor = waysOf(upstream);
  if (options.stdio !== undefined && node.tool === undefined) {
    await Promise.all([listeners.close(), member.close(), upstream.close()]);
    throw noTool(node.agent);
  }
  const behind = behindOf(options, node, logger, world);
  const halt = new Halt();
  const trail = trailOf(member.stores, world, logger);
  const leased = leasing(member, logger);
  const compiler = new SnapshotCompiler();
  const breakers = new NodeBreakers({ clock: world.clock, node: node.id });
  const shared = {
    world,
    compiler,
    onBreakerBorn: breakers.born,
    treasury: leased.treasury,
    halt,
    lineage,
    // What its agent was called in, the agent calls on in.
    trees: new Trees(),
    trail,
    node: node.id,
    sink: observed.sink,
    calls: leased.calls,
    upstreamFor,
    neighbours: [hub],
    overload: overload.level,
    // Told about approvals by the hubs above it; its own calls wait where they enter, at a hub.
    hold: (believed: Believed) => desk.hold(believed),
    place: node,
  };
  const withFresh = (parts: Parts) => {
    const { planOf, bounds, hold } = parts;
    const stale = fresh({ planOf, bounds, ages: member.ages, unsent: member.unsent, place: node });
    return { ...parts, fresh: stale, hold: stale.held(hold) };
  };
  // The own agent is behind the inward pipeline, everybody else is reached through the outward one.
  const ask: Handler = (call, scope) => (isOwn(node, call.target) ? into : out).handler(call, scope);
  const out: LivePipeline = new LivePipeline({
    ...shared,
    payloads: payloads((...said) => logger.log(...said)),
    onBreaker: watchBreakers('sidecar-out', observed, breakers.log),
    ask,
    ways: 'either',
    view: ({ above }, sight) => {
      const others = sidecarOutCandidates(
        sight,
        { id: hub.id, url: hub.url },
        placeOf(options, node.domain, front.url),
        above !== undefined,
      );
      return behind.url === null ? others : besideOwn({ node: node.id, url: behind.url }, others);
    },
    compose: (parts) => sidecarOut(withFresh(parts)),
  });
  // What is reached from here is what stands here: the rest is called elsewhere.
  const reaches = (target: TargetEntry): boolean =>
    behind.url !== null && target.tenant === node.tenant && isOwn(node, target);
  const into: LivePipeline = new LivePipeline({
    ...shared,
    payloads: payloads((...said) => logger.log(...said)),
    onBreaker: watchBreakers('sidecar-in', observed, breakers.log),
    reaches,
    ...(behind.upstreamFor === undefined ? {} : { upstreamFor: behind.upstreamFor }),
    ask,
    ways: 'own',
    view: () =>
      behind.url === null
        ? () => []
        : sidecarInCandidates({
            tenant: node.tenant,
            agent: node.agent,
            ...(node.tool === undefined ? {} : { tool: node.tool }),
            url: behind.url,
            version: options.agentVersion,
          }),
    compose: (parts) => sidecarIn(withFresh(parts)),
  });
  for (const { fleet } of [out, into]) breakers.watch(fleet);
  const desk: Desk = openDesk({
    node: node.id,
    ...{ world, stores: member.stores, live: into, trail, key: member.key, logger },
    elsewhere: () => `the hub \`${hub.url}\`, with a key of the agent: a sidecar holds no calls`,
  });
  countFallbacks(metrics, compiler);
  metrics.source(pipelineSource('sidecar-out', out, world.clock));
  metrics.source(pipelineSource('sidecar-in', into, world.clock));
  metrics.source(auditSource(trail));
  metrics.gauge({ name: 'airspace_snapshot_sequence', read: () => into.snapshot?.seq ?? 0 });
  metrics.gauge({ name: 'airspace_mesh_without_peer_total', read: () => out.fleet.throughHub });
  const following = new Following((snapshot: Snapshot, roster: Roster) => {
    const enforce = [out.prepare(snapshot, roster), into.prepare(snapshot, roster)];
    return () => {
      for (const apply of enforce) apply();
      mesh.sweep();
    };
  });

  const left = await member.stores.calls.open();
  const onInternal = (fault: Fault, occurrence: object): void =>
    logger.log('error', 'internal fault', { ...occurrence, cause: describe(fault.cause) });
  const egress = egressOf(options, world.clock, logger);
  egress.own(front.url);
  const key = await openCardKey(options.dir);
  const speaking = { world, tenant: node.tenant, tasks: member.stores.tasks, key, fetch: egress.fetch, onInternal };
  const inside = directoryOf(into, world, reaches);
  const calledFrom = { handler: () => into.handler, world, directory: inside, onInternal };
  let grpc: GrpcListener | undefined;
  const a2aIn = await a2aFront({
    ...{ ...speaking, ...calledFrom, node: node.id, live: into },
    url: () => door?.url ?? front.url,
    grpc: () => grpc?.address ?? '',
  });
  const seal = idSealOf(member.key);
  const numbers = metricsDoor({
    ...{ world, resolver: { resolve: (credential, wallMs) => into.resolver.resolve(credential, wallMs) } },
    metrics: { text: scrape(metrics) },
    onInternal: (thrown, path) => logger.log('error', 'internal fault', { path, cause: describe(thrown) }),
  });
  // Nodes speak to each other in one protocol. Everybody else has the application side, or a hub.
  listeners.serve('front', {
    doors: nativeDoor({
      ...calledFrom,
      ...(options.maxPayload === undefined ? {} : { limits: { payload: options.maxPayload } }),
    }),
    ready: () => into.snapshot !== undefined,
  });
  const appKey = `airs_${randomBytes(32).toString('base64url')}`;
  const agent = (): Principal => ({
    kind: 'agent',
    tenant: node.tenant,
    id: node.agent,
    ...(node.domain === '' ? {} : { domain: node.domain }),
    roles: [],
  });
  const known = ({ credential }: { readonly credential: Credential }): Credential =>
    // A tool calls nobody.
    node.tool === undefined && credential.kind === 'bearer' && equal(credential.token, appKey)
      ? { kind: 'known', principal: agent() }
      : { kind: 'none' };
  const calling = { handler: () => out.handler, world, directory: directoryOf(out, world), known, onInternal };
  let appGrpc: GrpcListener | undefined;
  const a2aOut = await a2aFront({
    ...{ ...speaking, ...calling, node: `${node.id}/app`, live: out },
    url: () => app.url,
    grpc: () => appGrpc?.address ?? '',
  });
  listeners.serve('app', {
    doors: anyOf([
      numbers,
      ...openIntake({ ...calling, role: 'sidecar-out', observed, stores: waiting }).doors,
      ...doorsOf({
        ...calling,
        seal,
        maxPayload: options.maxPayload,
        calls: detachedCalls(out, world),
        routes: APP_ROUTES,
        a2a: a2aOut.door,
        mcp: mcpParts({ live: out, world, key: member.key }, closing),
      }),
    ]),
    ready: () => out.snapshot !== undefined && mesh.isShown,
  });
  listeners.serve('door', {
    doors: anyOf([
      refuseNodes,
      numbers,
      ...doorsOf({
        ...{ ...calledFrom, seal, maxPayload: options.maxPayload, a2a: a2aIn.door },
        mcp: mcpParts({ live: into, world, key: member.key }, closing),
      }),
    ]),
    ready: () => into.snapshot !== undefined,
  });
  egress.own(app.url);
  if (door !== undefined) egress.own(door.url);

  const followed = await member.follow(
    {
      prepareSnapshot: (snapshot) => following.prepareSnapshot(snapshot),
      prepareRoster: (roster) => following.prepareRoster(roster),
      enforceKills: (list) => {
        halt.enforce(list, world.clock.wallMs());
        breakers.enforce(list.breakers ?? []);
      },
      breakers: () => breakersUp(breakers, node.tenant),
      instances: () =>
        behind.url === null
          ? []
          : [
              {
                id: String(new URL(front.url).port),
                kind: node.tool === undefined ? 'agent' : 'tool',
                name: node.tool ?? node.agent,
                version: options.agentVersion,
                labels: options.labels ?? {},
                state: closing.reason !== undefined ? 'draining' : behind.isReady() ? 'ready' : 'starting',
              },
            ],
    },
    options.advertise ?? front.url,
    (problem) => logger.log('warn', 'hub link', { code: problem.code, reason: problem.message }),
  );
  breakers.onChange(() => followed.tellSoon());
  await certificate.start();
  // Operators see it with the next word, which is now.
  certificate.follow(() => followed.tell());
  await leased.start();
  await out.journal.recover(left);
  await a2aIn.service.recover();
  await a2aOut.service.recover();
  grpc = options.grpc && (await listenGrpc(options.grpc, { ...options, clock: world.clock }, withoutNodes(a2aIn.grpc)));
  // Of this machine, like the other listener of the agent: without TLS, whatever the door for other nodes has.
  if (options.appGrpc === true)
    appGrpc = await listenGrpc({ host: '127.0.0.1', port: 0 }, { clock: world.clock }, a2aOut.grpc);
  for (const one of [grpc, appGrpc]) if (one !== undefined) egress.own(`http://${one.address}`);
  const endHouse = houseOf(options, { stores: member.stores, world, logger });
  logger.log('info', 'sidecar is up', {
    url: front.url,
    app: app.url,
    ...(node.tool === undefined ? { agent: node.agent } : { tool: node.tool }),
    weakened: weakenedBy(options),
  });

  return {
    id: node.id,
    url: front.url,
    grpc: grpc?.address ?? '',
    live: into,
    appUrl: app.url,
    appKey,
    appGrpc: appGrpc?.address ?? '',
    appSocket: options.appSocket ?? '',
    doorUrl: door?.url ?? '',
    certificate,
    heard: (...said) => output.heard(...said),
    snapshotSeq: () => followed.seq('snapshot'),
    stop: async (graceful) => {
      a2aIn.service.stop();
      a2aOut.service.stop();
      const others = [listeners.closeOthers(graceful), ...[grpc, appGrpc].map((one) => one?.close(graceful))];
      await Promise.all([closeListener(front, closing, graceful), ...others]);
      out.reconciler.stop();
      into.reconciler.stop();
      endHouse();
      overload.stop();
      breakers.stop();
      await leased.stop(graceful);
      output.close();
      await observed.close();
      await member.close();
      await upstream.close();
      behind.stop();
    },
  };
};

/** Where calls of its agent come from. */
const placeOf = ({ labels = {}, advertise }: SidecarOptions, domain: string, url: string): Place => {
  const found = placeOfNode({ url: advertise ?? url, domain });
  return { host: labels['host'] ?? found.host, domain: labels['domain'] ?? found.domain };
};

const isOwn = ({ agent, tool }: NodeEntry, { kind, name }: Pick<Target, 'kind' | 'name'>): boolean =>
  tool === undefined ? kind === 'agent' && name === agent : kind === 'tool' && name === tool;

/** What stands behind a sidecar, and how it is spoken to. */
interface Behind {
  /** Null: nothing does. */
  readonly url: string | null;
  /** Absent: over HTTP. */
  readonly upstreamFor?: (endpoint: Endpoint) => Handler;
  isReady(): boolean;
  stop(): void;
}

/** Who stands beside an agent speaks for it, and a tool speaks for nobody. */
const noTool = (agent: string): Fault =>
  new Fault(
    'bad_request',
    `this sidecar stands in front of agent \`${agent}\`; an MCP server on stdio needs a token of its own: airspace token create --role sidecar --tool <name>`,
  );

const behindOf = (options: SidecarOptions, { tool }: NodeEntry, logger: Logger, world: World): Behind => {
  const { stdio, agentUrl, agentReady = () => true } = options;
  if (stdio === undefined || tool === undefined) return { url: agentUrl, isReady: agentReady, stop: () => {} };
  const server = new StdioServer({ ...stdio, world, log: (...said) => logger.log(...said) });
  server.start();
  return {
    url: `stdio://${tool}`,
    upstreamFor: stdioWay(server),
    isReady: () => server.isUp,
    stop: () => server.stop(),
  };
};

/** A proxy that ends TLS would stand between a node and who calls it: it may pass connections on, and no more. */
const refuseWrongAddresses = (options: SidecarOptions): void => {
  const { advertise, appSocket, agentUrl, door } = options;
  if (appSocket !== undefined) checkSocketPath(appSocket);
  if (agentUrl?.startsWith('unix:')) checkSocketPath(agentUrl.slice('unix:'.length));
  if (door !== undefined) refuseOpenBind({ ...options, host: door.host });
  if (advertise !== undefined && !advertise.startsWith('https:'))
    throw new Fault(
      'bad_request',
      `other nodes reach a sidecar over TLS with its own certificate; advertise \`${advertise.replace(/^http:/, 'https:')}\`, and let what stands in front pass connections on as they are`,
    );
};

/** INVARIANT: an assertion counts on the connection of its node, and connections here are nobody's. */
const refuseNodes: Door = (req) => {
  const { authorization = '' } = req.headers;
  if (isOfNode(authorization.toLowerCase())) throw unauthenticated();
  return false;
};

const withoutNodes =
  (door: GrpcDoor): GrpcDoor =>
  (stream, headers) => {
    const { authorization, ...rest } = headers;
    door(stream, isOfNode(String(authorization ?? '').toLowerCase()) ? rest : headers);
  };

const isOfNode = (token: string): boolean => token.startsWith(`${HEADERS.nodeScheme} `);

const equal = (given: string, expected: string): boolean => {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
};
