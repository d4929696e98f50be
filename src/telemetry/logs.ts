/** Structured logs: one JSON object a line, with trace context, and the newest ones kept for whoever asks. */
import type { CallEvent, Clock, EventSink } from '../contract/index.ts';

export type Level = 'debug' | 'info' | 'warn' | 'error';
const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error'];

export interface LogRecord {
  /** RFC 3339. */
  readonly time: string;
  readonly level: Level;
  readonly node: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface LoggerOptions {
  readonly node: string;
  readonly clock: Clock;
  /** Least level that is written. Default `info`. */
  readonly level?: Level;
  readonly write: (line: string) => void;
  /** Records kept in memory for `airspace logs`. Default 2,000. */
  readonly keep?: number;
}

export class Logger implements EventSink {
  readonly #options: LoggerOptions;
  readonly #least: number;
  readonly #keep: number;
  #kept: LogRecord[] = [];

  constructor(options: LoggerOptions) {
    this.#options = options;
    this.#least = LEVELS.indexOf(options.level ?? 'info');
    this.#keep = options.keep ?? 2_000;
  }

  log(level: Level, message: string, fields: Readonly<Record<string, unknown>> = {}): void {
    if (LEVELS.indexOf(level) < this.#least) return;
    const time = new Date(this.#options.clock.wallMs()).toISOString();
    const record: LogRecord = { time, level, node: this.#options.node, message, ...fields };
    this.#kept.push(record);
    // Trimmed by halves, so that the cost of shifting is paid once in many records.
    if (this.#kept.length > 2 * this.#keep) this.#kept = this.#kept.slice(-this.#keep);
    this.#options.write(`${JSON.stringify(record)}\n`);
  }

  /** A well-ended call is `debug`: its trace says it all. Everything else is worth a line. */
  emit(event: CallEvent): void {
    const level: Level =
      event.status === 'ok' ? 'debug' : event.status === 'denied' || event.status === 'cancelled' ? 'info' : 'warn';
    if (LEVELS.indexOf(level) < this.#least) return;
    const { kind, name, operation } = event.target;
    this.log(level, `call ${event.status}`, {
      trace_id: event.trace,
      span_id: event.span,
      call_id: event.callId,
      tenant: event.tenant,
      caller: event.principal === null ? '' : event.principal.id,
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
}
