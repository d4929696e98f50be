/** Callers that never stop: reads, writes with an idempotency key and asynchronous calls at a steady rate, and what each was answered. */
import type { Access } from '../../src/cli/deploy.ts';
import { type Answer, ask, isAcknowledged } from './wire.ts';

export type Style = 'read' | 'write' | 'async';

/** One call as its caller knows it. */
export interface Sent {
  /** The payload, and so the caller's own name for it in the ledger. */
  readonly id: string;
  readonly style: Style;
  /** Undefined for a call without an idempotency key. */
  readonly key: string | undefined;
  readonly sentAtMs: number;
  readonly answer: Answer;
}

export interface LoadOptions {
  /** Where to call: it may be another place after a restart. */
  readonly access: () => Access;
  readonly random: () => number;
  /** Begins the names of all its calls. */
  readonly name: string;
  readonly perSecond: number;
}

const TARGET = '/v1/agents/ledger';

export const send = (
  { url, key }: Access,
  call: Pick<Sent, 'id' | 'style'> & { readonly key?: string | undefined },
): Promise<Answer> =>
  ask(`${url}${TARGET}/${call.style === 'read' ? 'read' : 'write'}`, {
    method: 'POST',
    key,
    headers: {
      'content-type': 'text/plain',
      'airspace-timeout-ms': '8000',
      ...(call.key === undefined ? {} : { 'idempotency-key': call.key }),
      ...(call.style === 'async' ? { prefer: 'respond-async' } : {}),
    },
    body: call.id,
  });

export class Load {
  readonly #options: LoadOptions;
  readonly #sent: Sent[] = [];
  readonly #open = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #next = 1;
  #onAcknowledged: (() => void) | undefined;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => this.#one(), 1_000 / this.#options.perSecond);
  }

  /** Runs in the very moment in which the next call that matters is acknowledged. */
  onAcknowledged(run: () => void): void {
    this.#onAcknowledged = () => {
      this.#onAcknowledged = undefined;
      run();
    };
  }

  /** Resolves with every call when the last one was answered or has failed. */
  async stop(): Promise<readonly Sent[]> {
    clearInterval(this.#timer);
    await Promise.all(this.#open);
    return this.#sent;
  }

  #one(): void {
    const { random, name, access } = this.#options;
    const id = `${name}-${this.#next++}`;
    const chance = random();
    const style: Style = chance < 0.45 ? 'read' : chance < 0.8 ? 'write' : 'async';
    // A write always has a key. Of the asynchronous calls every other one has, to see both ways through a restart.
    const key = style === 'write' || (style === 'async' && random() < 0.5) ? `key-${id}` : undefined;
    const sentAtMs = performance.now();
    const work = send(access(), { id, style, key }).then((answer) => {
      this.#sent.push({ id, style, key, sentAtMs, answer });
      this.#open.delete(work);
      if (style !== 'read' && isAcknowledged(answer.status)) this.#onAcknowledged?.();
    });
    this.#open.add(work);
  }
}
