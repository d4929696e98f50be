/** Hears what other hubs have changed: at once by LISTEN, and in any case by looking at the counters every few seconds. */
import type pg from 'pg';
import type { StoreTopic } from '../../contract/index.ts';
import type { Address } from './address.ts';
import { connect, keepAlive } from './connection.ts';
import { topicOf } from './topics.ts';

export interface WatchSetup {
  readonly address: Address;
  readonly schema: string;
  /** For looking at the counters. */
  readonly pool: pg.Pool;
}

/** A notification is lost with the connection that should have brought it; nobody waits longer than this for its news. */
const POLL_MS = 5_000;
const RECONNECT_MS = 1_000;

export class ChangeWatch {
  readonly #setup: WatchSetup;
  readonly #seen = new Map<StoreTopic, number>();
  readonly #listeners = new Set<(topic: StoreTopic) => void>();
  #timer: NodeJS.Timeout | undefined;
  #client: pg.Client | undefined;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(setup: WatchSetup) {
    this.#setup = setup;
  }

  /** From now on changes are heard of; what was there before is not one. Throws what the driver throws. */
  async start(): Promise<void> {
    await this.#listen();
    for (const [topic, count] of await this.#counters()) this.#seen.set(topic, count);
    this.#timer = setInterval(() => void this.#tick(), POLL_MS);
    this.#hold();
  }

  subscribe(listener: (topic: StoreTopic) => void): () => void {
    this.#listeners.add(listener);
    this.#hold();
    return () => {
      this.#listeners.delete(listener);
      this.#hold();
    };
  }

  /** The process goes on for those who wait to hear something, and for nobody else. */
  #hold(): void {
    const waits = this.#listeners.size > 0;
    if (waits) this.#timer?.ref();
    else this.#timer?.unref();
    if (this.#client !== undefined) keepAlive(this.#client, waits);
  }

  /** A change of our own, that nobody here needs to be told of. When others came in between, it is not the next one. */
  told(topic: StoreTopic, count: number): void {
    if (count === (this.#seen.get(topic) ?? 0) + 1) this.#seen.set(topic, count);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    await this.#looking;
    await this.#client?.end().catch(() => {});
  }

  async #listen(): Promise<void> {
    const { address, schema } = this.#setup;
    const client = await connect(address, schema, { sync: 'full', pipeline: false }, () => this.#lost());
    client.on('notification', () => void this.#look());
    await client.query(`listen "${schema}"`);
    this.#client = client;
    this.#hold();
  }

  #lost(): void {
    this.#client = undefined;
    if (this.#stopped) return;
    setTimeout(() => void this.#comeBack(), RECONNECT_MS).unref();
  }

  async #comeBack(): Promise<void> {
    if (this.#stopped || this.#client !== undefined) return;
    try {
      await this.#listen();
      await this.#look();
    } catch {
      // The next tick tries again.
    }
  }

  async #tick(): Promise<void> {
    await this.#comeBack();
    await this.#look();
  }

  /** One look at a time; what comes during one leads to exactly one more. */
  #look(): Promise<void> {
    this.#again = true;
    this.#looking ??= (async () => {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        await this.#compare();
      }
      this.#looking = undefined;
    })();
    return this.#looking;
  }

  async #compare(): Promise<void> {
    let counters: readonly (readonly [StoreTopic, number])[];
    try {
      counters = await this.#counters();
    } catch {
      return; // The database is away; the poll goes on.
    }
    for (const [topic, count] of counters) {
      if (count === this.#seen.get(topic)) continue;
      this.#seen.set(topic, count);
      for (const listener of [...this.#listeners]) listener(topic);
    }
  }

  async #counters(): Promise<readonly (readonly [StoreTopic, number])[]> {
    const { rows } = await this.#setup.pool.query(`select name, value from sequence where name like 'changed %'`);
    return rows.map((row) => [topicOf(row.name), row.value] as const);
  }
}
