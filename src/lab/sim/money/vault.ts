/** The store as it really is. It carries out what arrives, and tells the story of it. */
import type { AuditEntry, Begin, CallJournal, LedgerStore, Stores } from '../../../contract/index.ts';
import { journalWith } from '../../../kernel/index.ts';
import { memoryStores } from '../../../stores/index.ts';
import { TENANTS } from './operations.ts';
import type { Story } from './story.ts';

export type Kept = Pick<Stores, 'calls' | 'ledger' | 'approvals' | 'audit'>;

export const vault = (story: Story): Kept => {
  const { calls, ledger, approvals, audit } = memoryStores();
  return { calls: toldCalls(calls, ledger, story), ledger: toldLedger(ledger, story), approvals, audit };
};

/** Every command of a store as an own property, so that one can be put in another's place. */
export const callsOf = (calls: CallJournal): CallJournal => journalWith(calls, {});

export const ledgerOf = (ledger: LedgerStore): LedgerStore => ({
  reserve: (reservation, atMs) => ledger.reserve(reservation, atMs),
  extend: (tenant, id, more, atMs) => ledger.extend(tenant, id, more, atMs),
  settle: (tenant, id, amounts, atMs) => ledger.settle(tenant, id, amounts, atMs),
  carry: (tenant, id, amounts, rest, atMs) => ledger.carry(tenant, id, amounts, rest, atMs),
  expire: (nowMs, limit) => ledger.expire(nowMs, limit),
  credit: (account, amount) => ledger.credit(account, amount),
  account: (tenant, id) => ledger.account(tenant, id),
  accounts: (filter) => ledger.accounts(filter),
  entry: (tenant, id) => ledger.entry(tenant, id),
  entries: (filter) => ledger.entries(filter),
  prune: (beforeMs) => ledger.prune(beforeMs),
});

/** Whose beginning it is: not every one has a record. */
export const callOf = ({ record, dispatch, reservation, audit }: Begin): string =>
  record?.id ?? dispatch?.id ?? reservation?.id ?? audit[0]?.callId ?? '';

const toldCalls = (calls: CallJournal, ledger: LedgerStore, story: Story): CallJournal => {
  const standing = teller(ledger, story);
  return {
    ...callsOf(calls),
    begin: async (begin) => {
      const begun = await calls.begin(begin);
      if (begun.kind === 'begun') story.tell({ kind: 'begun', callId: callOf(begin), begin });
      if (begun.kind === 'begun' && begin.reservation !== null) await standing(begin.reservation.tenant);
      return begun;
    },
    end: async (end) => {
      const ended = await calls.end(end);
      if (ended.concluded) story.tell({ kind: 'ended', callId: end.id, state: end.outcome?.state ?? '' });
      if (end.amounts !== null) await standing(end.tenant);
      return ended;
    },
    reopen: async (tenant, id) => {
      const reopened = await calls.reopen(tenant, id);
      if (reopened) story.tell({ kind: 'reopened', callId: id });
      return reopened;
    },
    resolve: async (resolution) => {
      const done = await calls.resolve(resolution);
      if (done) await standing(resolution.tenant);
      return done;
    },
  };
};

const toldLedger = (ledger: LedgerStore, story: Story): LedgerStore => {
  const standing = teller(ledger, story);
  return {
    ...ledgerOf(ledger),
    reserve: async (reservation, atMs) => {
      const reserved = await ledger.reserve(reservation, atMs);
      await standing(reservation.tenant);
      return reserved;
    },
    extend: async (tenant, id, more, atMs) => {
      const extended = await ledger.extend(tenant, id, more, atMs);
      await standing(tenant);
      return extended;
    },
    settle: async (tenant, id, amounts, atMs) => {
      const settled = await ledger.settle(tenant, id, amounts, atMs);
      if (settled.settled) await standing(tenant);
      return settled;
    },
    expire: async (nowMs, limit) => {
      const many = await ledger.expire(nowMs, limit);
      if (many > 0) for (const tenant of TENANTS) await standing(tenant);
      return many;
    },
  };
};

const teller =
  (ledger: LedgerStore, story: Story) =>
  async (tenant: string): Promise<void> => {
    story.tell({ kind: 'accounts', states: await ledger.accounts({ tenant }) });
  };

export const lineOf = ({ kind, object, callId }: AuditEntry): string => JSON.stringify([kind, object, callId]);
