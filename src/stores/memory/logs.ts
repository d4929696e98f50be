/** Logs in a list. */
import { type KeptLog, LOG_LEVELS, type LogFilter, type LogRecord, type LogStore } from '../../contract/index.ts';

export class MemoryLogs implements LogStore {
  #kept: KeptLog[] = [];
  #seq = 0;

  async append(records: readonly LogRecord[], most: number): Promise<void> {
    for (const record of records) this.#kept.push({ seq: ++this.#seq, record: structuredClone(record) });
    this.#kept = this.#kept.filter(({ seq }) => seq > this.#seq - most);
  }

  async read({ tenant, level, call, trace, limit, ...range }: LogFilter): Promise<readonly KeptLog[]> {
    const { sinceMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY, beforeSeq = Infinity } = range;
    const least = LOG_LEVELS.indexOf(level);
    const found = this.#kept.filter(
      ({ seq, record }) =>
        seq < beforeSeq &&
        record.tenant === tenant &&
        LOG_LEVELS.indexOf(record.level) >= least &&
        Date.parse(record.time) >= sinceMs &&
        Date.parse(record.time) <= untilMs &&
        record.call_id.startsWith(call ?? '') &&
        record.trace_id.startsWith(trace ?? ''),
    );
    return structuredClone(found.toReversed().slice(0, limit));
  }

  async prune(beforeMs: number): Promise<number> {
    const before = this.#kept.length;
    this.#kept = this.#kept.filter(({ record }) => Date.parse(record.time) >= beforeMs);
    return before - this.#kept.length;
  }
}
