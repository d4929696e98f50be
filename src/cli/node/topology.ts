/** What a hub answers about ways: recorded calls beside configuration and nodes. Reads, and changes nothing. */
import {
  type CallEvent,
  Fault,
  type InstanceEntry,
  type NodePort,
  type Snapshot,
  type TraceStore,
} from '../../contract/index.ts';
import type { TopologyPort } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import {
  advise,
  armOf,
  type Destination,
  judge,
  LEAST_CALLS,
  type PairView,
  pairCallsIn,
  passedIn,
  type Seen,
  topologyView,
} from '../../topologies/index.ts';
import type { HopMeter } from './hopmeter.ts';

export interface TopologyParts {
  readonly world: World;
  readonly snapshot: () => Snapshot;
  readonly nodes: Pick<NodePort, 'list' | 'find'>;
  readonly traces: Pick<TraceStore, 'recent'>;
  readonly meter: HopMeter;
  /** What has just ended may still be on its way to the store. */
  readonly flush: () => Promise<void>;
}

/** A page is parsed at once, and calls wait for it: so it is small. */
const PAGE = 500;
/** Events that are read for one question. A hub must not stand still for it. */
const MOST_EVENTS = 20_000;
/** While a route moves it is asked every few seconds. */
const MOST_WATCHED = 6_000;

export const topologyPort = (parts: TopologyParts): TopologyPort => ({
  show: async (tenant, windowMs) => topologyView(await look(parts, tenant, { sinceMs: windowMs, most: MOST_EVENTS })),
  advise: async (tenant, { to, route, windowMs }) => {
    if (route !== undefined && to !== 'hierarchy') throwIfUnknown(parts.snapshot(), tenant, route);
    return advise(await look(parts, tenant, { sinceMs: windowMs, most: MOST_EVENTS }), to as Destination, route);
  },
  arms: async (tenant, route, { sinceMs, grows }) => {
    throwIfUnknown(parts.snapshot(), tenant, route);
    const ageMs = Math.max(0, parts.world.clock.wallMs() - sinceMs);
    const seenIn = async (most: number): Promise<Seen> => look(parts, tenant, { sinceMs: ageMs, most });
    const newest = await seenIn(MOST_WATCHED);
    const view = armsView(route, grows, newest);
    if (newest.window.isWhole || (view[grows]?.calls ?? 0) >= LEAST_CALLS) return view;
    // A small share of many calls: how many are enough to judge it does not depend on how many there are of the others.
    return armsView(route, grows, await seenIn(MOST_EVENTS));
  },
});

/** A domain hub sees its own part of the calls only. */
export const topologySeenAbove = (elsewhere: () => Fault): TopologyPort => ({
  show: () => Promise.reject(elsewhere()),
  advise: () => Promise.reject(elsewhere()),
  arms: () => Promise.reject(elsewhere()),
});

/** The two ways of a route, and whether the one that gets more calls is worse. */
export interface ArmsView {
  readonly route: string;
  readonly window: Seen['window'];
  readonly hubCost: Seen['hubCost'];
  readonly perSecond: number;
  readonly hub: PairView['hub'];
  readonly mesh: PairView['mesh'];
  readonly all: PairView['hub'];
  readonly instead: number;
  readonly judgement: ReturnType<typeof judge>;
}

/** Only callers behind sidecars have both ways: the others would make the hub look faster or slower than it is. */
const armsView = (route: string, grows: 'hub' | 'mesh', seen: Seen): ArmsView => {
  const calls = pairCallsIn(seen)
    .filter((pair) => pair.route === route)
    .flatMap((pair) => pair.calls);
  const choosing = calls.filter(({ entry }) => entry === 'sidecar-out');
  const [hub, mesh] = [armOf(choosing, 'hub'), armOf(choosing, 'mesh')];
  const { window, hubCost } = seen;
  return {
    route,
    window,
    hubCost,
    perSecond: calls.length / (Math.max(1, window.toMs - window.fromMs) / 1_000),
    hub,
    mesh,
    all: armOf(calls),
    instead: calls.filter(({ instead }) => instead).length,
    judgement: grows === 'mesh' ? judge(mesh, hub) : judge(hub, mesh, 'hub'),
  };
};

const throwIfUnknown = ({ routes }: Snapshot, tenant: string, name: string): void => {
  const own = routes.filter((route) => route.tenant === tenant).map((route) => route.name);
  if (own.includes(name)) return;
  const known = own.slice(0, 20).map((one) => `\`${one}\``);
  throw new Fault(
    'not_found',
    known.length === 0
      ? `there is no route \`${name}\`; calls without a route go through the hub: apply a Route first`
      : `there is no route \`${name}\`; known: ${known.join(', ')}`,
  );
};

const look = async (
  { world, snapshot, nodes, traces, meter, flush }: TopologyParts,
  tenant: string,
  asked: { readonly sinceMs: number; readonly most: number },
): Promise<Seen> => {
  await flush();
  const toMs = world.clock.wallMs();
  const fromMs = toMs - asked.sinceMs;
  const { events, isWhole } = await eventsOf(traces, { tenant, fromMs, toMs, most: asked.most });
  const passed = passedIn(events);
  const first = passed.calls[0]?.startedAtMs ?? fromMs;
  // What began before the first call that is known says nothing about how often it is called.
  const window = {
    fromMs: isWhole ? fromMs : first,
    toMs,
    isWhole,
    calls: passed.calls.length,
    incomplete: passed.incomplete,
    wayless: passed.wayless,
  };
  return {
    tenant,
    window,
    passed,
    hubCost: meter.since(window.fromMs),
    ground: {
      snapshot: snapshot(),
      nodes: nodes
        .list(tenant)
        .filter(({ state }) => state !== 'silent')
        .map(({ node }) => node),
      instances: nodes.find({ tenant }) as readonly InstanceEntry[],
    },
  };
};

/** Newest first, page by page, each from where the one before it ended. */
const eventsOf = async (
  traces: Pick<TraceStore, 'recent'>,
  {
    tenant,
    fromMs,
    toMs,
    most,
  }: { readonly tenant: string; readonly fromMs: number; readonly toMs: number; readonly most: number },
): Promise<{ readonly events: readonly CallEvent[]; readonly isWhole: boolean }> => {
  const found = new Map<string, CallEvent>();
  for (let untilMs = toMs; found.size < most; ) {
    const page = await traces.recent({ tenant, sinceMs: fromMs, untilMs, limit: PAGE });
    const before = found.size;
    for (const event of page) found.set(`${event.node}/${event.span}`, event);
    if (page.length < PAGE) return { events: [...found.values()], isWhole: true };
    // A page of one instant would come again for ever.
    if (found.size === before) break;
    untilMs = page.at(-1)?.startedAtMs ?? fromMs;
  }
  return { events: [...found.values()], isWhole: false };
};
