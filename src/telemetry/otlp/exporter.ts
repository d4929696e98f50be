/** Hands traces on to a collector. It may be slow, full, wrong or gone: no call waits for it, and what it does not get is counted. */
import type { AgentSpan, CallEvent, EventSink, Timer } from '../../contract/index.ts';
import { type Encoding, type PartialSuccess, writeTraces } from '../../dialects/otlp/index.ts';
import type { NameSet } from '../names.ts';
import { Courier, type CourierOptions } from './courier.ts';
import { eventBytes } from './event-bytes.ts';
import { spanCount, traceRequest } from './request.ts';

/** Why spans did not arrive. */
export const DROP_REASONS = ['queue_full', 'refused', 'rejected', 'unavailable', 'shutdown'] as const;
/**
 * `queue_full`: there was no room to wait in. `refused`: the collector did not want the request. `rejected`: it took a part of it.
 * `unavailable`: it was not there, or had no time, until we gave up. `shutdown`: the node ended first.
 */
export type DropReason = (typeof DROP_REASONS)[number];

export interface ExporterOptions extends Omit<CourierOptions, 'failed'> {
  readonly encoding: Encoding;
  readonly names: NameSet;
  /** Told once for each batch that was lost, or was taken in part only. */
  readonly note?: (reason: DropReason, spans: number, why: string) => void;
  /** Spans that wait. Default 20,000: a minute of a busy hub, and some 20 MB. */
  readonly capacity?: number;
  /** Spans in a request. Default 512, as exporters of OpenTelemetry have it. An event is never torn. */
  readonly batch?: number;
  /** Longest time that a span waits for company. Default 1 s. */
  readonly delayMs?: number;
  /** How long what is left may take when the node ends. Default 5 s. */
  readonly closeMs?: number;
}

export interface ExportCounts {
  readonly sent: number;
  readonly waiting: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Of the last request; empty: it was taken whole and without a warning. */
  readonly trouble: string;
}

type Item = { readonly event: CallEvent } | { readonly said: AgentSpan };

/** One request is under way at a time, so that a collector that is slow gets no more of them. */
export class Exporter implements EventSink {
  readonly #options: Required<Omit<ExporterOptions, 'note' | 'tries'>> & Pick<ExporterOptions, 'note'>;
  readonly #courier: Courier;
  readonly #dropped: Record<DropReason, number> = {
    queue_full: 0,
    refused: 0,
    rejected: 0,
    unavailable: 0,
    shutdown: 0,
  };
  #items: Item[] = [];
  /** Spans in `#items`, and in the request that is under way. */
  #waiting = 0;
  #sent = 0;
  #trouble = '';
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #isClosing = false;

  constructor(options: ExporterOptions) {
    this.#options = { capacity: 20_000, batch: 512, delayMs: 1_000, closeMs: 5_000, ...options };
    this.#courier = new Courier({
      ...options,
      failed: (why) => {
        this.#trouble = why;
      },
    });
  }

  get counts(): ExportCounts {
    return { sent: this.#sent, waiting: this.#waiting, dropped: { ...this.#dropped }, trouble: this.#trouble };
  }

  emit(event: CallEvent): void {
    this.#take({ event });
  }

  /** What agents said goes the same way, so that the collector has the whole trace. */
  said(spans: readonly AgentSpan[]): void {
    for (const said of spans) this.#take({ said });
  }

  /** Sends what waits, for no longer than `closeMs`; whatever comes later is dropped. */
  async close(): Promise<void> {
    const { clock, closeMs } = this.#options;
    this.#isClosing = true;
    this.#timer?.cancel();
    this.#courier.hurry();
    let late: Timer | undefined;
    const over = new Promise<void>((resolve) => {
      late = clock.after(closeMs, resolve);
    });
    await Promise.race([this.#run(), over]);
    late?.cancel();
    this.#lose('shutdown', this.#waiting, 'the node ended');
    this.#items = [];
  }

  #take(item: Item): void {
    const spans = sizeOf(item);
    const { capacity, batch, clock, delayMs } = this.#options;
    if (this.#isClosing || this.#waiting + spans > capacity) {
      this.#dropped[this.#isClosing ? 'shutdown' : 'queue_full'] += spans;
      return;
    }
    this.#items.push(item);
    this.#waiting += spans;
    if (this.#running !== undefined) return;
    if (this.#waiting >= batch) void this.#run();
    else this.#timer ??= clock.after(delayMs, () => void this.#run());
  }

  #run(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
      // What came after the last look and before this.
      if (this.#items.length > 0 && !this.#isClosing) void this.#run();
    });
    return this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#items.length > 0) {
      const items = this.#next();
      const spans = items.reduce((sum, item) => sum + sizeOf(item), 0);
      await this.#deliver(items, spans);
    }
  }

  #next(): readonly Item[] {
    let spans = 0;
    let count = 0;
    while (count < this.#items.length) {
      spans += sizeOf(this.#items[count]!);
      if (count > 0 && spans > this.#options.batch) break;
      count++;
    }
    return this.#items.splice(0, count);
  }

  async #deliver(items: readonly Item[], spans: number): Promise<void> {
    const { encoding, names } = this.#options;
    const events = items.flatMap((item) => ('event' in item ? [item.event] : []));
    const said = items.flatMap((item) => ('said' in item ? [item.said] : []));
    const body =
      encoding === 'protobuf'
        ? eventBytes(events, said, names)
        : writeTraces(traceRequest(events, said, names), encoding);
    const delivered = await this.#courier.deliver(body);
    if (delivered.kind === 'taken') this.#took(spans, delivered.partial);
    else this.#lose(delivered.reason, spans, delivered.why);
  }

  #took(spans: number, { rejectedSpans, errorMessage }: PartialSuccess): void {
    const waited = Math.min(spans, this.#waiting);
    const rejected = Math.min(waited, rejectedSpans);
    this.#waiting -= waited - rejected;
    this.#sent += waited - rejected;
    this.#trouble = errorMessage;
    if (rejected > 0) this.#lose('rejected', rejected, errorMessage);
  }

  /** Never more than waits: what was given up at the end may be answered after it. */
  #lose(reason: DropReason, spans: number, why: string): void {
    const lost = Math.min(spans, this.#waiting);
    if (lost === 0) return;
    this.#waiting -= lost;
    this.#dropped[reason] += lost;
    this.#trouble = why;
    this.#options.note?.(reason, lost, why);
  }
}

const sizeOf = (item: Item): number => ('event' in item ? spanCount(item.event) : 1);
