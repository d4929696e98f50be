/** Takes an endpoint out of service without breaking a call: no new ones, and an answer when the last one is over. */
import type { Clock, TargetEntry } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import type { EndpointRecord } from './endpoints.ts';
import type { Fleet } from './fleet.ts';
import type { Pool } from './pool.ts';

type Which = Pick<TargetEntry, 'tenant' | 'kind' | 'name'>;

export interface Drained {
  /** Calls that were still in flight when the time was over; 0 when it is empty. */
  readonly inFlight: number;
}

/**
 * Resolves when no call is in flight any more, or after `timeoutMs`. The endpoint stays out until `undrain`, across
 * snapshots too. Throws `not_found` for a target or endpoint that this node does not have.
 */
export const drain = async (
  fleet: Fleet,
  which: Which,
  endpointId: string,
  timeoutMs: number,
  clock: Clock,
): Promise<Drained> => {
  const records = setDraining(fleet, which, endpointId, clock, true);
  await Promise.all(records.map((record) => idle(record, timeoutMs, clock)));
  return { inFlight: inFlightOf(records) };
};

/** Lets calls in again, slowly at first (H5). Throws `not_found` like `drain`. */
export const undrain = (fleet: Fleet, which: Which, endpointId: string, clock: Clock): void => {
  setDraining(fleet, which, endpointId, clock, false);
};

const inFlightOf = (records: readonly EndpointRecord[]): number =>
  records.reduce((sum, record) => sum + record.inFlight, 0);

/** A target may have the endpoint in both of its pools, and both must stop. */
const setDraining = (fleet: Fleet, which: Which, endpointId: string, clock: Clock, on: boolean) => {
  const pools = poolsOf(fleet, which, clock.nowMs());
  const found = pools.flatMap((pool) => {
    const record = pool.table.get(endpointId);
    if (record === undefined) return [];
    record.draining = on;
    pool.touch();
    return [record];
  });
  if (found.length > 0) return found;
  const known = pools.flatMap((pool) => pool.table.present.map((record) => `\`${record.candidate.id}\``));
  throw new Fault(
    'not_found',
    `${which.kind} \`${which.name}\` has no endpoint \`${endpointId}\` here; known: ${known.join(', ') || 'none'}`,
  );
};

const poolsOf = (fleet: Fleet, { tenant, kind, name }: Which, nowMs: number): readonly Pool[] => {
  const target = fleet.target(tenant, kind, name);
  if (target === undefined) throw new Fault('not_found', `there is no ${kind} \`${name}\``);
  return [...new Set((['hub', 'mesh'] as const).map((via) => fleet.pool({ target, via }, nowMs)))];
};

const idle = (record: EndpointRecord, timeoutMs: number, clock: Clock): Promise<void> => {
  if (record.inFlight === 0) return Promise.resolve();
  return new Promise((resolve) => {
    const over = (): void => {
      timer.cancel();
      record.whenIdle.delete(over);
      resolve();
    };
    const timer = clock.after(timeoutMs, over);
    record.whenIdle.add(over);
  });
};
