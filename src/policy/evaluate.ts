/** Plain Cedar over a list of compiled policies: which are satisfied and which failed. What that means is decided elsewhere. */
import { type CompiledPolicy, concerns, type Env } from './compile/index.ts';
import { EvaluationError } from './evaluation-error.ts';

export interface Outcome {
  readonly permits: readonly CompiledPolicy[];
  readonly forbids: readonly CompiledPolicy[];
  readonly failed: readonly { readonly policy: CompiledPolicy; readonly message: string }[];
}

/** Who evaluates: our closures, or what they are held against. A prepared policy is bound to one of them. */
export interface Engine {
  /** Leaves out policies that cannot concern a request, whatever its context is; may leave out none. */
  readonly slice: (policies: readonly CompiledPolicy[], env: Omit<Env, 'context'>) => readonly CompiledPolicy[];
  readonly evaluate: (policies: readonly CompiledPolicy[], env: Env) => Outcome;
}

/** All policies whose conditions hold. Their scopes must already match: see `slice`. */
export const evaluate = (policies: readonly CompiledPolicy[], env: Env): Outcome => {
  const permits: CompiledPolicy[] = [];
  const forbids: CompiledPolicy[] = [];
  const failed: { policy: CompiledPolicy; message: string }[] = [];
  for (const policy of policies) {
    try {
      if (policy.holds(env)) (policy.entry.effect === 'forbid' ? forbids : permits).push(policy);
    } catch (thrown) {
      if (!(thrown instanceof EvaluationError)) throw thrown;
      failed.push({ policy, message: thrown.message });
    }
  }
  return { permits, forbids, failed };
};

/** The policies that can concern a request, whatever its context is. */
export const slice = (policies: readonly CompiledPolicy[], env: Omit<Env, 'context'>): readonly CompiledPolicy[] =>
  policies.filter((policy) => concerns(policy, env));

export const CLOSURES: Engine = { slice, evaluate };
