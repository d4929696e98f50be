/** Breakers as people see them, from whichever node: what each is, how it came to that, and who holds one where it is. */
import { z } from 'zod';

export const BREAKER_STATES = ['closed', 'open', 'half_open'] as const;

/** What somebody may make of a breaker; `reset` gives it back to the evidence, with a clean sheet (C6). */
export const BREAKER_MODES = ['open', 'closed', 'reset'] as const;
export type BreakerMode = (typeof BREAKER_MODES)[number];

/** How long a breaker is held unless somebody says, and at most: whoever forgets it must not find it weeks later. */
export const HELD_MS = 600_000;
export const LONGEST_HELD_MS = 86_400_000;

export interface BreakerChange {
  /** Unix ms. */
  readonly atMs: number;
  /** `closed`, `open` or `half_open`. */
  readonly from: string;
  readonly to: string;
}

/** A breaker that a person holds, whatever calls say about its endpoint. */
export interface HeldBreaker {
  readonly mode: 'open' | 'closed';
  readonly reason: string;
  /** `user/ada` */
  readonly by: string;
  /** Unix ms; `untilMs` on the clock of its node. */
  readonly atMs: number;
  readonly untilMs: number;
}

/** The breaker of one endpoint, as a node tells the hub above. */
export interface BreakerReport {
  /** Of a node below the one that tells. Absent: its own. */
  readonly node?: string;
  /** `agent/orders` */
  readonly target: string;
  readonly domain: string;
  readonly endpoint: string;
  /** `closed`, `open` or `half_open`. */
  readonly state: string;
  /** Since the node started, newest first, the last few. */
  readonly changes: readonly BreakerChange[];
  /** Absent: nobody holds it. */
  readonly held?: HeldBreaker;
  /** Its node is silent: it is as that node said last. */
  readonly isStale?: true;
}

/** As `/v1/breakers` answers it: each node has breakers of its own. */
export interface BreakerView extends BreakerReport {
  /** Path of ids from the hub that answers: `domain-knowledge-3f2a/sidecar-kb-90c1`; its own id for its own. */
  readonly node: string;
}

/** What a node tells with a beat: so many breakers, those that keep calls away first, and so many changes of each. */
export const MOST_REPORTED_BREAKERS = 50;
export const MOST_REPORTED_CHANGES = 5;

/** An order about one breaker of one node. It travels with the orders to stop. */
export interface BreakerOrder {
  /** `breaker-` and 8 hex digits: a node carries each out once. */
  readonly id: string;
  readonly tenant: string;
  /** As in `BreakerView`, from the node that has this list. */
  readonly node: string;
  readonly endpoint: string;
  readonly mode: BreakerMode;
  readonly reason: string;
  readonly by: string;
  readonly atMs: number;
  readonly untilMs: number;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be in it.
const Shown = /^[^\u0000-\u0020\u007f]{1,255}$/;
const shown = z.string().regex(Shown, 'must be 1 to 255 characters without spaces');

/** What somebody asks for; who asks, and when, is not theirs to say. */
export const BreakerRequest = z.strictObject({
  endpoint: shown,
  mode: z.enum(BREAKER_MODES),
  /** Absent: the one node that has such a breaker. */
  node: shown.optional(),
  reason: z.string().trim().min(1, 'say why: everybody who looks at the breaker will read it').max(500),
  forMs: z
    .int()
    .min(1_000, 'must be at least a second')
    .max(LONGEST_HELD_MS, 'must be 24 hours at most: a breaker that is held is forgotten easily')
    .default(HELD_MS),
});
export type BreakerRequest = z.output<typeof BreakerRequest>;
