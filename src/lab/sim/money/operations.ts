/** What the agents of this world offer: one operation of every kind that money, approvals and recovery treat differently. */
import type { OperationEntry, PriceEntry, RoutePlan, TargetEntry } from '../../../contract/index.ts';

export interface Offer {
  readonly entry: OperationEntry;
  /** Most that one run costs; 0: it is free, and no budget hears of it. */
  readonly worst: number;
  readonly gated: boolean;
  readonly stream: boolean;
  /** The agent runs what comes with one key once. */
  readonly once: boolean;
}

/** A token of output is a unit of money, and nothing else costs anything. */
const PRICE: PriceEntry = {
  ...{ inputPerMTok: 0, outputPerMTok: 1_000_000, cacheReadPerMTok: 0, cacheWritePerMTok: 0, perCall: 0 },
  bytesPerToken: 3,
};

const offer = (
  name: string,
  effect: OperationEntry['effect'],
  change: Partial<Omit<Offer, 'entry'>> & Pick<Partial<OperationEntry>, 'reconcile' | 'idempotent'> = {},
): Offer => {
  const { reconcile, idempotent = effect === 'read', ...more } = change;
  const entry: OperationEntry = {
    ...{ name, effect, idempotent },
    ...(reconcile === undefined ? {} : { reconcile }),
    ...(more.worst === undefined ? {} : { price: PRICE }),
  };
  return { ...{ entry, worst: 0, gated: false, stream: false, once: false }, ...more };
};

export const OFFERS: Readonly<Record<string, Offer>> = {
  look: offer('look', 'read'),
  /** Answers what became of a call. A no means: and it never will. */
  paid: offer('paid', 'read'),
  /** May run twice, and costs each time. */
  draft: offer('draft', 'write', { idempotent: true, worst: 2 }),
  /** Nobody can be asked: a person says. */
  post: offer('post', 'write', { worst: 2 }),
  think: offer('think', 'spend', { worst: 3, stream: true, reconcile: { ask: 'paid' } }),
  pay: offer('pay', 'irreversible', { worst: 3, reconcile: { ask: 'paid' } }),
  issue: offer('issue', 'irreversible', { worst: 2, once: true, reconcile: { replay: true } }),
  transfer: offer('transfer', 'irreversible', { worst: 3, gated: true, reconcile: { ask: 'paid' } }),
};

export const TENANTS = ['acme', 'globex'] as const;
export const TARGET = 'bank';
export const CALLERS = ['ada-1', 'ada-2', 'bob-1'] as const;
/** Refused by policy, whatever it asks for. */
export const OUTCAST = 'eve-1';

const agent = (tenant: string, name: string, operations: readonly OperationEntry[]): TargetEntry => ({
  ...{ tenant, kind: 'agent', name, domain: '', labels: {}, endpoints: [], health: null, concurrency: 100 },
  ...{ operations, timeoutMs: null },
});

export const TARGETS: readonly TargetEntry[] = TENANTS.flatMap((tenant) => [
  agent(
    tenant,
    TARGET,
    Object.values(OFFERS).map(({ entry }) => entry),
  ),
  ...[...CALLERS, OUTCAST].map((name) => agent(tenant, name, [])),
]);

const PLANS: ReadonlyMap<string, RoutePlan> = new Map(
  TARGETS.flatMap((target) =>
    target.operations.map((operation) => [
      `${target.tenant}/${operation.name}`,
      { ...{ target, operation, route: 'default', via: 'hub', timeoutMs: null, attempts: 2 }, priority: 2 },
    ]),
  ),
);

export const planFor = (tenant: string, operation: string): RoutePlan => PLANS.get(`${tenant}/${operation}`)!;
