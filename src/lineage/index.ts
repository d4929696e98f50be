/** Where a call stands in its tree, and when the tree has grown enough. */
export { chainOf } from './chain.ts';
export type { Ground } from './ground.ts';
export { DEFAULT_LIMITS, type TreeRules, treeRules } from './limits.ts';
export type { OpenRun } from './token.ts';
export { Trees } from './trees.ts';
