/** One seed of leases: a hub, some nodes, calls on shared budgets, faults, and in the end what it did wrong. */

import type { Configured } from '../../../budget/index.ts';
import type { AccountTerms, BudgetEntry, NodeEntry } from '../../../contract/index.ts';
import { seeded, VirtualWorld } from '../../../kernel/index.ts';
import { LeaseChecker } from './check.ts';
import { plan } from './faults.ts';
import { Hub } from './hub.ts';
import { type Machinery, SOUND } from './machinery.ts';
import { Node } from './node.ts';
import { Wire } from './wire.ts';

const CALM_AT_MS = 60_000;
const LAST_CALL_MS = 70_000;
/** Everything has run out and was said by then: a call runs 20 s at most, and so long again until it counts as lost. */
const QUIET_AT_MS = 130_000;
const TTL_MS = 10_000;

export interface LeaseResult {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly calls: number;
  readonly ran: number;
  readonly refused: number;
  /** Spent of each account, for comparing two runs of a seed. */
  readonly books: string;
}

export const runLeases = async (seed: number, machinery: Machinery = SOUND): Promise<LeaseResult> => {
  const world = new VirtualWorld(seed);
  const random = seeded(seed ^ 0x1ea5_e000);
  const { clock, ids } = world;
  const checker = new LeaseChecker();
  const many = 1 + Math.floor(random() * 4);
  const snapshot = snapshotOf(random);
  const hub: Hub = new Hub({
    ...{ clock, random, snapshot, nodes: many, machinery },
    sizes: {
      slice: { micros: 20 + Math.floor(random() * 200), tokens: 100, calls: 1 + Math.floor(random() * 8) },
      ttlMs: TTL_MS,
    },
    look: () => void checker.books(hub),
  });
  const wires = Array.from({ length: many }, () => new Wire({ clock, random, hub }));
  const nodes = wires.map(
    (wire, at) =>
      new Node({
        ...{ entry: entryOf(at), clock, random, newId: ids.callId, wire, machinery },
        rate: 0.99 + 0.02 * random(),
      }),
  );
  void hub.start();
  for (const node of nodes) void node.start();
  plan({ clock, random, hub, nodes, wires, calmAtMs: CALM_AT_MS });

  let calls = 0;
  const limits = new Map<string, number>();
  const sets = setsOf(hub, snapshot.budgets ?? []);
  for (const { id, limit } of sets.flat()) limits.set(id, limit);
  const call = (): void => {
    if (clock.nowMs() > LAST_CALL_MS) return;
    calls += 1;
    const need = 1 + Math.floor(random() * 30);
    void nodes[Math.floor(random() * many)]!.call({
      accounts: sets[Math.floor(random() * sets.length)]!,
      need,
      cost: Math.floor(random() * (need + 1)),
      tookMs: random() < 0.8 ? 500 * random() : 20_000 * random(),
      isLong: random() < 0.2,
    });
    clock.after(gapMs(random), call);
  };
  clock.after(100, call);
  await world.run(QUIET_AT_MS);
  checker.ran(hub, nodes, limits, TTL_MS);
  await checker.reconciled(hub, nodes);
  await spendTheRest(world, nodes[0]!, accountOf(hub, snapshot, 'count'));
  checker.ran(hub, nodes, limits, TTL_MS);
  const count = await hub.ledger.account('default', accountOf(hub, snapshot, 'count').id);
  checker.usable(count ?? { ...accountOf(hub, snapshot, 'count'), spent: 0, reserved: 0, extra: 0 });
  const books = await hub.ledger.accounts({ tenant: 'default' });
  return {
    seed,
    violations: checker.violations,
    calls,
    ran: nodes.reduce((sum, node) => sum + node.ran.length, 0),
    refused: nodes.reduce((sum, node) => sum + node.refused, 0),
    books: books.map(({ id, spent }) => `${id} ${spent}`).join('\n'),
  };
};

/** Bursts, and pauses long enough for leases to be over. */
const gapMs = (random: () => number): number => (random() < 0.03 ? 12_000 * random() : -Math.log(1 - random()) * 150);

const snapshotOf = (random: () => number): Configured => {
  const budget = (
    name: string,
    unit: BudgetEntry['unit'],
    limit: number,
    per: BudgetEntry['per'] = null,
  ): BudgetEntry => ({
    ...{ tenant: 'default', name, scope: { kind: 'organisation' }, per, class: null, unit, limit },
    ...{ window: { every: 'none', timezone: 'UTC' }, soft: null, hard: 'refuse' },
  });
  return {
    ...{ targets: [], domains: [] },
    budgets: [
      budget('org', 'micros', 500 + Math.floor(random() * 4_000)),
      budget('team', 'micros', 100 + Math.floor(random() * 1_000)),
      budget('each', 'micros', 50 + Math.floor(random() * 500), 'session'),
      budget('count', 'calls', 1 + Math.floor(random() * 200)),
    ],
  };
};

const entryOf = (at: number): NodeEntry => ({
  ...{ id: `sidecar-${at}`, role: 'sidecar', tenant: 'default', domain: '', agent: `agent-${at}` },
  ...{ publicKey: '', url: '' },
});

const accountOf = (hub: Hub, { budgets = [] }: Configured, name: string): AccountTerms =>
  hub.termsOf(budgets.find((one) => one.name === name)!, '');

/** What calls draw on: two and more accounts at once, some of them shared by all. */
const setsOf = (hub: Hub, budgets: readonly BudgetEntry[]): readonly (readonly AccountTerms[])[] => {
  const terms = (name: string, holder = ''): AccountTerms =>
    hub.termsOf(budgets.find((one) => one.name === name)!, holder);
  return [
    [terms('org')],
    [terms('org'), terms('team')],
    [terms('org'), terms('count')],
    [terms('count')],
    [terms('org'), terms('each', 'session/a')],
    [terms('org'), terms('each', 'session/b'), terms('count')],
  ];
};

/** One node, one unit at a time, and a pause when there was nothing: for three times as long as a lease. */
const spendTheRest = async (world: VirtualWorld, node: Node, account: AccountTerms): Promise<void> => {
  const endMs = world.clock.nowMs() + 3 * TTL_MS;
  const next = async (): Promise<void> => {
    const isIn = await node.call({ accounts: [account], need: 1, cost: 1, tookMs: 1, isLong: false });
    if (world.clock.nowMs() < endMs) world.clock.after(isIn ? 1 : 1_200, () => void next());
  };
  void next();
  await world.run(endMs + TTL_MS);
};
