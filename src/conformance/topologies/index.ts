/** The topology suite: the same promises for hub, mesh, hierarchy and a tree of domains. */
export type { Told } from './bench.ts';
export { type TopologyShape, type TopologySuite, topologySuite } from './cases.ts';
export type {
  Answer,
  Asked,
  CallerName,
  CallRequest,
  Deploy,
  Deployment,
  Entrance,
  Execution,
  NodePlace,
  PersonName,
} from './deployment.ts';
export { type CaseOutcome, compareOutcomes, type Difference, type Outcomes } from './outcomes.ts';
