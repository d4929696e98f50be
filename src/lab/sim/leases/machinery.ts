/** Where a defect of leases may be planted, and those that are. */
import type { LeaseReply, LeaseReport, LedgerStore } from '../../../contract/index.ts';
import { ledgerOf } from '../money/vault.ts';

export interface LeaseMachinery {
  readonly ledger: (sound: LedgerStore) => LedgerStore;
  readonly granted: (reply: LeaseReply) => LeaseReply;
  readonly reported: (report: LeaseReport) => LeaseReport;
  /** Leases that a node gives back when it starts again, of those that it had. */
  readonly afterCrash: (granted: readonly string[]) => readonly string[];
}

const same = <T>(value: T): T => value;

export const SOUND: LeaseMachinery = { ledger: same, granted: same, reported: same, afterCrash: () => [] };

const NOTHING = { micros: 0, tokens: 0, calls: 0 };

/** What a node did not report is given back, although it may have been spent. */
const releasing = (sound: LedgerStore): LedgerStore => ({
  ...ledgerOf(sound),
  expire: async (nowMs, limit) => {
    const many = await sound.expire(nowMs, limit);
    for (const { id, tenant, state } of await sound.entries({ tenant: 'acme', limit: 10_000 }))
      if (state === 'expired') await sound.settle(tenant, id, NOTHING, nowMs);
    return many;
  },
});

export const LEASE_PLANTS: Readonly<Record<string, LeaseMachinery>> = {
  'lease-expiry-releases': { ...SOUND, ledger: releasing },
  'lease-counted-twice': { ...SOUND, granted: (reply) => ({ ...reply, leases: [...reply.leases, ...reply.leases] }) },
  'lease-given-back-after-crash': { ...SOUND, afterCrash: same },
  'lease-reported-short': {
    ...SOUND,
    reported: ({ spent }) => ({ spent: spent.map(({ id, amount }) => ({ id, amount: Math.max(0, amount - 1) })) }),
  },
};
