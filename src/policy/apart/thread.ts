/** The thread that compiles policy: takes bundles and names, answers each with policy or with what is wrong. */
import { parentPort } from 'node:worker_threads';
import type { Snapshot } from '../../contract/index.ts';
import { type Bundle, policyCompiler } from '../bundle.ts';
import type { RegistryNames } from '../names.ts';
import { type Failure, failureOf } from './failure.ts';

export interface Task {
  readonly bundles: readonly Bundle[];
  readonly world: RegistryNames;
}

export type Compiled = { readonly policy: Snapshot['policy'] } | Failure;

/** Remembers what it has checked, for as long as the thread lives. */
const compile = policyCompiler();

const compiled = async ({ bundles, world }: Task): Promise<Compiled> => {
  try {
    return { policy: await compile(bundles, world) };
  } catch (thrown) {
    return failureOf(thrown);
  }
};

parentPort?.on('message', async (task: Task) => parentPort?.postMessage(await compiled(task)));
