/**
 * Pushes what a node counts to a collector, every so often. Numbers are cumulative: what of a push is lost is in the next one, so that
 * nothing waits and nothing grows. No call waits for it, and what did not arrive is counted.
 */
import type { Timer } from '../../contract/index.ts';
import { type Encoding, type PartialSuccess, writeMetrics } from '../../dialects/otlp/index.ts';
import type { Metrics } from '../metrics.ts';
import { Courier, type CourierOptions } from './courier.ts';
import { MetricSheet } from './metric-sheet.ts';
import { nodeResource } from './request.ts';

/** As those of spans; nothing waits, so nothing is `queue_full`. */
export const POINT_DROP_REASONS = ['refused', 'rejected', 'unavailable', 'shutdown'] as const;
export type PointDropReason = (typeof POINT_DROP_REASONS)[number];

export interface PusherOptions extends Omit<CourierOptions, 'failed'> {
  readonly metrics: Pick<Metrics, 'write'>;
  readonly node: string;
  readonly encoding: Encoding;
  /** From one push to the next. */
  readonly intervalMs: number;
  /** All tries of one push. Never more than the interval. */
  readonly timeoutMs: number;
  /** Told once for each push of which something was lost. */
  readonly note?: (reason: PointDropReason, points: number, why: string) => void;
  /** How long the last push may take when the node ends. Default 5 s. */
  readonly closeMs?: number;
  /** Points in a request. Default 1,000: made in a few milliseconds. */
  readonly batch?: number;
}

export interface PushCounts {
  readonly sent: number;
  readonly dropped: Readonly<Record<PointDropReason, number>>;
  /** Of the last push; empty: it was taken whole and without a warning. */
  readonly trouble: string;
}

export class MetricPusher {
  readonly #options: Required<Omit<PusherOptions, 'note' | 'tries'>> & Pick<PusherOptions, 'note' | 'tries'>;
  readonly #startMs: number;
  readonly #dropped: Record<PointDropReason, number> = { refused: 0, rejected: 0, unavailable: 0, shutdown: 0 };
  #sent = 0;
  #trouble = '';
  #timer: Timer | undefined;
  #courier: Courier | undefined;
  #running: Promise<void> | undefined;
  #isClosing = false;

  /** Counting begins now, and the first push is an interval away. */
  constructor(options: PusherOptions) {
    this.#options = { closeMs: 5_000, batch: 1_000, ...options };
    this.#startMs = options.clock.wallMs();
    this.#later();
  }

  get counts(): PushCounts {
    return { sent: this.#sent, dropped: { ...this.#dropped }, trouble: this.#trouble };
  }

  /** Pushes once more, for no longer than `closeMs`. */
  async close(): Promise<void> {
    const { clock, closeMs } = this.#options;
    this.#isClosing = true;
    this.#timer?.cancel();
    this.#courier?.hurry();
    let late: Timer | undefined;
    const over = new Promise<void>((resolve) => {
      late = clock.after(closeMs, resolve);
    });
    const last = async (): Promise<void> => {
      await this.#running;
      await this.#push();
    };
    await Promise.race([last(), over]);
    late?.cancel();
  }

  #later(): void {
    this.#timer = this.#options.clock.after(this.#options.intervalMs, () => {
      this.#later();
      // A push that hangs since the last time has the numbers of then; those of now come with the next.
      this.#running ??= this.#push().finally(() => {
        this.#running = undefined;
      });
    });
  }

  async #push(): Promise<void> {
    const { clock, metrics, intervalMs, timeoutMs, batch, node, encoding, ...rest } = this.#options;
    const sheet = new MetricSheet(this.#startMs, clock.wallMs());
    await metrics.write(sheet);
    let trouble = '';
    const courier = new Courier({ ...rest, clock });
    this.#courier = courier;
    if (this.#isClosing) courier.hurry();
    const over = clock.after(Math.min(timeoutMs, intervalMs), () => courier.hurry());
    for (const { metrics: some, points } of sheet.parts(batch)) {
      const request = { resource: nodeResource(node), scope: { name: 'airspace' }, metrics: some };
      const delivered = await courier.deliver(writeMetrics(request, encoding));
      if (delivered.kind === 'taken') trouble = this.#took(points, delivered.partial) || trouble;
      else trouble = this.#lose(this.#isClosing ? 'shutdown' : delivered.reason, points, delivered.why);
    }
    over.cancel();
    this.#trouble = trouble;
  }

  #took(points: number, { rejectedSpans, errorMessage }: PartialSuccess): string {
    const rejected = Math.min(points, rejectedSpans);
    this.#sent += points - rejected;
    return rejected > 0 ? this.#lose('rejected', rejected, errorMessage) : errorMessage;
  }

  #lose(reason: PointDropReason, points: number, why: string): string {
    this.#dropped[reason] += points;
    this.#options.note?.(reason, points, why);
    return why;
  }
}
