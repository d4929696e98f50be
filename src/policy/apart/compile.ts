/**
 * Compiles policy without holding up calls: a large text takes Cedar seconds, and they are spent in a thread of their own.
 *
 * The thread lives for one text, so nothing that Cedar keeps or breaks outlives it.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Fault, type Snapshot } from '../../contract/index.ts';
import { type Bundle, type CompilePolicy, policyCompiler } from '../bundle.ts';
import type { Compiled, Task } from './thread.ts';

/**
 * Characters of Cedar text that are compiled in place. About 50 policies: some tens of milliseconds, the time that a thread
 * needs to start.
 */
const SMALL = 8_000;

/** As `policyCompiler`: the same answer, and the same faults. What is small is compiled in place, and remembered. */
export const policyCompilerApart = (small = SMALL): CompilePolicy => {
  const inPlace = policyCompiler();
  return (bundles, world) => (sizeOf(bundles) <= small ? inPlace(bundles, world) : inThread({ bundles, world }));
};

const sizeOf = (bundles: readonly Bundle[]): number =>
  bundles.reduce((sum, { policies, limits }) => sum + policies.text.length + (limits?.text.length ?? 0), 0);

const inThread = async (task: Task): Promise<Snapshot['policy']> => {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: task });
  try {
    const [answer] = (await once(worker, 'message')) as [Compiled];
    if ('policy' in answer) return answer.policy;
    const { code, message, facts } = answer;
    throw new Fault(code, message, { facts });
  } finally {
    await worker.terminate();
  }
};
