/** Releases on trial beside the active policy, ready for decisions. */
import type { PolicyCandidate, Snapshot } from '../contract/index.ts';
import { CLOSURES } from './evaluate.ts';
import { type PolicyWorld, type PreparedPolicy, type PrepareOptions, preparePolicy } from './prepare.ts';
import type { Watch } from './watch.ts';

export interface Trial extends Pick<PolicyCandidate, 'release' | 'mode' | 'percent' | 'sinceMs'> {
  /** Tells this trial from every other one, also of the same release. */
  readonly name: string;
  readonly policy: PreparedPolicy;
  /** Sees every decision of the canary, as `DecideParts.watch` sees those of the active policy. */
  readonly watch?: Watch | undefined;
}

/** By tenant. */
export type Trials = ReadonlyMap<string, Trial>;

/** Throws like `preparePolicy`: a node refuses a snapshot whose candidate it cannot run, since it could not keep the arms apart. */
export const prepareTrials = (
  snapshot: Pick<Snapshot, 'candidates' | 'targets' | 'domains' | 'teams'>,
  watchOf: WatchOf = () => undefined,
  options: PrepareOptions = {},
): Trials =>
  new Map(
    (snapshot.candidates ?? []).map((candidate) => [
      candidate.tenant,
      prepareTrial(snapshot, candidate, watchOf, options),
    ]),
  );

/** A watch for the decisions of one canary. */
export type WatchOf = (world: PolicyWorld, candidate: PolicyCandidate) => Watch | undefined;

const prepareTrial = (
  { targets, domains, teams = [] }: Pick<Snapshot, 'targets' | 'domains' | 'teams'>,
  candidate: PolicyCandidate,
  watchOf: WatchOf,
  options: PrepareOptions,
): Trial => {
  // Without the number: a snapshot on the disk of this node that was made before there was one.
  const { tenant, release, mode, percent, policy, sinceMs = 0 } = candidate;
  const ours = <T extends { readonly tenant: string }>(entries: readonly T[]): T[] =>
    entries.filter((entry) => entry.tenant === tenant);
  const world = { policy, targets: ours(targets), domains: ours(domains), teams: ours(teams) };
  const name = `${release}@${sinceMs}`;
  return {
    release,
    mode,
    percent,
    sinceMs,
    name,
    policy: preparePolicy(world, CLOSURES, options),
    watch: watchOf(world, candidate),
  };
};
