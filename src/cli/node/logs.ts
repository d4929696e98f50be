/** Logs of a hub for whoever asks: from its store, as far back as somebody looks, or from memory when the store is away. */
import {
  DEFAULT_TENANT,
  Fault,
  type KeptLog,
  LOG_LEVELS,
  type LogFilter,
  type LogRecord,
  type LogStore,
} from '../../contract/index.ts';
import { LogTaker } from '../../control/index.ts';
import type { AdminPorts } from '../../doors/admin/index.ts';
import type { World } from '../../kernel/index.ts';
import type { LogBook, Logger } from '../../telemetry/index.ts';
import type { Observed } from './telemetry.ts';

export interface LogParts {
  readonly store: Pick<LogStore, 'read'>;
  /** Of a node that keeps logs. */
  readonly book: LogBook | undefined;
  readonly logger: Pick<Logger, 'recent'>;
}

const PAGE = 1_000;
/** Of a store with nothing that fits, so many are read before it is said that there are more. */
const MOST_LOOKED_AT = 20_000;

export const logPort = ({ store, book, logger }: LogParts): AdminPorts['logs'] => ({
  find: async (filter, matches) => {
    await book?.flush();
    try {
      return await searched(store, filter, matches);
    } catch (thrown) {
      if (Fault.from(thrown).code !== 'storage') throw thrown;
      // What a store is away for is what somebody wants to read about now.
      return { records: logger.recent(filter.limit, (record) => fits(record, filter) && matches(record)), isCut: true };
    }
  },
  subscribe: (take) => book?.subscribe(take) ?? (() => {}),
});

const searched = async (
  store: LogParts['store'],
  filter: LogFilter,
  matches: (record: LogRecord) => boolean,
): Promise<{ readonly records: readonly LogRecord[]; readonly isCut: boolean }> => {
  const found: LogRecord[] = [];
  let beforeSeq: number | undefined;
  for (let looked = 0; ; looked += PAGE) {
    const page: readonly KeptLog[] = await store.read({
      ...filter,
      limit: PAGE,
      ...(beforeSeq === undefined ? {} : { beforeSeq }),
    });
    for (const { record } of page) if (found.length < filter.limit && matches(record)) found.push(record);
    if (page.length < PAGE || found.length >= filter.limit) return { records: found.reverse(), isCut: false };
    if (looked + PAGE >= MOST_LOOKED_AT) return { records: found.reverse(), isCut: true };
    beforeSeq = page.at(-1)!.seq;
  }
};

const fits = (
  record: LogRecord,
  { tenant, level, sinceMs = 0, untilMs = Infinity, call = '', trace = '' }: LogFilter,
) =>
  (record.tenant || DEFAULT_TENANT) === tenant &&
  LOG_LEVELS.indexOf(record.level) >= LOG_LEVELS.indexOf(level) &&
  Date.parse(record.time) >= sinceMs &&
  Date.parse(record.time) <= untilMs &&
  record.call_id.startsWith(call) &&
  record.trace_id.startsWith(trace);

/** Takes logs of nodes below into the book of this hub; what is lost is counted. `up`: gets them too, for the hub above. */
export const takeLogs = (
  { book, metrics }: Pick<Observed, 'book' | 'metrics'>,
  { clock }: Pick<World, 'clock'>,
  up: (record: LogRecord) => void = () => {},
): LogTaker => {
  const taker = new LogTaker({
    clock,
    take: (record) => {
      book?.add(record);
      up(record);
    },
  });
  const lost = { store: () => book?.dropped ?? 0, rate: () => taker.counts.rate, sender: () => taker.counts.sender };
  for (const [reason, read] of Object.entries(lost))
    metrics.gauge({ name: 'airspace_logs_dropped_total', labels: { reason }, read });
  return taker;
};
