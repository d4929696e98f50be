/** Keeps a number of plans running at whichever root answers, and says yes or no where they ask. */
import type { ApprovalView, RunView } from '../../../src/contract/index.ts';
import { ask, askJson, isAcknowledged, pause } from '../wire.ts';
import type { Scene } from './scene.ts';
import { askRoots } from './scene.ts';
import { FAILS, type Order, PLANS, type PlanName, SEATS } from './shapes.ts';

export interface Started extends Order {
  readonly plan: PlanName;
  readonly id: string;
}

type Parts = Pick<Scene, 'roots' | 'adminKey' | 'callerKey' | 'approverKey'>;

const JSON_BODY = { 'content-type': 'application/json' };
const LOOK_MS = 300;

/** One order in so many is refused by people. */
const REFUSED_EACH = 8;
export const isRefused = (order: string): boolean => Number(order.split('-')[1]) % REFUSED_EACH === REFUSED_EACH - 1;

export class Load {
  readonly #parts: Parts;
  readonly #random: () => number;
  readonly #most: number;
  readonly #started = new Map<string, Started>();
  readonly #open = new Set<string>();
  #next = 0;
  #isStarting = true;
  #isOn = true;
  #work: Promise<unknown> = Promise.resolve();

  constructor(parts: Parts, random: () => number, most: number) {
    this.#parts = parts;
    this.#random = random;
    this.#most = most;
  }

  get open(): number {
    return this.#open.size;
  }

  get started(): readonly Started[] {
    return [...this.#started.values()];
  }

  start(): void {
    this.#work = Promise.all([this.#fill(), this.#look(), this.#agree()]);
  }

  /** Starts nothing more, and waits for what runs. False: some of it is not over in time. */
  async drain(withinMs: number): Promise<boolean> {
    this.#isStarting = false;
    for (const endMs = performance.now() + withinMs; this.#open.size > 0 && performance.now() < endMs; )
      await pause(LOOK_MS);
    await this.stop();
    return this.#open.size === 0;
  }

  async stop(): Promise<void> {
    this.#isStarting = false;
    this.#isOn = false;
    await this.#work;
  }

  async #fill(): Promise<void> {
    while (this.#isStarting) {
      if (this.#open.size < this.#most) await this.#one(this.#next++);
      else await pause(LOOK_MS);
    }
  }

  /** Asked again until it is acknowledged: its key sees to it that it is one run. */
  async #one(number: number): Promise<void> {
    const plan = number % 2 === 0 ? PLANS.plain : PLANS.asked;
    const fail = FAILS[Math.floor(this.#random() * FAILS.length)]!;
    const order: Order = { order: `order-${number}`, fail, seats: Array.from({ length: SEATS }, (_, at) => at) };
    const { roots, callerKey } = this.#parts;
    for (let tries = number; this.#isOn; tries++) {
      const { status, body } = await ask(`${roots[tries % roots.length]}/v1/agents/${plan}/run`, {
        method: 'POST',
        key: callerKey,
        headers: { ...JSON_BODY, prefer: 'respond-async', 'idempotency-key': order.order },
        body: JSON.stringify(order),
      });
      if (isAcknowledged(status)) {
        const { id } = JSON.parse(body) as { id: string };
        this.#started.set(id, { ...order, plan, id });
        this.#open.add(id);
        return;
      }
      await pause(100);
    }
  }

  async #look(): Promise<void> {
    while (this.#isOn) {
      const { items } = await askRoots<{ items: readonly RunView[] }>(this.#parts, '/v1/runs?limit=500').catch(() => ({
        items: [],
      }));
      for (const { id, endedAtMs } of items) if (endedAtMs !== null) this.#open.delete(id);
      await this.#lookAtOld(new Set(items.map(({ id }) => id)));
      await pause(LOOK_MS);
    }
  }

  async #lookAtOld(listed: ReadonlySet<string>): Promise<void> {
    if (listed.size === 0) return;
    for (const id of this.#open) {
      if (listed.has(id)) continue;
      const { roots, adminKey } = this.#parts;
      const run = await askJson<RunView>(`${roots[0]}/v1/runs/${id}`, { key: adminKey });
      if (run !== undefined && run.endedAtMs !== null) this.#open.delete(id);
    }
  }

  async #agree(): Promise<void> {
    const { roots, approverKey: key } = this.#parts;
    for (let at = 0; this.#isOn; at++) {
      const root = roots[at % roots.length];
      const pending = await askJson<{ items: readonly { id: string }[] }>(
        `${root}/v1/approvals?state=pending&limit=500`,
        { key },
      );
      for (const { id } of pending?.items ?? []) {
        const seen = await askJson<ApprovalView>(`${root}/v1/approvals/${id}`, { key });
        if (seen === undefined || !this.#isOn) break;
        const { order } = JSON.parse(seen.body) as { order: string };
        await ask(`${root}/v1/approvals/${id}:${isRefused(order) ? 'deny' : 'approve'}`, {
          ...{ method: 'POST', key, headers: JSON_BODY },
          body: JSON.stringify({ digest: seen.digest }),
        });
      }
      await pause(LOOK_MS);
    }
  }
}
