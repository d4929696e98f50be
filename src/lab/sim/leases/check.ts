/** The promises about leases, held against what agents ran, what is on the disks of nodes, and the ledger of the hub. */
import type { AccountState, Unit } from '../../../contract/index.ts';
import type { Hub } from './hub.ts';
import type { Node } from './node.ts';

const TENANT = 'default';

export class LeaseChecker {
  readonly violations: string[] = [];

  fail(promise: string, what: string): void {
    if (this.violations.length < 50) this.violations.push(`${promise}: ${what}`);
  }

  /** B1: what is spent and set aside is within the limit, at every moment. No call of this simulation costs more than it said. */
  async books(hub: Hub): Promise<void> {
    for (const { budget, holder, spent, reserved, limit } of await hub.ledger.accounts({ tenant: TENANT }))
      if (spent + reserved > limit)
        this.fail('B1', `${budget} ${holder}: ${spent} spent and ${reserved} set aside of ${limit}`);
  }

  /** B2: what ran, all nodes together, is within the limit. B3: none of it was admitted later than its lease. */
  ran(hub: Hub, nodes: readonly Node[], limits: ReadonlyMap<string, number>, ttlMs: number): void {
    const costs = costsOf(nodes);
    for (const [account, cost] of costs) {
      const limit = limits.get(account) ?? 0;
      if (cost > limit) this.fail('B2', `calls for ${cost} ran on ${account} with a limit of ${limit}`);
    }
    for (const { lease, admittedAtMs } of nodes.flatMap(({ ran }) => ran)) {
      const grantedAtMs = hub.grantedAtMs.get(lease) ?? Number.NEGATIVE_INFINITY;
      if (admittedAtMs > grantedAtMs + ttlMs)
        this.fail(
          'B3',
          `a call was admitted ${Math.round(admittedAtMs - grantedAtMs)} ms after lease ${lease} was granted`,
        );
    }
  }

  /** B4: when everything has been said, the hub has booked what is on the disks of the nodes, no more and no less. */
  async reconciled(hub: Hub, nodes: readonly Node[]): Promise<void> {
    const costs = costsOf(nodes);
    const booked = await onDisks(hub, nodes);
    for (const account of await hub.ledger.accounts({ tenant: TENANT })) {
      const { id, budget, holder, spent, reserved } = account;
      if (reserved > 0) this.fail('B4', `${budget} ${holder}: ${reserved} are still set aside`);
      const expected = booked.get(id) ?? 0;
      if (spent !== expected)
        this.fail('B4', `${budget} ${holder}: ${spent} are booked, and nodes know of ${expected}`);
      const cost = costs.get(id) ?? 0;
      if (spent < cost) this.fail('B4', `${budget} ${holder}: ${spent} are booked, and ${cost} ran`);
    }
  }

  /** B5: what was not spent can be. */
  usable({ spent, limit, budget }: AccountState): void {
    if (spent !== limit) this.fail('B5', `${budget}: ${limit - spent} of ${limit} could not be spent in the end`);
  }
}

const costsOf = (nodes: readonly Node[]): ReadonlyMap<string, number> => {
  const costs = new Map<string, number>();
  for (const { accounts, cost } of nodes.flatMap(({ ran }) => ran))
    for (const { id } of accounts) costs.set(id, (costs.get(id) ?? 0) + cost);
  return costs;
};

/** Spent and, by calls that a crash ended, held: by account. */
const onDisks = async (hub: Hub, nodes: readonly Node[]): Promise<ReadonlyMap<string, number>> => {
  const sums = new Map<string, number>();
  for (const { id, labels, charges } of await hub.ledger.entries({ tenant: TENANT, limit: 100_000 })) {
    const node = nodes.find((one) => one.id === labels['lease']);
    if (node === undefined) continue;
    const lease = id.slice(`lease.${node.id}.`.length);
    for (const { account, unit } of charges)
      sums.set(account, (sums.get(account) ?? 0) + (await totalOn(node, lease, unit)));
  }
  return sums;
};

const totalOn = async ({ stores }: Node, lease: string, unit: Unit): Promise<number> => {
  const account = await stores.ledger.account(TENANT, `lease.${lease}.${unit}`);
  return (account?.spent ?? 0) + (account?.reserved ?? 0);
};
