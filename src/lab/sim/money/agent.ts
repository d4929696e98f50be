/** An agent that money is spent on. Its ledger, with what each execution cost, is the truth about everything. */
import type { Clock } from '../../../contract/index.ts';
import { OFFERS } from './operations.ts';
import type { Arrival, Story } from './story.ts';

/** `refused`: not executed, and it says so. `error`: executed, and it ended as a 500. */
export type Answer =
  | { readonly kind: 'ok' | 'error'; readonly cost: number; readonly text: string }
  | { readonly kind: 'refused' };

/** Shares of requests. All zero: healthy. */
export interface Ailments {
  error: number;
  refuse: number;
  slow: number;
}

export class Agent {
  readonly ails: Ailments = { error: 0, refuse: 0, slow: 0 };
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #story: Story;
  /** By tenant and key: what it cost. */
  readonly #executed = new Map<string, number>();
  /** Keys that it has said no to when asked, or whose one run is under way. */
  readonly #never = new Set<string>();
  readonly #working = new Set<string>();

  constructor(clock: Clock, random: () => number, story: Story) {
    this.#clock = clock;
    this.#random = random;
    this.#story = story;
  }

  receive(request: Arrival, answer: (answer: Answer) => void): void {
    const { operation, body } = request;
    if (operation === 'paid') answer({ kind: 'ok', cost: 0, text: this.#asked(request.tenant, body) });
    else this.#get(request, keyOf(request.tenant, request.key), answer);
  }

  #get(request: Arrival, key: string, answer: (answer: Answer) => void): void {
    const known = OFFERS[request.operation]!.once ? this.#executed.get(key) : undefined;
    if (this.#never.has(key) || this.#working.has(key) || this.#random() < this.ails.refuse) {
      answer({ kind: 'refused' });
      return;
    }
    this.#story.tell({ kind: 'arrived', request });
    if (known !== undefined) answer({ kind: 'ok', cost: known, text: '' });
    else this.#work(request, key, answer);
  }

  /** A person looks into its books. Whoever hears no may rely on it. */
  knows(tenant: string, key: string): boolean {
    const executed = this.#executed.has(keyOf(tenant, key));
    if (!executed) this.#never.add(keyOf(tenant, key));
    return executed;
  }

  #asked(tenant: string, body: string): string {
    const { idempotencyKey } = JSON.parse(body) as { readonly idempotencyKey: string };
    return JSON.stringify({ executed: this.knows(tenant, idempotencyKey) });
  }

  /** The effect happens somewhere on the way. */
  #work(request: Arrival, key: string, answer: (answer: Answer) => void): void {
    const { once, worst } = OFFERS[request.operation]!;
    if (once) this.#working.add(key);
    const tookMs = 5 + 30 * this.#random() + (this.#random() < this.ails.slow ? 4_000 * this.#random() : 0);
    const kind = this.#random() < this.ails.error ? 'error' : 'ok';
    this.#clock.after(tookMs * this.#random(), () => {
      this.#working.delete(key);
      if (this.#never.has(key)) {
        answer({ kind: 'refused' });
        return;
      }
      const cost = worst === 0 ? 0 : 1 + Math.floor(this.#random() * worst);
      this.#executed.set(key, cost);
      this.#story.tell({ kind: 'executed', request, cost });
      this.#clock.after(tookMs / 2, () => answer({ kind, cost, text: '' }));
    });
  }
}

const keyOf = (tenant: string, key: string): string => `${tenant}/${key}`;
