/** Published suites: hold your own store against the promises that ours keep. */
export { lastingPort } from './port.ts';
export { freshSchema, inSchemas, type PostgresServer, postgresMissing, startPostgres } from './postgres/index.ts';
export { type StoreSuiteOptions, storeSuite } from './stores/index.ts';
export { type Check, type CheckResult, runSuites, type Suite } from './suite.ts';
export {
  type Answer,
  type Asked,
  type CallerName,
  type CallRequest,
  type CaseOutcome,
  compareOutcomes,
  type Deploy,
  type Deployment,
  type Difference,
  type Entrance,
  type Execution,
  type NodePlace,
  type Outcomes,
  type PersonName,
  type Told,
  type TopologyShape,
  type TopologySuite,
  topologySuite,
} from './topologies/index.ts';
