/** The worlds that are simulated: each has its own faults, promises and planted defects. */

import { SOUND as SOUND_LEASES } from './leases/machinery.ts';
import { LEASE_PLANTS } from './leases/plants.ts';
import { runLeases } from './leases/run.ts';
import { SOUND } from './machinery.ts';
import { SOUND as SOUND_MONEY } from './money/machinery.ts';
import { PLANTS as MONEY_PLANTS } from './money/plants.ts';
import { run as runMoney } from './money/run.ts';
import { SOUND as SOUND_PLANS } from './plans/machinery.ts';
import { PLANTS as PLAN_PLANTS } from './plans/plants.ts';
import { run as runPlans } from './plans/run.ts';
import { PLANTS } from './plants.ts';
import { run } from './run.ts';

export interface World {
  /** What it is about, for people. */
  readonly about: string;
  readonly plants: readonly string[];
  /** Its share of the seeds that are asked for: a history of many calls says as much as several of few. */
  readonly share: number;
  readonly runner: (
    plant: string | null,
  ) => (seed: number) => Promise<{ readonly calls: number; readonly violations: readonly string[] }>;
}

export const WORLDS: Readonly<Record<string, World>> = {
  routing: {
    about: 'retries, breakers, deadlines and slots',
    plants: Object.keys(PLANTS),
    // A minute of a thousand calls.
    share: 1 / 20,
    runner: (plant) => (seed) => run(seed, plant === null ? SOUND : PLANTS[plant]!),
  },
  money: {
    about: 'ledger, approvals, keys and audit over a store that crashes and loses acknowledgements',
    plants: Object.keys(MONEY_PLANTS),
    share: 1,
    runner: (plant) => (seed) => runMoney(seed, plant === null ? SOUND_MONEY : MONEY_PLANTS[plant]!.machinery),
  },
  leases: {
    about: 'parts of budgets that nodes spend by themselves, over a wire that loses, doubles and delays',
    plants: Object.keys(LEASE_PLANTS),
    // Two minutes of a few hundred calls.
    share: 1 / 10,
    runner: (plant) => (seed) => runLeases(seed, plant === null ? SOUND_LEASES : LEASE_PLANTS[plant]!),
  },
  plans: {
    about: 'runs of plans on nodes that die, over agents that answer late, twice, or not at all',
    plants: Object.keys(PLAN_PLANTS),
    share: 1,
    runner: (plant) => (seed) => runPlans(seed, plant === null ? SOUND_PLANS : PLAN_PLANTS[plant]!.machinery),
  },
};

export const worldOf = (plant: string): string | undefined =>
  Object.keys(WORLDS).find((name) => WORLDS[name]!.plants.includes(plant));
