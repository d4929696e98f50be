/** Stores that last as long as the process: for tests, simulations and demos, and the reference that other stores are held against. */
import type { Stores } from '../../contract/index.ts';
import { MemoryApprovals } from './approvals.ts';
import { MemoryAudit } from './audit.ts';
import { MemoryCalls } from './calls.ts';
import { MemoryKills } from './kills.ts';
import { MemoryLedger } from './ledger.ts';
import { MemoryNodes } from './nodes.ts';
import { MemoryReleases } from './releases.ts';
import { MemoryResources } from './resources.ts';
import { MemorySecrets } from './secrets.ts';
import { MemoryTasks } from './tasks.ts';
import { MemoryTraces } from './traces.ts';

export const memoryStores = (): Stores => {
  const isOnRecord = (call: string): boolean => calls.has(call);
  const beside = {
    ledger: new MemoryLedger(isOnRecord),
    approvals: new MemoryApprovals(isOnRecord),
    audit: new MemoryAudit(),
  };
  const calls = new MemoryCalls(beside);
  return {
    ...beside,
    resources: new MemoryResources(),
    calls,
    traces: new MemoryTraces(),
    nodes: new MemoryNodes(),
    kills: new MemoryKills(),
    releases: new MemoryReleases(),
    secrets: new MemorySecrets(),
    tasks: new MemoryTasks(),
    close: async () => {},
  };
};
