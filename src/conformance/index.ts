/** Published suites: hold your own store against the promises that ours keep. */
export { freshSchema, inSchemas, type PostgresServer, postgresMissing, startPostgres } from './postgres/index.ts';
export { type StoreSuiteOptions, storeSuite } from './stores/index.ts';
export { type Check, type CheckResult, runSuites, type Suite } from './suite.ts';
export {
  type Answer,
  type CallRequest,
  type Deploy,
  type Deployment,
  type Execution,
  type TopologySuite,
  topologySuite,
} from './topologies/index.ts';
