/** The three topologies: lists of layers over one governance model. */
export { type Bounds, boundsOf, consequenceOf, DEFAULT_STALENESS } from './bounds.ts';
export {
  type AdviceView,
  type ArmStats,
  advise,
  armOf,
  DESTINATIONS,
  type Destination,
  type HopCost,
  type Judgement,
  judge,
  LEAST_CALLS,
  type PairView,
  pairCallsIn,
  passedIn,
  type RouteAdvice,
  type Seen,
  type TopologyView,
  topologyView,
} from './evolution/index.ts';
export { type Ages, attributesOf, type Fresh, type FreshParts, fresh } from './fresh.ts';
export { capabilitiesOf, domainHub, type Place, viewOf } from './hierarchy.ts';
export { hub } from './hub.ts';
export { sidecarIn, sidecarOut } from './mesh.ts';
export { type Parts, timing } from './parts.ts';
