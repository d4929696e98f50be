/** A node of the simulation: the real layers in the order of the product, over one of the routers. */
import type { Clock } from '../../contract/index.ts';
import {
  compose,
  Gate,
  type Handler,
  type OverloadLevel,
  RetryBudgets,
  shed,
  type VirtualWorld,
  type World,
} from '../../kernel/index.ts';
import type { Checker } from './check.ts';
import type { Machinery } from './machinery.ts';
import type { Router, RouterSetting, Ways } from './routers.ts';

export interface NodeSetting {
  readonly name: string;
  readonly gateLimit: number;
  readonly slotLimit: number;
  readonly limitMs: number;
  /** Its next hop is another node, not an agent. */
  readonly tree: boolean;
}

export interface NodeParts {
  readonly machinery: Machinery;
  readonly router: (setting: RouterSetting) => Router;
  readonly checker: Checker;
}

/** The operation that may run twice; every other may not. */
export const READ = 'read';

export class Node {
  readonly setting: NodeSetting;
  readonly world: World;
  readonly gate: Gate;
  readonly router: Router;
  readonly handler: Handler;
  /** Added to this node's wall clock only. */
  wallSkewMs = 0;
  level: OverloadLevel = 0;
  readonly #parts: NodeParts;

  constructor(setting: NodeSetting, world: VirtualWorld, ways: Ways, parts: NodeParts) {
    this.setting = setting;
    this.#parts = parts;
    const { machinery } = parts;
    const clock: Clock = { ...world.clock, wallMs: () => world.clock.wallMs() + this.wallSkewMs };
    this.world = { clock, ids: world.ids, random: world.random };
    this.gate = new Gate({ limit: setting.gateLimit, priorityOf: (call) => call.priority, level: () => this.level });
    this.router = parts.router({ ...setting, world: this.world, ways, machinery });
    this.handler = compose(
      shed(this.gate),
      machinery.deadline({ limitMs: () => setting.limitMs }),
      machinery.retry({
        attemptsOf: () => 3,
        idempotentOf: (call) => call.target.operation === READ,
        budgets: new RetryBudgets(),
      }),
    )(this.#counted(this.router.handler));
  }

  breakerNowMs(): number {
    return this.#parts.machinery.breakerNowMs(this.world.clock);
  }

  /** Tells the checker of every try, and of every success that pays for retries. */
  #counted(next: Handler): Handler {
    const { checker } = this.#parts;
    return async (call, scope) => {
      const pair = `${this.setting.name} to ${call.target.name}`;
      checker.attempt(pair, call.id, scope.clock.nowMs(), !this.setting.tree);
      const reply = await next(call, scope);
      if (reply.outcome === 'ok') checker.succeeded(pair);
      return reply;
    };
  }
}
