/** Requests that a server on stdio has not answered yet, and the streams of messages that come of them. */
import { Fault, type Scope } from '../../contract/index.ts';
import type { RpcId } from '../../dialects/mcp/index.ts';

/** Messages that nobody has read: whoever is that slow has gone. */
const MOST_UNREAD = 1_000;

/** Whoever gets what the server says about one request. */
export interface Waiting {
  /** As whoever asked named it. */
  readonly id: RpcId;
  /** JSON text; undefined: it wants no progress. */
  readonly token: string | undefined;
  push(json: string): void;
  /** The last message. */
  answer(json: string): void;
  fail(fault: Fault): void;
}

export class Pending implements Waiting {
  readonly id: RpcId;
  readonly token: string | undefined;
  readonly #over: (isLeft: boolean) => void;
  #forget: () => void = () => {};
  #queue: string[] = [];
  #ended: 'no' | 'well' | Fault = 'no';
  #wake: () => void = () => {};

  /** `over` runs once. `isLeft`: nobody waits any more, and the answer has not come. */
  constructor(id: RpcId, token: string | undefined, scope: Scope, over: (isLeft: boolean) => void) {
    this.id = id;
    this.token = token;
    this.#over = over;
    this.#forget = scope.signal.onCancel((reason) => this.#leave(reason));
  }

  push(json: string): void {
    if (this.#ended !== 'no') return;
    this.#queue.push(json);
    if (this.#queue.length > MOST_UNREAD)
      this.#leave(new Fault('slow_consumer', 'the reader takes the stream too slowly'));
    this.#wake();
  }

  answer(json: string): void {
    this.push(json);
    this.#end('well');
  }

  fail(fault: Fault): void {
    this.#end(fault);
  }

  /** Nobody waits any more. */
  leave(): void {
    this.#leave(new Fault('cancelled', 'the reader left before the end of the reply'));
  }

  async *messages(): AsyncGenerator<string> {
    try {
      for (;;) {
        const next = this.#queue.shift();
        if (next !== undefined) yield next;
        else if (this.#ended === 'well') return;
        else if (this.#ended !== 'no') throw this.#ended;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
      }
    } finally {
      this.leave();
    }
  }

  #leave(reason: Fault): void {
    if (this.#ended !== 'no') return;
    this.#end(reason, true);
  }

  #end(how: 'well' | Fault, isLeft = false): void {
    if (this.#ended !== 'no') return;
    this.#ended = how;
    this.#forget();
    this.#over(isLeft);
    this.#wake();
  }
}
