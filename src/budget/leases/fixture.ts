/** A hub and a node in virtual time: the real lessor and lessee with nothing but a function between them. */
import type { BudgetEntry, Fault, LeaseReply, LeaseRequest, NodeEntry, Reservation } from '../../contract/index.ts';
import { VirtualWorld } from '../../kernel/index.ts';
import { memoryStores } from '../../stores/index.ts';
import { termsOf } from '../accounts.ts';
import { budget } from '../fixture.ts';
import { LeaseRecords, type LeaseSizes, Lessee, Lessor, leasedCalls, leasedLedger } from './index.ts';

export const SIDECAR: NodeEntry = {
  ...{ id: 'sidecar-alice', role: 'sidecar', tenant: 'acme', domain: 'shop', agent: 'alice' },
  ...{ publicKey: '', url: '' },
};

export const SIZES: LeaseSizes = { slice: { micros: 100, tokens: 100, calls: 4 }, ttlMs: 10_000 };

export const leaseId = (n: number): string => n.toString(16).padStart(32, '0');

export const setUpHub = (budgets: readonly BudgetEntry[] = [budget({ limit: 100 })], nodes = 1) => {
  const world = new VirtualWorld(3);
  const { ledger } = memoryStores();
  const flags: string[] = [];
  const domains = ['shop', 'office'].map((name) => ({ tenant: 'acme', name, parent: 'sales', delegated: false }));
  const agent = (name: string, domain: string) => ({
    ...{ tenant: 'acme', kind: 'agent' as const, name, domain, labels: {}, endpoints: [], operations: [] },
    ...{ health: null, concurrency: 1, timeoutMs: null },
  });
  const snapshot = { budgets, domains, targets: [agent('alice', 'shop'), agent('bob', 'office')] };
  const lessorOf = (): Lessor =>
    new Lessor({
      ...{ ledger, clock: world.clock, snapshot: () => snapshot, lessees: () => nodes, sizes: SIZES },
      flag: (_, text) => void flags.push(text),
    });
  const books = async (): Promise<Record<string, readonly [number, number]>> =>
    Object.fromEntries(
      (await ledger.accounts({ tenant: 'acme' })).map(({ budget: name, spent, reserved }) => [name, [spent, reserved]]),
    );
  return { world, ledger, flags, lessor: lessorOf(), lessorOf, books };
};

export const setUpNode = (hub: ReturnType<typeof setUpHub>, entry: NodeEntry = SIDECAR) => {
  const { world } = hub;
  const stores = memoryStores();
  const wire = { isCut: false, refusal: undefined as Fault | undefined, sent: [] as LeaseRequest[] };
  const send = async (request: LeaseRequest): Promise<LeaseReply> => {
    wire.sent.push(structuredClone(request));
    if (wire.isCut) throw new Error('cut');
    if (wire.refusal !== undefined) throw wire.refusal;
    return hub.lessor.take(entry, structuredClone(request));
  };
  const start = () => {
    const records = new LeaseRecords(stores.ledger, entry.tenant, world.clock);
    const { clock, random, ids } = world;
    const lessee = new Lessee({
      ...{ records, clock, random, newId: ids.callId, node: entry.id, send },
    });
    const parts = { lessee, records, ledger: stores.ledger, tenant: entry.tenant };
    return { lessee, calls: leasedCalls(stores.calls, parts), ledger: leasedLedger(parts) };
  };
  return { wire, stores, start, pass: (ms: number) => world.run(world.clock.nowMs() + ms) };
};

export const reservationOf = (id: string, ...charges: readonly (readonly [BudgetEntry, number])[]): Reservation => ({
  ...{ id, tenant: 'acme', labels: {}, expiresAtMs: Date.UTC(2026, 0, 1) + 30_000 },
  charges: charges.map(([entry, amount]) => ({ account: termsOf(entry, '', Date.UTC(2026, 0, 1)), amount })),
});

export const beginOf = (reservation: Reservation) => ({
  ...{ record: null, dispatch: null, grant: null, reservation, audit: [], atMs: Date.UTC(2026, 0, 1) },
});

export const endOf = (id: string, calls: number | null) => ({
  ...{ tenant: 'acme', id, outcome: null, audit: [], atMs: Date.UTC(2026, 0, 1) },
  amounts: calls === null ? null : { calls },
});
