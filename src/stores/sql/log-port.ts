/** Logs as the contract has them, over a lane to SQL. */
import { type KeptLog, LOG_LEVELS, type LogFilter, type LogRecord, type LogStore } from '../../contract/index.ts';
import type { Lane } from './commands.ts';
import type { AskedLogs, NewLog } from './logs.ts';
import { inSteps } from './steps.ts';

export const logsOver = (lane: Lane): LogStore => ({
  append: async (records, most) => {
    if (records.length > 0) await lane.write('appendLogs', { rows: records.map(rowOf), most });
  },
  read: async (filter) =>
    (await lane.read('readLogs', askedOf(filter))).map(({ seq, body }): KeptLog => ({ seq, record: JSON.parse(body) })),
  prune: (beforeMs) => inSteps((limit) => lane.write('pruneLogs', { beforeMs, limit })),
});

const rowOf = (record: LogRecord): NewLog => ({
  ...{ at_ms: Date.parse(record.time), tenant: record.tenant, level: LOG_LEVELS.indexOf(record.level) },
  ...{ call_id: record.call_id, trace: record.trace_id, body: JSON.stringify(record) },
});

const askedOf = ({ tenant, level, call = '', trace = '', limit, ...range }: LogFilter): AskedLogs => ({
  ...{ tenant, level: LOG_LEVELS.indexOf(level), limit },
  ...{ sinceMs: range.sinceMs ?? Number.MIN_SAFE_INTEGER, untilMs: range.untilMs ?? Number.MAX_SAFE_INTEGER },
  ...{ call, callEnd: `${call}\u{10FFFF}`, trace, traceEnd: `${trace}\u{10FFFF}` },
  beforeSeq: range.beforeSeq ?? Number.MAX_SAFE_INTEGER,
});
