/** The writing connection of a process: collects the commands of one event-loop turn, commits them together, and tells each caller its own outcome. */
import type pg from 'pg';
import type { Fault, StoreTopic } from '../../contract/index.ts';
import { WRITERS } from '../sql/commands.ts';
import type { Address } from './address.ts';
import { type Committed, LostCommit, transact, type Work } from './batch.ts';
import { connect, keepAlive, type Tuning } from './connection.ts';
import type { Plans } from './database.ts';
import { closed, isHeldUp, isLost, isRaced, storageFault, unknownOutcome } from './fault.ts';

const writers = WRITERS as unknown as Readonly<Record<string, Work['run']>>;

export interface WriterSetup {
  readonly address: Address;
  readonly schema: string;
  readonly plans: Plans;
  readonly sync: Tuning['sync'];
  /** Hears what this process has told the others. */
  readonly told: (topic: StoreTopic, count: number) => void;
}

interface Waiting extends Work {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (fault: Fault) => void;
}

/** Enough that one flush is shared by many, and few enough that the first of them does not wait for the last. */
const MAX_BATCH = 500;
/** Of one group, before its callers hear of it: a restart of the server costs one, a race with another hub seldom two. */
const ATTEMPTS = 4;
/** No new attempt after this time: callers wait. */
const PATIENCE_MS = 10_000;
/** How often a new connection is asked what became of a commit. */
const QUESTIONS = 5;

export class Writer {
  readonly #setup: WriterSetup;
  #client: Promise<pg.Client> | undefined;
  #queue: Waiting[] = [];
  #working: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  constructor(setup: WriterSetup) {
    this.#setup = setup;
  }

  /** Throws Fault `storage`. */
  ask(name: string, args: unknown): Promise<unknown> {
    if (this.#closing !== undefined) return Promise.reject(closed(this.#setup.address.name));
    return new Promise((resolve, reject) => {
      this.#queue.push({ name, args, run: writers[name]!, resolve, reject });
      // The whole turn runs first, so that everything it asks for goes together.
      this.#working ??= new Promise((next) => setImmediate(next)).then(() => this.#work());
    });
  }

  /** Finishes what was asked before, then closes the connection. */
  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#working;
      const client = await this.#client?.catch(() => undefined);
      await client?.end().catch(() => {});
    })();
    return this.#closing;
  }

  /** INVARIANT: one group is under way at a time; what comes meanwhile is the next. */
  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0, MAX_BATCH);
      try {
        settle(group, await this.#commit(group));
      } catch (thrown) {
        if (group.length === 1 || isHopeless(thrown)) this.#refuse(group, thrown);
        else await this.#apart(group);
      }
    }
    this.#working = undefined;
    // Only work that somebody waits for keeps the process alive.
    this.#client?.then((client) => keepAlive(client, this.#working !== undefined)).catch(() => {});
  }

  /** One of them throws, and undid what the others had written: each gets a transaction of its own. */
  async #apart(group: readonly Waiting[]): Promise<void> {
    for (const [at, one] of group.entries()) {
      try {
        settle([one], await this.#commit([one]));
      } catch (thrown) {
        // Without a connection the rest would only wait for the same answer, one after the other.
        if (isHopeless(thrown)) return this.#refuse(group.slice(at), thrown);
        this.#refuse([one], thrown);
      }
    }
  }

  #refuse(group: readonly Waiting[], thrown: unknown): void {
    const fault = storageFault(this.#setup.address.name, thrown);
    for (const { reject } of group) reject(fault);
  }

  /** Tries again what cannot have been committed. */
  async #commit(work: readonly Work[]): Promise<Committed> {
    const endMs = performance.now() + PATIENCE_MS;
    for (let attempt = 1; ; attempt++) {
      const client = await this.#connected();
      keepAlive(client, true);
      try {
        return this.#tellOf(await transact({ ...this.#setup, client }, work));
      } catch (thrown) {
        if (isLost(thrown) || thrown instanceof LostCommit) this.#drop(client);
        if (thrown instanceof LostCommit) {
          if (await this.#wasCommitted(thrown)) return this.#tellOf(thrown.committed);
        } else if (!isLost(thrown) && !isRaced(thrown)) throw thrown;
        if (attempt === ATTEMPTS || performance.now() > endMs)
          throw thrown instanceof LostCommit ? thrown.cause : thrown;
      }
    }
  }

  /** Asks the server itself. Throws Fault `storage` with `executed: unknown` when it does not say. */
  async #wasCommitted({ xid, cause }: LostCommit): Promise<boolean> {
    for (let question = 1; question <= QUESTIONS; question++) {
      try {
        const client = await this.#connected();
        const { rows } = await client.query('select pg_xact_status($1::text::xid8) as status', [xid]);
        if (rows[0].status === 'committed') return true;
        if (rows[0].status === 'aborted') return false;
      } catch {
        this.#client = undefined;
      }
      // It is still at it, or it is starting again.
      await new Promise((later) => setTimeout(later, 200 * question));
    }
    throw unknownOutcome(this.#setup.address.name, cause);
  }

  #tellOf(committed: Committed): Committed {
    for (const [topic, count] of committed.told) this.#setup.told(topic, count);
    return committed;
  }

  #connected(): Promise<pg.Client> {
    const { address, schema, sync } = this.#setup;
    if (this.#client !== undefined) return this.#client;
    const connecting: Promise<pg.Client> = connect(address, schema, { sync, pipeline: true }, () => {
      if (this.#client === connecting) this.#client = undefined;
    });
    this.#client = connecting;
    connecting.catch(() => {
      if (this.#client === connecting) this.#client = undefined;
    });
    return connecting;
  }

  /** Also ends a transaction that may still hold locks at the other end. */
  #drop(client: pg.Client): void {
    this.#client = undefined;
    void client.end().catch(() => {});
  }
}

/** Nobody gets through, or nobody knows: to try each command alone says nothing new. */
const isHopeless = (thrown: unknown): boolean =>
  isLost(thrown) ||
  isHeldUp(thrown) ||
  (thrown instanceof Error && 'executed' in thrown && thrown.executed === 'unknown');

const settle = (group: readonly Waiting[], { answers }: Committed): void => {
  for (const [at, { resolve }] of group.entries()) resolve(answers[at]);
};
