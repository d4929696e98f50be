/** The breakers of one node: what its pipelines know of them, and those that a person holds open or closed. */
import type { BreakerOrder, BreakerReport, Clock, HeldBreaker, NodePort, Timer } from '../../contract/index.ts';
import { breakersTold } from '../../control/index.ts';
import { type BreakerLike, type Fleet, fleetStatus, type TargetStatus } from '../../routing/index.ts';
import { BreakerLog } from './measures/breakers.ts';

export interface NodeBreakersParts {
  readonly clock: Clock;
  /** How this node is named in the lists of orders that it gets. */
  readonly node: string;
}

/** What closed again longer ago is told nobody above: the node itself has it since it started. */
const LATELY_MS = 900_000;

export class NodeBreakers {
  readonly log: BreakerLog;
  readonly #parts: NodeBreakersParts;
  readonly #fleets: Fleet[] = [];
  /** By tenant and endpoint, in force. */
  #orders: ReadonlyMap<string, BreakerOrder> = new Map();
  #carriedOut: ReadonlySet<string> = new Set();
  #end: Timer | undefined;
  #changed = (): void => {};

  constructor(parts: NodeBreakersParts) {
    this.#parts = parts;
    this.log = new BreakerLog(parts.clock, () => this.#changed());
  }

  /** Pipelines come one by one while a node starts. */
  watch(fleet: Fleet): void {
    this.#fleets.push(fleet);
  }

  /** Calls back after each change of a breaker, and of what holds one; often, and it must not throw. */
  onChange(changed: () => void): void {
    this.#changed = changed;
  }

  /** For endpoints that are seen for the first time, or again after a restart: a breaker that is held is born so. */
  readonly born = (tenant: string, endpoint: string, breaker: BreakerLike): void => {
    const order = this.#orderOn(tenant, endpoint);
    if (order !== undefined && order.mode !== 'reset') breaker.force(order.mode, this.#parts.clock.nowMs());
  };

  /** Those of a tenant that are not closed, are held, or have not always been closed. */
  list(tenant: string): readonly BreakerReport[] {
    if (this.log.isEmpty && this.#orders.size === 0) return [];
    const seen = new Map<string, BreakerReport>();
    for (const target of this.#status(tenant))
      for (const report of this.#reportsOn(target)) seen.set(`${report.target} ${report.endpoint}`, report);
    return [...seen.values()];
  }

  /** Of these, what those above should know. */
  news(tenant: string): readonly BreakerReport[] {
    const sinceMs = this.#parts.clock.wallMs() - LATELY_MS;
    return this.list(tenant).filter(
      ({ state, held, changes }) => state !== 'closed' || held !== undefined || (changes[0]?.atMs ?? 0) >= sinceMs,
    );
  }

  /** Targets with such an endpoint, `agent/orders`, and whether others of theirs take calls now. */
  targetsAt(
    tenant: string,
    endpoint: string,
  ): readonly { readonly target: string; readonly domain: string; readonly isLast: boolean }[] {
    return this.#status(tenant).flatMap(({ kind, name, domain, endpoints }) =>
      endpoints.some(({ id }) => id === endpoint)
        ? [
            {
              ...{ target: `${kind}/${name}`, domain },
              isLast: endpoints.every(({ id, obstacle }) => id === endpoint || obstacle !== null),
            },
          ]
        : [],
    );
  }

  /**
   * All orders that there are. Level-triggered: the same list may come again, and each order is carried out once. A breaker whose order is
   * gone or over is given back.
   */
  enforce(all: readonly BreakerOrder[]): void {
    const nowMs = this.#parts.clock.wallMs();
    const before = this.#orders;
    this.#orders = new Map(
      all
        .filter(({ node, untilMs }) => node === this.#parts.node && untilMs > nowMs)
        .map((order) => [keyOf(order.tenant, order.endpoint), order]),
    );
    const fresh = [...this.#orders.values()].filter(({ id }) => !this.#carriedOut.has(id));
    this.#carriedOut = new Set([...this.#orders.values()].map(({ id }) => id));
    for (const order of fresh) this.#force(order, order.mode === 'reset' ? null : order.mode);
    const over = [...before].filter(([key, { mode }]) => mode !== 'reset' && !this.#orders.has(key));
    for (const [, order] of over) this.#force(order, null);
    this.#waitForEnd();
    if (fresh.length + over.length > 0) this.#changed();
  }

  stop(): void {
    this.#end?.cancel();
  }

  #force({ tenant, endpoint }: BreakerOrder, mode: 'open' | 'closed' | null): void {
    for (const fleet of this.#fleets) fleet.force(tenant, endpoint, mode, this.#parts.clock.nowMs());
  }

  #waitForEnd(): void {
    this.#end?.cancel();
    const next = Math.min(...[...this.#orders.values()].map(({ untilMs }) => untilMs));
    if (!Number.isFinite(next)) return;
    const { clock } = this.#parts;
    this.#end = clock.after(Math.max(1, next - clock.wallMs()), () => this.enforce([...this.#orders.values()]));
  }

  #status(tenant: string): readonly TargetStatus[] {
    return this.#fleets.flatMap((fleet) => fleetStatus(fleet, tenant, this.#parts.clock.nowMs()));
  }

  #reportsOn({ tenant, kind, name, domain, endpoints }: TargetStatus): readonly BreakerReport[] {
    return endpoints.flatMap(({ id, breaker, isHeld }) => {
      const changes = this.log.of(tenant, id);
      const held = isHeld === true ? heldBy(this.#orderOn(tenant, id)) : undefined;
      if (breaker === 'closed' && changes.length === 0 && held === undefined) return [];
      const seen = { target: `${kind}/${name}`, domain, endpoint: id, state: breaker, changes };
      return [held === undefined ? seen : { ...seen, held }];
    });
  }

  #orderOn(tenant: string, endpoint: string): BreakerOrder | undefined {
    return this.#orders.get(keyOf(tenant, endpoint));
  }
}

/** What a node says above: of its own breakers, and of those that nodes below it told. */
export const breakersUp = (
  own: Pick<NodeBreakers, 'news'>,
  tenant: string,
  nodes?: Pick<NodePort, 'breakers'>,
): readonly BreakerReport[] => breakersTold([...own.news(tenant), ...(nodes?.breakers(tenant) ?? [])]);

const heldBy = (order: BreakerOrder | undefined): HeldBreaker | undefined => {
  if (order === undefined || order.mode === 'reset') return undefined;
  const { mode, reason, by, atMs, untilMs } = order;
  return { mode, reason, by, atMs, untilMs };
};

const keyOf = (tenant: string, endpoint: string): string => `${tenant}/${endpoint}`;
