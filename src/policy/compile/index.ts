/** The closure compiler: a policy tree in, a predicate over requests out. */
export { type CompiledPolicy, compileEntry, concerns } from './policy.ts';
export type { Env } from './types.ts';
