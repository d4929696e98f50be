/** Published suites: hold your own store against the promises that ours keep. */
export { type StoreSuiteOptions, storeSuite } from './stores/index.ts';
export { type Check, type CheckResult, runSuites, type Suite } from './suite.ts';
