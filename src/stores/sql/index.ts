/** The SQL that every relational store shares; an engine adds connections, transactions and a writer. */
import { approvalStatements } from './approvals.ts';
import { auditStatements } from './audit.ts';
import { callStatements } from './calls.ts';
import { eventStatements } from './events.ts';
import { killStatements } from './kills.ts';
import { ledgerStatements } from './ledger.ts';
import { nodeStatements } from './nodes.ts';
import { peerStatements } from './peers.ts';
import { releaseStatements } from './releases.ts';
import { resourceStatements } from './resources.ts';
import { secretStatements } from './secrets.ts';
import { compile, type Db, type Plan } from './statement.ts';
import { taskStatements } from './tasks.ts';

export type { AnswerOf, ArgsOf, Lane, Readers, Writers } from './commands.ts';
export { CONTROL_MIGRATIONS, type DialectTypes, type Migration, migrate, TELEMETRY_MIGRATIONS } from './migrations.ts';
export { approvalsOver, auditOver, ledgerOver } from './money.ts';
export type { Awaitable, Db, Plan, Session, Statement } from './statement.ts';
export { callsOver, killsOver, nodesOver, releasesOver, resourcesOver, secretsOver, tracesOver } from './stores.ts';
export type { Tables } from './tables.ts';
export { tasksOver } from './task-port.ts';

export const controlPlans = (db: Db): readonly Plan[] =>
  [
    ...resourceStatements,
    ...callStatements,
    ...nodeStatements,
    ...killStatements,
    ...releaseStatements,
    ...peerStatements,
    ...ledgerStatements,
    ...approvalStatements,
    ...auditStatements,
    ...secretStatements,
    ...taskStatements,
  ].map((each) => compile(db, each));

export const telemetryPlans = (db: Db): readonly Plan[] => eventStatements.map((each) => compile(db, each));
