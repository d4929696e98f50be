/** Plans: work in several steps as data, a pure state machine over histories, and the runner that keeps them going. */
export { type Called, type Callee, calleeOf, type Lookup } from './callee.ts';
export { compilePlan, examinePlan } from './definition.ts';
export { celOf, type Expression, type Template } from './expression/index.ts';
export { fold, IllegalHistory } from './fold.ts';
export type { Given, Send } from './given.ts';
export { inputReader } from './input.ts';
export { Definitions } from './known-definitions.ts';
export { next, type Turn } from './next.ts';
export { proposalOf, reread } from './planner.ts';
export { type Difference, type ReplayParts, replay } from './replay.ts';
export { unionOf } from './result.ts';
export type { RunEnd } from './runner/looks.ts';
export type { RunEnded, RunnerOptions, RunnerParts } from './runner/parts.ts';
export { PlanRunner } from './runner/runner.ts';
export { answerOf, planWay } from './runner/way.ts';
export type { Definition, PlanProblem, Sending, Step } from './shape.ts';
export { type Instance, type State, type Status, stateOf, statusOf } from './state.ts';
export { runDetail, runView } from './view.ts';
