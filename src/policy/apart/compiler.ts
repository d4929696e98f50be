/**
 * Compiles policy without holding up calls: a large text takes Cedar seconds, and they are spent in a thread.
 *
 * The thread stays for the next text and is replaced now and then, so that nothing Cedar keeps or breaks stays for long.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { Fault, type Snapshot } from '../../contract/index.ts';
import { type Bundle, type CompilePolicy, policyCompiler } from '../bundle.ts';
import type { Compiled, Task } from './thread.ts';

type Policy = Snapshot['policy'];

/**
 * Characters of Cedar text that are compiled in place. About 50 policies: some tens of milliseconds, the time that a thread
 * needs to start, and most hubs never start one.
 */
const SMALL = 8_000;
const TEXTS_PER_THREAD = 50;

export class ApartCompiler {
  readonly #small: number;
  readonly #inPlace = policyCompiler();
  #worker: Worker | undefined;
  #texts = 0;
  /** One text after the other: what two threads would compile at once, one core has to compile anyway. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(small = SMALL) {
    this.#small = small;
  }

  /** As `policyCompiler`: the same answer, the same faults, and what did not change is not checked again. */
  readonly compile: CompilePolicy = (bundles, world) => {
    if (sizeOf(bundles) <= this.#small) return this.#inPlace(bundles, world);
    const answer = this.#last.then(() => this.#inThread({ bundles, world }));
    this.#last = answer.catch(() => undefined);
    return answer;
  };

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#texts = 0;
    await worker?.terminate();
  }

  async #inThread(task: Task): Promise<Policy> {
    if (this.#texts >= TEXTS_PER_THREAD) await this.close();
    this.#worker ??= new Worker(new URL('./thread.ts', import.meta.url));
    this.#texts += 1;
    return policyOf(await this.#answerOf(this.#worker, task));
  }

  async #answerOf(worker: Worker, task: Task): Promise<Compiled> {
    worker.ref();
    worker.postMessage(task);
    try {
      const [answer] = (await once(worker, 'message')) as [Compiled];
      return answer;
    } catch (thrown) {
      await this.close();
      throw thrown;
    } finally {
      worker.unref();
    }
  }
}

const sizeOf = (bundles: readonly Bundle[]): number =>
  bundles.reduce((sum, { policies, limits }) => sum + policies.text.length + (limits?.text.length ?? 0), 0);

const policyOf = (answer: Compiled): Policy => {
  if ('policy' in answer) return answer.policy;
  const { code, message, facts } = answer;
  throw new Fault(code, message, { facts });
};
