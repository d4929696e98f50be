/** The thread that holds one proposed policy against lint and cases. */
import { parentPort } from 'node:worker_threads';
import { lintPolicies } from '../lint/index.ts';
import { prove } from '../proof.ts';
import type { Examination, ExamineAnswer } from './examine.ts';
import { failureOf } from './failure.ts';

const examined = ({ lint, world, cases }: Examination): ExamineAnswer => {
  try {
    return { findings: lintPolicies(lint), proof: prove(world, cases) };
  } catch (thrown) {
    return failureOf(thrown);
  }
};

parentPort?.on('message', (examination: Examination) => parentPort?.postMessage(examined(examination)));
