/**
 * What a node remembers of its leases over a crash, in its own ledger: that it asked, and what calls took. A lease is there as a
 * reservation without charges, open until the hub has acknowledged the last word about it, and as one account for each unit.
 */
import type {
  AccountTerms,
  Amounts,
  Charge,
  Clock,
  LeaseReport,
  LedgerEntry,
  LedgerStore,
  Unit,
} from '../../contract/index.ts';
import { UNITS } from '../../contract/index.ts';
import { type Need, NOTHING } from '../cost.ts';
import { each, type Slice } from './slice.ts';

/** More than a node can have open, and with its calls more than anybody wants to look at before it starts. */
const MOST_SEEN = 100_000;
/** Forgotten when it is acknowledged, and no earlier. */
const NEVER_MS = Number.MAX_SAFE_INTEGER;

export class LeaseRecords {
  readonly #ledger: LedgerStore;
  readonly #tenant: string;
  readonly #clock: Clock;
  /** Of this run: they are not what the last one left behind, whenever somebody looks. */
  readonly #own = new Set<string>();

  constructor(ledger: LedgerStore, tenant: string, clock: Clock) {
    this.#ledger = ledger;
    this.#tenant = tenant;
    this.#clock = clock;
  }

  /** Durable before the hub hears of it: a grant whose answer is lost must be given back by somebody. */
  asked(id: string): Promise<void> {
    return this.#open(id, { lease: id });
  }

  /** `reported`: what was said of the lease when this became the rest of it. */
  rest(id: string, of: string, reported: Amounts): Promise<void> {
    return this.#open(id, { lease: id, of, reported: JSON.stringify(reported) });
  }

  async done(id: string): Promise<void> {
    this.#own.delete(id);
    await this.#ledger.settle(this.#tenant, recordId(id), {}, this.#clock.wallMs());
  }

  /** What a call takes of a slice, as the node's own ledger books it. */
  chargesOf(slice: Slice, need: Need): readonly Charge[] {
    return slice.units.map((unit) => ({ account: this.#terms(slice, unit), amount: need[unit] }));
  }

  /** The last words that the hub has not acknowledged. Calls that a crash ended came to all that was set aside for them. */
  async left(): Promise<readonly LeaseReport[]> {
    const entries = await this.#ledger.entries({ tenant: this.#tenant, limit: MOST_SEEN });
    // What was given on from here has such a label too.
    const open = entries.filter(
      ({ id, state, labels: { lease = '' } }) => state === 'reserved' && isRecord(id, lease) && this.#isLeft(lease),
    );
    // Oldest first: the hub hears of a lease before it hears of its rest.
    return Promise.all(open.toReversed().map((entry) => this.#lastOf(entry)));
  }

  #isLeft(lease: string | undefined): boolean {
    return lease !== undefined && !this.#own.has(lease);
  }

  async #lastOf({ labels }: LedgerEntry): Promise<LeaseReport> {
    const id = labels['lease']!;
    const total = await this.#totalOf(labels['of'] ?? id);
    const reported: Partial<Need> = JSON.parse(labels['reported'] ?? '{}');
    return { id, used: each((unit) => Math.max(0, total[unit] - (reported[unit] ?? 0))) };
  }

  async #totalOf(id: string): Promise<Need> {
    const total: Record<Unit, number> = { ...NOTHING };
    for (const unit of UNITS) {
      const account = await this.#ledger.account(this.#tenant, localId(id, unit));
      total[unit] = (account?.spent ?? 0) + (account?.reserved ?? 0);
    }
    return total;
  }

  async #open(id: string, labels: Readonly<Record<string, string>>): Promise<void> {
    this.#own.add(id);
    const reservation = { id: recordId(id), tenant: this.#tenant, labels, charges: [], expiresAtMs: NEVER_MS };
    await this.#ledger.reserve(reservation, this.#clock.wallMs());
  }

  #terms({ terms }: Slice, unit: Unit): AccountTerms {
    const { id, granted } = terms;
    return {
      ...{ id: localId(id, unit), tenant: this.#tenant, budget: 'lease', holder: id, unit, limit: granted[unit] },
      ...{ windowStartMs: 0, windowEndMs: null },
    };
  }
}

/** Beside the reservations of calls. */
const recordId = (id: string): string => `lease.${id}`;

/** Of what this node was given itself, and not of what it gave on. */
export const isRecord = (id: string, lease: string): boolean => id === recordId(lease);

const localId = (id: string, unit: Unit): string => `lease.${id}.${unit}`;
