/** From one topology to the next: what is, what would be, and whether a step made it worse. */
export { type AdviceView, advise, DESTINATIONS, type Destination } from './advice.ts';
export { type ArmStats, armOf, type Judgement, judge, LEAST_CALLS } from './arms.ts';
export type { RouteAdvice, Verdict } from './basics.ts';
export type { Obstacle } from './obstacles.ts';
export { type Passed, type PassedCalls, passedIn, type Way } from './passed.ts';
export {
  type HopCost,
  type PairView,
  pairCallsIn,
  type Seen,
  type TopologyView,
  topologyView,
  type Window,
} from './view.ts';
