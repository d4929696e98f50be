/**
 * A node's own record of calls and ledger, where what calls set aside is taken from leases: the layers before do not know the
 * difference. Slices are held in memory; what calls take of them is in the node's own ledger too, in the transaction of the intent,
 * so that a crash forgets nothing that was sent.
 */
import type {
  AccountState,
  Amounts,
  Begin,
  Begun,
  CallJournal,
  End,
  Ended,
  LedgerStore,
  Reservation,
  Reserved,
  Resolution,
} from '../../contract/index.ts';
import { Fault } from '../../contract/index.ts';
import { journalWith } from '../../kernel/index.ts';
import { NOTHING } from '../cost.ts';
import type { Holder, Lessee } from './lessee.ts';
import type { LeaseRecords } from './records.ts';

export interface LeasedParts {
  readonly lessee: Lessee;
  readonly records: LeaseRecords;
  readonly ledger: LedgerStore;
  readonly tenant: string;
}

export const leasedCalls = (calls: CallJournal, parts: LeasedParts): CallJournal =>
  journalWith(calls, {
    begin: (begin) =>
      begin.reservation === null ? calls.begin(begin) : beginLeased(calls, parts, begin, begin.reservation),
    end: (end) => endLeased(calls, parts, end),
    resolve: (resolution) => resolveLeased(calls, parts, resolution),
  });

const beginLeased = async (
  calls: CallJournal,
  parts: LeasedParts,
  begin: Begin,
  reservation: Reservation,
): Promise<Begun> => {
  const { lessee } = parts;
  const known = lessee.holder(reservation.id);
  const holder = known ?? (await takeOf(parts, reservation));
  if ('kind' in holder) return holder;
  let begun: Begun | undefined;
  try {
    begun = await calls.begin({ ...begin, reservation: localOf(parts, holder) });
    return begun;
  } finally {
    // The same call again leaves the first one what it holds.
    if (begun?.kind !== 'begun' && known === undefined) lessee.giveBack(reservation.id);
  }
};

const takeOf = ({ lessee, tenant }: LeasedParts, reservation: Reservation): ReturnType<Lessee['take']> => {
  if (reservation.tenant === tenant) return lessee.take(reservation);
  const budget = reservation.charges[0]?.account.budget ?? '';
  throw new Fault(
    'budget_exhausted',
    `this call falls under budget \`${budget}\` of another tenant than this node's; call through the hub`,
    { facts: { code: 'NO_LEASE', budget } },
  );
};

/** As the node's own ledger books it: on the slice instead of the accounts. */
const localOf = ({ records }: LeasedParts, { reservation, pieces }: Holder): Reservation => ({
  ...reservation,
  charges: records.chargesOf(pieces[0]!.slice, pieces[0]!.need),
});

const endLeased = async (calls: CallJournal, parts: LeasedParts, end: End): Promise<Ended> => {
  const id = end.reservation ?? end.id;
  const holder = parts.lessee.holder(id);
  if (holder === undefined || end.amounts === null) return calls.end(end);
  const split = parts.lessee.split(holder, end.amounts);
  const { concluded } = await writing(holder, async () => {
    const ended = await calls.end({ ...end, amounts: split[0]!.came });
    await settleMore(parts, split.slice(1), end.atMs);
    return ended;
  });
  parts.lessee.settle(id, split);
  // Whether an account is overdrawn is for the hub to say.
  return { concluded, overdrawn: [] };
};

/** While something about it is on the way to the disk, it does not run out: memory and disk say the same in the end. */
const writing = async <T>(holder: Holder, write: () => Promise<T>): Promise<T> => {
  holder.isBusy = true;
  try {
    return await write();
  } finally {
    holder.isBusy = false;
  }
};

const settleMore = async (
  { ledger, tenant }: LeasedParts,
  split: ReturnType<Lessee['split']>,
  atMs: number,
): Promise<void> => {
  for (const { piece, came } of split) await ledger.settle(tenant, piece.id, came, atMs);
};

const resolveLeased = async (calls: CallJournal, parts: LeasedParts, resolution: Resolution): Promise<boolean> => {
  const holder = parts.lessee.holder(resolution.id);
  const isResolved = await calls.resolve(resolution);
  if (holder === undefined || !isResolved) return isResolved;
  const split = parts.lessee.split(holder, resolution.verdict === 'executed' ? {} : NOTHING);
  await settleMore(parts, split.slice(1), resolution.atMs);
  parts.lessee.settle(resolution.id, split);
  return true;
};

/** Answers about accounts are what the hub said last, less what this node holds of them itself. */
export const leasedLedger = (parts: LeasedParts): LedgerStore => {
  const { lessee, ledger } = parts;
  return {
    reserve: async (reservation, atMs) => {
      const known = lessee.holder(reservation.id);
      const holder = known ?? (await takeOf(parts, reservation));
      if ('kind' in holder) return holder;
      let reserved: Reserved | undefined;
      try {
        reserved = await ledger.reserve(localOf(parts, holder), atMs);
        return reserved;
      } finally {
        if (reserved?.kind !== 'reserved' && known === undefined) lessee.giveBack(reservation.id);
      }
    },
    extend: async (tenant, id, more, atMs) => {
      const holder = lessee.holder(id);
      if (holder === undefined) return ledger.extend(tenant, id, more, atMs);
      return writing(holder, () => extendLeased(parts, holder, more, atMs));
    },
    settle: async (tenant, id, amounts, atMs) => {
      const holder = lessee.holder(id);
      if (holder === undefined) return ledger.settle(tenant, id, amounts, atMs);
      const split = lessee.split(holder, amounts);
      const { settled } = await writing(holder, async () => {
        const first = await ledger.settle(tenant, id, split[0]!.came, atMs);
        await settleMore(parts, split.slice(1), atMs);
        return first;
      });
      lessee.settle(id, split);
      return { settled, overdrawn: [] };
    },
    expire: async (nowMs, limit) => {
      const expired = await ledger.expire(nowMs, limit);
      lessee.expire(nowMs);
      return expired;
    },
    credit: (account) => {
      throw new Fault('denied', `budget \`${account.budget}\` is topped up at the hub`);
    },
    carry: async (tenant, id, amounts, rest, atMs) => {
      const carried = await ledger.carry(tenant, id, amounts, rest, atMs);
      if (carried.settled) lessee.carry(id, amounts, rest);
      return { ...carried, overdrawn: [] };
    },
    account: async (tenant, id) => lessee.account(tenant, id),
    accounts: async ({ tenant, budget, sinceMs = 0 }) =>
      lessee.accounts.filter((account) => isAsked(account, tenant, budget, sinceMs)),
    entry: (tenant, id) => ledger.entry(tenant, id),
    entries: (filter) => ledger.entries(filter),
    prune: (beforeMs) => ledger.prune(beforeMs),
  };
};

const extendLeased = async (
  { lessee, ledger, records, tenant }: LeasedParts,
  holder: Holder,
  more: Amounts,
  atMs: number,
): Promise<Reserved> => {
  const many = holder.pieces.length;
  const piece = await lessee.more(holder, more);
  if ('kind' in piece) return piece;
  if (holder.pieces.length === many) return ledger.extend(tenant, piece.id, more, atMs);
  const { labels, expiresAtMs } = holder.reservation;
  const charges = records.chargesOf(piece.slice, piece.need);
  return ledger.reserve({ id: piece.id, tenant, labels, charges, expiresAtMs }, atMs);
};

const isAsked = (account: AccountState, tenant: string, budget: string | undefined, sinceMs: number): boolean =>
  account.tenant === tenant &&
  (budget === undefined || account.budget === budget) &&
  (account.windowEndMs === null || account.windowEndMs > sinceMs);
