/** The closure compiler: a policy tree in, a predicate over requests out. */
export { type CompileOptions, compileExpr } from './expression.ts';
export { type CompiledPolicy, compileEntry, compileOrMark, concerns } from './policy.ts';
export type { Env, Evaluate } from './types.ts';
