/** A fake agent: works, crashes, hangs, refuses, and keeps its own ledger of what it really did. */
import type { Clock } from '../../contract/index.ts';

/** What the agent tells the network about one request. */
export interface Answer {
  /** `refused`: not executed, and says so (R4). `error`: executed, and ended as a 500. `gone`: the connection broke. */
  readonly kind: 'ok' | 'error' | 'refused' | 'gone';
}

export interface Request {
  readonly callId: string;
  readonly answer: (answer: Answer) => void;
}

/** What ails it now. All zero: healthy. */
export interface Ailments {
  crashed: boolean;
  hung: boolean;
  /** Work takes this many times as long. */
  slowness: number;
  /** Shares of requests. */
  errorShare: number;
  refuseShare: number;
}

const healthy = (): Ailments => ({ crashed: false, hung: false, slowness: 1, errorShare: 0, refuseShare: 0 });

export class Agent {
  readonly name: string;
  /** Ids of executed calls, in order. Append only: the truth that all answers are held against. */
  readonly ledger: string[] = [];
  readonly ails: Ailments = healthy();
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Requests that it has and has not answered; a crash breaks them all. */
  readonly #open = new Set<Request>();
  #backlog: Request[] = [];

  constructor(name: string, clock: Clock, random: () => number) {
    this.name = name;
    this.#clock = clock;
    this.#random = random;
  }

  receive(request: Request): void {
    if (this.ails.crashed) {
      request.answer({ kind: 'gone' });
      return;
    }
    this.#open.add(request);
    if (this.ails.hung) this.#backlog.push(request);
    else this.#work(request);
  }

  crash(): void {
    this.ails.crashed = true;
    this.#backlog = [];
    const broken = [...this.#open];
    this.#open.clear();
    for (const request of broken) request.answer({ kind: 'gone' });
  }

  /** Goes on where it stopped: also with work whose caller has long given up. */
  wake(): void {
    this.ails.hung = false;
    const backlog = this.#backlog;
    this.#backlog = [];
    for (const request of backlog) this.#work(request);
  }

  heal(): void {
    const { hung } = this.ails;
    Object.assign(this.ails, healthy());
    if (hung) this.wake();
  }

  #work(request: Request): void {
    const chance = this.#random();
    const tookMs = (5 + 55 * this.#random()) * this.ails.slowness;
    if (chance < this.ails.refuseShare) {
      this.#clock.after(1, () => this.#answer(request, 'refused'));
      return;
    }
    const kind = this.#random() < this.ails.errorShare ? 'error' : 'ok';
    // The effect happens somewhere on the way, so a crash may come before or after it.
    this.#clock.after(tookMs * this.#random(), () => {
      if (this.#open.has(request)) this.ledger.push(request.callId);
    });
    this.#clock.after(tookMs, () => this.#answer(request, kind));
  }

  #answer(request: Request, kind: Answer['kind']): void {
    if (this.#open.delete(request)) request.answer({ kind });
  }
}
