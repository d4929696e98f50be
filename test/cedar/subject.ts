/** What is held against Cedar: our compiler and evaluator, as they are or with one planted defect. */
import type { PolicyEntry } from '../../src/contract/index.ts';
import { type CompiledPolicy, compileEntry, type Env } from '../../src/policy/compile/index.ts';
import type { Est } from '../../src/policy/est.ts';
import { evaluate, slice } from '../../src/policy/evaluate.ts';
import type { Plant } from './plants.ts';

/** An answer in Cedar's own terms; ids sorted. */
export interface Answer {
  readonly decision: 'allow' | 'deny';
  /** Policies that determine the decision: the satisfied forbids if there are any, else the satisfied permits. */
  readonly reason: readonly string[];
  /** Policies that failed. */
  readonly errors: readonly string[];
}

export interface Subject {
  readonly compile: (id: string, est: Est) => CompiledPolicy;
  readonly ask: (policies: readonly CompiledPolicy[], env: Env) => Answer;
}

const entryOf = (id: string, est: Est): PolicyEntry => ({ id, effect: est.effect, annotations: {}, est });

export const subjectOf = (plant?: Plant): Subject => ({
  compile: (id, est) => compileEntry(entryOf(id, plant?.rewrite?.(est) ?? est)),
  ask: (policies, env) => {
    const outcome = evaluate(slice(policies, env), env);
    const { permits, forbids, failed } = plant?.judge?.(outcome) ?? outcome;
    return {
      decision: forbids.length === 0 && permits.length > 0 ? 'allow' : 'deny',
      reason: idsOf(forbids.length > 0 ? forbids : permits),
      errors: idsOf(failed.map(({ policy }) => policy)),
    };
  },
});

const idsOf = (policies: readonly CompiledPolicy[]): string[] => policies.map(({ entry }) => entry.id).sort();
