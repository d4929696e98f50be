/** A node's side of leases: draws for calls, asks the hub when a purse is empty or half through its time, and reports what is over. */
import {
  type Amounts,
  type Clock,
  Fault,
  type LeaseReply,
  type LeaseReport,
  type LeaseRequest,
  type Timer,
} from '../../contract/index.ts';
import type { Share } from '../accounts.ts';
import { type Need, NOTHING } from '../cost.ts';
import { type Draft, Purse } from './purse.ts';

export interface HolderOptions {
  readonly clock: Clock;
  /** Throws `budget_exhausted` when the hub says no, and whatever the way to it has to say. */
  readonly ask: (request: LeaseRequest) => Promise<LeaseReply>;
  readonly report: (report: LeaseReport) => Promise<void>;
}

type Reported = readonly { readonly id: string; readonly amount: number }[];

/** What the hub needs to know to find the accounts of a call itself. */
export type Facts = Omit<LeaseRequest, 'accounts' | 'need'>;

/** Off the end of each lease: clocks of two machines do not run alike. */
const SKEW_MS = 500;
/** How long a no is believed: else a node that is over budget asks for each of its calls. */
const NO_MS = 1_000;
const SWEEP_MS = 1_000;
const MOST_REFUSALS = 10_000;

export class LeaseHolder {
  readonly #options: HolderOptions;
  readonly #purse = new Purse();
  readonly #asking = new Map<string, Promise<void>>();
  readonly #refused = new Map<string, { readonly untilMs: number; readonly fault: Fault }>();
  #unreported: Reported = [];
  #sweep: Timer | undefined;

  constructor(options: HolderOptions) {
    this.#options = options;
  }

  start(): void {
    this.#sweep = this.#options.clock.after(SWEEP_MS, () => {
      void this.#report(this.#purse.over(this.#options.clock.nowMs()));
      this.start();
    });
  }

  /** In order: gives back what nobody draws on. */
  async stop(inOrder: boolean): Promise<void> {
    this.#sweep?.cancel();
    if (inOrder) await this.#report(this.#purse.close());
  }

  /** Throws `budget_exhausted`, or `unavailable` when the hub cannot be asked and nothing is left here. */
  async draw(shares: readonly Share[], facts: Facts, need: Need): Promise<LeasedCall> {
    const call = new LeasedCall((more) => this.#draw(shares, facts, more));
    await call.more(need);
    return call;
  }

  async #draw(shares: readonly Share[], facts: Facts, need: Need): Promise<Draft> {
    const accounts = shares.map(({ account }) => account);
    for (;;) {
      const nowMs = this.#options.clock.nowMs();
      const draft = this.#purse.draw(accounts, need, nowMs);
      if (draft !== undefined) {
        const aging = this.#purse.aging(accounts, nowMs).map(({ id }) => id);
        if (aging.length > 0) this.#ask(aging, facts, need).catch(() => {}); // Whoever really needs it hears why.
        return draft;
      }
      const short = this.#purse.short(accounts, need, nowMs).map(({ id }) => id);
      this.#throwIfRefused(short, nowMs);
      await this.#ask(short, facts, need);
    }
  }

  /** One question at a time for the same accounts: all who wait share its answer. */
  #ask(accounts: readonly string[], facts: Facts, need: Need): Promise<void> {
    const key = accounts.join(' ');
    const asked = this.#asking.get(key);
    if (asked !== undefined) return asked;
    const asking = this.#askHub({ ...facts, accounts: [...accounts], need }).finally(() => this.#asking.delete(key));
    this.#asking.set(key, asking);
    return asking;
  }

  async #askHub(request: LeaseRequest): Promise<void> {
    const { clock, ask } = this.#options;
    const sentAtMs = clock.nowMs();
    try {
      const { leases, ttlMs } = await ask(request);
      for (const lease of leases) this.#purse.add(lease, sentAtMs, ttlMs - SKEW_MS);
      const granted = new Set(leases.map(({ account }) => account.id));
      // The hub counts other accounts, or another window: its configuration is newer than ours.
      if (request.accounts.some((account) => !granted.has(account)))
        throw new Fault('stale', 'the hub has other budgets by now; ask again when this node has them');
    } catch (thrown) {
      const fault = Fault.from(thrown);
      if (this.#refused.size >= MOST_REFUSALS) this.#refused.clear();
      if (fault.code === 'budget_exhausted')
        for (const account of request.accounts) this.#refused.set(account, { untilMs: clock.nowMs() + NO_MS, fault });
      throw fault;
    }
  }

  #throwIfRefused(accounts: readonly string[], nowMs: number): void {
    for (const account of accounts) {
      const refused = this.#refused.get(account);
      if (refused !== undefined && refused.untilMs > nowMs) throw refused.fault;
      this.#refused.delete(account);
    }
  }

  /** What could not be told is told with the next. */
  async #report(over: Reported): Promise<void> {
    const spent = [...this.#unreported, ...over];
    this.#unreported = [];
    if (spent.length === 0) return;
    try {
      await this.#options.report({ spent: [...spent] });
    } catch {
      this.#unreported = [...spent, ...this.#unreported].slice(-MOST_REFUSALS);
    }
  }
}

/** All that one call has drawn, extensions included. */
export class LeasedCall {
  readonly #draw: (need: Need) => Promise<Draft>;
  readonly #drafts: Draft[] = [];
  #isSettled = false;

  constructor(draw: (need: Need) => Promise<Draft>) {
    this.#draw = draw;
  }

  async more(amounts: Amounts): Promise<void> {
    const need: Need = { ...NOTHING, ...amounts };
    if (this.#drafts.at(-1)?.more(need) === true) return;
    const draft = await this.#draw(need);
    // The call may have ended while the hub was asked.
    if (this.#isSettled) draft.settle(NOTHING);
    else this.#drafts.push(draft);
  }

  /** Once; what comes later changes nothing. */
  settle(came: Need): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    let rest = came;
    for (const [at, draft] of this.#drafts.entries()) {
      const part = at === this.#drafts.length - 1 ? rest : least(rest, draft.drawn);
      draft.settle(part);
      rest = { micros: rest.micros - part.micros, tokens: rest.tokens - part.tokens, calls: rest.calls - part.calls };
    }
  }
}

const least = (a: Need, b: Need): Need => ({
  micros: Math.min(a.micros, b.micros),
  tokens: Math.min(a.tokens, b.tokens),
  calls: Math.min(a.calls, b.calls),
});
