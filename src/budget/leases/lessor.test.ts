import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LeaseAnswer, LeaseAsk, NodeEntry } from '../../contract/index.ts';
import { budget } from '../fixture.ts';
import { leaseId, SIDECAR, setUpHub } from './fixture.ts';

const ask = (n: number, more: Partial<LeaseAsk> = {}): { readonly reports: []; readonly ask: LeaseAsk } => ({
  reports: [],
  ask: { id: leaseId(n), accounts: [{ budget: 'cap', holder: '' }], need: { calls: 1 }, ...more },
});

const granted = (answer: LeaseAnswer | null): number | undefined =>
  answer?.kind === 'granted' ? answer.amounts.calls : undefined;

test('a lease is a slice, or a half of the share of what is free, or what one call needs, and is set aside in the ledger', async () => {
  for (const [limit, nodes, need, size] of [
    [100, 1, 1, 4],
    [6, 1, 1, 3],
    [6, 3, 1, 1],
    [100, 1, 9, 9],
  ] as const) {
    const { lessor, books } = setUpHub([budget({ limit })], nodes);
    assert.equal(granted((await lessor.take(SIDECAR, ask(1, { need: { calls: need } }))).answer), size);
    assert.deepEqual(await books(), { cap: [0, size] });
  }
});

test('who asks for more than there is hears where the account stands, and nothing is set aside anywhere', async () => {
  const { lessor, books } = setUpHub([budget({ limit: 100 }), budget({ name: 'small', limit: 2 })]);
  const accounts = ['cap', 'small'].map((name) => ({ budget: name, holder: '' }));
  const { answer } = await lessor.take(SIDECAR, ask(1, { accounts, need: { calls: 3 } }));
  assert.ok(answer?.kind === 'short');
  assert.deepEqual([answer.account.budget, answer.account.limit, answer.asked], ['small', 2, 3]);
  assert.deepEqual(
    Object.values(await books())
      .flat()
      .filter(Boolean),
    [],
  );
});

test('a report books what was used and goes on holding what calls still hold; said again, late or doubled, it changes nothing', async () => {
  const { lessor, books } = setUpHub();
  await lessor.take(SIDECAR, ask(1));
  const report = { id: leaseId(1), used: { calls: 2 }, rest: { id: leaseId(2), held: { calls: 1 }, forMs: 60_000 } };
  for (let time = 0; time < 3; time++) {
    await lessor.take(SIDECAR, { reports: [report] });
    assert.deepEqual(await books(), { cap: [2, 1] });
  }
  await lessor.take(SIDECAR, { reports: [{ id: leaseId(2), used: { calls: 0 } }, report] });
  assert.deepEqual(await books(), { cap: [2, 0] });
});

test('a lease that nobody reports counts as spent in full, and a late report credits it', async () => {
  const { lessor, books, ledger, world } = setUpHub();
  await lessor.take(SIDECAR, ask(1));
  await world.run(10_000);
  await ledger.expire(world.clock.wallMs(), 10);
  assert.deepEqual(await books(), { cap: [4, 0] });
  await lessor.take(SIDECAR, { reports: [{ id: leaseId(1), used: { calls: 1 } }] });
  assert.deepEqual(await books(), { cap: [1, 0] });
});

test('a question that comes after its lease was given back is refused: nobody would report it', async () => {
  const { lessor, books } = setUpHub();
  await lessor.take(SIDECAR, { reports: [{ id: leaseId(1), used: {} }] });
  assert.equal((await lessor.take(SIDECAR, ask(1))).answer?.kind, 'refused');
  assert.deepEqual(await books(), {});
});

test('a hub that starts again finds in its ledger what nodes hold', async () => {
  const { lessor, lessorOf, books } = setUpHub([budget({ limit: 1_000 })]);
  for (let n = 0; n < 5; n++) await lessor.take(SIDECAR, ask(n));
  const next = lessorOf();
  await next.restore(['acme']);
  assert.deepEqual(await books(), { cap: [0, 20] });
  // Ten slices are as much as one node may hold: five of them it had before.
  const refused = await next.take(SIDECAR, ask(9, { need: { calls: 21 } }));
  assert.equal(refused.answer?.kind, 'refused');
  await next.take(SIDECAR, { reports: [{ id: leaseId(0), used: { calls: 4 } }] });
  assert.deepEqual(await books(), { cap: [4, 16] });
});

test('a node leases what its own agents fall under, and nothing else', async () => {
  const budgets = [
    budget({ name: 'org' }),
    budget({ name: 'shop', scope: { kind: 'domain', name: 'shop' } }),
    budget({ name: 'above', scope: { kind: 'domain', name: 'sales' } }),
    budget({ name: 'beside', scope: { kind: 'domain', name: 'office' } }),
    budget({ name: 'alice', scope: { kind: 'agent', name: 'alice' } }),
    budget({ name: 'bob', scope: { kind: 'agent', name: 'bob' } }),
    budget({ name: 'team', scope: { kind: 'team', name: 'red' } }),
    budget({ name: 'user', scope: { kind: 'user', name: 'ann' } }),
    budget({ name: 'target', scope: { kind: 'target', target: 'model', name: 'big' } }),
    budget({ name: 'each', per: 'agent' }),
    budget({ name: 'session', per: 'session' }),
    budget({ name: 'foreign', tenant: 'other' }),
  ].map((one) => ({ ...one, limit: 1_000 }));
  const domain: NodeEntry = { ...SIDECAR, id: 'domain-shop', role: 'domain', agent: '' };
  const hub: NodeEntry = { ...SIDECAR, id: 'hub', role: 'hub', agent: '' };
  const { lessor } = setUpHub(budgets);
  let n = 0;
  const may = async (node: NodeEntry, name: string, holder = ''): Promise<boolean> =>
    granted((await lessor.take(node, ask(++n, { accounts: [{ budget: name, holder }] }))).answer) !== undefined;
  const names = async (node: NodeEntry): Promise<readonly string[]> => {
    const found: string[] = [];
    for (const { name } of budgets) if (await may(node, name)) found.push(name);
    return found;
  };
  const theirs = ['org', 'shop', 'above', 'alice', 'team', 'user', 'target', 'each', 'session'];
  assert.deepEqual(await names(SIDECAR), theirs);
  assert.deepEqual(await names(domain), theirs);
  assert.deepEqual(await names(hub), []);
  assert.deepEqual(
    [
      ...[await may(SIDECAR, 'each', 'agent/alice'), await may(SIDECAR, 'each', 'agent/bob')],
      ...[await may(SIDECAR, 'session', 'session/1'), await may(SIDECAR, 'org', 'session/1')],
      ...[await may(domain, 'each', 'agent/alice'), await may(domain, 'each', 'agent/bob')],
    ],
    [true, false, true, false, true, false],
  );
});

test('a hostile node gets no more than any node may hold, and what it says of its use is bounded by what it held', async () => {
  const { lessor, books, flags } = setUpHub([budget({ limit: 10_000 })]);
  await Promise.all(Array.from({ length: 200 }, (_, n) => lessor.take(SIDECAR, ask(n))));
  assert.deepEqual(await books(), { cap: [0, 40] });
  assert.equal((await lessor.take(SIDECAR, ask(500, { need: { calls: 9_000 } }))).answer?.kind, 'refused');
  const { MAX_SAFE_INTEGER: most } = Number;
  await lessor.take(SIDECAR, {
    reports: [
      { id: leaseId(0), used: { calls: most, micros: most, tokens: most } },
      { id: leaseId(1), used: {}, rest: { id: leaseId(900), held: { calls: most }, forMs: most } },
    ],
  });
  assert.deepEqual(await books(), { cap: [16, 36] });
  assert.equal(flags.length, 1);
  // Somebody else's lease is out of reach: it has a name of its own.
  const other: NodeEntry = { ...SIDECAR, id: 'sidecar-other' };
  await lessor.take(other, { reports: [{ id: leaseId(2), used: {} }] });
  assert.deepEqual(await books(), { cap: [16, 36] });
});
