/** Policy: Cedar text in, decisions that explain themselves out. */
export { bucketOf, isInCanary } from './arm.ts';
export { type Bundle, type CedarText, type CompilePolicy, compilePolicy, policyCompiler } from './bundle.ts';
export { Places } from './concurrency.ts';
export { decide as decisionFor, factsFor, type PolicyRequest } from './decide.ts';
export { type DiagnoseInput, diagnoseForm, diagnosePolicies, formatPolicy, type PolicyDiagnostic } from './diagnose.ts';
export { type Blocking, type Clause, type Explanation, explain, type NearMiss, type Recorded } from './explain.ts';
export { answersFrom, type FactAnswers, type FactDeclaration } from './facts/index.ts';
export { type FallbackSet, fallbackRemark, fallbackSets } from './fallback/index.ts';
export { type Considered, consider, type DecideParts, decideLayer as decide, type Tighten } from './layer.ts';
export {
  type Change,
  comparePolicies,
  type Direction,
  type Finding,
  type LintInput,
  type LintRule,
  lintPolicies,
  wideningsIn,
} from './lint/index.ts';
export type { RegistryNames } from './names.ts';
export { nearest } from './nearest.ts';
export { type Circumstances, explainMay, type May, type MayAnswer, mayAllow } from './partial/index.ts';
export { rangeIn } from './position.ts';
export { type PolicyWorld, type PreparedPolicy, type PrepareOptions, preparePolicy } from './prepare.ts';
export { type CaseResult, type PolicyCase, type Proof, prove } from './proof.ts';
export { Rates } from './rate.ts';
export { redactReplies } from './redact-replies.ts';
export { dataIn, Replay, type ReplayTally } from './replay.ts';
export { rulesIn } from './rules.ts';
export { Trees } from './trees.ts';
export { prepareTrials, type Trials, type WatchOf } from './trials.ts';
export { type InForce, Versions } from './versions.ts';
export type { Watch } from './watch.ts';
