/** Rates: how often a principal may call an operation, kept on each node in memory and told from monotonic time alone. */
import type { Call, Principal, RateLimit } from '../contract/index.ts';

const UNIT_MS = { s: 1_000, m: 60_000, h: 3_600_000 } as const;
const RATE = /^([1-9]\d{0,6})\/([1-9]\d{0,3})([smh])$/;

/** `100/1s,1000/60s` as limits of `rule`; undefined when one of them cannot be read. */
export const ratesIn = (text: string, rule: string): readonly RateLimit[] | undefined => {
  const read = text.split(',').map((item) => rateIn(item.trim(), rule));
  return read.every((rate) => rate !== undefined) ? read : undefined;
};

const rateIn = (text: string, rule: string): RateLimit | undefined => {
  const [, count, length, unit] = RATE.exec(text) ?? [];
  if (count === undefined || unit === undefined) return undefined;
  return { count: Number(count), windowMs: Number(length) * UNIT_MS[unit as keyof typeof UNIT_MS], rule };
};

/** Of the same rate asked for twice one is kept, under the first name, so that no call is charged twice for it. */
export const joinRates = (left: readonly RateLimit[], right: readonly RateLimit[]): readonly RateLimit[] => {
  const sorted = [...left, ...right].sort(inOrder);
  return sorted.filter((rate, at) => at === 0 || !sameRate(rate, sorted[at - 1] as RateLimit));
};

const sameRate = (a: RateLimit, b: RateLimit): boolean => a.count === b.count && a.windowMs === b.windowMs;

const inOrder = (a: RateLimit, b: RateLimit): number =>
  a.windowMs - b.windowMs || a.count - b.count || (a.rule < b.rule ? -1 : Number(a.rule > b.rule));

export interface Exceeded {
  readonly rate: RateLimit;
  /** Time after which the same call would be let through, if nobody else called. */
  readonly retryAfterMs: number;
}

/** What of a call is counted. */
export type Charged = Pick<Call, 'id' | 'target' | 'detach'> & { readonly principal: Principal };

/** A cell is about 200 bytes. Principals and operations are registered, so a node that reaches this has really many. */
const MOST_CELLS = 100_000;
/** Accepted calls that have not run yet. */
const MOST_PREPAID = 10_000;

/**
 * GCRA: a cell holds the time at which its allowance is whole again. `count` calls may come at once, and after that one each
 * `windowMs / count`. Lives as long as the node: new configuration forgives nobody.
 */
export class Rates {
  /** In the order of their last charge. */
  readonly #wholeAtMs = new Map<string, number>();
  /** Ids of detached calls: they are decided when they are accepted and again when they run, and are charged once. */
  readonly #prepaid = new Set<string>();
  readonly #mostCells: number;

  constructor(mostCells = MOST_CELLS) {
    this.#mostCells = mostCells;
  }

  get size(): number {
    return this.#wholeAtMs.size;
  }

  /**
   * Charges every rate, or none of them and says which one has to wait the longest. `nowMs` is monotonic.
   * INVARIANT: nothing waits between looking and charging, so no two calls share one place.
   */
  charge(rates: readonly RateLimit[], call: Charged, nowMs: number): Exceeded | undefined {
    if (call.detach !== true && this.#prepaid.delete(call.id)) return undefined;
    const cells = rates.map((rate) => {
      const key = keyOf(rate, call);
      return { rate, key, wholeAtMs: Math.max(nowMs, this.#wholeAtMs.get(key) ?? nowMs) + everyMs(rate) };
    });
    const waits = cells.map(({ rate, wholeAtMs }) => ({ rate, retryAfterMs: waitMs(rate, wholeAtMs - nowMs) }));
    const [longest] = waits.filter(({ retryAfterMs }) => retryAfterMs > 0).sort(longestFirst);
    if (longest !== undefined) return longest;
    for (const { key, wholeAtMs } of cells) this.#put(key, wholeAtMs);
    this.#forget(nowMs);
    if (call.detach === true) this.#prepay(call.id);
    return undefined;
  }

  #prepay(id: string): void {
    const [oldest] = this.#prepaid;
    if (oldest !== undefined && this.#prepaid.size >= MOST_PREPAID) this.#prepaid.delete(oldest);
    this.#prepaid.add(id);
  }

  #put(key: string, wholeAtMs: number): void {
    this.#wholeAtMs.delete(key);
    this.#wholeAtMs.set(key, wholeAtMs);
  }

  /** A whole cell says what no cell says. Beyond the bound the one that was charged longest ago goes, whole or not. */
  #forget(nowMs: number): void {
    for (const [key, wholeAtMs] of this.#wholeAtMs) {
      if (wholeAtMs > nowMs && this.#wholeAtMs.size <= this.#mostCells) return;
      this.#wholeAtMs.delete(key);
    }
  }
}

const everyMs = ({ count, windowMs }: RateLimit): number => windowMs / count;

/** Half a step of grace: sums of fractions must not take the last call of a full allowance. It admits no further one. */
const waitMs = (rate: RateLimit, usedMs: number): number => {
  const overMs = usedMs - rate.windowMs;
  return overMs <= everyMs(rate) / 2 ? 0 : Math.ceil(overMs);
};

const longestFirst = (a: Exceeded, b: Exceeded): number => b.retryAfterMs - a.retryAfterMs;

const keyOf = ({ count, windowMs }: RateLimit, call: Charged): string => `${holderOf(call)}\n${count}/${windowMs}`;

/** Who calls what. Ids of principals hold no line breaks, and names no slashes. */
export const holderOf = ({ principal, target }: Charged): string => {
  const { tenant, kind, id } = principal;
  return `${tenant}\n${kind}/${id}\n${target.kind}/${target.name}/${target.operation}`;
};
