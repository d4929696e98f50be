/** Carries out one order: opens the connections, warms up, measures a window, waits for the last replies. */
import { setTimeout as after } from 'node:timers/promises';
import { compareCpu, sampleCpu } from '../machine/cpu.ts';
import { monotonicMs } from './clock.ts';
import { Connection, type ConnectionEvents } from './connection.ts';
import { startMetronome } from './metronome.ts';
import type { LoadOrder, LoadResult } from './order.ts';
import { Tally } from './tally.ts';

/** How long the last replies may take after the window. */
const DRAIN_MS = 1_000;
/** A thread needs this long to start; the first calls are due after it. */
const METRONOME_START_MS = 60;

/** Decides when a call is sent. */
interface Loop {
  readonly free: (connection: Connection) => void;
  /** Due times of calls that are in line for a connection. */
  readonly waiting: () => readonly number[];
  readonly stop: () => Promise<void>;
}

export async function drive(order: LoadOrder): Promise<LoadResult> {
  const tally = new Tally();
  const loop = order.rate === undefined ? closedLoop() : openLoop(order.rate, tally);
  const connections = openConnections(order, tally, loop);
  await after(order.warmMs);
  const pids = { hop: order.hopPids, own: [...order.ownPids, process.pid] };
  const before = sampleCpu(pids);
  tally.open(monotonicMs());
  await after(order.windowMs);
  tally.close(monotonicMs());
  const use = compareCpu(before, sampleCpu(pids));
  await loop.stop();
  const unfinished = await drain(connections, loop);
  for (const connection of connections) connection.end();
  return { ...tally.result(monotonicMs(), unfinished), cpu: use };
}

function openConnections(order: LoadOrder, tally: Tally, loop: Loop): readonly Connection[] {
  const request = Buffer.from(order.request);
  const events: ConnectionEvents = {
    free: loop.free,
    replied: (intendedMs, head) => tally.replied(intendedMs, monotonicMs(), head),
    broken: (reason) => tally.broken(monotonicMs(), reason),
  };
  return Array.from({ length: order.connections }, () => new Connection(order.port, request, events));
}

/** Each connection sends its next call when it is free. */
function closedLoop(): Loop {
  let stopped = false;
  return {
    free: (connection) => {
      if (!stopped) connection.send(monotonicMs());
    },
    waiting: () => [],
    stop: async () => {
      stopped = true;
    },
  };
}

/** Calls are due at constant distances, and wait in line when no connection is free. */
function openLoop(rate: number, tally: Tally): Loop {
  const intervalMs = 1_000 / rate;
  const idle = new Set<Connection>();
  const line: number[] = [];
  let dueMs = monotonicMs() + METRONOME_START_MS;
  const sendDue = (): void => {
    for (const nowMs = monotonicMs(); dueMs <= nowMs; dueMs += intervalMs) {
      tally.late(dueMs, nowMs);
      const connection = takeFree(idle);
      if (connection === undefined) line.push(dueMs);
      else connection.send(dueMs);
    }
  };
  return {
    free: (connection) => {
      const intendedMs = line.shift();
      if (intendedMs === undefined) idle.add(connection);
      else connection.send(intendedMs);
    },
    waiting: () => line,
    stop: startMetronome(dueMs, intervalMs, sendDue),
  };
}

/** A connection may have broken while it was idle; it comes back by itself when it is open again. */
function takeFree(idle: Set<Connection>): Connection | undefined {
  for (const connection of idle) {
    idle.delete(connection);
    if (connection.isFree) return connection;
  }
  return undefined;
}

/** Waits until every call has its reply, at most `DRAIN_MS`; returns the due times of those that have none. */
async function drain(connections: readonly Connection[], loop: Loop): Promise<readonly number[]> {
  const unfinished = (): readonly number[] => [
    ...loop.waiting(),
    ...connections.flatMap((connection) => connection.busySinceMs ?? []),
  ];
  const until = monotonicMs() + DRAIN_MS;
  while (unfinished().length > 0 && monotonicMs() < until) await after(5);
  return unfinished();
}
