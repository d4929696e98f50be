/** Takes log records from nodes that joined: under the name, tenant and domain of the node, so many a minute, and of the size of a line. */
import { z } from 'zod';
import {
  type Clock,
  LOG_LEVELS,
  type LogBatch,
  type LogRecord,
  MOST_LOGS_SENT,
  type NodeEntry,
} from '../contract/index.ts';
import { nameOf } from './inbox.ts';
import { parser } from './parser.ts';

/** Of one node in a minute: one that is broken or taken over pushes nobody else's records out of the store for long. */
const MOST_PER_MINUTE = 1_200;
const MINUTE_MS = 60_000;

const short = z.string().max(255);
const id = z.string().regex(/^[0-9a-f]{0,32}$/);
const said = z.string().max(16_384);
const value = z.union([said, z.number(), z.boolean(), z.null(), z.array(z.union([said, z.number()])).max(100)]);

/** Fields that this version does not know are kept, as far as they fit on a line; what is nested is kept as text. */
const RecordSchema = z
  .object({
    time: z.iso.datetime(),
    level: z.enum(LOG_LEVELS),
    node: short,
    message: said,
    ...{ tenant: short, domain: short, agent: short, trace_id: id, span_id: id, call_id: id },
  })
  .catchall(z.union([value, z.unknown().transform((nested) => JSON.stringify(nested)?.slice(0, 4_096) ?? '')]));

const BatchSchema = z.strictObject({
  records: z.array(RecordSchema).min(1).max(MOST_LOGS_SENT),
  dropped: z.number().int().min(0),
}) satisfies z.ZodType<LogBatch>;

const parseLogs = parser('batch of log records', BatchSchema);

export interface LogTakerParts {
  /** Gets what is taken. Must return at once and not throw. */
  readonly take: (record: LogRecord) => void;
  readonly clock: Clock;
}

/** Counts since the start of this hub. */
export interface LogCounts {
  /** That nodes said they gave up. */
  readonly sender: number;
  /** Beyond what one node may say in a minute. */
  readonly rate: number;
}

export class LogTaker {
  readonly #parts: LogTakerParts;
  readonly #minutes = new Map<string, { readonly sinceMs: number; count: number }>();
  #counts = { sender: 0, rate: 0 };

  constructor(parts: LogTakerParts) {
    this.#parts = parts;
  }

  get counts(): LogCounts {
    return { ...this.#counts };
  }

  /** `isTheirs`: a domain below that of the node; `sumsOnly`: nothing about calls of it is told. Throws `bad_request`. */
  from(
    node: NodeEntry,
    untrusted: unknown,
    { isTheirs, sumsOnly }: { readonly isTheirs: (domain: string) => boolean; readonly sumsOnly: boolean },
  ): { readonly taken: number } {
    const { records, dropped } = parseLogs(untrusted);
    this.#counts.sender += dropped;
    let taken = 0;
    for (const record of records) {
      if (sumsOnly && record.call_id !== '') continue;
      if (!this.#hasRoom(node.id)) {
        this.#counts.rate++;
        continue;
      }
      taken++;
      const isOwn = node.role === 'sidecar' || !isTheirs(record.domain);
      this.#parts.take({
        ...record,
        ...{ node: nameOf(node, record.node), tenant: node.tenant, domain: isOwn ? node.domain : record.domain },
      });
    }
    return { taken };
  }

  forget(node: string): void {
    this.#minutes.delete(node);
  }

  #hasRoom(node: string): boolean {
    const nowMs = this.#parts.clock.nowMs();
    const known = this.#minutes.get(node);
    if (known === undefined || nowMs - known.sinceMs >= MINUTE_MS) {
      this.#minutes.set(node, { sinceMs: nowMs, count: 1 });
      return true;
    }
    return known.count++ < MOST_PER_MINUTE;
  }
}
