/** Lint and cases in a thread of their own: both take Cedar seconds where policies are many, and calls must not wait for them. */
import type { Finding, LintInput } from '../lint/index.ts';
import type { PolicyWorld } from '../prepare.ts';
import type { PolicyCase, Proof } from '../proof.ts';
import { Apart } from './apart.ts';
import { type Failure, faultOf } from './failure.ts';

/** Plain data, because it goes to a thread. */
export interface Examination {
  readonly lint: LintInput;
  readonly world: PolicyWorld;
  readonly cases: readonly PolicyCase[];
}

export interface Examined {
  readonly findings: readonly Finding[];
  readonly proof: Proof;
}

export type ExamineAnswer = Examined | Failure;

/** As `lintPolicies` and `prove`, with the same faults. A thread for each: policy is seldom staged. */
export const examine = async (examination: Examination): Promise<Examined> => {
  const thread = new Apart<Examination, ExamineAnswer>(new URL('./examine-thread.ts', import.meta.url));
  try {
    const answer = await thread.do(examination);
    if ('proof' in answer) return answer;
    throw faultOf(answer);
  } finally {
    await thread.close();
  }
};
