/** When each key was last used: noted in memory on the way of a call, written to a file long after it. */
import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../contract/index.ts';
import { readPrivateFile, writePrivateFile } from './privatefile.ts';

export const KEY_USE_FILE = 'key-use.json';
const MOST_BYTES = 16 * 1024 * 1024;
/** Days are what people look at; a crash may lose a minute of them. */
const FLUSH_MS = 60_000;

/** One key. Written by every call that it opens: an assignment, and no map. */
export interface Use {
  usedAtMs: number;
}

const Kept = z.record(z.string(), z.number().min(0));

export interface KeyUseOptions {
  readonly dir: string;
  readonly clock: Clock;
  readonly failed: (cause: unknown) => void;
}

/** Of one node: what other nodes saw of a key, they say. */
export class KeyUse {
  readonly #uses = new Map<string, Use>();
  readonly #path: string;
  readonly #options: KeyUseOptions;
  #flushed = 0;
  #timer: { cancel(): void } | undefined;

  private constructor(options: KeyUseOptions) {
    this.#options = options;
    this.#path = join(options.dir, KEY_USE_FILE);
  }

  /** What the last run wrote down; a file that cannot be read says nothing, because nobody is let in by it. */
  static async open(options: KeyUseOptions): Promise<KeyUse> {
    const uses = new KeyUse(options);
    const text = await readPrivateFile(uses.#path, MOST_BYTES).catch(() => undefined);
    const kept = text === undefined ? undefined : Kept.safeParse(parsed(text)).data;
    for (const [key, usedAtMs] of Object.entries(kept ?? {})) uses.#uses.set(key, { usedAtMs });
    uses.#flushed = uses.#newest();
    uses.#again();
    return uses;
  }

  /** The same object for the same key, however often snapshots change. */
  of(tenant: string, id: string): Use {
    const key = `${tenant}/${id}`;
    const known = this.#uses.get(key);
    if (known !== undefined) return known;
    const use = { usedAtMs: 0 };
    this.#uses.set(key, use);
    return use;
  }

  /** Unix ms; null when this node never saw it. */
  lastUsedMs(tenant: string, id: string): number | null {
    return this.#uses.get(`${tenant}/${id}`)?.usedAtMs || null;
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.flush();
  }

  async flush(): Promise<void> {
    const newest = this.#newest();
    if (newest === this.#flushed) return;
    try {
      const used = [...this.#uses].flatMap(([key, { usedAtMs }]) => (usedAtMs === 0 ? [] : [[key, usedAtMs]]));
      await writePrivateFile(this.#path, JSON.stringify(Object.fromEntries(used)));
      this.#flushed = newest;
    } catch (thrown) {
      this.#options.failed(thrown);
    }
  }

  #newest(): number {
    // One after the other: as arguments of one call, a hundred thousand keys would be too many.
    return this.#uses.values().reduce((newest, { usedAtMs }) => Math.max(newest, usedAtMs), 0);
  }

  #again(): void {
    this.#timer = this.#options.clock.after(FLUSH_MS, () => {
      void this.flush();
      this.#again();
    });
  }
}

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
