/** Lint and cases in a thread of their own: both take Cedar seconds where policies are many, and calls must not wait for them. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Fault, type FaultCode } from '../../contract/index.ts';
import type { Finding, LintInput } from '../lint/index.ts';
import type { PolicyWorld } from '../prepare.ts';
import type { PolicyCase, Proof } from '../proof.ts';

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

/** A fault as plain data. */
export type ExamineAnswer =
  | Examined
  | { readonly code: FaultCode; readonly message: string; readonly facts: Fault['facts'] };

/** As `lintPolicies` and `prove`, with the same faults. A thread for each: policy is seldom staged. */
export const examine = async (examination: Examination): Promise<Examined> => {
  const worker = new Worker(new URL('./examine-thread.ts', import.meta.url), { workerData: examination });
  try {
    const [answer] = (await once(worker, 'message')) as [ExamineAnswer];
    if ('proof' in answer) return answer;
    throw new Fault(answer.code, answer.message, { facts: answer.facts });
  } finally {
    await worker.terminate();
  }
};
