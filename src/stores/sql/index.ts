/** The SQL that every relational store shares; an engine adds connections, transactions and a writer. */
import { agentSpanStatements } from './agent-spans.ts';
import { approvalStatements } from './approvals.ts';
import { auditStatements } from './audit.ts';
import { callStatements } from './calls.ts';
import { eventStatements } from './events.ts';
import { incidentStatements } from './incidents.ts';
import { keepingStatements } from './keeping.ts';
import { killStatements } from './kills.ts';
import { ledgerStatements } from './ledger.ts';
import { logStatements } from './logs.ts';
import { nodeAuditStatements } from './node-audit.ts';
import { nodeStatements } from './nodes.ts';
import { peerStatements } from './peers.ts';
import { historyStatements } from './plan-history.ts';
import { stepStatements } from './plan-steps.ts';
import { planStatements } from './plans.ts';
import { releaseStatements } from './releases.ts';
import { resourceStatements } from './resources.ts';
import { roomStatements } from './room.ts';
import { secretStatements } from './secrets.ts';
import { compile, type Db, type Plan } from './statement.ts';
import { sumStatements } from './sums.ts';
import { tallyStatements } from './tally.ts';
import { taskStatements } from './tasks.ts';
import { usageStatements } from './usage.ts';

export { agentSpansOver } from './agent-span-port.ts';
export type { AnswerOf, ArgsOf, Lane, Readers, Writers } from './commands.ts';
export { logsOver } from './log-port.ts';
export { CONTROL_MIGRATIONS, type DialectTypes, type Migration, migrate, TELEMETRY_MIGRATIONS } from './migrations.ts';
export { approvalsOver, auditOver, ledgerOver, nodeAuditOver } from './money.ts';
export { plansOver } from './plan-port.ts';
export { type Disk, roomOver } from './room-port.ts';
export type { Awaitable, Db, Plan, Session, Statement } from './statement.ts';
export {
  callsOver,
  incidentsOver,
  killsOver,
  marksOver,
  nodesOver,
  releasesOver,
  resourcesOver,
  secretsOver,
  spoolOver,
  tracesOver,
} from './stores.ts';
export { sumsOver } from './sum-port.ts';
export type { Tables } from './tables.ts';
export { tasksOver } from './task-port.ts';
export { usageOver } from './usage-port.ts';

export const controlPlans = (db: Db): readonly Plan[] =>
  [
    ...resourceStatements,
    ...callStatements,
    ...nodeStatements,
    ...killStatements,
    ...incidentStatements,
    ...releaseStatements,
    ...peerStatements,
    ...ledgerStatements,
    ...approvalStatements,
    ...auditStatements,
    ...nodeAuditStatements,
    ...keepingStatements,
    ...secretStatements,
    ...taskStatements,
    ...planStatements,
    ...stepStatements,
    ...historyStatements,
  ].map((each) => compile(db, each));

export const telemetryPlans = (db: Db): readonly Plan[] =>
  [
    ...eventStatements,
    ...agentSpanStatements,
    ...sumStatements,
    ...usageStatements,
    ...logStatements,
    ...roomStatements,
    ...tallyStatements,
  ].map((each) => compile(db, each));
