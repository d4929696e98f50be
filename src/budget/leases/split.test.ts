/** Budgets over three levels: a hub in the middle gives on parts of the parts that it holds, and of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BudgetEntry, NodeEntry } from '../../contract/index.ts';
import { budget } from '../fixture.ts';
import { beginOf, endOf, reservationOf, SIDECAR, SIZES, setUpHub, setUpNode } from './fixture.ts';
import { Lessor, Split, splitCalls, splitLedger } from './index.ts';

const MIDDLE: NodeEntry = { ...SIDECAR, id: 'domain-sales', role: 'domain', domain: 'sales', agent: '' };
const TOP = budget({ limit: 30 });
const OWN: BudgetEntry = { ...budget({ limit: 12 }), name: 'own' };

/** The root, the hub in the middle with a budget of its own, and a sidecar below that. */
const setUp = (top: BudgetEntry = TOP, own: BudgetEntry = OWN) => {
  const root = setUpHub([top], 1);
  const middle = setUpNode(root, MIDDLE);
  const leased = middle.start();
  const isAbove = (_: string, name: string): boolean => name === top.name;
  const books = { own: middle.stores.ledger, leased: leased.ledger, isAbove };
  const split = new Split(books);
  const ledger = splitLedger(split, books);
  const shop = { tenant: 'acme', name: 'shop', parent: 'sales', delegated: true };
  const lessor = new Lessor({
    ...{ ledger, clock: root.world.clock, lessees: () => 1, sizes: SIZES },
    snapshot: () => ({ budgets: [top, own], domains: [shop], targets: [] }),
  });
  const leaf = setUpNode({ ...root, lessor }, { ...SIDECAR, domain: 'shop' });
  const calls = splitCalls(split, middle.stores.calls, leased.calls);
  const standing = async () =>
    Object.fromEntries(
      [
        ...(await root.ledger.accounts({ tenant: 'acme' })),
        ...(await middle.stores.ledger.accounts({ tenant: 'acme' })),
      ]
        .filter(({ budget: name }) => name !== 'lease')
        .map(({ budget: name, spent, reserved }) => [name, [spent, reserved]]),
    );
  return { root, middle, leaf, leased, ledger, calls, standing };
};

test('a node below a hub spends parts of the parts that the hub holds, and in the end every book says what it came to', async () => {
  const { leaf, leased, root, standing } = setUp();
  const below = leaf.start();
  for (let n = 0; n < 9; n++) {
    assert.equal((await below.calls.begin(beginOf(reservationOf(`c${n}`, [TOP, 1], [OWN, 1])))).kind, 'begun');
    await below.calls.end(endOf(`c${n}`, 1));
  }
  await below.lessee.stop();
  await leased.lessee.stop();
  assert.deepEqual(await standing(), { cap: [9, 0], own: [9, 0] });
  assert.equal(root.world.pending, 0);
});

test('neither book is overdrawn, however many call at once: the smaller one says stop', async () => {
  const { leaf, standing } = setUp();
  const below = leaf.start();
  const begun = await Promise.all(
    Array.from({ length: 60 }, (_, n) => below.calls.begin(beginOf(reservationOf(`c${n}`, [TOP, 1], [OWN, 1])))),
  );
  assert.equal(begun.filter(({ kind }) => kind === 'begun').length, 12);
  const short = begun.find(({ kind }) => kind !== 'begun');
  assert.ok(short?.kind === 'overdrawn' && short.account.budget === 'own');
  const { cap, own } = await standing();
  assert.ok(cap![0]! + cap![1]! <= 30 && own![0]! + own![1]! <= 12, JSON.stringify({ cap, own }));
});

test('a call of the hub itself that falls under both sets both aside, and what one refuses the other does not keep', async () => {
  const scarce = budget({ limit: 2 });
  const { calls, standing, leased } = setUp(scarce);
  for (const id of ['a', 'b'])
    assert.equal((await calls.begin(beginOf(reservationOf(id, [scarce, 1], [OWN, 1])))).kind, 'begun');
  assert.equal((await calls.begin(beginOf(reservationOf('c', [scarce, 1], [OWN, 1])))).kind, 'overdrawn');
  assert.deepEqual(await standing(), { cap: [0, 2], own: [0, 2] });
  await calls.end(endOf('a', 1));
  await calls.end(endOf('b', 0));
  await leased.lessee.stop();
  assert.deepEqual(await standing(), { cap: [1, 0], own: [1, 0] });
});

test('a call that outlives the lease below is carried through the hub, and is charged once for what it came to', async () => {
  const { leaf, leased, standing } = setUp();
  const below = leaf.start();
  await below.calls.begin(beginOf(reservationOf('long', [TOP, 1])));
  await leaf.pass(12_000);
  assert.ok((await standing())['cap']![1]! >= 1, 'it is held all the way up');
  await below.calls.end(endOf('long', 1));
  await leaf.pass(1_000);
  await below.lessee.stop();
  await leased.lessee.stop();
  assert.deepEqual((await standing())['cap'], [1, 0]);
});
