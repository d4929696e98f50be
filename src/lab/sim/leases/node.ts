/** A node of the simulation: the real lessee over a disk that survives it, and calls that draw on its leases. */
import { type Holder, LeaseRecords, Lessee, leasedCalls, leasedLedger } from '../../../budget/index.ts';
import type { AccountTerms, CallJournal, Clock, LedgerStore, NodeEntry } from '../../../contract/index.ts';
import { memoryStores } from '../../../stores/index.ts';
import { clockOf, type Life, onDisk } from './disk.ts';
import type { Machinery } from './machinery.ts';
import type { Wire } from './wire.ts';

const SWEEP_MS = 5_000;

/** What the agents behind it really did, and when they were let. */
export interface Ran {
  readonly accounts: readonly AccountTerms[];
  readonly cost: number;
  readonly lease: string;
  readonly admittedAtMs: number;
}

export interface NodeParts {
  readonly entry: NodeEntry;
  readonly clock: Clock;
  readonly random: () => number;
  readonly newId: () => string;
  readonly wire: Wire;
  readonly machinery: Machinery;
  readonly rate: number;
}

export interface Wanted {
  readonly accounts: readonly AccountTerms[];
  readonly need: number;
  readonly cost: number;
  readonly tookMs: number;
  /** Asks for as much again on its way. */
  readonly isLong: boolean;
}

interface Running {
  readonly life: Life;
  readonly lessee: Lessee;
  readonly calls: CallJournal;
  readonly ledger: LedgerStore;
}

export class Node {
  readonly stores = memoryStores();
  readonly ran: Ran[] = [];
  readonly skew = { wallMs: 0 };
  refused = 0;
  readonly #parts: NodeParts;
  #running: Running | undefined;
  /** Its folder is locked for as long as the process before is there. */
  #stopped: Promise<void> = Promise.resolve();

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  get id(): string {
    return this.#parts.entry.id;
  }

  get isUp(): boolean {
    return this.#running !== undefined;
  }

  async start(): Promise<void> {
    await this.#stopped;
    if (this.#running !== undefined) return;
    const { clock, random, newId, entry, wire, machinery, rate } = this.#parts;
    const life = { isAlive: true };
    const own = clockOf(clock, life, rate, this.skew);
    const disk = onDisk(this.stores.ledger, life, clock, random);
    const { tenant } = entry;
    const records = new LeaseRecords(disk, tenant, own);
    const lessee = new Lessee({
      ...{ records, clock: own, random, newId, node: entry.id },
      send: (request) => (life.isAlive ? wire.send(entry, machinery.said(request)) : new Promise<never>(() => {})),
      ...(machinery.maxSkewMs === undefined ? {} : { maxSkewMs: machinery.maxSkewMs }),
    });
    const parts = { lessee, records, ledger: disk, tenant };
    const running = {
      life,
      lessee,
      calls: leasedCalls(onDisk(this.stores.calls, life, clock, random), parts),
      ledger: leasedLedger(parts),
    };
    const sweep = (): void => {
      void running.ledger.expire(own.wallMs(), 1_000);
      own.after(SWEEP_MS, sweep);
    };
    own.after(SWEEP_MS, sweep);
    this.#running = running;
    await lessee.start();
  }

  crash(): void {
    if (this.#running !== undefined) this.#running.life.isAlive = false;
    this.#running = undefined;
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === undefined) return;
    this.#running = undefined;
    this.#stopped = running.lessee.stop().finally(() => {
      running.life.isAlive = false;
    });
    await this.#stopped;
  }

  /** As the record layer does: set aside, sent, settled. False when it was refused. */
  async call(wanted: Wanted): Promise<boolean> {
    const running = this.#running;
    if (running === undefined) return false;
    const { newId, clock, random } = this.#parts;
    const { tenant } = this.#parts.entry;
    const { accounts, need, cost, tookMs } = wanted;
    const id = newId();
    const wallMs = clock.wallMs() + this.skew.wallMs;
    const charges = accounts.map((account) => ({ account, amount: account.unit === 'calls' ? 1 : need }));
    const reservation = { id, tenant, labels: {}, charges, expiresAtMs: wallMs + tookMs + 10_000 };
    try {
      const begun = await running.calls.begin({
        ...{ record: null, dispatch: null, grant: null, reservation, audit: [], atMs: wallMs },
      });
      if (begun.kind !== 'begun') return this.#refuse();
    } catch {
      return this.#refuse();
    }
    const holder = running.lessee.holder(id)!;
    this.#run(holder, accounts, cost);
    await this.#pause(tookMs * random());
    let total = cost;
    if (wanted.isLong && running.life.isAlive) total += await this.#goOn(running, holder, accounts, need, cost);
    await this.#pause(tookMs * random());
    // Nobody who has lost its reservation says anything: it stays booked in full.
    if (running.lessee.holder(id) !== undefined)
      await running.calls.end({
        ...{ tenant, id, outcome: null, amounts: { micros: total, calls: 1 }, audit: [], atMs: wallMs },
      });
    return true;
  }

  /** A stream that writes more than was set aside first. Answers what more it came to. */
  async #goOn(
    { ledger, lessee }: Running,
    { reservation: { id, tenant } }: Holder,
    accounts: readonly AccountTerms[],
    need: number,
    cost: number,
  ): Promise<number> {
    try {
      const answer = await ledger.extend(tenant, id, { micros: need }, this.#parts.clock.wallMs() + this.skew.wallMs);
      const holder = lessee.holder(id);
      if (answer.kind !== 'reserved' || holder === undefined) return 0;
      this.#run(holder, accounts, cost, 0);
      return cost;
    } catch {
      return 0;
    }
  }

  #run({ pieces }: Holder, accounts: readonly AccountTerms[], cost: number, calls = 1): void {
    const lease = `${this.id}.${pieces.at(-1)!.slice.terms.id}`;
    const admittedAtMs = this.#parts.clock.nowMs();
    for (const account of accounts)
      this.ran.push({ accounts: [account], cost: account.unit === 'calls' ? calls : cost, lease, admittedAtMs });
  }

  #refuse(): false {
    this.refused += 1;
    return false;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((later) => void this.#parts.clock.after(ms, later));
  }
}
