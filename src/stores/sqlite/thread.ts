/** The near side of a writer thread: collects the commands of one event-loop turn, sends them as one message, and tells each caller its own outcome. */
import { Worker } from 'node:worker_threads';
import { Fault } from '../../contract/index.ts';
import type { Plan } from '../sql/index.ts';
import type { Outcome } from './batch.ts';
import { storageFault } from './fault.ts';
import type { Tuning } from './pragmas.ts';
import { troubleOf } from './trouble.ts';

export interface WorkerSetup extends Tuning {
  readonly path: string;
  readonly plans: readonly Plan[];
  /** Default false. */
  readonly readOnly?: boolean;
}

export interface Request {
  readonly name: string;
  readonly args: unknown;
}

export type ToWorker =
  | { readonly kind: 'write' | 'read'; readonly requests: readonly Request[] }
  | { readonly kind: 'close' };

/** One outcome per request of the message that it answers, in order. The first message of all says that the database is open. */
export interface FromWorker {
  readonly outcomes: readonly Outcome[];
}

interface Waiting extends Request {
  readonly kind: 'write' | 'read';
  readonly resolve: (answer: unknown) => void;
  readonly reject: (fault: Fault) => void;
}

/** Enough that one flush is shared by many, and few enough that the first of them does not wait for the last. */
const MAX_BATCH = 1_000;

export class WriterThread {
  readonly #file: string;
  readonly #worker: Worker;
  #queue: Waiting[] = [];
  #inFlight: readonly Waiting[] = [];
  #scheduled = false;
  #closing: Promise<void> | undefined;
  #over: Fault | undefined;
  #whenIdle = (): void => {};

  private constructor(file: string, worker: Worker) {
    this.#file = file;
    this.#worker = worker;
  }

  /** Throws Fault `storage` when the thread cannot open the database. `file` is what faults call it. */
  static async open(file: string, setup: WorkerSetup): Promise<WriterThread> {
    // Flags of the process, such as those of an evaluated script, are not meant for this thread.
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: setup, name: file, execArgv: [] });
    const thread = new WriterThread(file, worker);
    await new Promise<void>((resolve, reject) => {
      worker.once('message', ({ outcomes: [outcome] }: FromWorker) => {
        if (outcome === undefined || 'answer' in outcome) resolve();
        else reject(storageFault(file, outcome.trouble));
      });
      worker.once('error', (cause) => reject(stopped(file, cause)));
    });
    worker.on('message', (message: FromWorker) => thread.#settle(message.outcomes));
    worker.on('error', (cause) => thread.#fail(stopped(file, cause)));
    worker.on('exit', () => thread.#fail(stopped(file)));
    worker.unref(); // Only work that somebody waits for keeps the process alive.
    return thread;
  }

  /** Why nothing more can be asked, or undefined while it can. */
  get over(): Fault | undefined {
    return this.#over ?? (this.#closing === undefined ? undefined : closed(this.#file));
  }

  ask(kind: 'write' | 'read', name: string, args: unknown): Promise<unknown> {
    if (this.over !== undefined) return Promise.reject(this.over);
    return new Promise((resolve, reject) => {
      this.#queue.push({ kind, name, args, resolve, reject });
      this.#schedule();
    });
  }

  /** Finishes what was asked before, then closes the database. */
  close(): Promise<void> {
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length + this.#inFlight.length > 0 && this.#over === undefined) {
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    }
    if (this.#over !== undefined) return;
    this.#worker.ref();
    const gone = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.postMessage({ kind: 'close' });
    await gone;
  }

  /** The whole turn runs first, so that everything it asks for goes together. */
  #schedule(): void {
    if (this.#scheduled || this.#inFlight.length > 0) return;
    this.#scheduled = true;
    this.#worker.ref();
    setImmediate(() => {
      this.#scheduled = false;
      this.#send();
    });
  }

  /** INVARIANT: one message is under way at a time; what comes meanwhile is the next batch. */
  #send(): void {
    const kind = this.#queue[0]?.kind;
    if (kind === undefined || this.#over !== undefined) return;
    let count = 1;
    while (count < MAX_BATCH && this.#queue[count]?.kind === kind) count++;
    this.#inFlight = this.#queue.splice(0, count);
    try {
      this.#worker.postMessage({ kind, requests: this.#inFlight.map(({ name, args }) => ({ name, args })) });
    } catch (thrown) {
      // Something in it cannot cross a thread, such as bytes that were given away. Nothing was sent; nobody must wait for ever.
      this.#settle(this.#inFlight.map(() => ({ trouble: troubleOf(thrown) })));
    }
  }

  #settle(outcomes: readonly Outcome[]): void {
    const done = this.#inFlight;
    this.#inFlight = [];
    for (const [at, waiting] of done.entries()) {
      const outcome = outcomes[at]!;
      if ('answer' in outcome) waiting.resolve(outcome.answer);
      else waiting.reject(storageFault(this.#file, outcome.trouble));
    }
    if (this.#queue.length > 0) this.#schedule();
    else this.#worker.unref();
    this.#whenIdle();
  }

  #fail(fault: Fault): void {
    this.#over ??= this.#closing === undefined ? fault : closed(this.#file);
    const lost = [...this.#inFlight, ...this.#queue];
    this.#inFlight = [];
    this.#queue = [];
    for (const waiting of lost) waiting.reject(this.#over);
    this.#whenIdle();
  }
}

const closed = (file: string): Fault =>
  new Fault('storage', `\`${file}\` is closed; this node is stopping`, { facts: { file, reason: 'closed' } });

/** A command may have been committed before the thread died, so nobody can say that it was not. */
const stopped = (file: string, cause?: unknown): Fault =>
  new Fault('storage', `the writer of \`${file}\` stopped; restart this node`, {
    cause,
    facts: { file, reason: 'stopped' },
  });
