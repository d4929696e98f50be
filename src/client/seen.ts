/** Runs work once per idempotency key while this process lives, and gives the same answer again (R6). */
import { createHash } from 'node:crypto';

interface Entry<T> {
  readonly digest: string;
  readonly answer: Promise<T>;
}

export class Seen<T> {
  readonly #limit: number;
  /** In the order of their first use: the oldest is first. */
  readonly #entries = new Map<string, Entry<T>>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Undefined when the key was used with another body. What `keep` refuses is forgotten, so that it may be tried again. */
  once(key: string, body: Uint8Array, run: () => Promise<T>, keep: (answer: T) => boolean): Promise<T> | undefined {
    const digest = createHash('sha256').update(body).digest('base64');
    const known = this.#entries.get(key);
    if (known !== undefined) return known.digest === digest ? known.answer : undefined;
    const answer = run();
    this.#entries.set(key, { digest, answer });
    this.#forgetOldest();
    const forget = (): void => {
      if (this.#entries.get(key)?.answer === answer) this.#entries.delete(key);
    };
    answer.then((value) => {
      if (!keep(value)) forget();
    }, forget);
    return answer;
  }

  #forgetOldest(): void {
    if (this.#entries.size <= this.#limit) return;
    const [oldest] = this.#entries.keys();
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}
