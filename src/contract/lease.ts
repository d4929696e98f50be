/** A part of a budget that a node without the ledger may spend by itself for a while: what it asks its hub for, and what it gets. */
import { z } from 'zod';
import type { AccountTerms } from './money.ts';

const amount = z.int().min(0);

/** Of one call: the hub finds its accounts itself, so a node gets nothing for calls that it could not make. */
export const LeaseRequest = z.strictObject({
  /** `kind/id` and domain of who calls; a sidecar speaks for its agent only, whatever it says. */
  principal: z.strictObject({
    kind: z.enum(['agent', 'user', 'node']),
    id: z.string().min(1).max(200),
    domain: z.string().max(63),
    teams: z.array(z.string().max(63)).max(100),
  }),
  target: z.strictObject({
    kind: z.enum(['agent', 'tool', 'model']),
    name: z.string().min(1).max(63),
    operation: z.string().min(1).max(128),
  }),
  session: z.string().max(512).nullable(),
  root: z.string().max(64),
  /** Who began the tree, where this node has seen the proof. */
  user: z.string().max(200).nullable(),
  /** Budget classes of the call, joined by `+`. */
  classes: z.string().max(2_000).nullable(),
  /** Accounts that have too little here. */
  accounts: z.array(z.string().max(2_000)).min(1).max(64),
  need: z.strictObject({ micros: amount, tokens: amount, calls: amount }),
});
export type LeaseRequest = z.output<typeof LeaseRequest>;

export interface GrantedLease {
  readonly id: string;
  readonly account: AccountTerms;
  readonly amount: number;
}

export interface LeaseReply {
  readonly leases: readonly GrantedLease[];
  /** From when it was asked for: after that nothing more may be drawn on them. */
  readonly ttlMs: number;
}

/** What was spent of leases that are over; the rest goes back. */
export const LeaseReport = z.strictObject({
  spent: z
    .array(z.strictObject({ id: z.string().min(1).max(200), amount }))
    .min(1)
    .max(1_000),
});
export type LeaseReport = z.output<typeof LeaseReport>;
