/** Lint: what is wrong with policies although each of them is right, and what a change of them does. */
export { type Change, compareLevels, type Direction } from './change.ts';
export { comparePolicies, wideningsIn } from './compare.ts';
export type { Finding, LintRule } from './finding.ts';
export { hierarchyOf } from './hierarchy.ts';
export { headOf, type Judgement, judgePolicies, type LintInput, lintPolicies, type ReadLevel } from './lint.ts';
