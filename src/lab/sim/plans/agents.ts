/** Agents of three domains, with what each of them did to the world; and a network between them and the nodes that keeps no promise. */
import type { Call, Clock, OperationEntry } from '../../../contract/index.ts';
import { Fault } from '../../../contract/index.ts';

export const OPERATIONS: Readonly<Record<string, OperationEntry & { readonly asks: boolean }>> = {
  'agent/rail/find': { name: 'find', effect: 'read', idempotent: true, asks: false },
  'agent/rail/book': { name: 'book', effect: 'write', idempotent: false, asks: false },
  'agent/rail/free': { name: 'free', effect: 'write', idempotent: true, asks: false },
  'agent/hotel/hold': { name: 'hold', effect: 'write', idempotent: true, asks: false },
  'agent/hotel/drop': { name: 'drop', effect: 'write', idempotent: false, asks: false },
  'agent/bank/pay': { name: 'pay', effect: 'spend', idempotent: false, asks: true },
  'agent/bank/refund': { name: 'refund', effect: 'write', idempotent: false, asks: false },
};

/** One thing that was done. What is idempotent is done once for each key, however often it is asked for. */
export interface Deed {
  readonly run: string;
  readonly step: string;
  readonly call: string;
  readonly key: string;
  readonly target: string;
  readonly atMs: number;
}

export interface Answer {
  readonly outcome: 'ok' | 'failed';
  readonly body: unknown;
}

type Truth = 'executed' | 'not_executed' | 'pending';

export class Agents {
  readonly deeds: Deed[] = [];
  /** Every request that came, whether it did anything or not. */
  readonly requests: { readonly call: string; readonly run: string; readonly step: string; readonly seen: boolean }[] =
    [];
  readonly #truth = new Map<string, Truth>();
  readonly #done = new Set<string>();
  readonly #clock: Clock;
  readonly #random: () => number;
  /** Faults are over. */
  calm = false;
  /** Whether a call was dispatched by the history of its run when it arrives. */
  dispatched: (run: string, step: string, call: string) => boolean = () => true;

  constructor(clock: Clock, random: () => number) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Something may still happen to the world. */
  get isBusy(): boolean {
    return [...this.#truth.values()].includes('pending');
  }

  truthOf(call: string): Truth {
    return this.#truth.get(call) ?? 'not_executed';
  }

  /** Resolves with what comes back, rejects with what breaks, or never does. */
  send(call: Call, target: string): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const { run, step } = call.step!;
    this.#truth.set(call.id, 'pending');
    this.requests.push({ call: call.id, run, step, seen: this.dispatched(run, step, call.id) });
    const chance = this.calm ? 1 : this.#random();
    const delayMs = this.calm ? 5 : chance < 0.05 ? 500 + 9_000 * this.#random() : 5 + 200 * this.#random();
    const later = (ms: number, run: () => void): void => void this.#clock.after(ms, run);
    later(delayMs, () => {
      if (chance >= 0.05 && chance < 0.11) {
        this.#truth.set(call.id, 'not_executed');
        later(5, () => reject(new Fault('unreachable', 'nobody is there')));
      } else if (chance >= 0.11 && chance < 0.15) {
        this.#truth.set(call.id, 'not_executed');
        later(50, () => reject(new Fault('upstream_broken', 'the connection broke')));
      } else if (chance >= 0.15 && chance < 0.2) {
        this.#truth.set(call.id, 'not_executed');
        later(5, () => resolve({ outcome: 'failed', body: { no: 'not so' } }));
      } else {
        this.#do(call, target);
        if (chance >= 0.2 && chance < 0.27)
          later(50, () => reject(new Fault('upstream_broken', 'the connection broke')));
        else if (chance >= 0.27 && chance < 0.3)
          later(5, () => reject(new Fault('timeout', 'the answer came too late', { executed: 'yes' })));
        else later(5, () => resolve({ outcome: 'ok', body: { ref: step, n: 7 } }));
      }
    });
    return promise;
  }

  #do(call: Call, target: string): void {
    const { run, step } = call.step!;
    const key = call.idempotencyKey ?? call.id;
    this.#truth.set(call.id, 'executed');
    if (OPERATIONS[target]!.idempotent && this.#done.has(key)) return;
    this.#done.add(key);
    this.deeds.push({ run, step, call: call.id, key, target, atMs: this.#clock.nowMs() });
  }
}
