/**
 * A thread for slow work, so that calls are not held up: one piece of work after the other, what two threads would do at once one core
 * has to do anyway. It stays for the next piece and is replaced now and then, so that nothing Cedar keeps or breaks stays for long.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

const TASKS_PER_THREAD = 50;

export class Apart<Task, Answer> {
  readonly #program: URL;
  #worker: Worker | undefined;
  #tasks = 0;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** The program answers each message with one message. */
  constructor(program: URL) {
    this.#program = program;
  }

  /** Pieces of work that are not done. */
  get waiting(): number {
    return this.#waiting;
  }

  do(task: Task): Promise<Answer> {
    this.#waiting += 1;
    const answer = this.#last
      .then(() => this.#inThread(task))
      .finally(() => {
        this.#waiting -= 1;
      });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#tasks = 0;
    await worker?.terminate();
  }

  async #inThread(task: Task): Promise<Answer> {
    if (this.#tasks >= TASKS_PER_THREAD) await this.close();
    this.#worker ??= new Worker(this.#program);
    this.#tasks += 1;
    return this.#answerOf(this.#worker, task);
  }

  async #answerOf(worker: Worker, task: Task): Promise<Answer> {
    worker.ref();
    worker.postMessage(task);
    try {
      const [answer] = (await once(worker, 'message')) as [Answer];
      return answer;
    } catch (thrown) {
      await this.close();
      throw thrown;
    } finally {
      worker.unref();
    }
  }
}
