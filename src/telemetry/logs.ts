/** Structured logs: one JSON object a line, with who and what it is about, and handed to whoever keeps or reads them. */
import {
  type CallEvent,
  type Clock,
  type EventSink,
  LOG_LEVELS,
  type LogLevel,
  type LogRecord,
} from '../contract/index.ts';

export interface LoggerOptions {
  readonly node: string;
  readonly clock: Clock;
  /** Least level that is written. Default `info`. */
  readonly level?: LogLevel;
  readonly write: (line: string) => void;
  /** For whom the node stands: of records that are about no call. Default: nobody. */
  readonly about?: { readonly tenant?: string; readonly domain?: string; readonly agent?: string };
  /** Records kept in memory, for when nothing else can be asked. Default 2,000. */
  readonly keep?: number;
}

type Reader = (record: LogRecord) => void;

export class Logger implements EventSink {
  readonly #options: LoggerOptions;
  readonly #least: number;
  readonly #keep: number;
  readonly #readers = new Set<Reader>();
  #kept: LogRecord[] = [];

  constructor(options: LoggerOptions) {
    this.#options = options;
    this.#least = LOG_LEVELS.indexOf(options.level ?? 'info');
    this.#keep = options.keep ?? 2_000;
  }

  log(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    const record = this.hand(level, message, fields);
    if (record !== undefined) this.#options.write(`${lineOf(record)}\n`);
  }

  /** The same for readers only: what it tells of stands on the node's own output already. Undefined: it is below the level. */
  hand(level: LogLevel, message: string, fields: Readonly<Record<string, unknown>> = {}): LogRecord | undefined {
    if (LOG_LEVELS.indexOf(level) < this.#least) return undefined;
    const { clock, node, about } = this.#options;
    const record: LogRecord = {
      ...{ tenant: '', domain: '', agent: '', trace_id: '', span_id: '', call_id: '', ...about },
      ...asText(fields),
      ...{ time: new Date(clock.wallMs()).toISOString(), level, node, message },
      // Nobody is to take a field for who wrote it.
      ...(fields['node'] === undefined ? {} : { of_node: fields['node'] }),
    };
    this.#kept.push(record);
    // Trimmed by halves, so that the cost of shifting is paid once in many records.
    if (this.#kept.length > 2 * this.#keep) this.#kept = this.#kept.slice(-this.#keep);
    for (const take of this.#readers) take(record);
    return record;
  }

  /** A well-ended call is `debug`: its trace says it all. Everything else is worth a line. */
  emit(event: CallEvent): void {
    const level: LogLevel =
      event.status === 'ok' ? 'debug' : event.status === 'denied' || event.status === 'cancelled' ? 'info' : 'warn';
    if (LOG_LEVELS.indexOf(level) < this.#least) return;
    const { principal } = event;
    const { kind, name, operation } = event.target;
    this.log(level, `call ${event.status}`, {
      trace_id: event.trace,
      span_id: event.span,
      call_id: event.callId,
      tenant: event.tenant,
      ...(principal?.domain === undefined ? {} : { domain: principal.domain }),
      agent: principal?.kind === 'agent' ? principal.id : kind === 'agent' ? name : '',
      caller: principal === null ? '' : principal.id,
      caller_kind: principal === null ? '' : principal.kind,
      target: `${kind}/${name}/${operation}`,
      code: event.code,
      http_status: event.httpStatus,
      duration_ms: Math.round(event.durationMs * 1000) / 1000,
      ...(event.attributes['message'] === undefined ? {} : { reason: event.attributes['message'] }),
    });
  }

  /** Newest last. `matches` sees each record. */
  recent(limit: number, matches: (record: LogRecord) => boolean = () => true): readonly LogRecord[] {
    return this.#kept.filter(matches).slice(-limit);
  }

  /** Hears of each record from now on. Must return at once and not throw. Answers what ends it. */
  subscribe(take: Reader): () => void {
    this.#readers.add(take);
    return () => this.#readers.delete(take);
  }
}

/** Who and what it is about are texts, whatever somebody passes. */
const asText = (fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, ABOUT.has(name) ? String(value ?? '') : value]),
  );

const ABOUT: ReadonlySet<string> = new Set(['tenant', 'domain', 'agent', 'trace_id', 'span_id', 'call_id']);

/** Time, level, node and message first, as people read it; without what it is not about. */
const lineOf = ({ time, level, node, message, ...rest }: LogRecord): string =>
  JSON.stringify({
    ...{ time, level, node, message },
    ...Object.fromEntries(Object.entries(rest).filter(([name, value]) => !ABOUT.has(name) || value !== '')),
  });
