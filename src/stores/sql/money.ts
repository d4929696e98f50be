/** The ports for money, approvals and audit over a database, whatever its engine. */
import { setImmediate } from 'node:timers/promises';
import type {
  AccountTerms,
  ApprovalRecord,
  ApprovalStore,
  ApprovalSummary,
  AuditEntry,
  AuditFilter,
  AuditRecord,
  AuditStore,
  LedgerEntry,
  LedgerStore,
  NodeAuditStore,
} from '../../contract/index.ts';
import { auditText, isWanted } from '../../contract/index.ts';
import { refuseAmounts, refuseCredit, refuseReservation } from '../money.ts';
import { orThrow } from '../refusals.ts';
import type { ApprovalSummaryRow } from './approvals.ts';
import type { ChainedArgs } from './audit.ts';
import type { Lane } from './commands.ts';
import { chargesOf, emptyAccount } from './ledger.ts';
import { inSteps } from './steps.ts';
import type { ApprovalRow, AuditRow, ReservationRow } from './tables.ts';

export const ledgerOver = (lane: Lane): LedgerStore => ({
  reserve: async (reservation, atMs) => {
    refuseReservation(reservation);
    return lane.write('reserve', { reservation, atMs });
  },
  extend: async (tenant, id, more, atMs) => {
    refuseAmounts(more);
    return orThrow(await lane.write('extendReservation', { tenant, id, more, atMs }));
  },
  settle: async (tenant, id, amounts, atMs) => {
    refuseAmounts(amounts);
    return lane.write('settleReservation', { tenant, id, amounts, atMs });
  },
  carry: async (tenant, id, amounts, rest, atMs) => {
    refuseAmounts(amounts);
    refuseAmounts(rest.amounts);
    return lane.write('carryReservation', { tenant, id, amounts, rest, atMs });
  },
  expire: (nowMs, limit) => lane.write('expireReservations', { nowMs, limit }),
  credit: async (terms: AccountTerms, amount) => {
    refuseCredit(amount);
    return lane.write('creditAccount', { account: emptyAccount(terms), amount });
  },
  account: async (tenant, id) => {
    const found = await lane.read('readAccount', { id });
    return found?.tenant === tenant ? found : undefined;
  },
  accounts: async ({ tenant, budget, sinceMs = 0 }) => {
    const all = await lane.read('readAccounts', { tenant, sinceMs });
    return budget === undefined ? all : all.filter((account) => account.budget === budget);
  },
  entry: async (tenant, id) => {
    const row = await lane.read('readReservation', { tenant, id });
    return row === undefined ? undefined : entryOf(row);
  },
  entries: async ({ tenant, account, sinceMs = 0, limit }) => {
    const rows = await lane.read('readEntries', { tenant, sinceMs, limit: account === undefined ? limit : MOST_SEEN });
    const entries = rows.map(entryOf);
    if (account === undefined) return entries;
    return entries.filter(({ charges }) => charges.some((charge) => charge.account === account)).slice(0, limit);
  },
  prune: (beforeMs) => inSteps((limit) => lane.write('pruneLedger', { beforeMs, limit })),
});

/** Reservations looked at for those of one account. */
const MOST_SEEN = 100_000;

const entryOf = (row: ReservationRow): LedgerEntry => ({
  id: row.id,
  tenant: row.tenant,
  labels: JSON.parse(row.labels),
  state: row.state as LedgerEntry['state'],
  charges: chargesOf(row),
  atMs: row.at_ms,
  settledAtMs: row.settled_at,
});

export const approvalsOver = (lane: Lane): ApprovalStore => ({
  put: async (record) => {
    orThrow(await lane.write('putApproval', approvalRow(record)));
  },
  get: async (tenant, id) => approvalOf(await lane.read('readApproval', { tenant, id })),
  latest: async (tenant, principal, digest) =>
    approvalOf(await lane.read('readLatestApproval', { tenant, principal: callerText(principal), digest })),
  waiting: (tenant, principal) => lane.read('countWaiting', { tenant, principal: callerText(principal) }),
  list: async ({ tenant, state, limit }) =>
    (await lane.read('listApprovals', { tenant, state: state ?? null, limit })).map(summaryOf),
  due: async (nowMs, limit) => (await lane.read('readDueApprovals', { nowMs, limit })).map(summaryOf),
  prune: (beforeMs) => inSteps((limit) => lane.write('pruneApprovals', { beforeMs, limit }), LARGE_STEP),
});

/** Each may have megabytes of body, whose pages are given back one by one. */
const LARGE_STEP = 50;

const callerText = ({ kind, id }: ApprovalRecord['principal']): string => JSON.stringify([kind, id]);

const approvalRow = (whole: ApprovalRecord): ApprovalRow => {
  const { tenant, id, state, digest, createdAtMs, expiresAtMs, version, body, ...record } = whole;
  return {
    tenant,
    id,
    state,
    principal: callerText(whole.principal),
    digest,
    created_at: createdAtMs,
    expires_at: expiresAtMs,
    version,
    record: JSON.stringify(record),
    body: new Uint8Array(body),
    asked_digest: whole.askedDigest ?? null,
  };
};

const approvalOf = (row: ApprovalRow | undefined): ApprovalRecord | undefined =>
  row === undefined ? undefined : { ...summaryOf(row), body: new Uint8Array(row.body) };

const summaryOf = (row: ApprovalSummaryRow): ApprovalSummary => ({
  ...JSON.parse(row.record),
  tenant: row.tenant,
  id: row.id,
  state: row.state,
  digest: row.digest,
  createdAtMs: row.created_at,
  expiresAtMs: row.expires_at,
  version: row.version,
});

export const auditOver = (lane: Lane): AuditStore => ({
  append: async (entries) => {
    if (entries.length > 0) await lane.write('appendAudit', entries.map(chained));
  },
  read: async (tenant, fromSeq, limit) => (await lane.read('readAudit', { tenant, fromSeq, limit })).map(auditOf),
  search: (filter) => searchAudit(lane, filter),
  heads: async () => (await lane.read('readAuditHeads', null)).map(({ tenant, seq, hash }) => ({ tenant, seq, hash })),
});

export const nodeAuditOver = (lane: Lane): NodeAuditStore => ({
  append: async (node, owner, records) => {
    const tenant = records[0]?.tenant ?? '';
    const handed = records.map((record) => ({
      seq: record.seq,
      prev: record.prev,
      hash: record.hash,
      body: chained(record).body,
    }));
    return { tenant, ...(await lane.write('appendNodeAudit', { node, owner, tenant, records: handed })) };
  },
  read: async (node, tenant, fromSeq, limit) =>
    (await lane.read('readNodeAudit', { node, tenant, fromSeq, limit })).map(auditOf),
  heads: async (owner) =>
    (await lane.read('readNodeAuditHeads', null))
      .filter((head) => owner === null || head.owner === owner)
      .map(({ node, tenant, owner: whose, seq, hash }) => ({ node, tenant, owner: whose, seq, hash })),
});

/**
 * Kinds and callers are few and searches rare: the chain is read backwards in steps, and no index makes every call pay. Calls have their
 * turn after each.
 */
const SEARCH_STEP = 2_000;

const searchAudit = async (lane: Lane, filter: AuditFilter): Promise<readonly AuditRecord[]> => {
  const { tenant, sinceMs = Number.NEGATIVE_INFINITY, fromSeq = 1, limit } = filter;
  const found: AuditRecord[] = [];
  let beforeSeq = filter.beforeSeq ?? Number.MAX_SAFE_INTEGER;
  while (found.length < limit && beforeSeq > fromSeq) {
    const step = Math.min(SEARCH_STEP, beforeSeq - fromSeq);
    const rows = await lane.read('recentAudit', { tenant, beforeSeq, limit: step });
    const records = rows.filter(({ seq }) => seq >= fromSeq).map(auditOf);
    found.push(...records.filter((record) => isWanted(record, filter)));
    const last = records.at(-1);
    if (last === undefined || rows.length < step || last.atMs < sinceMs) break;
    beforeSeq = last.seq;
    await setImmediate();
  }
  return found.slice(0, limit);
};

/** What is hashed after tenant, place and hash before, so that the writer needs no contract to do it. */
export const chained = (entry: AuditEntry): ChainedArgs => {
  const { tenant } = entry;
  const whole = auditText(entry, 0, '');
  return { tenant, body: `[${whole.slice(`[${JSON.stringify(tenant)},0,"",`.length)}` };
};

type Body = readonly [number, string, string, string, string, readonly (readonly [string, Detail])[]];
type Detail = AuditRecord['details'][string];

const auditOf = ({ tenant, seq, prev, hash, body }: AuditRow): AuditRecord => {
  const [atMs, kind, actor, object, callId, details]: Body = JSON.parse(body);
  return { tenant, seq, prev, hash, atMs, kind, actor, object, callId, details: Object.fromEntries(details) };
};
