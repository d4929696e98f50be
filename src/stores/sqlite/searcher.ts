/** The thread that searches through telemetry: started by the first question, and again by the next one when it is gone. */
import { type WorkerSetup, WriterThread } from './thread.ts';

export class Searcher {
  readonly #file: string;
  readonly #setup: WorkerSetup;
  #thread: Promise<WriterThread> | undefined;

  constructor(file: string, setup: WorkerSetup) {
    this.#file = file;
    this.#setup = { ...setup, readOnly: true };
  }

  /** Rejects with Fault `storage` when it cannot be started. */
  async thread(): Promise<WriterThread> {
    const before = await this.#thread?.catch(() => undefined);
    if (before !== undefined && before.over === undefined) return before;
    const starting = WriterThread.open(this.#file, this.#setup);
    this.#thread = starting;
    return starting;
  }

  async close(): Promise<void> {
    const thread = await this.#thread?.catch(() => undefined);
    await thread?.close();
  }
}
