/** The thread of one compilation: takes bundles and names, answers with policy or with what is wrong, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { Fault, type FaultCode, type Snapshot } from '../../contract/index.ts';
import { type Bundle, compilePolicy } from '../bundle.ts';
import type { RegistryNames } from '../names.ts';

export interface Task {
  readonly bundles: readonly Bundle[];
  readonly world: RegistryNames;
}

/** A fault as plain data, because a thread cannot throw into another. */
export type Compiled =
  | { readonly policy: Snapshot['policy'] }
  | { readonly code: FaultCode; readonly message: string; readonly facts: Fault['facts'] };

const compiled = async ({ bundles, world }: Task): Promise<Compiled> => {
  try {
    return { policy: await compilePolicy(bundles, world) };
  } catch (thrown) {
    const { code, message, facts } = Fault.from(thrown);
    return { code, message, facts };
  }
};

parentPort?.postMessage(await compiled(workerData as Task));
