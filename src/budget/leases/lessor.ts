/**
 * The hub's side of leases: parts of budgets that nodes spend by themselves. A lease is a reservation in the ledger of the hub, on
 * every account that a call draws on or on none, so that nothing else need be true for `spent + reserved <= limit`. Whoever holds
 * one says once what came of it; an id that was used says nothing a second time, whatever the wire repeats, delays or reorders.
 */
import type {
  AccountState,
  AccountTerms,
  Amounts,
  Clock,
  LeaseAnswer,
  LeaseAsk,
  LeaseReply,
  LeaseReport,
  LeaseRequest,
  LedgerStore,
  NodeEntry,
  Snapshot,
  Unit,
} from '../../contract/index.ts';
import { Budgets, type Share, termsOf } from '../accounts.ts';
import type { Need } from '../cost.ts';
import { leftOf, stateIn } from '../treasury.ts';
import { isEntitled } from './entitled.ts';
import { isRecord } from './records.ts';
import { each } from './slice.ts';

export interface LeaseSizes {
  /** Most that one lease holds beyond what a call needs. $1 pays for 70 calls of the usual size and is what a lost node may cost. */
  readonly slice: Need;
  /** How long it is drawn on. Short, because what a dead node held is missing for as long; ten seconds make 0.1 messages a call. */
  readonly ttlMs: number;
}

const LEASE_SIZES: LeaseSizes = { slice: { micros: 1_000_000, tokens: 100_000, calls: 20 }, ttlMs: 10_000 };

/** Of one account in the hands of one node at once, in slices: for calls of many sessions, and for one that needs much. */
const MOST_SLICES = 10;
/** A call may cost more than it said; nobody believes that all of them came to more than so many times of it. */
const MOST_TIMES = 4;
/** No call runs longer. */
const LONGEST_MS = 3_600_000 + 120_000;
/** Leases that a restart looks for among what was written since. */
const MOST_SEEN = 100_000;

/** What of a snapshot says whose budgets there are. */
export type Configured = Pick<Snapshot, 'budgets' | 'domains' | 'targets'>;

export interface LessorParts {
  readonly ledger: LedgerStore;
  readonly clock: Clock;
  readonly snapshot: () => Configured | undefined;
  /** Nodes of a tenant that may want some. */
  readonly lessees: (tenant: string) => number;
  readonly sizes?: LeaseSizes;
  /** Before each grant: nodes know nothing of the whole, so that the hub is the one to say that a soft limit was reached. */
  readonly granting?: (share: Share) => Promise<void>;
  /** Something that no honest node says. */
  readonly flag?: (node: NodeEntry, text: string) => void;
}

interface Open {
  readonly accounts: readonly string[];
  readonly amounts: Amounts;
  /** Monotonic. */
  readonly untilMs: number;
}

export class Lessor {
  readonly #parts: LessorParts;
  readonly #sizes: LeaseSizes;
  /** Drawn on now, by node. A bound on greed, and no book: what is lost here is still in the ledger. */
  readonly #open = new Map<string, Map<string, Open>>();
  readonly #turns = new Map<string, Promise<unknown>>();
  #known: { readonly snapshot: Configured; readonly budgets: Budgets } | undefined;

  constructor(parts: LessorParts) {
    this.#parts = parts;
    this.#sizes = parts.sizes ?? LEASE_SIZES;
  }

  /** After a start: what nodes hold from before. */
  async restore(tenants: Iterable<string>): Promise<void> {
    const { ledger, clock } = this.#parts;
    const sinceMs = clock.wallMs() - this.#sizes.ttlMs;
    for (const tenant of tenants)
      for (const { id, labels, state, charges, atMs } of await ledger.entries({ tenant, sinceMs, limit: MOST_SEEN })) {
        if (state !== 'reserved' || labels['lease'] === undefined || isRecord(id, labels['lease'])) continue;
        const amounts = Object.fromEntries(charges.map(({ unit, reserved }) => [unit, reserved]));
        const untilMs = clock.nowMs() + atMs + this.#sizes.ttlMs - clock.wallMs();
        const open = { accounts: charges.map(({ account }) => account), amounts, untilMs };
        this.#openOf(labels['lease']).set(id, open);
      }
  }

  /** By node, how many leases it draws on now. */
  open(): ReadonlyMap<string, number> {
    const nowMs = this.#parts.clock.nowMs();
    return new Map(
      [...this.#open].map(([node, leases]) => [
        node,
        leases
          .values()
          .filter(({ untilMs }) => untilMs > nowMs)
          .toArray().length,
      ]),
    );
  }

  /** One request of a node after the other: what it holds is counted before it gets more. */
  take(node: NodeEntry, request: LeaseRequest): Promise<LeaseReply> {
    const taken = (this.#turns.get(node.id) ?? Promise.resolve()).then(() => this.#take(node, request));
    this.#turns.set(
      node.id,
      taken.catch(() => {}),
    );
    return taken;
  }

  async #take(node: NodeEntry, { reports, ask }: LeaseRequest): Promise<LeaseReply> {
    for (const report of reports) await this.#report(node, report);
    return { answer: ask === undefined ? null : await this.#ask(node, ask) };
  }

  async #report(node: NodeEntry, report: LeaseReport): Promise<void> {
    const { ledger, clock } = this.#parts;
    const { tenant } = node;
    const id = idOf(node, report.id);
    this.#open.get(node.id)?.delete(id);
    const entry = await ledger.entry(tenant, id);
    if (entry === undefined) return this.#bury(node, id);
    if (entry.state === 'settled') return;
    const reserved = (unit: Unit): number => entry.charges.find((charge) => charge.unit === unit)?.reserved ?? 0;
    const used = each((unit) => Math.min(report.used[unit] ?? 0, MOST_TIMES * reserved(unit)));
    if (used.micros + used.tokens + used.calls < sumOf(report.used))
      this.#parts.flag?.(node, `says that a lease came to more than ${MOST_TIMES} times of it; so much was booked`);
    const { rest } = report;
    if (rest === undefined) return void (await ledger.settle(tenant, id, used, clock.wallMs()));
    const held = each((unit) => Math.min(rest.held[unit] ?? 0, reserved(unit)));
    const expiresAtMs = clock.wallMs() + Math.min(rest.forMs, LONGEST_MS);
    await ledger.carry(tenant, id, used, { id: idOf(node, rest.id), amounts: held, expiresAtMs }, clock.wallMs());
  }

  /** It may still be on its way here. When it comes it finds its id used: nobody holds what nobody will report. */
  async #bury({ tenant, id: node }: NodeEntry, id: string): Promise<void> {
    const { ledger, clock } = this.#parts;
    const nowMs = clock.wallMs();
    await ledger.reserve({ id, tenant, labels: { lease: node }, charges: [], expiresAtMs: nowMs }, nowMs);
    await ledger.settle(tenant, id, {}, nowMs);
  }

  async #ask(node: NodeEntry, ask: LeaseAsk): Promise<LeaseAnswer> {
    const { ledger } = this.#parts;
    const id = idOf(node, ask.id);
    const terms = await this.#termsOf(node, ask);
    if (typeof terms === 'string') return { kind: 'refused', reason: terms };
    if ((await ledger.entry(node.tenant, id)) !== undefined)
      return { kind: 'refused', reason: 'this lease was asked for before' };
    const states = await Promise.all(terms.map((account) => stateIn(ledger, account)));
    const wanted = this.#sizeOf(node, ask.need, states);
    const answer = await this.#grant(node, id, terms, wanted);
    // Others were faster. What one call needs may still be there.
    return answer.kind === 'short'
      ? this.#grant(
          node,
          id,
          terms,
          each((unit) => ask.need[unit] ?? 0),
        )
      : answer;
  }

  async #grant(node: NodeEntry, id: string, terms: readonly AccountTerms[], amounts: Need): Promise<LeaseAnswer> {
    const { ledger, clock } = this.#parts;
    const { ttlMs } = this.#sizes;
    const nowMs = clock.wallMs();
    const charges = terms.map((account) => ({ account, amount: amounts[account.unit] }));
    const reservation = { id, tenant: node.tenant, labels: labelsOf(node), charges, expiresAtMs: nowMs + ttlMs };
    const reserved = await ledger.reserve(reservation, nowMs);
    if (reserved.kind === 'overdrawn') return { kind: 'short', account: reserved.account, asked: reserved.asked };
    this.#openOf(node.id).set(id, {
      accounts: terms.map((account) => account.id),
      amounts,
      untilMs: clock.nowMs() + ttlMs,
    });
    return { kind: 'granted', amounts, ttlMs, accounts: await Promise.all(terms.map((one) => stateIn(ledger, one))) };
  }

  /** By unit: a slice or a half of its share of what is free, what is smaller; what a call needs, when that is more. */
  #sizeOf(node: NodeEntry, need: Amounts, states: readonly AccountState[]): Need {
    const shares = 2 * Math.max(1, this.#parts.lessees(node.tenant));
    return each((unit) => {
      const least = need[unit] ?? 0;
      const room = states
        .filter((state) => state.unit === unit)
        .map((state) => Math.min(Math.floor(leftOf(state) / shares), this.#roomOf(node, state)));
      if (room.length === 0) return 0;
      return Math.max(least, Math.min(this.#sizes.slice[unit], ...room));
    });
  }

  /** Until the node holds as much of an account as any node may. */
  #roomOf(node: NodeEntry, { id, unit }: Pick<AccountTerms, 'id' | 'unit'>): number {
    const nowMs = this.#parts.clock.nowMs();
    const open = this.#openOf(node.id);
    let room = MOST_SLICES * this.#sizes.slice[unit];
    for (const [lease, { accounts, amounts, untilMs }] of open) {
      if (untilMs <= nowMs) open.delete(lease);
      else if (accounts.includes(id)) room -= amounts[unit] ?? 0;
    }
    return Math.max(0, room);
  }

  /** Accounts as they are by now, or why not. */
  async #termsOf(node: NodeEntry, { accounts, need }: LeaseAsk): Promise<readonly AccountTerms[] | string> {
    const { snapshot, clock } = this.#parts;
    const now = snapshot();
    if (now === undefined) return 'this hub has no configuration yet';
    if (this.#known?.snapshot !== now) this.#known = { snapshot: now, budgets: new Budgets(now) };
    const { budgets } = this.#known;
    const terms: AccountTerms[] = [];
    for (const { budget: name, holder } of accounts) {
      const budget = budgets.find(node.tenant, name);
      if (budget === undefined || !isEntitled({ node, budget, holder }, { targets: now.targets, budgets }))
        return `budget \`${name}\` is not one that calls of node \`${node.id}\` fall under`;
      if (budget.soft?.do === 'ask' || budget.hard === 'pause')
        return `budget \`${name}\` may ask a person or let calls wait, which only the hub can`;
      const account = termsOf(budget, holder, clock.wallMs());
      if ((need[account.unit] ?? 0) > this.#roomOf(node, account))
        return `node \`${node.id}\` holds as much of budget \`${name}\` as one node may`;
      await this.#parts.granting?.({ budget, account });
      terms.push(account);
    }
    return new Set(terms.map(({ id }) => id)).size < terms.length ? 'an account is named twice' : terms;
  }

  #openOf(node: string): Map<string, Open> {
    const open = this.#open.get(node) ?? new Map<string, Open>();
    this.#open.set(node, open);
    return open;
  }
}

/** No node can name a lease of another one, or the reservation of a call. */
const idOf = (node: NodeEntry, id: string): string => `lease.${node.id}.${id}`;

/** Who pays, as far as the hub can tell: a sidecar has one agent. */
const labelsOf = ({ id, role, agent }: NodeEntry): Readonly<Record<string, string>> => ({
  lease: id,
  node: id,
  principal: role === 'sidecar' ? `agent/${agent}` : `node/${id}`,
});

const sumOf = ({ micros = 0, tokens = 0, calls = 0 }: Amounts): number => micros + tokens + calls;
