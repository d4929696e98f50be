/** New call trees at a steady rate, and what the caller of each was answered. */
import { randomBytes } from 'node:crypto';
import type { Access } from '../../../src/cli/deploy.ts';
import { ask } from '../../crash/wire.ts';
import { FRONTS, type Front } from './cast.ts';

export interface Begun {
  readonly trace: string;
  readonly front: string;
  readonly status: number;
  readonly call: string;
  /** Unix ms. */
  readonly beganAtMs: number;
  readonly endedAtMs: number;
}

export class Load {
  readonly #access: ReadonlyMap<string, Access>;
  readonly #begun: Begun[] = [];
  readonly #open = new Set<Promise<void>>();
  #timers: readonly NodeJS.Timeout[] = [];

  constructor(access: ReadonlyMap<string, Access>) {
    this.#access = access;
  }

  start(): void {
    this.#timers = FRONTS.map((front) =>
      setInterval(() => {
        const work = this.#begin(front).finally(() => this.#open.delete(work));
        this.#open.add(work);
      }, 1_000 / front.perSecond),
    );
  }

  /** Resolves when the last tree has ended. */
  async stop(): Promise<readonly Begun[]> {
    for (const timer of this.#timers) clearInterval(timer);
    await Promise.all(this.#open);
    return this.#begun;
  }

  async #begin({ front, caller }: Front): Promise<void> {
    const { url, key } = this.#access.get(caller)!;
    const trace = randomBytes(16).toString('hex');
    const traceparent = `00-${trace}-${randomBytes(8).toString('hex')}-01`;
    const beganAtMs = Date.now();
    const { status, headers } = await ask(`${url}/v1/agents/${front}/run`, {
      method: 'POST',
      key,
      headers: { traceparent },
    });
    const call = String(headers['airspace-call-id'] ?? '');
    this.#begun.push({ trace, front, status, call, beganAtMs, endedAtMs: Date.now() });
  }
}
