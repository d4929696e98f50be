/**
 * Providers of capabilities whose place could not take a call a moment ago. Only the node next to a place learns from its breaker that it
 * is away; a node further off would ask there first with every call, and wait each time until it hears the same.
 */
import type { Target } from '../contract/index.ts';
import { targetKey } from '../contract/index.ts';
import { Recent } from '../kernel/index.ts';

/** As long as a breaker rests at first (C2), and twice as long after each time that it is still away. */
const FIRST_REST_MS = 5_000;
/** As an ejection at first (H1), and not as long as a breaker's longest: nothing here hears when a place is back. */
const LONGEST_REST_MS = 30_000;
const MOST = 10_000;

interface Rest {
  readonly untilMs: number;
  readonly forMs: number;
  /** Its time was over, and a call is on its way to find out. */
  readonly isProbed: boolean;
}

const NONE: Rest = { untilMs: Number.NEGATIVE_INFINITY, forMs: 0, isProbed: false };

/** One for each node: snapshots and rosters come and go meanwhile. All instants are on the monotonic clock. */
export class Resting {
  readonly #rests = new Recent<Rest>(MOST);

  has(tenant: string, target: Target, nowMs: number): boolean {
    return nowMs < this.#of(tenant, target).untilMs;
  }

  /** One call that finds out is enough: until it has come back, others go elsewhere. */
  asked(tenant: string, target: Target, nowMs: number): void {
    const { untilMs, forMs } = this.#of(tenant, target);
    if (forMs > 0 && nowMs >= untilMs) this.#keep(tenant, target, { untilMs: nowMs + forMs, forMs, isProbed: true });
  }

  /** Many calls may find out at once; that is one time. */
  away(tenant: string, target: Target, nowMs: number): void {
    const { forMs: before, isProbed } = this.#of(tenant, target);
    if (before > 0 && !isProbed) return;
    const forMs = before === 0 ? FIRST_REST_MS : Math.min(LONGEST_REST_MS, 2 * before);
    this.#keep(tenant, target, { untilMs: nowMs + forMs, forMs, isProbed: false });
  }

  /** Whatever it said itself: its place is there. A refusal on this node says nothing about that. */
  answered(tenant: string, target: Target): void {
    if (this.#of(tenant, target) !== NONE) this.#keep(tenant, target, NONE);
  }

  #of(tenant: string, target: Target): Rest {
    return this.#rests.get(keyOf(tenant, target)) ?? NONE;
  }

  #keep(tenant: string, target: Target, rest: Rest): void {
    this.#rests.set(keyOf(tenant, target), rest);
  }
}

/** Operations of a target are in one place. */
const keyOf = (tenant: string, { kind, name }: Target): string => targetKey(tenant, kind, name);
