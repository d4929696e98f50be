/** Routing: who exists, who is well, and who gets this call. */
export { alwaysClosed, type BreakerFor, type BreakerLike } from './breakers.ts';
export {
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
export { type Drained, drain, undrain } from './drain.ts';
export type { Obstacle } from './eligible.ts';
export { type FallbackParts, fallback } from './fallback.ts';
export { Fleet } from './fleet.ts';
export { HealthRunner, type Probe } from './health.ts';
export { type RouteParts, route } from './layer.ts';
export { type PlanOf, planner } from './plan.ts';
export { type EndpointStatus, fleetStatus, type TargetStatus } from './status.ts';
