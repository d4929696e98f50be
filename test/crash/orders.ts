/** An operator who stops and lets go all the time, somebody who is not there: which orders must be in force, and which must not. */
import type { Finding } from './finding.ts';
import { ask, askJson, isAcknowledged, pause } from './wire.ts';

interface View {
  readonly seq: number;
  readonly items: readonly { readonly id: string; readonly reason: string }[];
}

export interface OrdersOptions {
  readonly url: string;
  readonly key: string;
  /** Between two orders. */
  readonly everyMs: number;
}

/** Lives as long as its topology: what was acknowledged in one round is looked for after all others. */
export class Orders {
  readonly #options: OrdersOptions;
  /** Acknowledged, and nobody has asked for them to be lifted. */
  readonly #given = new Set<string>();
  readonly #lifted = new Set<string>();
  #newest = 0;
  #number = 0;
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#stopped = false;
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      await this.#order(++this.#number);
      if (this.#number % 2 === 0) await this.#lift();
      await pause(this.#options.everyMs);
    }
  }

  async #order(number: number): Promise<void> {
    const { url, key } = this.#options;
    const answer = await askJson<{ order: { id: string }; seq: number }>(`${url}/v1/kills`, {
      method: 'POST',
      key,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'user', name: 'nobody', reason: `order ${number}` }),
    });
    if (answer === undefined) return;
    this.#given.add(answer.order.id);
    this.#newest = Math.max(this.#newest, answer.seq);
  }

  async #lift(): Promise<void> {
    const { url, key } = this.#options;
    const [id] = this.#given;
    if (id === undefined) return;
    // From here on it may be gone; only the answer says that it must be.
    this.#given.delete(id);
    const { status } = await ask(`${url}/v1/kills/${id}`, { method: 'DELETE', key });
    if (isAcknowledged(status)) this.#lifted.add(id);
  }

  async findings(): Promise<readonly Finding[]> {
    const { url, key } = this.#options;
    const view = await askJson<View>(`${url}/v1/kills`, { key });
    if (view === undefined) return [{ what: 'wrong', text: 'the orders to stop cannot be read' }];
    const inForce = new Set(view.items.map(({ id }) => id));
    const gone = [...this.#given].filter((id) => !inForce.has(id));
    const back = [...this.#lifted].filter((id) => inForce.has(id));
    return [
      ...gone.map((id): Finding => ({ what: 'lost', text: `order ${id} was acknowledged and is not in force` })),
      ...back.map((id): Finding => ({ what: 'wrong', text: `order ${id} was lifted and is in force again` })),
      ...(view.seq >= this.#newest
        ? []
        : [{ what: 'wrong' as const, text: `orders went back from list ${this.#newest} to ${view.seq}` }]),
    ];
  }
}
