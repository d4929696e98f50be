/** A node of the simulation: the real layers in the order of the product, over a router small enough to be obviously right. */
import type { Call, Clock } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import {
  Breaker,
  compose,
  Gate,
  type Handler,
  type OverloadLevel,
  RetryBudgets,
  Slots,
  shed,
  type VirtualWorld,
  type World,
} from '../../kernel/index.ts';
import type { Checker } from './check.ts';
import type { Machinery } from './machinery.ts';
import type { Way } from './network.ts';

export interface NodeSetting {
  readonly name: string;
  readonly gateLimit: number;
  /** Calls in the works per agent (L1). */
  readonly slotLimit: number;
  readonly limitMs: number;
}

export const READ = 'read';

interface Lane {
  readonly way: Way;
  readonly breaker: Breaker;
  readonly handler: Handler;
}

export class Node {
  readonly setting: NodeSetting;
  readonly world: World;
  readonly gate: Gate;
  readonly slots = new Slots();
  readonly handler: Handler;
  /** Added to this node's wall clock only. */
  wallSkewMs = 0;
  level: OverloadLevel = 0;
  readonly #lanes: ReadonlyMap<string, readonly Lane[]>;
  readonly #machinery: Machinery;
  readonly #checker: Checker;

  constructor(
    setting: NodeSetting,
    world: VirtualWorld,
    ways: ReadonlyMap<string, readonly Way[]>,
    machinery: Machinery,
    checker: Checker,
  ) {
    this.setting = setting;
    this.#machinery = machinery;
    this.#checker = checker;
    const clock: Clock = { ...world.clock, wallMs: () => world.clock.wallMs() + this.wallSkewMs };
    this.world = { clock, ids: world.ids, random: world.random };
    this.gate = new Gate({
      limit: setting.gateLimit,
      priorityOf: (call) => call.priority,
      level: () => this.level,
    });
    this.#lanes = new Map([...ways].map(([target, each]) => [target, each.map((way) => this.#lane(way))]));
    this.handler = compose(
      shed(this.gate),
      machinery.deadline({ limitMs: () => setting.limitMs }),
      machinery.retry({
        attemptsOf: () => 3,
        idempotentOf: (call) => call.target.operation === READ,
        budgets: new RetryBudgets(),
      }),
    )(this.#route);
  }

  get breakers(): readonly Breaker[] {
    return [...this.#lanes.values()].flat().map((lane) => lane.breaker);
  }

  breakerNowMs(): number {
    return this.#machinery.breakerNowMs(this.world.clock);
  }

  #lane(way: Way): Lane {
    const { name } = way.agent;
    const breaker = new Breaker({ endpoint: name, random: this.world.random });
    const { bulkhead, guard } = this.#machinery;
    const walls = bulkhead({ slots: this.slots, keyOf: () => name, limitOf: () => this.setting.slotLimit });
    return { way, breaker, handler: compose(walls, guard(breaker))(way.handler) };
  }

  /** A random endpoint whose breaker accepts, one that was not tried before if there is one (R5). */
  readonly #route: Handler = async (call, scope) => {
    const pair = `${this.setting.name} to ${call.target.name}`;
    this.#checker.attempt(pair, call.id, scope.clock.nowMs());
    const lane = this.#pick(call);
    if (lane === undefined) throw new Fault('unavailable', 'every endpoint rests', { retryAfterMs: 500 });
    call.avoid?.push(lane.way.agent.name);
    const reply = await lane.handler(call, scope);
    if (reply.outcome === 'ok') this.#checker.succeeded(pair);
    return reply;
  };

  #pick(call: Call): Lane | undefined {
    const nowMs = this.breakerNowMs();
    const lanes = (this.#lanes.get(call.target.name) ?? []).filter(({ breaker }) => breaker.accepts(nowMs));
    const fresh = lanes.filter(({ way }) => call.avoid?.includes(way.agent.name) !== true);
    const choice = fresh.length > 0 ? fresh : lanes;
    return choice[Math.floor(this.world.random() * choice.length)];
  }
}
