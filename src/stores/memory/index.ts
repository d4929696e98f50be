/** Stores that last as long as the process: for tests, simulations and demos, and the reference that other stores are held against. */
import type { Stores } from '../../contract/index.ts';
import { MemoryAgentSpans } from './agent-spans.ts';
import { MemoryApprovals } from './approvals.ts';
import { MemoryAudit } from './audit.ts';
import { MemoryCalls } from './calls.ts';
import { MemoryIncidents } from './incidents.ts';
import { MemoryMarks, MemoryNodeAudit, MemorySpool } from './keeping.ts';
import { MemoryKills } from './kills.ts';
import { MemoryLedger } from './ledger.ts';
import { MemoryLogs } from './logs.ts';
import { MemoryNodes } from './nodes.ts';
import { MemoryPlans } from './plans.ts';
import { MemoryReleases } from './releases.ts';
import { MemoryResources } from './resources.ts';
import { MemoryRoom } from './room.ts';
import { MemorySecrets } from './secrets.ts';
import { MemorySums } from './sums.ts';
import { MemoryTasks } from './tasks.ts';
import { MemoryTraces } from './traces.ts';
import { MemoryUsage } from './usage.ts';

export const memoryStores = (): Stores => {
  const isOnRecord = (call: string): boolean => calls.has(call);
  const audit = new MemoryAudit();
  const sums = new MemorySums();
  const usage = new MemoryUsage();
  const traces = new MemoryTraces(sums, usage);
  const agentSpans = new MemoryAgentSpans();
  const beside = {
    ledger: new MemoryLedger(isOnRecord),
    approvals: new MemoryApprovals(isOnRecord),
    audit,
    plans: new MemoryPlans(audit, (call, atMs) => calls.giveUp(call, atMs)),
  };
  const calls: MemoryCalls = new MemoryCalls(beside);
  return {
    ...beside,
    resources: new MemoryResources(),
    calls,
    traces,
    agentSpans,
    sums,
    usage,
    room: new MemoryRoom(traces, agentSpans),
    nodes: new MemoryNodes(),
    kills: new MemoryKills(),
    releases: new MemoryReleases(),
    nodeAudit: new MemoryNodeAudit(),
    marks: new MemoryMarks(),
    spool: new MemorySpool(),
    secrets: new MemorySecrets(),
    tasks: new MemoryTasks(),
    incidents: new MemoryIncidents(),
    logs: new MemoryLogs(),
    close: async () => {},
  };
};
