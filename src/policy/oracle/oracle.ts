/**
 * A second opinion on a share of all decisions, off the hot path: cedar-wasm in a thread of its own decides again.
 *
 * A difference means that our engine or the memory it runs in is wrong, so it is an alarm. The thread is replaced now and
 * then, because the module keeps memory of every policy that it has seen.
 */
import { Worker } from 'node:worker_threads';
import type { Decision } from '../../contract/index.ts';
import type { PolicyWorld } from '../prepare.ts';
import type { Watch } from '../watch.ts';
import type { FromThread, ToThread } from './thread.ts';

export interface OracleOptions {
  /** Share of decisions that are looked at again, 0 to 1. With 0 no thread is ever started. */
  readonly share: number;
  /** Injected chance, 0 to 1. */
  readonly random: () => number;
  readonly onMismatch: (mismatch: Mismatch) => void;
  /** The thread ended, or Cedar gave no answer. Not an alarm: nothing is known to be wrong with a decision. */
  readonly onFailure?: (cause: string) => void;
  /** Decisions that may wait; what comes beyond is dropped and counted. Default 100, some tenths of a second of work. */
  readonly queue?: number;
  /** Policies that one thread sees before it is replaced. Default 20. */
  readonly policiesPerThread?: number;
  /** What the thread runs. Default: ours. */
  readonly program?: URL;
}

export interface Mismatch {
  readonly callId: string;
  readonly ours: Decision;
  readonly cedars: Decision;
}

export interface OracleCounts {
  readonly checked: number;
  readonly mismatched: number;
  /** Never asked, because too many were waiting or the thread was replaced. */
  readonly dropped: number;
  /** Asked, and Cedar gave no answer. */
  readonly failed: number;
}

const PROGRAM = new URL('./thread.ts', import.meta.url);
const QUEUE = 100;
const POLICIES_PER_THREAD = 20;
/** Threads in a row that ended without an answer; after that only a new policy starts another. */
const MAX_DEATHS = 3;

interface Thread {
  readonly worker: Worker;
  waiting: number;
  policies: number;
}

export class Oracle {
  readonly #options: OracleOptions;
  readonly #counts = { checked: 0, mismatched: 0, dropped: 0, failed: 0 };
  #thread: Thread | undefined;
  #world: PolicyWorld | undefined;
  #deaths = 0;
  #idle: (() => void) | undefined;

  constructor(options: OracleOptions) {
    this.#options = options;
  }

  get counts(): OracleCounts {
    return { ...this.#counts };
  }

  /** For the pipeline of one snapshot. Undefined when nothing is ever looked at, so that nothing is ever asked. */
  watch(world: PolicyWorld): Watch | undefined {
    const { share, random } = this.#options;
    if (share <= 0) return undefined;
    return (request, decision, callId) =>
      random() < share && this.#take(world, { kind: 'check', callId, request, decision });
  }

  /** Resolves when nothing waits. */
  async settled(): Promise<void> {
    const thread = this.#thread;
    if (thread === undefined || thread.waiting === 0) return;
    thread.worker.ref();
    await new Promise<void>((done) => {
      this.#idle = done;
    });
    thread.worker.unref();
  }

  async close(): Promise<void> {
    await this.#retire()?.terminate();
  }

  #take(world: PolicyWorld, check: ToThread): boolean {
    const thread = this.#threadFor(world);
    if (thread === undefined || thread.waiting >= (this.#options.queue ?? QUEUE)) {
      this.#counts.dropped += 1;
      return false;
    }
    try {
      thread.worker.postMessage(check);
      thread.waiting += 1;
      return true;
    } catch (thrown) {
      this.#fail(1, String(thrown));
      return false;
    }
  }

  #threadFor(world: PolicyWorld): Thread | undefined {
    if (this.#world === world && this.#thread !== undefined) return this.#thread;
    if (this.#world !== world) this.#deaths = 0;
    if (this.#deaths >= MAX_DEATHS) return undefined;
    if ((this.#thread?.policies ?? 0) >= (this.#options.policiesPerThread ?? POLICIES_PER_THREAD))
      void this.#retire()?.terminate();
    this.#thread ??= this.#start();
    const { policy, targets, domains, teams = [] } = world;
    this.#thread.worker.postMessage({ kind: 'world', world: { policy, targets, domains, teams } } satisfies ToThread);
    this.#thread.policies += 1;
    this.#world = world;
    return this.#thread;
  }

  #start(): Thread {
    const worker = new Worker(this.#options.program ?? PROGRAM);
    const thread: Thread = { worker, waiting: 0, policies: 0 };
    worker.unref();
    worker.on('message', (message: FromThread) => this.#heard(thread, message));
    worker.on('error', (cause) => this.#died(thread, String(cause)));
    return thread;
  }

  #heard(thread: Thread, message: FromThread): void {
    // A thread that was replaced may still speak; its work is counted as dropped already.
    if (thread !== this.#thread) return;
    thread.waiting -= 1;
    this.#deaths = 0;
    if (message.kind === 'failed') this.#fail(1, `call ${message.callId}: ${message.cause}`);
    else this.#counts.checked += 1;
    if (message.kind === 'differs') {
      this.#counts.mismatched += 1;
      this.#options.onMismatch(message);
    }
    if (thread.waiting === 0) this.#wake();
  }

  #died(thread: Thread, cause: string): void {
    if (thread !== this.#thread) return;
    this.#deaths += 1;
    this.#thread = undefined;
    this.#fail(thread.waiting, cause);
    this.#wake();
  }

  #fail(count: number, cause: string): void {
    this.#counts.failed += count;
    this.#options.onFailure?.(cause);
  }

  /** Lets go of the thread and of what waited there. */
  #retire(): Worker | undefined {
    const thread = this.#thread;
    this.#thread = undefined;
    this.#counts.dropped += thread?.waiting ?? 0;
    this.#wake();
    return thread?.worker;
  }

  #wake(): void {
    this.#idle?.();
    this.#idle = undefined;
  }
}
