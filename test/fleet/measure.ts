/** How long a change takes until the last node has it, while calls and churn go on. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fleet, NodeSeen } from './fleet.ts';
import { type Cost, costOf } from './machine.ts';
import { policy } from './world.ts';

/** Milliseconds of all that was measured. */
export interface Spread {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface Measured {
  /** Until the last node acknowledged, one figure for each change. */
  readonly last: Spread;
  /** Until a node acknowledged, one figure for each node and change. */
  readonly each: Spread;
  /** What the hub spent on one change, with everything else that it did meanwhile. */
  readonly hubCpuMs: number;
  readonly hubWrittenMiB: number;
}

export interface Calls {
  readonly sent: number;
  readonly failed: number;
}

/** How finely acknowledgements are looked at: by so much may a figure be too high. */
const LOOK_MS = 50;
const GIVE_UP_MS = 60_000;

/** A policy that is another one, applied; from then on, until every node says that it runs it. */
export const policyChanges = (fleet: Fleet, count: number, pauseMs: number): Promise<Measured> =>
  repeated(fleet, count, pauseMs, async (turn) => {
    const seq = await fleet.apply(policy(turn + 1));
    return whenAll(fleet, performance.now(), ({ snapshotSeq }) => snapshotSeq >= seq);
  });

/** An order to stop, and every second time the word that lifts it. The hub's own clock says when each node confirmed. */
export const killOrders = (fleet: Fleet, count: number, pauseMs: number): Promise<Measured> => {
  let standing: string | undefined;
  return repeated(fleet, count, pauseMs, async (turn) => {
    const { simulated } = fleet.world;
    const name = simulated[turn % simulated.length]?.name ?? 'nobody';
    const change = await (standing === undefined
      ? fleet.ask('/v1/kills', { kind: 'agent', name, reason: 'measured' })
      : fleet.ask(`/v1/kills/${standing}`, undefined, 'DELETE'));
    const { seq, atMs, order } = change as { seq: number; atMs: number; order: { id: string } };
    standing = standing === undefined ? order.id : undefined;
    const confirmed = await whenAll(fleet, performance.now(), ({ killsSeq }) => killsSeq >= seq);
    const seen = new Map((await fleet.nodes()).map((node) => [node.id, node]));
    // A node that came back meanwhile confirmed again, later; it is measured by its first word, as far as we saw it.
    return new Map(
      [...confirmed].map(([id, ms]) => [id, Math.min(ms, Math.max(0, (seen.get(id)?.killsAtMs ?? Infinity) - atMs))]),
    );
  });
};

const repeated = async (
  fleet: Fleet,
  count: number,
  pauseMs: number,
  change: (turn: number) => Promise<ReadonlyMap<string, number>>,
): Promise<Measured> => {
  const each: number[] = [];
  const last: number[] = [];
  const before: Cost = costOf(fleet.hub.pid);
  for (let turn = 0; turn < count; turn++) {
    const took = [...(await change(turn)).values()];
    each.push(...took);
    last.push(Math.max(...took));
    await sleep(pauseMs);
  }
  const after = costOf(fleet.hub.pid);
  return {
    last: spreadOf(last),
    each: spreadOf(each),
    hubCpuMs: Math.round((after.cpuMs - before.cpuMs) / count),
    hubWrittenMiB: Number(((after.writtenMiB - before.writtenMiB) / count).toFixed(1)),
  };
};

/** When each node was first seen to be so far. Throws, naming those that never were. */
const whenAll = async (
  fleet: Fleet,
  fromMs: number,
  isThere: (node: NodeSeen) => boolean,
): Promise<ReadonlyMap<string, number>> => {
  const there = new Map<string, number>();
  for (;;) {
    const nodes = await fleet.nodes();
    const ms = performance.now() - fromMs;
    for (const node of nodes) if (!there.has(node.id) && isThere(node)) there.set(node.id, ms);
    if (there.size === nodes.length) return there;
    if (ms > GIVE_UP_MS) {
      const missing = nodes.filter(({ id }) => !there.has(id)).map(({ id, state }) => `${id} (${state})`);
      throw new Error(`after ${GIVE_UP_MS / 1000} s still without it: ${missing.slice(0, 10).join(', ')}`);
    }
    await sleep(LOOK_MS);
  }
};

export const spreadOf = (values: readonly number[]): Spread => {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)] ?? 0);
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
};

/** Calls through the mesh at a steady pace, until it is told to end. */
export const steadyCalls = (fleet: Fleet, perSecond: number): { end(): Promise<Calls> } => {
  let sent = 0;
  let failed = 0;
  const open = new Set<Promise<void>>();
  const timer = setInterval(() => {
    const caller = fleet.callers[sent % fleet.callers.length];
    if (caller === undefined || open.size > 100) return;
    sent += 1;
    const one: Promise<void> = fleet.call(caller).then((status) => {
      if (status !== 200) failed += 1;
      open.delete(one);
    });
    open.add(one);
  }, 1000 / perSecond);
  return {
    end: async () => {
      clearInterval(timer);
      await Promise.all(open);
      return { sent, failed };
    },
  };
};
