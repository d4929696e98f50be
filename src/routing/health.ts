/** Active checks (H2): asks endpoints whether they are there, at a steady pace that nobody shares with anybody. */
import type { Endpoint, TargetEntry, Timer } from '../contract/index.ts';
import type { World } from '../kernel/index.ts';
import type { EndpointRecord } from './endpoints.ts';
import type { Fleet } from './fleet.ts';
import type { Pool } from './pool.ts';

const JITTER = 0.2;
const BAD_IN_A_ROW = 3;
const GOOD_IN_A_ROW = 2;
/** How finely the runner looks for checks that are due: half of the shortest interval that a target may ask for. */
const SWEEP_MS = 250;

/** Answers whether the endpoint said it is well. Must end by `timeoutMs` on its own; a rejection counts as no. */
export type Probe = (endpoint: Endpoint, path: string, timeoutMs: number) => Promise<boolean>;

/** The interval, give or take 20 %, so that the checks of many nodes do not fall together. */
export const nextCheckMs = (nowMs: number, intervalMs: number, random: () => number): number =>
  nowMs + intervalMs * (1 - JITTER + 2 * JITTER * random());

/**
 * Counts one check and answers whether the verdict changed. Three bad ones in a row take an endpoint out, two good
 * ones bring it back. INVARIANT: a good check lifts neither an ejection nor a breaker; real calls know better.
 */
export const noteCheck = (record: EndpointRecord, passed: boolean): boolean => {
  // Only a row of checks against the present verdict counts.
  record.checksAgainst = passed === record.reachable ? 0 : record.checksAgainst + 1;
  if (record.checksAgainst < (record.reachable ? BAD_IN_A_ROW : GOOD_IN_A_ROW)) return false;
  record.checksAgainst = 0;
  record.reachable = passed;
  return true;
};

export class HealthRunner {
  readonly #fleet: Fleet;
  readonly #probe: Probe;
  readonly #world: World;
  #timer: Timer | undefined;

  constructor(fleet: Fleet, probe: Probe, world: World) {
    this.#fleet = fleet;
    this.#probe = probe;
    this.#world = world;
  }

  start(): void {
    this.#timer ??= this.#world.clock.after(SWEEP_MS, () => {
      this.#timer = undefined;
      this.start();
      this.sweep();
    });
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Starts every check that is due. Endpoints of other nodes are left alone: their heartbeats speak for them. */
  sweep(): void {
    const nowMs = this.#world.clock.nowMs();
    for (const target of this.#fleet.targets) {
      if (target.health === null) continue;
      const pool = this.#fleet.pool({ target, via: 'hub' }, nowMs);
      for (const record of pool.table.present) {
        if (record.candidate.protocol === 'direct') this.#visit(record, pool, target.health, nowMs);
      }
    }
  }

  #visit(record: EndpointRecord, pool: Pool, health: NonNullable<TargetEntry['health']>, nowMs: number): void {
    if (record.nextCheckMs < 0) record.nextCheckMs = nowMs + health.intervalMs * this.#world.random();
    if (record.checking || nowMs < record.nextCheckMs) return;
    record.checking = true;
    record.nextCheckMs = nextCheckMs(nowMs, health.intervalMs, this.#world.random);
    const conclude = (passed: boolean): void => {
      record.checking = false;
      if (noteCheck(record, passed)) pool.touch();
    };
    this.#probe(record.candidate, health.path, health.timeoutMs).then(conclude, () => conclude(false));
  }
}
