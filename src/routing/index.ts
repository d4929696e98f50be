/** Routing: who exists, who is well, and who gets this call. */
export { nameDomain } from './away.ts';
export { alwaysClosed, type BreakerFor, type BreakerLike } from './breakers.ts';
export {
  besideOwn,
  type Candidate,
  type CandidatesOf,
  domainCandidates,
  endpointId,
  hubCandidates,
  type Neighbour,
  type Sight,
  sidecarInCandidates,
  sidecarOutCandidates,
  sightOf,
} from './candidates.ts';
export { type CapabilityIndex, capabilityIndex, type Provider } from './capability-index.ts';
export { type DomainTree, domainTree } from './domains.ts';
export { type Drained, drain, undrain } from './drain.ts';
export type { Obstacle } from './eligible.ts';
export { type FailoverParts, isAway } from './failover.ts';
export { type FallbackParts, fallback } from './fallback.ts';
export { Fleet, type NodeWays } from './fleet.ts';
export { HealthRunner, type Probe } from './health.ts';
export { type RouteParts, route } from './layer.ts';
export { type Place, placeOfNode } from './place.ts';
export { type PlanOf, planner } from './plan.ts';
export { type Asking, fitting, nextProvider, resolveCapability } from './resolve.ts';
export { type ResolvingParts, resolving } from './resolving.ts';
export { Resting } from './resting.ts';
export { type EndpointStatus, fleetStatus, type TargetStatus } from './status.ts';
export { rosterViews, routesDigest, type ViewOf } from './view.ts';
