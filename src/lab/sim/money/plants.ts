/** Defects to check the checker with: each is a mistake that somebody made somewhere, and each must be found. */
import type { Begin, LedgerStore } from '../../../contract/index.ts';
import { Fault } from '../../../contract/index.ts';
import type { Layer } from '../../../kernel/index.ts';
import { type Machinery, SOUND } from './machinery.ts';
import { TENANTS } from './operations.ts';
import { callOf, type Kept, lineOf } from './vault.ts';

export interface Plant {
  /** The promise that it breaks, as the checker names it. */
  readonly breaks: string;
  readonly machinery: Machinery;
}

type StoreDefect = Machinery['store'];

const inStore = (breaks: string, store: StoreDefect): Plant => ({ breaks, machinery: { ...SOUND, store } });

/** A store of which some commands do something else. */
const calls = (sound: Kept, change: Partial<Kept['calls']>): Kept => ({
  ...sound,
  calls: { ...sound.calls, ...change },
});
const ledger = (sound: Kept, change: Partial<LedgerStore>): Kept => ({
  ...sound,
  ledger: { ...sound.ledger, ...change },
});

const beginning =
  (change: (begin: Begin) => Begin): StoreDefect =>
  (sound) =>
    calls(sound, { begin: (begin) => sound.calls.begin(change(begin)) });

const later = (clock: { after(delayMs: number, run: () => void): unknown }, ms: number): Promise<void> =>
  new Promise((resolve) => clock.after(ms, resolve));

/** Looks how much is left, and then takes it: so may another one in between. */
const checkThenAdd: StoreDefect = (sound, { clock, random }) =>
  calls(sound, {
    begin: async (begin) => {
      for (const { account, amount } of begin.reservation?.charges ?? []) {
        const state = await sound.ledger.account(account.tenant, account.id);
        const { spent = 0, reserved = 0, extra = 0 } = state ?? {};
        if (spent + reserved + amount > account.limit + extra)
          return { kind: 'overdrawn', account: { ...account, spent, reserved, extra }, asked: amount };
      }
      await later(clock, 20 * random());
      return sound.calls.begin(
        begin.reservation === null ? begin : { ...begin, reservation: unlimited(begin.reservation) },
      );
    },
  });

const unlimited = (reservation: NonNullable<Begin['reservation']>): NonNullable<Begin['reservation']> => ({
  ...reservation,
  charges: reservation.charges.map(({ account, amount }) => ({
    amount,
    account: { ...account, limit: Number.MAX_SAFE_INTEGER },
  })),
});

/** Sets aside anew what was set aside for this call before. */
const reservedTwice: StoreDefect = (sound) => {
  let count = 0;
  return calls(sound, {
    begin: (begin) => {
      const { record, dispatch, reservation } = begin;
      if (reservation === null || record !== null || dispatch !== null) return sound.calls.begin(begin);
      count += 1;
      return sound.calls.begin({ ...begin, reservation: { ...reservation, id: `again ${count}` } });
    },
  });
};

/** Books again what was booked before. */
const settledTwice: StoreDefect = (sound) => {
  const settled = new Map<string, number>();
  return calls(sound, {
    end: async (end) => {
      const ended = await sound.calls.end(end);
      if (end.amounts === null) return ended;
      const times = (settled.get(end.id) ?? 0) + 1;
      settled.set(end.id, times);
      const entry = times === 1 ? undefined : await entryOf(sound, end.tenant, end.id);
      if (entry === undefined) return ended;
      const accounts = await sound.ledger.accounts({ tenant: end.tenant });
      const id = `${end.id} ${times}`;
      const charges = entry.charges.map(({ account }) => ({
        account: accounts.find((one) => one.id === account)!,
        amount: 0,
      }));
      await sound.ledger.reserve({ id, tenant: end.tenant, labels: {}, charges, expiresAtMs: 0 }, end.atMs);
      await sound.ledger.settle(end.tenant, id, end.amounts, end.atMs);
      return ended;
    },
  });
};

const entryOf = async ({ ledger: { entries } }: Kept, tenant: string, id: string) =>
  (await entries({ tenant, limit: 10_000 })).find((entry) => entry.id === id);

/** What runs out is given back, although it may have been spent. */
const expiryReleases: StoreDefect = (sound) =>
  ledger(sound, {
    expire: async (nowMs, limit) => {
      const many = await sound.ledger.expire(nowMs, limit);
      for (const tenant of many === 0 ? [] : TENANTS)
        for (const { id, state } of await sound.ledger.entries({ tenant, limit: 10_000 }))
          if (state === 'expired') await sound.ledger.settle(tenant, id, NOTHING, nowMs);
      return many;
    },
  });

const NOTHING = { micros: 0, tokens: 0, calls: 0 };

/** Nobody says what a call came to. */
const neverSettled: StoreDefect = (sound) => calls(sound, { end: (end) => sound.calls.end({ ...end, amounts: null }) });

/** An intent that is written, and then its money. */
const beginInTwo: StoreDefect = (sound, { clock, random }) =>
  calls(sound, {
    begin: async (begin) => {
      const { reservation, atMs } = begin;
      const begun = await sound.calls.begin({ ...begin, reservation: null });
      if (begun.kind !== 'begun' || reservation === null) return begun;
      await later(clock, 5 * random());
      if (random() < 0.1) throw new Fault('storage', 'the store takes no commands now');
      void sound.ledger.reserve(reservation, atMs);
      return begun;
    },
  });

/** The line of what is sent is written with the line of how it ended. */
const auditAfter: StoreDefect = (sound) => {
  const waiting = new Map<string, Begin['audit']>();
  return calls(sound, {
    begin: (begin) => {
      waiting.set(callOf(begin), begin.audit);
      return sound.calls.begin({ ...begin, audit: [] });
    },
    end: (end) => sound.calls.end({ ...end, audit: [...(waiting.get(end.id) ?? []), ...end.audit] }),
  });
};

/** One chain for everybody: nobody can verify his own without everybody else's. */
const oneChain: StoreDefect = (sound) => ({
  ...sound,
  audit: {
    ...sound.audit,
    append: (entries) => sound.audit.append(entries),
    search: (filter) => sound.audit.search(filter),
    heads: () => sound.audit.heads(),
    read: async (tenant, from, limit) => {
      const all = await Promise.all(TENANTS.map((one) => sound.audit.read(one, 1, 100_000)));
      const chain = all.flat().sort((a, b) => a.atMs - b.atMs || (lineOf(a) < lineOf(b) ? -1 : 1));
      const numbered = chain.map((record, at) => ({ ...record, seq: at + 1 }));
      return numbered.filter((record) => record.tenant === tenant && record.seq >= from).slice(0, limit);
    },
  },
});

/** The end of a chain is cut off, as after a restore of an old backup. */
const cutChain: StoreDefect = (sound) => ({
  ...sound,
  audit: {
    append: (entries) => sound.audit.append(entries),
    search: (filter) => sound.audit.search(filter),
    heads: () => sound.audit.heads(),
    read: async (tenant, from, limit) => (await sound.audit.read(tenant, from, limit)).slice(0, -12),
  },
});

/** Says that it is written, and writes it with the next batch: what the process had in hand when it died is gone. */
const hasty: StoreDefect = (sound, { random }) =>
  calls(sound, {
    end: async (end) => (random() < 0.05 ? { concluded: true, overdrawn: [] } : sound.calls.end(end)),
  });

/** The approval is burned when the call is over. */
const burnedAfter: StoreDefect = (sound) => {
  const open = new Map<string, NonNullable<Begin['grant']>>();
  return calls(sound, {
    begin: async (begin) => {
      const { grant } = begin;
      if (grant === null) return sound.calls.begin(begin);
      const approval = await sound.approvals.get(grant.tenant, grant.approval);
      if (approval?.state !== 'approved') return { kind: 'no_grant', why: 'it is not approved' };
      open.set(callOf(begin), grant);
      return sound.calls.begin({ ...begin, grant: null });
    },
    end: async (end) => {
      const grant = open.get(end.id);
      const approval = grant === undefined ? undefined : await sound.approvals.get(grant.tenant, grant.approval);
      if (approval?.state === 'approved')
        await sound.approvals.put({ ...approval, state: 'consumed', version: approval.version + 1 });
      return sound.calls.end(end);
    },
  });
};

/** An approval is as good for other bytes. */
const anyDigest: StoreDefect = (sound) =>
  calls(sound, {
    begin: async (begin) => {
      const { grant } = begin;
      const approval = grant === null ? undefined : await sound.approvals.get(grant.tenant, grant.approval);
      return sound.calls.begin(
        approval === undefined ? begin : { ...begin, grant: { ...grant!, digest: approval.digest } },
      );
    },
  });

/** Hears of a refusal although it knows nothing: what broke on its way is told as if it had never left. */
const unknownAsNo: Layer = (next) => async (call, scope) => {
  try {
    return await next(call, scope);
  } catch (thrown) {
    const { code, message } = Fault.from(thrown);
    throw new Fault(code, message, { executed: 'no' });
  }
};

/** An end that was not acknowledged was none, and so there was no call. */
const lostAsNo: Layer = (next) => async (call, scope) => {
  try {
    return await next(call, scope);
  } catch (thrown) {
    const fault = Fault.from(thrown);
    throw fault.code === 'storage' ? new Fault('storage', fault.message, { executed: 'no' }) : fault;
  }
};

const EVER = Number.NEGATIVE_INFINITY;

export const PLANTS: Readonly<Record<string, Plant>> = {
  'ledger-check-then-add': inStore('I5', checkThenAdd),
  'reservation-not-idempotent': inStore('I5', reservedTwice),
  'settle-twice-books-twice': inStore('I5', settledTwice),
  'expiry-releases': inStore('I5', expiryReleases),
  'unknown-settles-at-zero': inStore('I5', (sound) =>
    calls(sound, {
      end: (end) => sound.calls.end(end.outcome?.state === 'unknown' ? { ...end, amounts: NOTHING } : end),
    }),
  ),
  'never-settled': inStore('I5', neverSettled),
  'begin-in-two-steps': inStore('I5', beginInTwo),
  'audit-after-send': inStore('I3', auditAfter),
  'audit-without-tenant': inStore('I8', oneChain),
  'audit-cut-off': inStore('I8', cutChain),
  'acknowledged-before-written': inStore('I1', hasty),
  'grant-not-burned': inStore('I6', (sound) => calls(sound, { begin: keepGrant(sound) })),
  'grant-burned-after': inStore('I6', burnedAfter),
  'grant-for-any-bytes': inStore('I6', anyDigest),
  'grant-outlives-its-time': inStore(
    'I6',
    beginning((begin) => ({ ...begin, atMs: begin.grant === null ? begin.atMs : EVER })),
  ),
  'requester-votes': {
    breaks: 'I6',
    machinery: { ...SOUND, mayVote: (user, { votes }) => !votes.some((vote) => vote.user === user) },
  },
  'replay-with-new-key': {
    breaks: 'I4',
    machinery: {
      ...SOUND,
      replayed: (record) => ({ ...record, idempotencyKey: `${record.idempotencyKey}${record.id} again` }),
    },
  },
  'key-freed-on-unknown': inStore('I2', (sound) =>
    calls(sound, {
      end: (end) =>
        sound.calls.end(
          end.outcome?.state === 'unknown' ? { ...end, outcome: { state: 'forgotten', reply: null } } : end,
        ),
    }),
  ),
  'key-not-kept': inStore(
    'I2',
    beginning((begin) =>
      begin.record === null ? begin : { ...begin, record: { ...begin.record, idempotencyKey: '' } },
    ),
  ),
  'restart-sends-again': { breaks: 'I4', machinery: { ...SOUND, left: (record) => ({ ...record, idempotent: true }) } },
  'unknown-told-as-no': { breaks: 'I12', machinery: { ...SOUND, way: unknownAsNo } },
  'lost-acknowledgement-told-as-no': { breaks: 'I12', machinery: { ...SOUND, answers: lostAsNo } },
};

/** It looks at the grant, and lets it be used again. */
function keepGrant(sound: Kept): Kept['calls']['begin'] {
  return async (begin) => {
    const { grant } = begin;
    const approval = grant === null ? undefined : await sound.approvals.get(grant.tenant, grant.approval);
    const begun = await sound.calls.begin(begin);
    const burned = approval === undefined ? undefined : await sound.approvals.get(approval.tenant, approval.id);
    if (begun.kind === 'begun' && burned?.state === 'consumed')
      await sound.approvals.put({ ...burned, state: 'approved', version: burned.version + 1 });
    return begun;
  };
}
