/**
 * Accounts and reservations in SQL. An account is charged by one conditional statement, so that no two writers can both find
 * room where there is room for one; what was charged before another account refused is taken back in the same transaction.
 */
import type { AccountState, Amounts, Reservation, Reserved, Rest, Unit } from '../../contract/index.ts';
import type { Refusal } from '../refusals.ts';
import { type Session, statement } from './statement.ts';
import type { AccountRow, ReservationRow } from './tables.ts';

type Overdrawn = Extract<Reserved, { kind: 'overdrawn' }>;

/** As it lies in the `charges` of a row. */
export interface StoredCharge {
  readonly account: string;
  readonly budget: string;
  readonly unit: Unit;
  readonly reserved: number;
  readonly spent: number;
}

interface ById {
  readonly tenant: string;
  readonly id: string;
}

const S = {
  charge: statement('ledger.charge', (db, p: { id: string; amount: number; limit: number }) =>
    db
      .updateTable('account')
      .set((e) => ({ reserved: e('reserved', '+', p.amount), limit_now: p.limit }))
      .where('id', '=', p.id)
      .where((e) => e(e('spent', '+', e.ref('reserved')), '<=', e(e('extra', '+', p.limit), '-', p.amount))),
  ),
  /** Amounts by which to move; negative ones take back. */
  move: statement('ledger.move', (db, p: { id: string; reserved: number; spent: number }) =>
    db
      .updateTable('account')
      .set((e) => ({ reserved: e('reserved', '+', p.reserved), spent: e('spent', '+', p.spent) }))
      .where('id', '=', p.id),
  ),
  openAccount: statement('ledger.openAccount', (db, p: AccountRow) =>
    db
      .insertInto('account')
      .values({
        id: p.id,
        tenant: p.tenant,
        budget: p.budget,
        holder: p.holder,
        unit: p.unit,
        limit_now: p.limit_now,
        window_start: p.window_start,
        window_end: p.window_end,
        spent: p.spent,
        reserved: p.reserved,
        extra: p.extra,
      })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  credit: statement('ledger.credit', (db, p: { id: string; amount: number; limit: number }) =>
    db
      .updateTable('account')
      .set((e) => ({ extra: e('extra', '+', p.amount), limit_now: p.limit }))
      .where('id', '=', p.id)
      .returningAll(),
  ),
  closeAccount: statement('ledger.closeAccount', (db, p: { id: string }) =>
    db.deleteFrom('account').where('id', '=', p.id),
  ),
  account: statement('ledger.account', (db, p: { id: string }) =>
    db.selectFrom('account').selectAll().where('id', '=', p.id),
  ),
  accounts: statement('ledger.accounts', (db, p: { tenant: string; sinceMs: number }) =>
    db
      .selectFrom('account')
      .selectAll()
      .where('tenant', '=', p.tenant)
      .where((e) => e.or([e('window_end', 'is', null), e('window_end', '>', p.sinceMs)]))
      .orderBy('budget')
      .orderBy('holder')
      .orderBy('window_start'),
  ),
  insert: statement('ledger.insert', (db, p: ReservationRow) =>
    db
      .insertInto('reservation')
      .values({
        tenant: p.tenant,
        id: p.id,
        state: p.state,
        labels: p.labels,
        charges: p.charges,
        at_ms: p.at_ms,
        expires_at: p.expires_at,
        settled_at: p.settled_at,
      })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  remove: statement('ledger.remove', (db, p: ById) =>
    db.deleteFrom('reservation').where('tenant', '=', p.tenant).where('id', '=', p.id),
  ),
  byId: statement('ledger.byId', (db, p: ById) =>
    db.selectFrom('reservation').selectAll().where('tenant', '=', p.tenant).where('id', '=', p.id),
  ),
  /** Whoever changes the row has seen this state and these charges. */
  change: statement(
    'ledger.change',
    (db, p: ById & { state: string; charges: string; settled_at: number | null; was: string; wasCharges: string }) =>
      db
        .updateTable('reservation')
        .set({ state: p.state, charges: p.charges, settled_at: p.settled_at })
        .where('tenant', '=', p.tenant)
        .where('id', '=', p.id)
        .where('state', '=', p.was)
        .where('charges', '=', p.wasCharges),
  ),
  due: statement('ledger.due', (db, p: { nowMs: number; limit: number }) =>
    db
      .selectFrom('reservation')
      .selectAll()
      .where('state', '=', 'reserved')
      .where('expires_at', '<=', p.nowMs)
      .orderBy('expires_at')
      .limit(p.limit),
  ),
  recent: statement('ledger.recent', (db, p: { tenant: string; sinceMs: number; limit: number }) =>
    db
      .selectFrom('reservation')
      .selectAll()
      .where('tenant', '=', p.tenant)
      .where('at_ms', '>=', p.sinceMs)
      .orderBy('at_ms', 'desc')
      .orderBy('id', 'desc')
      .limit(p.limit),
  ),
  /** The earliest of the windows that are not over for so long. */
  left: statement('ledger.left', (db, p: { beforeMs: number }) =>
    db
      .selectFrom('account')
      .select('window_start')
      .where('window_end', '>', p.beforeMs)
      .orderBy('window_start')
      .limit(1),
  ),
  tenantAfter: statement('ledger.tenantAfter', (db, p: { after: string }) =>
    db.selectFrom('reservation').select('tenant').where('tenant', '>', p.after).orderBy('tenant').limit(1),
  ),
  pruneReservations: statement(
    'ledger.pruneReservations',
    (db, p: { tenant: string; sinceMs: number; beforeMs: number; limit: number }) =>
      db.deleteFrom('reservation').where((e) =>
        e(
          e.refTuple('tenant', 'id'),
          'in',
          e
            .selectFrom('reservation as old')
            .select(['old.tenant', 'old.id'])
            .where('old.tenant', '=', p.tenant)
            .where('old.at_ms', '<', p.sinceMs)
            .where('old.state', '=', 'settled')
            .where('old.settled_at', '<', p.beforeMs)
            .where(({ not, exists, selectFrom }) =>
              not(exists(selectFrom('call').select('call.id').whereRef('call.id', '=', 'old.id'))),
            )
            .limit(p.limit)
            .$asTuple('tenant', 'id'),
        ),
      ),
  ),
  pruneAccounts: statement('ledger.pruneAccounts', (db, p: { beforeMs: number; limit: number }) =>
    db
      .deleteFrom('account')
      .where('id', 'in', (q) =>
        q
          .selectFrom('account')
          .select('id')
          .where('window_end', '<=', p.beforeMs)
          .where('reserved', '=', 0)
          .limit(p.limit),
      ),
  ),
};

export const ledgerStatements = Object.values(S);

export interface ReserveArgs {
  readonly reservation: Reservation;
  readonly atMs: number;
}

export const reserve = async (session: Session, { reservation, atMs }: ReserveArgs): Promise<Reserved> => {
  return (await holdAll(session, reservation, atMs)) ?? { kind: 'reserved' };
};

/** In whatever state. */
const isReserved = async (session: Session, of: ById): Promise<boolean> => (await session.all(S.byId, of)).length > 0;

/**
 * Null when all of it is set aside, by this or by the same reservation before: a call that is sent again, because nobody knows how
 * it went, is paid once. Otherwise nothing was.
 */
export const holdAll = async (
  session: Session,
  { id, tenant, labels, charges, expiresAtMs }: Reservation,
  atMs: number,
): Promise<Overdrawn | null> => {
  const stored: StoredCharge[] = charges.map(({ account, amount }) => ({
    account: account.id,
    budget: account.budget,
    unit: account.unit,
    reserved: amount,
    spent: 0,
  }));
  const isNew = await session.run(S.insert, {
    tenant,
    id,
    state: 'reserved',
    labels: JSON.stringify(labels),
    charges: JSON.stringify(stored),
    at_ms: atMs,
    expires_at: expiresAtMs,
    settled_at: null,
  });
  if (isNew === 0) return null;
  const refused = await chargeAll(session, charges);
  if (refused !== null) await session.run(S.remove, { tenant, id });
  return refused;
};

const chargeAll = async (session: Session, charges: Reservation['charges']): Promise<Overdrawn | null> => {
  const opened: string[] = [];
  for (const [at, { account, amount }] of charges.entries()) {
    const refused = await chargeOne(session, account, amount, opened);
    if (refused === null) continue;
    for (const done of charges.slice(0, at))
      await session.run(S.move, { id: done.account.id, reserved: -done.amount, spent: 0 });
    // Nobody else has seen them yet.
    for (const id of opened) await session.run(S.closeAccount, { id });
    return refused;
  }
  return null;
};

const chargeOne = async (
  session: Session,
  terms: Reservation['charges'][number]['account'],
  amount: number,
  opened: string[],
): Promise<Overdrawn | null> => {
  const args = { id: terms.id, amount, limit: terms.limit };
  if ((await session.run(S.charge, args)) === 1) return null;
  let [row] = await session.all(S.account, terms);
  if (row === undefined) {
    if ((await session.run(S.openAccount, emptyAccount(terms))) === 1) opened.push(terms.id);
    if ((await session.run(S.charge, args)) === 1) return null;
    [row] = await session.all(S.account, terms);
  }
  return { kind: 'overdrawn', account: { ...accountOf(row!), limit: terms.limit }, asked: amount };
};

export interface ExtendArgs extends ById {
  readonly more: Amounts;
  /** Terms as they are now are not known here: the limit of the last charge counts. */
  readonly atMs: number;
}

export const extendReservation = async (
  session: Session,
  { tenant, id, more }: ExtendArgs,
): Promise<Reserved | Refusal> => {
  const [row] = await session.all(S.byId, { tenant, id });
  if (row?.state !== 'reserved') return { refusal: 'unknownReservation', details: [id] };
  const charges = chargesOf(row);
  const accounts: Reservation['charges'][number][] = [];
  for (const { account, unit } of charges) {
    const [state] = await session.all(S.account, { id: account });
    if (state === undefined) return { refusal: 'unknownReservation', details: [id] };
    accounts.push({ account: accountOf(state), amount: more[unit] ?? 0 });
  }
  const refused = await chargeAll(session, accounts);
  if (refused !== null) return refused;
  const longer = charges.map((charge) => ({ ...charge, reserved: charge.reserved + (more[charge.unit] ?? 0) }));
  await change(session, row, longer, 'reserved', null);
  return { kind: 'reserved' };
};

export interface SettleArgs extends ById {
  readonly amounts: Amounts;
  readonly atMs: number;
}

export interface SettledRows {
  readonly settled: boolean;
  readonly overdrawn: readonly AccountState[];
}

export const settleReservation = async (
  session: Session,
  { tenant, id, amounts, atMs }: SettleArgs,
): Promise<SettledRows> => {
  const [row] = await session.all(S.byId, { tenant, id });
  if (row === undefined || row.state === 'settled') return { settled: false, overdrawn: [] };
  const overdrawn = await book(session, row, 'settled', atMs, ({ unit, reserved }) => amounts[unit] ?? reserved);
  return { settled: true, overdrawn };
};

export interface CarryArgs extends SettleArgs {
  readonly rest: Rest;
}

/** Charges of the rest come without a question: the first one has set them aside, and nobody gets in between. */
export const carryReservation = async (
  session: Session,
  { tenant, id, amounts, rest, atMs }: CarryArgs,
): Promise<SettledRows> => {
  const [row] = await session.all(S.byId, { tenant, id });
  if (row === undefined || row.state === 'settled') return { settled: false, overdrawn: [] };
  const overdrawn = await book(session, row, 'settled', atMs, ({ unit, reserved }) => amounts[unit] ?? reserved);
  if (await isReserved(session, { tenant, id: rest.id })) return { settled: true, overdrawn };
  const charges = chargesOf(row).map((charge) => ({ ...charge, reserved: rest.amounts[charge.unit] ?? 0, spent: 0 }));
  for (const { account, reserved } of charges) await session.run(S.move, { id: account, reserved, spent: 0 });
  await session.run(S.insert, {
    ...{ tenant, id: rest.id, state: 'reserved', labels: row.labels, charges: JSON.stringify(charges) },
    ...{ at_ms: atMs, expires_at: rest.expiresAtMs, settled_at: null },
  });
  return { settled: true, overdrawn };
};

export const readReservation = async (session: Session, args: ById): Promise<ReservationRow | undefined> =>
  (await session.all(S.byId, args))[0];

export const expireReservations = async (
  session: Session,
  { nowMs, limit }: { readonly nowMs: number; readonly limit: number },
): Promise<number> => {
  const due = await session.all(S.due, { nowMs, limit });
  for (const row of due) await book(session, row, 'expired', nowMs, ({ reserved }) => reserved);
  return due.length;
};

/** Tenant by tenant, because that is how reservations are ordered by their time. */
export const pruneLedger = async (
  session: Session,
  { beforeMs, limit }: { readonly beforeMs: number; readonly limit: number },
): Promise<number> => {
  const [left] = await session.all(S.left, { beforeMs });
  const sinceMs = Math.min(beforeMs, left?.window_start ?? beforeMs);
  const next = async (after: string): Promise<string | undefined> =>
    (await session.all(S.tenantAfter, { after }))[0]?.tenant;
  let removed = 0;
  for (let tenant = await next(''); tenant !== undefined && removed < limit; tenant = await next(tenant))
    removed += await session.run(S.pruneReservations, { tenant, sinceMs, beforeMs, limit: limit - removed });
  if (removed === limit) return removed;
  return removed + (await session.run(S.pruneAccounts, { beforeMs, limit: limit - removed }));
};

/** What was booked before is taken back first: an expiry may have booked too much. */
const book = async (
  session: Session,
  row: ReservationRow,
  state: 'settled' | 'expired',
  atMs: number,
  spentOf: (charge: StoredCharge) => number,
): Promise<readonly AccountState[]> => {
  const before = chargesOf(row);
  const after = before.map((charge) => ({ ...charge, spent: spentOf(charge) }));
  await change(session, row, after, state, atMs);
  const overdrawn: AccountState[] = [];
  for (const [at, { account: id, reserved, spent }] of after.entries()) {
    const moved = { id, reserved: row.state === 'reserved' ? -reserved : 0, spent: spent - before[at]!.spent };
    await session.run(S.move, moved);
    // Nobody else can have overdrawn it, and reading each account would cost as much as all the rest.
    if (spent <= reserved) continue;
    for (const account of (await session.all(S.account, { id })).map(accountOf))
      if (account.spent + account.reserved > account.limit + account.extra) overdrawn.push(account);
  }
  return overdrawn;
};

const change = async (
  session: Session,
  row: ReservationRow,
  charges: readonly StoredCharge[],
  state: string,
  settledAt: number | null,
): Promise<void> => {
  const { tenant, id } = row;
  const args = { tenant, id, state, charges: JSON.stringify(charges), settled_at: settledAt };
  const changed = await session.run(S.change, { ...args, was: row.state, wasCharges: row.charges });
  // Another process settled it between the look and the write: undoing the transaction lets this command look again.
  if (changed !== 1) throw new Error(`reservation ${id} was changed meanwhile`);
};

export interface CreditArgs {
  readonly account: AccountRow;
  readonly amount: number;
}

export const creditAccount = async (session: Session, { account, amount }: CreditArgs): Promise<AccountState> => {
  await session.run(S.openAccount, account);
  const [row] = await session.all(S.credit, { id: account.id, amount, limit: account.limit_now });
  return accountOf(row!);
};

export const readAccount = async (session: Session, args: { readonly id: string }): Promise<AccountState | undefined> =>
  (await session.all(S.account, args)).map(accountOf)[0];

export const readAccounts = async (
  session: Session,
  args: { readonly tenant: string; readonly sinceMs: number },
): Promise<readonly AccountState[]> => (await session.all(S.accounts, args)).map(accountOf);

export const readEntries = (
  session: Session,
  args: { readonly tenant: string; readonly sinceMs: number; readonly limit: number },
) => session.all(S.recent, args);

export const chargesOf = (row: Pick<ReservationRow, 'charges'>): readonly StoredCharge[] => JSON.parse(row.charges);

export const emptyAccount = (terms: Reservation['charges'][number]['account']): AccountRow => ({
  id: terms.id,
  tenant: terms.tenant,
  budget: terms.budget,
  holder: terms.holder,
  unit: terms.unit,
  limit_now: terms.limit,
  window_start: terms.windowStartMs,
  window_end: terms.windowEndMs,
  spent: 0,
  reserved: 0,
  extra: 0,
});

const accountOf = (row: AccountRow): AccountState => ({
  id: row.id,
  tenant: row.tenant,
  budget: row.budget,
  holder: row.holder,
  unit: row.unit as Unit,
  limit: row.limit_now,
  windowStartMs: row.window_start,
  windowEndMs: row.window_end,
  spent: row.spent,
  reserved: row.reserved,
  extra: row.extra,
});
