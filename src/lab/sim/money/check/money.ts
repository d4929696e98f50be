/** Money (I5): at every step there is enough set aside for what was charged and never more than the limit; in the end it is exact. */
import type { AccountState, CallRecord, LedgerEntry } from '../../../../contract/index.ts';
import { OFFERS, TENANTS } from '../operations.ts';
import { accountsOf } from '../purse.ts';
import type { Happening } from '../story.ts';
import { type Evidence, type Fail, ofKind } from './evidence.ts';

/** The end of all time: whatever was not settled by then never will be. */
const AFTER_ALL_MS = Number.MAX_SAFE_INTEGER;

export const checkMoney = async (evidence: Evidence, fail: Fail): Promise<void> => {
  checkSteps(evidence, fail);
  await evidence.store.ledger.expire(AFTER_ALL_MS, 10_000);
  for (const tenant of TENANTS) await checkEnd(evidence, tenant, fail);
};

const checkSteps = ({ story, limits }: Evidence, fail: Fail): void => {
  const covered = new Map<string, AccountState>();
  const charged = new Map<string, number>();
  const compare = (id: string, budget: string): void => {
    const { spent = 0, reserved = 0 } = covered.get(id) ?? {};
    const cost = charged.get(id) ?? 0;
    if (cost > spent + reserved)
      fail('I5', `budget ${budget}: ${cost} charged, and only ${spent} spent and ${reserved} reserved`);
  };
  const limitOf = (state: AccountState): number =>
    state.budget === 'calls' ? limits.calls : state.budget === 'agent' ? limits.agent : limits.tenant;
  const step = (one: Happening): void => {
    if (one.kind === 'accounts')
      for (const state of one.states) {
        covered.set(state.id, state);
        const total = state.spent + state.reserved;
        if (total > limitOf(state) + state.extra)
          fail('I5', `budget ${state.budget}: ${total} spent and reserved, of ${limitOf(state)}`);
        compare(state.id, state.budget);
      }
    if (one.kind !== 'executed' || one.cost === 0) return;
    for (const { id, unit, budget } of accountsOf(one.request.tenant, one.request.principal, limits)) {
      charged.set(id, (charged.get(id) ?? 0) + (unit === 'calls' ? 1 : one.cost));
      compare(id, budget);
    }
  };
  story.happenings.forEach(step);
};

const checkEnd = async ({ story, store, limits }: Evidence, tenant: string, fail: Fail): Promise<void> => {
  const charged = new Map<string, readonly number[]>();
  for (const { request, cost } of ofKind(story, 'executed'))
    charged.set(request.callId, [...(charged.get(request.callId) ?? []), cost]);
  const entries = await store.ledger.entries({ tenant, limit: 10_000 });
  for (const [callId, runs] of Map.groupBy(entries, ({ id }) => id.split('.')[0]!))
    checkCall(callId, runs, await store.calls.get(tenant, callId), charged.get(callId) ?? [], fail);
  for (const account of await store.ledger.accounts({ tenant })) {
    const booked = entries
      .flatMap(({ charges }) => charges)
      .filter((charge) => charge.account === account.id)
      .reduce((sum, charge) => sum + charge.spent, 0);
    if (account.reserved !== 0) fail('I5', `budget ${account.budget}: ${account.reserved} reserved for nobody`);
    if (account.spent !== booked)
      fail('I5', `budget ${account.budget}: ${account.spent} spent, ${booked} by its entries`);
  }
  await checkRest(store, tenant, limits, fail);
};

/**
 * What is known is exact; what nobody could find out is booked as it was set aside. A call that ran again after a restart has an
 * entry for each run, and of all but the last nobody knows.
 */
const checkCall = (
  id: string,
  runs: readonly LedgerEntry[],
  record: CallRecord | undefined,
  costs: readonly number[],
  fail: Fail,
): void => {
  const booked = runs
    .flatMap(({ charges }) => charges)
    .reduce((sum, { budget, spent }) => sum + (budget === 'tenant' ? spent : 0), 0);
  const charged = costs.reduce((sum, cost) => sum + cost, 0);
  const mayRunTwice = record !== undefined && OFFERS[record.target.operation]!.entry.idempotent;
  const isKnown =
    !mayRunTwice &&
    runs.length === 1 &&
    record?.state !== 'unknown' &&
    record?.reply !== null &&
    record?.reply.outcome !== 'fault';
  const isRead = OFFERS[runs[0]!.labels['operation'] ?? '']?.entry.effect === 'read';
  // Nobody keeps a record of reads, so that nobody finds one that a crash has interrupted.
  if (runs.length === 1 && runs[0]!.state === 'expired' && record?.state !== 'unknown' && !isRead)
    fail('I5', `call ${id} is over, and what was set aside for it was never settled`);
  if (booked < charged || (isKnown && booked !== charged))
    fail('I5', `call ${id}: ${booked} booked, and the agent charged ${charged}`);
};

/** Exactly what is left can be used again. */
const checkRest = async (
  { ledger }: Evidence['store'],
  tenant: string,
  limits: Evidence['limits'],
  fail: Fail,
): Promise<void> => {
  const [account] = accountsOf(tenant, '', limits);
  const state = await ledger.account(tenant, account!.id);
  if (state === undefined) return;
  const rest = limits.tenant - state.spent;
  if (rest < 0) return fail('I5', `budget tenant: ${state.spent} spent, of ${limits.tenant}`);
  const reservation = (id: string, amount: number) => ({
    ...{ id, tenant, labels: {}, charges: [{ account: account!, amount }], expiresAtMs: AFTER_ALL_MS },
  });
  const more = await ledger.reserve(reservation('one too much', rest + 1), 0);
  const exact = await ledger.reserve(reservation('the rest', rest), 0);
  if (more.kind !== 'overdrawn' || exact.kind !== 'reserved')
    fail('I5', `budget tenant: ${rest} are left, and the ledger says otherwise`);
};
