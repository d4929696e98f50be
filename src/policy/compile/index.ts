/** The closure compiler: a policy tree in, a predicate over requests out. */
export { compileExpr } from './expression.ts';
export { type CompiledPolicy, compileEntry, concerns } from './policy.ts';
export type { Env, Evaluate } from './types.ts';
