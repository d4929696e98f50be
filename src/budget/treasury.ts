/** What a node knows about budgets for as long as it lives: the ledger, who waits for room, what answers tend to be, and counts. */
import type { AccountState, AccountTerms, BudgetEntry, Clock, LedgerStore, Timer } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import type { Short } from '../kernel/index.ts';
import { Budgets, type Share } from './accounts.ts';
import { Learned } from './learned.ts';
import { Waiting } from './waiting.ts';

/** What happened to a budget, for the log. */
export interface Notice {
  readonly kind: 'soft' | 'refused' | 'cut' | 'flagged';
  readonly tenant: string;
  readonly budget: string;
  readonly holder: string;
  readonly text: string;
}

export interface TreasuryOptions {
  /** Of leases, on a node that joined a hub. Null on one that has none: a call that falls under a budget is refused there. */
  readonly ledger: LedgerStore | null;
  readonly clock: Clock;
  /** After the deadline of a call, until its reservation counts as spent: time for its node to write the end. Default 60 s. */
  readonly graceMs?: number;
  readonly notice?: (notice: Notice) => void;
}

const GRACE_MS = 60_000;
/** Between two looks for reservations that nobody will settle any more. */
const SWEEP_MS = 5_000;
const SWEEP_MOST = 1_000;
/** Accounts whose soft limit was told; a window is over before this is full. */
const MOST_TOLD = 50_000;

export class Treasury {
  readonly ledger: LedgerStore | null;
  readonly clock: Clock;
  readonly graceMs: number;
  readonly learned = new Learned();
  readonly waiting: Waiting;
  /** Since the node started. */
  readonly counts = { refused: 0, cut: 0, soft: 0, flagged: 0, expired: 0 };
  readonly #notice: (notice: Notice) => void;
  readonly #told = new Set<string>();
  #budgets = new Budgets({ domains: [] });
  #sweep: Timer | undefined;

  constructor({ ledger, clock, graceMs = GRACE_MS, notice = () => {} }: TreasuryOptions) {
    this.ledger = ledger;
    this.clock = clock;
    this.graceMs = graceMs;
    this.waiting = new Waiting(clock);
    this.#notice = notice;
  }

  /** Those in force now; a call that waits outlives the snapshot that it came in under. */
  get budgets(): Budgets {
    return this.#budgets;
  }

  /** A limit may be higher now, or gone: everybody who waits looks again. */
  adopt(budgets: Budgets): void {
    this.#budgets = budgets;
    this.waiting.wakeAll();
  }

  /** Begins to look for what ran out. */
  start(): void {
    this.#sweep = this.clock.after(SWEEP_MS, () => {
      this.expire().catch(() => {}); // The store is down; the next look finds the same.
      this.start();
    });
  }

  stop(): void {
    this.#sweep?.cancel();
  }

  async expire(): Promise<number> {
    const expired = (await this.ledger?.expire(this.clock.wallMs(), SWEEP_MOST)) ?? 0;
    this.counts.expired += expired;
    return expired;
  }

  /** Where the account of a share stands. */
  stateOf({ account }: Share): Promise<AccountState> {
    return stateIn(this.ledger, account);
  }

  /** Shares that are beyond their soft limit, each told once in its window. */
  async beyondSoft(shares: readonly Share[]): Promise<readonly Share[]> {
    const soft = shares.filter(({ budget }) => budget.soft !== null);
    const states = await Promise.all(soft.map((share) => this.stateOf(share)));
    const reached = soft.filter(({ budget }, at) => isBeyond(states[at]!, budget.soft!.percent));
    for (const { account, budget } of reached) this.#tell(account.id, budget, account.holder);
    return reached;
  }

  note(
    kind: 'refused' | 'cut' | 'flagged',
    about: Pick<AccountState, 'tenant' | 'budget' | 'holder'>,
    text: string,
  ): void {
    this.counts[kind] += 1;
    this.#notice({ kind, tenant: about.tenant, budget: about.budget, holder: about.holder, text });
  }

  #tell(account: string, { tenant, name, soft }: BudgetEntry, holder: string): void {
    if (this.#told.has(account)) return;
    if (this.#told.size >= MOST_TOLD) this.#told.clear();
    this.#told.add(account);
    this.counts.soft += 1;
    const text = `has reached ${soft?.percent} % of its limit`;
    this.#notice({ kind: 'soft', tenant, budget: name, holder, text });
  }
}

/** As it will be opened when nothing was charged to it yet. */
export const stateIn = async (ledger: LedgerStore | null, account: AccountTerms): Promise<AccountState> => {
  const known = await ledger?.account(account.tenant, account.id);
  return { spent: 0, reserved: 0, extra: 0, ...known, ...account };
};

export const leftOf = ({ limit, extra, spent, reserved }: AccountState): number =>
  Math.max(0, limit + extra - spent - reserved);

const isBeyond = ({ limit, extra, spent, reserved }: AccountState, percent: number): boolean =>
  (spent + reserved) * 100 >= (limit + extra) * percent;

/** A stream that wrote more than its budget has: it ends with this, and says so. */
export const cutBy = ({ account, asked }: Short): Fault =>
  new Fault(
    'budget_exhausted',
    `budget \`${account.budget}\` has too little left for the rest of this reply; it was cut`,
    {
      executed: 'yes',
      facts: { code: 'BUDGET_EXHAUSTED', budget: account.budget, unit: account.unit, left: leftOf(account), asked },
    },
  );
