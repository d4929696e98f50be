/** A sidecar process: one door for its own agent, one for other nodes, and the last good policy between them. */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Believed, Desk } from '../../approvals/index.ts';
import {
  type Credential,
  type Endpoint,
  Fault,
  type NodeEntry,
  type Principal,
  type Roster,
  type Snapshot,
  type Target,
} from '../../contract/index.ts';
import type { NodeLink } from '../../control/index.ts';
import { anyOf, type Door, listen } from '../../doors/index.ts';
import { idSealOf } from '../../identity/index.ts';
import { Canceller, type Handler, systemWorld, type World } from '../../kernel/index.ts';
import { Halt } from '../../kill/index.ts';
import { Trees } from '../../policy/index.ts';
import { sidecarInCandidates, sidecarOutCandidates } from '../../routing/index.ts';
import type { Logger } from '../../telemetry/index.ts';
import { fresh, type Parts, sidecarIn, sidecarOut } from '../../topologies/index.ts';
import { httpUpstream } from '../../upstreams/http/index.ts';
import { StdioServer } from '../../upstreams/stdio/index.ts';
import { a2aFront } from './a2a.ts';
import { openDesk } from './approvals.ts';
import { trailOf } from './audit.ts';
import { openCardKey } from './card-key.ts';
import { detachedCalls } from './detached.ts';
import { directoryOf } from './directory.ts';
import { doorsOf } from './doors.ts';
import { egressOf } from './egress.ts';
import { countFallbacks } from './fallback.ts';
import { type GrpcListener, listenGrpc, refuseOpenGrpc } from './grpc.ts';
import { houseOf } from './housekeeping.ts';
import { leasing } from './leases.ts';
import { LivePipeline } from './live.ts';
import { mcpParts } from './mcp.ts';
import { ageOf, becomeMember, Following, killsAgeOf, type MemberOptions } from './member.ts';
import { closeListener, describe, type NodeOptions, type RunningNode, weakenedBy } from './node.ts';
import { watchOverload } from './overload.ts';
import { observe } from './telemetry.ts';
import { treesOf } from './trees.ts';
import { stdioWay, waysOf } from './ways.ts';

export interface SidecarOptions extends NodeOptions, MemberOptions {
  /** Where the agent behind it listens; null for an agent that only calls. */
  readonly agentUrl: string | null;
  readonly agentVersion: string;
  /** The MCP server behind it, where it stands in front of a tool: it is started and ended with the sidecar, and spoken to on stdio. */
  readonly stdio?: { readonly command: readonly string[]; readonly env: Readonly<Record<string, string>> };
  /** Is the agent ready for calls? Asked at each heartbeat. Default: always. */
  readonly agentReady?: () => boolean;
  /** Speak A2A over gRPC to the own agent, too. Default: no. */
  readonly appGrpc?: boolean;
}

export interface RunningSidecar extends RunningNode {
  /** For the own agent: `AIRSPACE_URL` and `AIRSPACE_KEY` of its process. */
  readonly appUrl: string;
  readonly appKey: string;
  /** For the own agent, `host:port`: its `AIRSPACE_GRPC`. Empty: not wanted. */
  readonly appGrpc: string;
  /** Sequence of the snapshot in force, 0 before the first. */
  snapshotSeq(): number;
}

export const startSidecar = async (options: SidecarOptions): Promise<RunningSidecar> => {
  refuseOpenGrpc(options);
  const closing = new Canceller();
  // The port must be known before joining, and the doors behind it come after: until then every call is refused.
  let inbound: Door | undefined;
  const front = await listen({
    ...options,
    clock: systemWorld().clock,
    doors: [(req, res) => inbound?.(req, res) ?? false],
    ready: () => inbound !== undefined && into.snapshot !== undefined,
  });
  const member = await becomeMember(options, { ...front, url: options.advertise ?? front.url });
  const { world, membership, hub } = member;
  const { node } = membership;
  const observed = observe({ ...options, world, node: node.id, keep: (events) => member.keep(events) });
  const { logger } = observed;
  const overload = watchOverload(world);
  const lineage = treesOf(node, member.key, world);
  const upstream = httpUpstream({
    world,
    nodeId: node.id,
    assertFor: (principal, to) => member.signer.assert(principal, to),
    handOver: (...sent) => lineage.trees.handOver(...sent),
  });
  const upstreamFor = waysOf(upstream);
  if (options.stdio !== undefined && node.tool === undefined) {
    await Promise.all([front.close(false), member.close(), upstream.close()]);
    throw noTool(node.agent);
  }
  const behind = behindOf(options, node, logger, world);
  let link: NodeLink | undefined;
  const killsAgeMs = killsAgeOf(world, () => link?.killsConfirmedAtMs);
  const ageMs = ageOf(
    world,
    () => link?.heardAtMs,
    () => following.snapshot,
  );

  const halt = new Halt();
  const trail = trailOf(member.stores, world, logger);
  const leased = leasing(member, logger);
  const shared = {
    world,
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
    onBreaker: (endpoint: string, from: string, to: string) => logger.log('warn', `breaker ${to}`, { endpoint, from }),
  };
  const withFresh = (parts: Parts) => ({ ...parts, fresh: fresh({ planOf: parts.planOf, ageMs, killsAgeMs }) });
  // The own agent is behind the inward pipeline, everybody else is reached through the outward one.
  const ask: Handler = (call, scope) => (isOwn(node, call.target) ? into : out).handler(call, scope);
  const out: LivePipeline = new LivePipeline({
    ...shared,
    ask,
    view: (_, sight) => sidecarOutCandidates(sight, { id: hub.id, url: hub.url }),
    compose: (parts) => sidecarOut(withFresh(parts)),
  });
  const into: LivePipeline = new LivePipeline({
    ...shared,
    ...(behind.upstreamFor === undefined ? {} : { upstreamFor: behind.upstreamFor }),
    ask,
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
  const desk: Desk = openDesk({
    node: node.id,
    ...{ world, stores: member.stores, live: into, trail, key: member.key, logger },
    elsewhere: () => `the hub \`${hub.url}\`, with a key of the agent: a sidecar holds no calls`,
  });
  countFallbacks(observed.metrics, [out, into]);
  const following = new Following((snapshot: Snapshot, roster: Roster) => {
    const enforce = [out.prepare(snapshot, roster), into.prepare(snapshot, roster)];
    return () => {
      for (const apply of enforce) apply();
    };
  });

  const left = await member.stores.calls.open();
  const onInternal = (fault: Fault, occurrence: object): void =>
    logger.log('error', 'internal fault', { ...occurrence, cause: describe(fault.cause) });
  const egress = egressOf(options, world.clock, logger);
  egress.own(front.url);
  const key = await openCardKey(options.dir);
  const speaking = { world, tenant: node.tenant, tasks: member.stores.tasks, key, fetch: egress.fetch, onInternal };
  // What is reached from here is what stands here: the rest is called elsewhere.
  const inside = directoryOf(
    into,
    world,
    (target) => behind.url !== null && target.tenant === node.tenant && isOwn(node, target),
  );
  const calledFrom = { handler: () => into.handler, world, directory: inside, onInternal };
  let grpc: GrpcListener | undefined;
  const a2aIn = await a2aFront({
    ...{ ...speaking, ...calledFrom, node: node.id, live: into },
    url: () => options.advertise ?? front.url,
    grpc: () => grpc?.address ?? '',
  });
  const seal = idSealOf(member.key);
  inbound = anyOf(
    doorsOf({
      ...calledFrom,
      seal,
      maxPayload: options.maxPayload,
      a2a: a2aIn.door,
      mcp: mcpParts({ live: into, world, key: member.key }, closing, options.advertise),
    }),
  );
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
  let appUrl = '';
  let appGrpc: GrpcListener | undefined;
  const a2aOut = await a2aFront({
    ...{ ...speaking, ...calling, node: `${node.id}/app`, live: out },
    url: () => appUrl,
    grpc: () => appGrpc?.address ?? '',
  });
  const app = await listen({
    host: '127.0.0.1',
    port: 0,
    clock: world.clock,
    doors: doorsOf({
      ...calling,
      seal,
      maxPayload: options.maxPayload,
      calls: detachedCalls(out, world),
      a2a: a2aOut.door,
      mcp: mcpParts({ live: out, world, key: member.key }, closing),
    }),
    ready: () => out.snapshot !== undefined,
  });
  appUrl = app.url;
  egress.own(app.url);

  const followed = await member.follow(
    {
      prepareSnapshot: (snapshot) => following.prepareSnapshot(snapshot),
      prepareRoster: (roster) => following.prepareRoster(roster),
      enforceKills: (list) => void halt.enforce(list, world.clock.wallMs()),
      instances: () =>
        behind.url === null
          ? []
          : [
              {
                id: String(new URL(front.url).port),
                kind: node.tool === undefined ? 'agent' : 'tool',
                name: node.tool ?? node.agent,
                version: options.agentVersion,
                labels: {},
                state: closing.reason !== undefined ? 'draining' : behind.isReady() ? 'ready' : 'starting',
              },
            ],
    },
    options.advertise ?? front.url,
    (problem) => logger.log('warn', 'hub link', { code: problem.code, reason: problem.message }),
  );
  link = followed;
  await leased.start();
  await out.journal.recover(left);
  await a2aIn.service.recover();
  await a2aOut.service.recover();
  grpc = options.grpc && (await listenGrpc(options.grpc, { ...options, clock: world.clock }, a2aIn.grpc));
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
    snapshotSeq: () => followed.seq('snapshot'),
    stop: async (graceful) => {
      a2aIn.service.stop();
      a2aOut.service.stop();
      const listeners = [app, grpc, appGrpc].map((listener) => listener?.close(graceful));
      await Promise.all([closeListener(front, closing, graceful), ...listeners]);
      out.reconciler.stop();
      into.reconciler.stop();
      endHouse();
      overload.stop();
      await leased.stop(graceful);
      await observed.flush();
      await member.close();
      await upstream.close();
      behind.stop();
    },
  };
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

const equal = (given: string, expected: string): boolean => {
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
};
