/** One seed of leases: sidecars that spend parts of a budget by themselves, cut off, restarted and late, over the ledger of a hub. */
import { Budgets, giveBack, grantLeases, LeaseHolder, Treasury } from '../../../budget/index.ts';
import type { BudgetEntry, LedgerStore, NodeEntry, Principal } from '../../../contract/index.ts';
import { Fault } from '../../../contract/index.ts';
import { seeded, VirtualWorld } from '../../../kernel/index.ts';
import { memoryStores } from '../../../stores/index.ts';
import { Life } from '../money/life.ts';
import { type LeaseMachinery, SOUND } from './machinery.ts';

const CALM_AT_MS = 30_000;
const END_MS = 70_000;
const HOUR_MS = 3_600_000;
const TENANT = 'acme';

export interface LeaseResult {
  readonly calls: number;
  readonly violations: readonly string[];
}

const need = (amount: number) => ({ micros: amount, tokens: 0, calls: 1 });

export const run = async (seed: number, machinery: LeaseMachinery = SOUND): Promise<LeaseResult> => {
  const world = new VirtualWorld(seed);
  const random = seeded(seed ^ 0x2545_f491);
  const between = (from: number, to: number): number => from + Math.floor(random() * (to - from + 1));
  const limit = between(10, 120);
  const ledger = machinery.ledger(memoryStores().ledger);
  const violations: string[] = [];
  let charged = 0;
  let calls = 0;
  const compare = async (): Promise<void> => {
    const [state] = await ledger.accounts({ tenant: TENANT });
    const { spent = 0, reserved = 0 } = state ?? {};
    if (spent + reserved > limit) violations.push(`I5: ${spent} spent and ${reserved} reserved, of ${limit}`);
    if (charged > spent + reserved)
      violations.push(`I5: ${charged} charged, and only ${spent} spent and ${reserved} reserved`);
  };

  // The clock of the hub is set now and then; that of the nodes only runs.
  let skewMs = 0;
  const hub = new Life(world, () => skewMs);
  const treasury = new Treasury({ ledger, clock: hub.world.clock });
  const budgets = new Budgets({ budgets: [budgetOf(limit)], domains: [] });
  treasury.adopt(budgets);
  treasury.start();
  for (let many = between(0, 2); many > 0; many -= 1)
    world.clock.after(CALM_AT_MS * random(), () => {
      skewMs = Math.floor((random() - 0.5) * 4 * HOUR_MS);
    });

  const trouble = { lost: 0.3 * random(), unheard: 0.3 * random(), slow: 0.3 * random() };
  /** From a node to the hub and back, for as long as the node lives. */
  const way = async <T>(life: Life, work: () => Promise<T>): Promise<T> => {
    const isCalm = world.clock.nowMs() > CALM_AT_MS;
    if (!isCalm && random() < trouble.lost) throw new Fault('unreachable', 'the hub cannot be reached');
    const delayMs = !isCalm && random() < trouble.slow ? 4_000 * random() : 2 * random();
    await new Promise<void>((resolve) => world.clock.after(delayMs, resolve));
    const answer = await work();
    await compare();
    if (!isCalm && random() < trouble.unheard) throw new Fault('upstream_broken', 'the answer was lost');
    return life.hears(Promise.resolve(answer));
  };

  const many = between(2, 4);
  let leases = 0;
  const granting = { treasury, nodes: () => many, nextId: () => String(++leases) };
  const sidecar = (nth: number): void => {
    const node = nodeOf(nth);
    const life = new Life(world, () => 0);
    const granted: string[] = [];
    const holder = new LeaseHolder({
      clock: life.world.clock,
      ask: (request) =>
        way(life, async () => {
          const reply = await grantLeases(granting, node, request);
          granted.push(...reply.leases.map(({ id }) => id));
          return machinery.granted(reply);
        }),
      report: (report) => way(life, () => giveBack(treasury, node, machinery.reported(report))),
    });
    holder.start();
    const principal: Principal = { kind: 'agent', tenant: TENANT, id: node.agent, domain: '', roles: [] };
    const target = { kind: 'agent', name: 'bank', operation: 'pay' } as const;
    const shares = budgets.sharesOf({ principal, target, lineage: { root: 'r', depth: 0 } }, undefined, 0);
    const facts = {
      principal: { kind: 'agent' as const, id: principal.id, domain: '', teams: [] },
      ...{ target, session: null, root: 'r', user: null, classes: null },
    };
    const call = async (): Promise<void> => {
      calls += 1;
      const most = between(1, 4);
      const drawn = await holder.draw(shares, facts, need(most)).catch(() => undefined);
      if (drawn === undefined || life.isOver) return;
      // The target charges somewhere on the way, and its node hears of it later, or not at all.
      const cost = between(0, most);
      const tookMs = random() < 0.2 ? 9_000 * random() : 50 * random();
      world.clock.after(tookMs * random(), () => {
        charged += cost;
        void compare();
      });
      life.world.clock.after(tookMs, () => drawn.settle(need(cost)));
    };
    for (let left = between(4, 12); left > 0; left -= 1)
      life.world.clock.after(CALM_AT_MS * random(), () => void call());
    life.onEnd(() => {
      for (const id of machinery.afterCrash(granted)) void giveBack(treasury, node, { spent: [{ id, amount: 0 }] });
      world.clock.after(2_000 * random(), () => sidecar(nth));
    });
    if (random() < 0.5) world.clock.after(CALM_AT_MS * random(), () => life.end());
  };
  for (let nth = 0; nth < many; nth += 1) sidecar(nth);

  await world.run(END_MS);
  await checkEnd(ledger, charged, limit, violations);
  return { calls, violations };
};

const budgetOf = (limit: number): BudgetEntry => ({
  ...{ tenant: TENANT, name: 'cap', scope: { kind: 'organisation' }, per: null, class: null, unit: 'micros', limit },
  ...{ window: { every: 'none', timezone: 'UTC' }, soft: null, hard: 'refuse' },
});

const nodeOf = (nth: number): NodeEntry => ({
  ...{ id: `n${nth}`, role: 'sidecar', tenant: TENANT, domain: '', agent: `agent-${nth}`, publicKey: '', url: '' },
});

/** Nothing is held any more, and what nobody could report is booked in full: never less than was charged, never above the limit. */
const checkEnd = async (ledger: LedgerStore, charged: number, limit: number, violations: string[]): Promise<void> => {
  await ledger.expire(Number.MAX_SAFE_INTEGER, 10_000);
  const [state] = await ledger.accounts({ tenant: TENANT });
  const { spent = 0, reserved = 0 } = state ?? {};
  if (reserved > 0) violations.push(`I5: ${reserved} reserved for nobody`);
  if (charged > spent || spent > limit) violations.push(`I5: ${charged} charged, ${spent} spent, of ${limit}`);
};
