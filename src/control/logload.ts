/** Log records of a node that wait for its hub, in memory and bounded: what finds no room is counted, and the hub hears how many. */
import { Fault, type LogBatch, type LogRecord, MOST_LOGS_SENT } from '../contract/index.ts';
import type { Load, Loaded } from './upload.ts';

/** That wait; of more the oldest go. */
const MOST_WAITING = 2_000;
/** Of one batch; a record is cut to less. */
const MOST_CHARACTERS = 512 * 1024;
const MOST_OF_A_RECORD = 16 * 1024;

export class LogLoad {
  /** Records that the hub will never have. */
  dropped = 0;
  #told = 0;
  readonly #waiting: LogRecord[] = [];

  add(record: LogRecord): void {
    this.#waiting.push(fitted(record));
    if (this.#waiting.length <= MOST_WAITING) return;
    this.#waiting.shift();
    this.dropped++;
  }

  /** What a hub takes at once. `send` is told what to post. */
  loadTo(send: (batch: LogBatch) => Promise<unknown>): Load {
    return { next: async () => this.#next(send) };
  }

  #next(send: (batch: LogBatch) => Promise<unknown>): Loaded | undefined {
    if (this.#waiting.length === 0) return undefined;
    const records = this.#within();
    const { dropped } = this;
    return {
      isFull: records.length < this.#waiting.length,
      send: async () => {
        try {
          await send({ records, dropped: dropped - this.#told });
          this.#told = dropped;
        } catch (thrown) {
          // An older hub takes none, and what it calls wrong it will never take: everything else is worth another try.
          if (Fault.from(thrown).code !== 'bad_request') throw thrown;
          this.dropped += records.length;
        }
        // What came meanwhile may have pushed out some of those that were on their way.
        const sent = new Set(records);
        while (sent.has(this.#waiting[0]!)) this.#waiting.shift();
      },
    };
  }

  #within(): readonly LogRecord[] {
    const found = this.#waiting.slice(0, MOST_LOGS_SENT);
    let size = 0;
    const beyond = found.findIndex((record, at) => {
      size += JSON.stringify(record).length;
      return at > 0 && size > MOST_CHARACTERS;
    });
    return beyond < 0 ? found : found.slice(0, beyond);
  }
}

/** Without what is too long to be sent: who wrote it, when, and what about, stay. */
const fitted = (record: LogRecord): LogRecord => {
  if (JSON.stringify(record).length <= MOST_OF_A_RECORD) return record;
  const { time, level, node, message, tenant, domain, agent, trace_id, span_id, call_id } = record;
  return {
    ...{ time, level, node, message: message.slice(0, 2_000), tenant, domain, agent, trace_id, span_id, call_id },
    cut: 'the rest of this record was too long to be sent',
  };
};
