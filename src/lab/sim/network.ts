/** A fake network between nodes and agents: it is late, loses, refuses and breaks, and it knows how many sockets are open. */
import type { Call, Clock, Reply, Scope } from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { type Handler, loopbackReply, notSent, throwIfNotSendable } from '../../kernel/index.ts';
import type { Agent, Answer } from './agent.ts';

/** What ails the way to one agent. All zero: healthy. */
export interface Weather {
  /** Nothing comes through, and nobody says so. */
  blackHole: boolean;
  extraMs: number;
  /** Shares of exchanges that break before the agent has the request, after it answered, and in the middle of a stream. */
  breakBefore: number;
  breakAfter: number;
  breakStream: number;
  /** Share of cancelled sockets that take up to two seconds to go away. */
  lingering: number;
}

export const fairWeather = (): Weather => ({
  blackHole: false,
  extraMs: 0,
  breakBefore: 0,
  breakAfter: 0,
  breakStream: 0,
  lingering: 0,
});

/** D2. */
const CONNECT_TIMEOUT_MS = 2000;
const CHUNKS = 5;
const CHUNK = new Uint8Array(64);

/** One way: from one node to one agent. Counts its sockets, which is the truth that slots are held against. */
export class Way {
  readonly agent: Agent;
  readonly weather: Weather = fairWeather();
  readonly clock: Clock;
  readonly random: () => number;
  readonly #onOpen: (way: Way) => void;
  sockets = 0;
  /** Of these, told to go away and not gone yet. */
  closing = 0;

  constructor(agent: Agent, clock: Clock, random: () => number, onOpen: (way: Way) => void) {
    this.agent = agent;
    this.clock = clock;
    this.random = random;
    this.#onOpen = onOpen;
  }

  readonly handler: Handler = async (call, scope) => {
    throwIfNotSendable(scope);
    this.sockets += 1;
    this.#onOpen(this);
    return new Promise<Reply>((resolve, reject) => new Exchange(this, call, scope, resolve, reject).connect());
  };

  delayMs(): number {
    return 1 + 4 * this.random() + this.weather.extraMs * this.random();
  }

  /** How long a socket takes to be gone after it was told to. */
  closingMs(): number {
    return this.random() < this.weather.lingering ? 2000 * this.random() : 0;
  }
}

/** One request and its reply on one socket. INVARIANT: it settles once, and only when the socket is gone or the reply is complete. */
class Exchange {
  readonly #way: Way;
  readonly #call: Call;
  readonly #resolve: (reply: Reply) => void;
  #fail: (fault: Fault) => void;
  readonly #forget: () => void;
  readonly #gone = Promise.withResolvers<void>();
  #sent = false;
  #closing = false;

  constructor(way: Way, call: Call, scope: Scope, resolve: (reply: Reply) => void, reject: (fault: Fault) => void) {
    this.#way = way;
    this.#call = call;
    this.#resolve = resolve;
    this.#fail = reject;
    this.#forget = scope.signal.onCancel((reason) => this.close(this.#sent ? reason : notSent(reason)));
  }

  connect(): void {
    if (this.#way.weather.blackHole) {
      this.#later(CONNECT_TIMEOUT_MS, () => this.close(new Fault('unreachable', 'no connection in time')));
      return;
    }
    this.#later(this.#way.delayMs(), () => {
      if (this.#way.agent.ails.crashed) this.close(new Fault('unreachable', 'connection refused'));
      else this.#send();
    });
  }

  /** Ends the exchange. The socket goes away at once or a little later; nobody below has let go before that (D5). */
  close(fault: Fault | undefined): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#forget();
    this.#way.closing += 1;
    const gone = (): void => {
      this.#way.closing -= 1;
      this.#way.sockets -= 1;
      this.#gone.resolve();
      if (fault !== undefined) this.#fail(fault);
    };
    const closingMs = fault === undefined ? 0 : this.#way.closingMs();
    if (closingMs === 0) gone();
    else this.#way.clock.after(closingMs, gone);
  }

  #send(): void {
    this.#sent = true;
    this.#later(this.#way.delayMs(), () => {
      if (this.#way.random() < this.#way.weather.breakBefore) this.#break();
      else this.#way.agent.receive({ callId: this.#call.id, answer: (answer) => this.#answered(answer) });
    });
  }

  #answered({ kind }: Answer): void {
    if (this.#closing) return;
    if (kind === 'gone' || this.#way.random() < this.#way.weather.breakAfter) {
      this.#break();
      return;
    }
    this.#later(this.#way.delayMs(), () => {
      if (kind === 'refused') this.close(new Fault('refused', 'not now', { retryAfterMs: 50 }));
      else if (this.#call.stream && kind === 'ok') this.#stream();
      else this.#reply(kind === 'ok' ? 200 : 500);
    });
  }

  #reply(status: number): void {
    this.close(undefined);
    this.#resolve(loopbackReply({ status, endpoint: this.#way.agent.name }));
  }

  #stream(): void {
    let left = CHUNKS;
    let waiting: ((fault: Fault) => void) | undefined;
    let over: Fault | undefined;
    this.#fail = (fault) => {
      over = fault;
      waiting?.(fault);
    };
    const next = (): Promise<IteratorResult<Uint8Array>> =>
      new Promise((resolve, reject) => {
        if (over !== undefined) return reject(over);
        waiting = reject;
        this.#later(20 * this.#way.random(), () => {
          if (this.#way.random() < this.#way.weather.breakStream) return this.#break();
          waiting = undefined;
          left -= 1;
          if (left >= 0) return resolve({ done: false, value: CHUNK });
          this.close(undefined);
          resolve({ done: true, value: undefined });
        });
      });
    const leave = async (): Promise<IteratorResult<Uint8Array>> => {
      this.close(new Fault('cancelled', 'the reader left'));
      await this.#gone.promise;
      return { done: true, value: undefined };
    };
    const chunks = { [Symbol.asyncIterator]: () => ({ next, return: leave }) };
    this.#resolve(loopbackReply({ endpoint: this.#way.agent.name, body: { kind: 'stream', chunks } }));
  }

  #break(): void {
    this.close(new Fault('upstream_broken', 'connection reset'));
  }

  #later(ms: number, run: () => void): void {
    this.#way.clock.after(ms, () => {
      if (!this.#closing) run();
    });
  }
}
