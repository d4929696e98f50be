/** The topology suite: the same promises for hub, mesh and hierarchy. */
export { type TopologySuite, topologySuite } from './cases.ts';
export type { Answer, CallRequest, Deploy, Deployment, Execution } from './deployment.ts';
