/** How a call gets to an agent: by the product's own routing, or over lanes that show the kernel's breaker and bulkhead alone. */
import type { Clock, RoutePlan, TargetEntry } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { Breaker, type BreakerState, compose, type Handler, Slots, type World } from '../../kernel/index.ts';
import { type BreakerLike, type Candidate, Fleet, route } from '../../routing/index.ts';
import type { Machinery } from './machinery.ts';
import type { Way } from './network.ts';

/** Agents that can take the calls of a target, by its name. */
export type Ways = ReadonlyMap<string, readonly Way[]>;

export interface RouterSetting {
  readonly world: World;
  readonly ways: Ways;
  readonly machinery: Machinery;
  /** Calls in the works per agent (L1). */
  readonly slotLimit: number;
  readonly limitMs: number;
}

export interface Router {
  readonly handler: Handler;
  readonly breakers: () => readonly Breaker[];
  /** May a breaker be in this state when all has been well for 40 s (C5)? */
  readonly cameBack: (state: BreakerState) => boolean;
  /** Slots that calls hold now. */
  readonly taken: () => number;
  /** Sockets that must be covered by slots now (D5). */
  readonly covered: (way: Way) => number;
}

interface Lane {
  readonly way: Way;
  readonly breaker: Breaker;
  readonly handler: Handler;
}

/** A random agent whose breaker accepts, one that was not tried before if there is one (R5): obviously right, and not clever. */
export const laneRouter = ({ world, ways, machinery, slotLimit }: RouterSetting): Router => {
  const slots = new Slots();
  const lane = (way: Way): Lane => {
    const { name } = way.agent;
    const breaker = new Breaker({ endpoint: name, random: world.random });
    const walls = machinery.bulkhead({ slots, keyOf: () => name, limitOf: () => slotLimit });
    return { way, breaker, handler: compose(walls, machinery.guard(breaker))(way.handler) };
  };
  const lanes = new Map([...ways].map(([target, each]) => [target, each.map(lane)]));
  const all = [...lanes.values()].flat();
  return {
    breakers: () => all.map(({ breaker }) => breaker),
    cameBack: (state) => state === 'closed',
    taken: () => all.reduce((sum, { way }) => sum + slots.taken(way.agent.name), 0),
    covered: (way) => way.sockets,
    handler: (call, scope) => {
      const nowMs = machinery.breakerNowMs(world.clock);
      const open = (lanes.get(call.target.name) ?? []).filter(({ breaker }) => breaker.accepts(nowMs));
      const fresh = open.filter(({ way }) => call.avoid?.includes(way.agent.name) !== true);
      const choice = fresh.length > 0 ? fresh : open;
      const picked = choice[Math.floor(world.random() * choice.length)];
      if (picked === undefined) throw new Fault('unavailable', 'every agent rests', { retryAfterMs: 500 });
      call.avoid?.push(picked.way.agent.name);
      return picked.handler(call, scope);
    },
  };
};

/** The product: pools, balancing, ejection and slow start around the same breakers. */
export const fleetRouter = ({ world, ways, machinery, slotLimit, limitMs }: RouterSetting): Router => {
  const breakers: Breaker[] = [];
  const fleet = new Fleet((endpoint) => {
    const breaker = new Breaker({ endpoint, random: world.random });
    breakers.push(breaker);
    return onTime(breaker, machinery, world.clock);
  });
  const targets = new Map([...ways.keys()].map((name) => [name, targetOf(name, slotLimit)]));
  const byId = new Map([...ways.values()].flat().map((way) => [way.agent.name, way]));
  fleet.swap([...targets.values()], ({ target }) => (ways.get(target.name) ?? []).map(candidateOf));
  return {
    breakers: () => breakers,
    // Ejection (H1) and slow start (H5) may keep calls away for longer: then it is ready for probes, and nobody came.
    cameBack: (state) => state !== 'open',
    taken: () =>
      fleet
        .pools(world.clock.nowMs())
        .flatMap(({ table }) => table.present)
        .reduce((sum, { inFlight }) => sum + inFlight, 0),
    // Routing gives the place of a cancelled stream back when the socket is told to go, and does not wait until it is gone.
    covered: (way) => way.sockets - way.closing,
    handler: route({
      fleet,
      planOf: (call) => planFor(targets.get(call.target.name)!, call.target.operation, limitMs),
      upstreamFor: ({ id }) => byId.get(id)!.handler,
    }),
  };
};

/** Routing hands its breakers the monotonic time; a plant may turn that into another one. */
const onTime = (breaker: Breaker, machinery: Machinery, clock: Clock): BreakerLike => {
  const now = (): number => machinery.breakerNowMs(clock);
  return {
    accepts: () => breaker.accepts(now()),
    enter: () => breaker.enter(now()),
    settle: (ticket, verdict) => breaker.settle(ticket, verdict, now()),
    blame: (ticket) => breaker.blame(ticket, now()),
    state: () => breaker.state(now()),
    retryAfterMs: () => breaker.retryAfterMs(now()),
    force: (mode) => breaker.force(mode, now()),
    forced: null,
  };
};

const targetOf = (name: string, concurrency: number): TargetEntry => ({
  tenant: 'acme',
  kind: 'agent',
  name,
  domain: '',
  labels: {},
  endpoints: [],
  operations: [
    { name: 'read', effect: 'read', idempotent: true },
    { name: 'write', effect: 'write', idempotent: false },
  ],
  health: null,
  concurrency,
  timeoutMs: null,
});

const candidateOf = ({ agent }: Way): Candidate => ({
  id: agent.name,
  url: `http://${agent.name}`,
  protocol: 'direct',
  node: '',
  final: false,
  version: '1',
  weight: 100,
  labels: {},
  state: 'ready',
});

const planFor = (target: TargetEntry, operation: string, timeoutMs: number): RoutePlan => ({
  target,
  operation: target.operations.find(({ name }) => name === operation)!,
  route: 'default',
  via: 'hub',
  timeoutMs,
  attempts: 3,
  priority: 2,
});
