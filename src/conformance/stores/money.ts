/** Promises about accounts: what is set aside is set aside on all of them, once, and never beyond what is there. */
import assert from 'node:assert/strict';
import type { AccountTerms, Amounts, LedgerStore, Reservation } from '../../contract/index.ts';
import { accountId } from '../../contract/index.ts';
import type { StoreCheck } from './check.ts';
import { refused } from './expect.ts';
import { HOSTILE, hexId, record } from './samples.ts';

export const account = (budget: string, limit: number, change: Partial<AccountTerms> = {}): AccountTerms => {
  const terms = {
    ...{ tenant: 'default', budget, holder: '', unit: 'micros' as const, limit },
    ...{ windowStartMs: 0, windowEndMs: null },
    ...change,
  };
  return { ...terms, id: accountId(terms) };
};

export const reservation = (id: string, ...charges: readonly (readonly [AccountTerms, number])[]): Reservation => ({
  id,
  tenant: charges[0]?.[0].tenant ?? 'default',
  labels: { principal: 'agent/caller' },
  charges: charges.map(([terms, amount]) => ({ account: terms, amount })),
  expiresAtMs: 1_000,
});

const stateOf = async (ledger: LedgerStore, terms: AccountTerms): Promise<readonly [number, number]> => {
  const state = await ledger.account(terms.tenant, terms.id);
  return [state?.spent ?? 0, state?.reserved ?? 0];
};

export const ledgerChecks = (promise: StoreCheck): void => {
  promise('an amount is set aside on all accounts or on none', async ({ ledger }) => {
    const [org, team] = [account('org', 100), account('team', 10)];
    assert.equal((await ledger.reserve(reservation('a', [org, 10], [team, 10]), 1)).kind, 'reserved');
    const second = await ledger.reserve(reservation('b', [org, 10], [team, 1]), 2);
    assert.ok(second.kind === 'overdrawn');
    assert.deepEqual(
      [second.account.budget, second.account.reserved, second.account.limit, second.asked],
      ['team', 10, 10, 1],
    );
    assert.deepEqual(
      [await stateOf(ledger, org), await stateOf(ledger, team)],
      [
        [0, 10],
        [0, 10],
      ],
    );
    assert.deepEqual(
      (await ledger.entries({ tenant: 'default', limit: 9 })).map(({ id }) => id),
      ['a'],
    );
  });

  promise('a reservation that is refused opens no account, and leaves those that were there', async ({ ledger }) => {
    const [org, team, fresh] = [account('org', 100), account('team', 10), account('fresh', 1)];
    await ledger.reserve(reservation('a', [team, 10]), 1);
    assert.equal((await ledger.reserve(reservation('b', [org, 0], [team, 1]), 2)).kind, 'overdrawn');
    assert.equal((await ledger.reserve(reservation('c', [fresh, 2]), 3)).kind, 'overdrawn');
    const accounts = await ledger.accounts({ tenant: 'default' });
    assert.deepEqual(
      accounts.map(({ budget, reserved }) => [budget, reserved]),
      [['team', 10]],
    );
  });

  promise('of 200 concurrent reservations on an account for exactly 37, 37 are granted', async ({ ledger }) => {
    const [org, calls] = [account('org', 1_000_000), account('calls', 37, { unit: 'calls' })];
    const asked = Array.from({ length: 200 }, (_, at) =>
      ledger.reserve(reservation(`r${at}`, [org, 5], [calls, 1]), at),
    );
    const granted = (await Promise.all(asked)).filter(({ kind }) => kind === 'reserved');
    assert.equal(granted.length, 37);
    assert.deepEqual(
      [await stateOf(ledger, org), await stateOf(ledger, calls)],
      [
        [0, 185],
        [0, 37],
      ],
    );
  });

  promise('the same reservation again sets nothing aside twice', async ({ ledger }) => {
    const org = account('org', 10);
    for (let n = 0; n < 3; n++) assert.equal((await ledger.reserve(reservation('a', [org, 10]), 1)).kind, 'reserved');
    assert.deepEqual(await stateOf(ledger, org), [0, 10]);
  });

  promise('a settlement books what it came to, by unit, once', async ({ ledger }) => {
    const [money, tokens] = [account('money', 100), account('tokens', 500, { unit: 'tokens' })];
    await ledger.reserve(reservation('a', [money, 50], [tokens, 400]), 1);
    const all = await Promise.all(
      [{ micros: 20 }, { micros: 1 }, { micros: 2 }].map((amounts: Amounts) =>
        ledger.settle('default', 'a', amounts, 5),
      ),
    );
    assert.deepEqual(
      all.map(({ settled }) => settled),
      [true, false, false],
    );
    // Nobody said how many tokens: all that was set aside is booked.
    assert.deepEqual(
      [await stateOf(ledger, money), await stateOf(ledger, tokens)],
      [
        [20, 0],
        [400, 0],
      ],
    );
    const [entry] = await ledger.entries({ tenant: 'default', limit: 1 });
    assert.deepEqual(
      [entry?.state, entry?.atMs, entry?.settledAtMs, entry?.charges.map(({ spent }) => spent)],
      ['settled', 1, 5, [20, 400]],
    );
  });

  promise('what costs more than was set aside is booked in full, and the account is named', async ({ ledger }) => {
    const [org, team] = [account('org', 100), account('team', 10)];
    await ledger.reserve(reservation('a', [org, 10], [team, 10]), 1);
    const { overdrawn } = await ledger.settle('default', 'a', { micros: 15 }, 2);
    assert.deepEqual(
      overdrawn.map(({ budget, spent }) => [budget, spent]),
      [['team', 15]],
    );
    assert.equal((await ledger.reserve(reservation('b', [team, 0]), 3)).kind, 'overdrawn');
  });

  promise('a reservation is extended on all accounts or on none, while it is open', async ({ ledger }) => {
    const [org, team] = [account('org', 100), account('team', 10)];
    await ledger.reserve(reservation('a', [org, 5], [team, 5]), 1);
    assert.equal((await ledger.extend('default', 'a', { micros: 5 }, 2)).kind, 'reserved');
    assert.equal((await ledger.extend('default', 'a', { micros: 1 }, 3)).kind, 'overdrawn');
    assert.deepEqual(
      [await stateOf(ledger, org), await stateOf(ledger, team)],
      [
        [0, 10],
        [0, 10],
      ],
    );
    await ledger.settle('default', 'a', { micros: 7 }, 4);
    assert.deepEqual(
      [await stateOf(ledger, org), await stateOf(ledger, team)],
      [
        [7, 0],
        [7, 0],
      ],
    );
    await refused(ledger.extend('default', 'a', { micros: 1 }, 5), 'not_found', 'a');
    await refused(ledger.extend('default', 'never', { micros: 1 }, 5), 'not_found', 'never');
  });

  promise('what is still held goes on under an id of its own, and nobody gets in between', async ({ ledger }) => {
    const [org, team] = [account('org', 100), account('team', 10)];
    await ledger.reserve(reservation('a', [org, 10], [team, 10]), 1);
    const rest = { id: 'b', amounts: { micros: 4 }, expiresAtMs: 50 };
    const [carried, taken] = await Promise.all([
      ledger.carry('default', 'a', { micros: 3 }, rest, 2),
      ledger.reserve(reservation('c', [team, 4]), 2),
    ]);
    assert.deepEqual([carried.settled, taken.kind], [true, 'overdrawn']);
    assert.deepEqual(await stateOf(ledger, team), [3, 4]);
    // The same again, and late, changes nothing: it was said once.
    assert.equal((await ledger.carry('default', 'a', { micros: 9 }, { ...rest, id: 'd' }, 3)).settled, false);
    assert.equal((await ledger.settle('default', 'a', { micros: 0 }, 3)).settled, false);
    assert.deepEqual(await stateOf(ledger, org), [3, 4]);
    assert.equal(await ledger.expire(49, 10), 0);
    await ledger.settle('default', 'b', { micros: 1 }, 4);
    assert.deepEqual(await stateOf(ledger, team), [4, 0]);
    assert.deepEqual(
      [(await ledger.entry('default', 'a'))?.state, (await ledger.entry('default', 'b'))?.charges.length],
      ['settled', 2],
    );
    assert.deepEqual([await ledger.entry('default', 'd'), await ledger.entry('other', 'a')], [undefined, undefined]);
  });

  promise('what ran out is credited when it is said late that most of it was not used', async ({ ledger }) => {
    const org = account('org', 10);
    await ledger.reserve(reservation('a', [org, 10]), 1);
    await ledger.expire(1_000, 10);
    await ledger.carry('default', 'a', { micros: 2 }, { id: 'b', amounts: { micros: 3 }, expiresAtMs: 5_000 }, 1_001);
    assert.deepEqual(await stateOf(ledger, org), [2, 3]);
  });

  promise('what runs out is booked in full, and a late settlement corrects it once', async ({ ledger }) => {
    const org = account('org', 10);
    await ledger.reserve(reservation('late', [org, 4]), 1);
    await ledger.reserve({ ...reservation('open', [org, 3]), expiresAtMs: 9_999 }, 1);
    assert.equal(await ledger.expire(1_000, 10), 1);
    assert.equal(await ledger.expire(1_000, 10), 0);
    assert.deepEqual(await stateOf(ledger, org), [4, 3]);
    assert.equal((await ledger.settle('default', 'late', { micros: 1 }, 1_001)).settled, true);
    assert.equal((await ledger.settle('default', 'late', { micros: 0 }, 1_002)).settled, false);
    assert.deepEqual(await stateOf(ledger, org), [1, 3]);
  });

  promise('what is granted on top, and a higher limit, give room', async ({ ledger }) => {
    const org = account('org', 10);
    assert.deepEqual((await ledger.credit(org, 5)).extra, 5);
    assert.equal((await ledger.reserve(reservation('a', [org, 15]), 1)).kind, 'reserved');
    assert.equal((await ledger.reserve(reservation('b', [org, 1]), 1)).kind, 'overdrawn');
    assert.equal((await ledger.reserve(reservation('b', [account('org', 11), 1]), 1)).kind, 'reserved');
  });

  promise('fractions, negative and absurd amounts are refused, and change nothing', async ({ ledger }) => {
    const org = account('org', 10);
    for (const amount of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])
      await refused(ledger.reserve(reservation('a', [org, amount]), 1), 'bad_request');
    await refused(ledger.reserve(reservation('a', [org, 1], [org, 1]), 1), 'bad_request', 'twice');
    await ledger.reserve(reservation('a', [org, 1]), 1);
    await refused(ledger.settle('default', 'a', { micros: -1 }, 2), 'bad_request');
    await refused(ledger.extend('default', 'a', { micros: 0.1 }, 2), 'bad_request');
    assert.deepEqual(await stateOf(ledger, org), [0, 1]);
  });

  promise('accounts and reservations of another tenant are not there', async ({ ledger }) => {
    const theirs = account('org', 10, { tenant: 'theirs' });
    await ledger.reserve(reservation('a', [theirs, 1]), 1);
    assert.equal(await ledger.account('default', theirs.id), undefined);
    assert.deepEqual(await ledger.accounts({ tenant: 'default' }), []);
    assert.deepEqual(await ledger.entries({ tenant: 'default', limit: 9 }), []);
    assert.equal((await ledger.settle('default', 'a', { micros: 0 }, 2)).settled, false);
  });

  promise('accounts are as they were after reopen, and a new window is a new account', async (stores, again) => {
    const day = (n: number) => account('daily', 10, { windowStartMs: n * 100, windowEndMs: n * 100 + 100 });
    await stores.ledger.reserve(reservation('a', [day(1), 10]), 150);
    await stores.ledger.settle('default', 'a', {}, 160);
    await stores.ledger.reserve(reservation('b', [day(2), 3]), 250);
    const { ledger } = await again();
    assert.deepEqual(
      (await ledger.accounts({ tenant: 'default' })).map(({ spent, reserved }) => [spent, reserved]),
      [
        [10, 0],
        [0, 3],
      ],
    );
    assert.deepEqual(
      (await ledger.accounts({ tenant: 'default', sinceMs: 250 })).map(({ windowStartMs }) => windowStartMs),
      [200],
    );
  });

  promise(
    'money of windows that are over goes, and nothing that may still be asked for or corrected',
    async (stores) => {
      const { ledger, calls } = stores;
      const day = (n: number) => account('daily', 10, { windowStartMs: n * 100, windowEndMs: n * 100 + 100 });
      const ever = account('ever', 99);
      const settled = async (id: string, terms: AccountTerms, atMs: number): Promise<void> => {
        await ledger.reserve(reservation(id, [terms, 1], [ever, 1]), atMs);
        await ledger.settle('default', id, {}, atMs);
      };
      await settled('old', day(1), 150);
      await settled(hexId(7), day(1), 150);
      await settled('early', day(2), 210);
      await settled('late', day(2), 260);
      await settled('new', day(3), 350);
      await ledger.reserve({ ...reservation('open', [day(0), 1]), expiresAtMs: 9_000 }, 10);
      await ledger.reserve({ ...reservation('expired', [day(1), 2]), expiresAtMs: 170 }, 160);
      await ledger.expire(180, 9);
      await calls.accept(record(7));
      const left = async () => [
        (await ledger.entries({ tenant: 'default', limit: 99 })).map(({ id }) => id).toSorted(),
        (await ledger.accounts({ tenant: 'default' })).map(({ budget, windowStartMs }) => `${budget} ${windowStartMs}`),
      ];
      const first = await left();
      assert.equal(await ledger.prune(150), 0, 'the window of 150 was not over then');
      assert.deepEqual(await left(), first);
      assert.equal(await ledger.prune(250), 2, 'who paid for the window of 200 to 300 is still asked');
      assert.equal((await ledger.entry('default', 'early'))?.state, 'settled');
      assert.equal(await ledger.prune(300), 3);
      assert.deepEqual(await left(), [
        [hexId(7), 'expired', 'new', 'open'].toSorted(),
        ['daily 0', 'daily 300', 'ever 0'],
      ]);
      assert.equal(await ledger.prune(300), 0);
      assert.equal((await ledger.settle('default', 'expired', { micros: 1 }, 400)).settled, true);
      assert.equal(await ledger.account('default', day(1).id), undefined, 'a correction brings nothing back');
      assert.deepEqual(await stateOf(ledger, ever), [5, 0]);
      assert.equal((await ledger.reserve(reservation('old', [day(3), 1]), 410)).kind, 'reserved');
      assert.deepEqual(await stateOf(ledger, day(3)), [1, 1]);
    },
  );

  promise('hostile strings in accounts and reservations come back unchanged', async ({ ledger }) => {
    for (const text of HOSTILE) {
      // Names of accounts are bounded, and an index may be too: what is long is long in one of them.
      const odd = account(text, 10, text.length > 1_000 ? {} : { tenant: text, holder: text });
      const { tenant } = odd;
      await ledger.reserve({ ...reservation(text, [odd, 1]), labels: { [text]: text } }, 1);
      const [state] = await ledger.accounts({ tenant, budget: text });
      assert.deepEqual(state, { ...odd, spent: 0, reserved: 1, extra: 0 });
      const [entry] = await ledger.entries({ tenant, account: odd.id, limit: 1 });
      assert.deepEqual([entry?.id, entry?.labels], [text, { [text]: text }]);
    }
  });
};
