/** The thread that holds one proposed policy against lint and cases. */
import { parentPort, workerData } from 'node:worker_threads';
import { Fault } from '../../contract/index.ts';
import { lintPolicies } from '../lint/index.ts';
import { prove } from '../proof.ts';
import type { Examination, ExamineAnswer } from './examine.ts';

const examined = ({ lint, world, cases }: Examination): ExamineAnswer => {
  try {
    return { findings: lintPolicies(lint), proof: prove(world, cases) };
  } catch (thrown) {
    const { code, message, facts } = Fault.from(thrown);
    return { code, message, facts };
  }
};

parentPort?.postMessage(examined(workerData as Examination));
