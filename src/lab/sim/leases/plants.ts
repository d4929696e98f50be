/** Leases with one defect each: what the checker must find, or its silence means nothing. */
import type { LedgerEntry, LedgerStore } from '../../../contract/index.ts';
import { type Machinery, SOUND } from './machinery.ts';

const NOTHING = { micros: 0, tokens: 0, calls: 0 };

/** A ledger of which some words mean something else. */
const changed =
  (change: (ledger: LedgerStore) => Partial<LedgerStore>) =>
  (ledger: LedgerStore): LedgerStore => {
    const changes = change(ledger);
    return new Proxy(ledger, {
      get: (target, name) => {
        const own = Reflect.get(changes, name) ?? Reflect.get(target, name);
        return typeof own === 'function' ? own.bind(target) : own;
      },
    });
  };

const ledgerPlant = (change: (ledger: LedgerStore) => Partial<LedgerStore>): Machinery => ({
  ...SOUND,
  hubLedger: changed(change),
});

export const LEASE_PLANTS: Readonly<Record<string, Machinery>> = {
  'lease-not-reserved': ledgerPlant((ledger) => ({
    reserve: (reservation, atMs) =>
      ledger.reserve({ ...reservation, charges: reservation.charges.map((one) => ({ ...one, amount: 0 })) }, atMs),
  })),
  'lease-expiry-releases': ledgerPlant((ledger) => ({
    expire: async (nowMs) => {
      let released = 0;
      for (const { id, tenant, state, atMs } of await ledger.entries({ tenant: 'default', limit: 100_000 }))
        if (state === 'reserved' && atMs + 10_000 <= nowMs) {
          await ledger.settle(tenant, id, NOTHING, nowMs);
          released += 1;
        }
      return released;
    },
  })),
  'admission-after-ttl': { ...SOUND, maxSkewMs: -5_000 },
  'report-twice': ledgerPlant((ledger) => {
    let again = 0;
    return {
      // It looks open however often it was settled, and each time is booked.
      entry: async (tenant, id) => {
        const entry = await ledger.entry(tenant, id);
        return entry === undefined ? undefined : ({ ...entry, state: 'reserved' } satisfies LedgerEntry);
      },
      settle: async (tenant, id, amounts, atMs) => {
        const settled = await ledger.settle(tenant, id, amounts, atMs);
        if (!settled.settled) await bookOnTop(ledger, tenant, id, amounts, `${id} again ${++again}`, atMs);
        return settled;
      },
    };
  }),
  'late-report-on-top': ledgerPlant((ledger) => ({
    settle: async (tenant, id, amounts, atMs) => {
      const entry = await ledger.entry(tenant, id);
      const full = Object.fromEntries(entry?.charges.map(({ unit, spent }) => [unit, spent]) ?? []);
      if (entry?.state !== 'expired') return ledger.settle(tenant, id, amounts, atMs);
      const settled = await ledger.settle(tenant, id, full, atMs);
      await bookOnTop(ledger, tenant, id, amounts, `${id} late`, atMs);
      return settled;
    },
  })),
  'renewal-returns-in-flight': {
    ...SOUND,
    said: (request) => ({ ...request, reports: request.reports.map(({ rest: _, ...report }) => report) }),
  },
};

/** Terms of accounts are not in entries; adding to a limit that is then taken away again is a booking as well. */
const bookOnTop = async (
  ledger: LedgerStore,
  tenant: string,
  id: string,
  amounts: Readonly<Partial<Record<string, number>>>,
  newId: string,
  atMs: number,
): Promise<void> => {
  const entry = await ledger.entry(tenant, id);
  const charges = await Promise.all(
    (entry?.charges ?? []).map(async ({ account: name, unit }) => {
      const account = (await ledger.account(tenant, name))!;
      return { account: { ...account, limit: Number.MAX_SAFE_INTEGER / 2 }, amount: amounts[unit] ?? 0 };
    }),
  );
  await ledger.reserve({ id: newId, tenant, labels: {}, charges, expiresAtMs: atMs }, atMs);
  await ledger.settle(tenant, newId, {}, atMs);
};
