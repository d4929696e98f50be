/** The thread that looks at files of somebody who writes policy. */
import { parentPort } from 'node:worker_threads';
import type { Diagnosis } from '../../contract/index.ts';
import { diagnose } from './diagnose.ts';
import type { DiagnoseRequest } from './request.ts';

/** A failure as plain data, because a thread cannot throw into another. */
export type Looked = { readonly diagnosis: Diagnosis } | { readonly failure: string };

const looked = async (request: DiagnoseRequest): Promise<Looked> => {
  try {
    return { diagnosis: await diagnose(request) };
  } catch (thrown) {
    return { failure: thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown) };
  }
};

parentPort?.on('message', async (request: DiagnoseRequest) => parentPort?.postMessage(await looked(request)));
