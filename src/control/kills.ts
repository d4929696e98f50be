/**
 * Takes orders to stop, keeps them, and publishes the whole list at once: no check, no compiler and no snapshot stands between
 * a person who says stop and the nodes that do.
 */
import {
  type BreakerOrder,
  type Clock,
  DEFAULT_TENANT,
  Fault,
  type Ids,
  type KillList,
  type KillOrder,
  type KillRequest,
  type KillStore,
  type Principal,
} from '../contract/index.ts';

export interface KillSwitchParts {
  readonly store: KillStore;
  /** The next number of the sequence of lists; durable before it is returned. */
  readonly nextSeq: () => Promise<number>;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Puts a list in force here and sends it to the nodes. Answers how many running calls it cut here. Must not throw. */
  readonly publish: (list: KillList) => number;
  /** Other hubs give and lift orders in the same store. Default false: then what is in force here is all there is. */
  readonly shared?: boolean;
}

/** What became of an order. `atMs` is when it was asked for: a person waits from then on. `cut`: calls that it ended here. */
export interface KillChange {
  readonly order: KillOrder;
  readonly seq: number;
  readonly atMs: number;
  readonly cut: number;
}

/** More would make every list that nodes are sent large; whoever needs more stops the tenant. */
const MOST_ORDERS = 1_000;
const MOST_BREAKERS = 200;

export class KillSwitch {
  readonly #parts: KillSwitchParts;
  #list: KillList = { seq: 0, orders: [] };
  #tail: Promise<unknown> = Promise.resolve();

  constructor(parts: KillSwitchParts) {
    this.#parts = parts;
  }

  /** The list that is in force. Before `start` it is empty and has no number. */
  get current(): KillList {
    return this.#list;
  }

  /** Puts what the store remembers in force. Await it before the first call is let in. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#become(await this.#parts.store.list(null));
    });
  }

  /** What another hub may have ordered or lifted. Publishes nothing when it is in force here already. */
  follow(): Promise<void> {
    return this.#inTurn(async () => {
      const orders = await this.#parts.store.list(null);
      if (JSON.stringify(orders) !== JSON.stringify(this.#list.orders)) await this.#become(orders);
    });
  }

  /** The same orders under a new number, for a node that has seen a higher one at another hub. */
  renumber(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#become(await this.#present());
    });
  }

  /**
   * Resolves when the order is durable, in force here and on its way to the nodes.
   * Throws `bad_request` and `denied` for an order that must not be, `rate_limited` when there are too many, `storage`.
   */
  order(by: Principal, request: KillRequest): Promise<KillChange> {
    const atMs = this.#parts.clock.wallMs();
    return this.#inTurn(async () => {
      refuseUnfit(by, request, atMs);
      const orders = await this.#present();
      if (orders.length >= MOST_ORDERS)
        throw new Fault('rate_limited', `there are ${MOST_ORDERS} orders in force; lift those that are done`);
      const order = this.#orderOf(by, request, atMs);
      return { order, atMs, ...(await this.#become([...orders, order], this.#parts.store.put(order))) };
    });
  }

  /** Throws `not_found` when this tenant has no such order in force: so also for whoever comes second. */
  lift(by: Principal, id: string): Promise<KillChange> {
    const atMs = this.#parts.clock.wallMs();
    return this.#inTurn(async () => {
      const orders = await this.#present();
      const order = orders.find((one) => one.id === id && one.tenant === by.tenant);
      if (order === undefined)
        throw new Fault('not_found', `no order \`${id}\` is in force; \`airspace kill ls\` shows those that are`);
      const rest = orders.filter((one) => one !== order);
      return { order, atMs, ...(await this.#become(rest, this.#parts.store.lift(by.tenant, id))) };
    });
  }

  /**
   * Resolves when the order about a breaker is in force here and on its way to the nodes; what was ordered about it before is over. It is
   * not durable: breakers begin anew with each start of a node, and so do orders about them. Throws `rate_limited` and `storage`.
   */
  breaker(order: BreakerOrder): Promise<{ readonly seq: number }> {
    return this.#inTurn(async () => {
      const rest = this.#breakers().filter((one) => !isSameBreaker(one, order));
      if (rest.length >= MOST_BREAKERS)
        throw new Fault('rate_limited', `${MOST_BREAKERS} breakers are held; reset those that are done`);
      const { seq } = await this.#become(await this.#present(), undefined, [...rest, order]);
      return { seq };
    });
  }

  /** Those whose time is not over. */
  #breakers(): readonly BreakerOrder[] {
    const nowMs = this.#parts.clock.wallMs();
    return (this.#list.breakers ?? []).filter(({ untilMs }) => untilMs > nowMs);
  }

  /** One change after the other: list n + 1 has everything that list n had, and what came since. */
  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#tail.then(change);
    this.#tail = done.catch(() => {});
    return done;
  }

  /**
   * Publishes these orders, without those whose time is over, under a new number, once that and `write` are durable. The two are
   * asked for in one turn, so that they share one flush to the disk. A restart takes a new number as well: then what nodes hold is
   * older, or the same under another number, and never newer.
   */
  async #become(
    orders: readonly KillOrder[],
    write?: Promise<unknown>,
    breakers: readonly BreakerOrder[] = this.#breakers(),
  ): Promise<Pick<KillChange, 'seq' | 'cut'>> {
    const { clock, store, nextSeq, publish, shared } = this.#parts;
    const over = orders.filter(({ untilMs }) => untilMs !== null && untilMs <= clock.wallMs());
    const [seq] = await Promise.all([nextSeq(), write, ...over.map(({ tenant, id }) => store.lift(tenant, id))]);
    const left = orders.filter((order) => !over.includes(order));
    // What others wrote before this number is in the store by now: their transactions and ours wait for each other on the number.
    this.#list = {
      ...{ seq, orders: shared === true ? await store.list(null).catch(() => left) : left },
      ...(breakers.length === 0 ? {} : { breakers }),
    };
    return { seq, cut: publish(this.#list) };
  }

  /** A store that is away must not keep anybody from stopping what he knows of. */
  async #present(): Promise<readonly KillOrder[]> {
    const { store, shared } = this.#parts;
    return shared === true ? store.list(null).catch(() => this.#list.orders) : this.#list.orders;
  }

  #orderOf(by: Principal, { kind, name, reason, until }: KillRequest, atMs: number): KillOrder {
    return {
      id: this.#freshId(),
      tenant: by.tenant,
      kind,
      name,
      reason,
      by: `${by.kind}/${by.id}`,
      atMs,
      untilMs: until === undefined ? null : Date.parse(until),
    };
  }

  /** Short, because people type it. */
  #freshId(): string {
    for (;;) {
      const id = `kill-${this.#parts.ids.spanId().slice(-8)}`;
      if (this.#list.orders.every((order) => order.id !== id)) return id;
    }
  }
}

const isSameBreaker = (a: BreakerOrder, b: BreakerOrder): boolean =>
  a.tenant === b.tenant && a.node === b.node && a.endpoint === b.endpoint;

const refuseUnfit = (by: Principal, { kind, name, until }: KillRequest, nowMs: number): void => {
  if (kind === 'user' && by.kind === 'user' && name === by.id)
    throw new Fault('bad_request', `\`${name}\` is you: nobody could lift it with your key; let somebody else do it`);
  if (kind === 'tenant' && name !== by.tenant && by.tenant !== DEFAULT_TENANT)
    throw new Fault('denied', `you may stop your own tenant \`${by.tenant}\`, and not \`${name}\``);
  if (until !== undefined && Date.parse(until) <= nowMs)
    throw new Fault('bad_request', `\`until\` is over already: ${until}`);
};
