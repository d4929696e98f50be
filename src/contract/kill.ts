/** Orders to stop: who or what may do nothing more, said by a person, and in force on every node before anything else is looked at. */
import { z } from 'zod';
import type { BreakerOrder } from './breaker.ts';
import { Name } from './resources/index.ts';

/**
 * What an order can name. `agent`, `tool` and `model` stop calls to them, and `agent` its own calls too; `user` and `tenant` stop
 * theirs; `tree` stops every call that began with one call, or belongs to one trace.
 */
export const KILL_KINDS = ['agent', 'tool', 'model', 'user', 'tenant', 'tree'] as const;
export type KillKind = (typeof KILL_KINDS)[number];

/** In force from the moment it is in a list until it is lifted or its time is over. Nothing else weakens it. */
export interface KillOrder {
  /** `kill-` and 8 hex digits. */
  readonly id: string;
  /** Whose order it is, and whose calls it concerns: for kind `tenant` those of the tenant that `name` says. */
  readonly tenant: string;
  readonly kind: KillKind;
  /** Name of the resource, user or tenant; for a `tree` the id of its first call or of its trace. */
  readonly name: string;
  readonly reason: string;
  /** Who gave it: `user/ada`. */
  readonly by: string;
  /** Unix ms. */
  readonly atMs: number;
  /** Unix ms on the clock of the node that judges the call; null: until it is lifted. */
  readonly untilMs: number | null;
}

/** All orders, small and complete. It has a sequence of its own, so that it never waits for a snapshot. */
export interface KillList {
  readonly seq: number;
  readonly orders: readonly KillOrder[];
  /** Orders about breakers, which are as urgent. Absent: there are none. */
  readonly breakers?: readonly BreakerOrder[];
}

const HEX_ID = /^[0-9a-f]{32}$/;

/** What somebody asks for; who asks, and when, is not theirs to say. */
export const KillRequest = z
  .strictObject({
    kind: z.enum(KILL_KINDS),
    name: z.string().max(63),
    reason: z.string().trim().min(1, 'say why: everybody who is stopped will read it').max(500),
    until: z.iso.datetime({ offset: true }).optional(),
  })
  .superRefine(({ kind, name }, context) => {
    const problem = kind === 'tree' ? treeProblem(name) : nameProblem(name);
    if (problem !== undefined) context.addIssue({ code: 'custom', path: ['name'], message: problem });
  });
export type KillRequest = z.output<typeof KillRequest>;

const treeProblem = (name: string): string | undefined =>
  HEX_ID.test(name) ? undefined : 'must be the 32 hex digits of the first call, or of the trace';

const nameProblem = (name: string): string | undefined => Name.safeParse(name).error?.issues[0]?.message;

/** Orders in force. Durable: what a resolved promise acknowledged survives kill -9. */
export interface KillStore {
  /** Throws `conflict` when an order with this id is there. */
  put(order: KillOrder): Promise<void>;
  /** Takes an order away. True once; false when the tenant has no such order, or has it no more. */
  lift(tenant: string, id: string): Promise<boolean>;
  /** By time, then id. Null: of all tenants. */
  list(tenant: string | null): Promise<readonly KillOrder[]>;
}
