/** The thread that compiles policy: takes bundles and names, answers each with policy or with what is wrong. */
import { parentPort } from 'node:worker_threads';
import { Fault, type FaultCode, type Snapshot } from '../../contract/index.ts';
import { type Bundle, policyCompiler } from '../bundle.ts';
import type { RegistryNames } from '../names.ts';

export interface Task {
  readonly bundles: readonly Bundle[];
  readonly world: RegistryNames;
}

/** A fault as plain data, because a thread cannot throw into another. */
export type Compiled =
  | { readonly policy: Snapshot['policy'] }
  | { readonly code: FaultCode; readonly message: string; readonly facts: Fault['facts'] };

/** Remembers what it has checked, for as long as the thread lives. */
const compile = policyCompiler();

const compiled = async ({ bundles, world }: Task): Promise<Compiled> => {
  try {
    return { policy: await compile(bundles, world) };
  } catch (thrown) {
    const { code, message, facts } = Fault.from(thrown);
    return { code, message, facts };
  }
};

parentPort?.on('message', async (task: Task) => parentPort?.postMessage(await compiled(task)));
