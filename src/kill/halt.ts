/**
 * The brake of a node: no call that is under an order to stop gets in, and what is already running under a new one is cut.
 * It lives as long as the node and knows neither snapshot nor policy, so nothing that is wrong with those can weaken it.
 */
import {
  type Call,
  type Executed,
  Fault,
  type KillList,
  type KillOrder,
  type Principal,
  type Scope,
  type Target,
} from '../contract/index.ts';
import { Canceller, invoke, type Layer, whenEndedOrCut } from '../kernel/index.ts';
import { indexOf, type OrderIndex, orderAgainst, orderFor, orderOn } from './orders.ts';

interface Running {
  readonly call: Call;
  readonly scope: Scope;
  readonly startMs: number;
  readonly canceller: Canceller;
}

export class Halt {
  #list: KillList = { seq: 0, orders: [] };
  #index: OrderIndex = new Map();
  readonly #running = new Set<Running>();

  /** The list in force; sequence 0 before the first. */
  get list(): KillList {
    return this.#list;
  }

  /** Calls under way that an order could still cut. */
  get running(): number {
    return this.#running.size;
  }

  /**
   * Puts a list in force, in this turn, and cuts what runs under it. Answers how many calls that were.
   * INVARIANT: each of them is told to stop, whatever another one does when it hears it.
   */
  enforce(list: KillList, wallMs: number): number {
    this.#list = list;
    this.#index = indexOf(list.orders);
    let cut = 0;
    for (const { call, scope, startMs, canceller } of this.#running) {
      const order = orderFor(this.#index, call, wallMs);
      if (order === undefined) continue;
      cut += 1;
      note(order, scope, startMs, true);
      try {
        canceller.cancel(stopped(order, 'unknown'));
      } catch {
        // Somebody who listened broke; the call is over all the same, and the next one must hear it too.
      }
    }
    return cut;
  }

  /** For doors that act without a call, such as administration. Throws `denied` for an agent or user who is to do nothing. */
  admit(principal: Principal, wallMs: number): Principal {
    const order = orderAgainst(this.#index, principal, wallMs);
    if (order !== undefined) throw stopped(order, 'no');
    return principal;
  }

  /** Is what would be called under an order itself? */
  isStopped(tenant: string, target: Target, wallMs: number): boolean {
    return orderOn(this.#index, tenant, target, wallMs) !== undefined;
  }

  /**
   * Stands right behind whoever finds the principal. Throws `denied` with the facts `code` (`KILLED`), `order`, `kind`, `name` and
   * `reason`: with executed `no` for a call that came too late, and what the layers below know for one that was cut.
   */
  get layer(): Layer {
    return (next) => (call, scope) => {
      const startMs = scope.clock.nowMs();
      const order = orderFor(this.#index, call, scope.clock.wallMs());
      if (order !== undefined) {
        note(order, scope, startMs, false);
        return Promise.reject(stopped(order, 'no'));
      }
      const canceller = Canceller.childOf(scope.signal);
      const running = { call, scope, startMs, canceller };
      this.#running.add(running);
      const { clock, ids, random, deadlineMs, span } = scope;
      const work = invoke(next, call, { clock, ids, random, deadlineMs, span, signal: canceller });
      return whenEndedOrCut(work, canceller, () => {
        this.#running.delete(running);
        canceller.release();
      });
    };
  }
}

/** `why` tells it: which order, whose, about whom, and whether the call was already running. */
const note = ({ id, by, kind, name }: KillOrder, { span }: Scope, startMs: number, cut: boolean): void =>
  span.step('halt', startMs, { order: id, by, stops: `${kind}/${name}`, cut });

const stopped = ({ id, kind, name, by, reason }: KillOrder, executed: Executed): Fault =>
  new Fault('denied', `order \`${id}\` of ${by} stops ${kind} \`${name}\`: ${reason}`, {
    executed,
    facts: { code: 'KILLED', order: id, kind, name, reason },
  });
