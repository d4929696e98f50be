/**
 * Hierarchy: hubs whose upstreams are hubs. Nothing new is needed, only another view of where a call can go:
 *
 *   root hub     a target of a delegated domain is reached through the hubs of that domain, by the capability they announced
 *   domain hub   a target of its own domain directly, everything else through its parent
 *
 * Each hub decides for itself with the same signed snapshot, so a call has the same outcome wherever it enters the tree.
 */
import type { Snapshot } from '../contract/index.ts';
import type { Handler } from '../kernel/index.ts';
import { type CandidatesOf, domainCandidates, hubCandidates, type Neighbour, type Sight } from '../routing/index.ts';
import type { Fresh } from './fresh.ts';
import { pipeline } from './hub.ts';
import type { Parts } from './parts.ts';

/** What it may still do on an old snapshot depends on what the call does to the world, as in a sidecar. */
export const domainHub = (parts: Parts & { readonly fresh: Fresh }): Handler => pipeline(parts, 'domain', parts.fresh);

/** What a hub sees from its place. Without a parent it is the root. */
export const viewOf = (sight: Sight, place: Place): CandidatesOf =>
  place.parent === null ? hubCandidates(sight) : domainCandidates(sight, place, place.parent);

export interface Place {
  readonly tenant: string;
  /** Empty at the root. */
  readonly domain: string;
  readonly parent: Neighbour | null;
}

/** Capabilities of a hub towards its parent: the targets of its domain and of the domains below it. */
export const capabilitiesOf = (snapshot: Snapshot, place: Place): readonly Snapshot['targets'][number][] => {
  const mine = new Set([place.domain]);
  // Domains are few and the tree is shallow: repeat until a pass adds nothing.
  for (let size = 0; size !== mine.size; ) {
    size = mine.size;
    for (const domain of snapshot.domains)
      if (domain.tenant === place.tenant && mine.has(domain.parent)) mine.add(domain.name);
  }
  return snapshot.targets.filter((target) => target.tenant === place.tenant && mine.has(target.domain));
};
