/** How much telemetry there is, and what makes room for more: what people look at afterwards must not fill the disk that calls depend on. */

/** Why finished calls were removed: by `--keep`, by `--keep-size`, by `--sample`. */
export const REMOVED_WHY = ['age', 'size', 'sample'] as const;
export type RemovedWhy = (typeof REMOVED_WHY)[number];

export interface TelemetrySize {
  /** Finished calls as nodes saw them. */
  readonly events: number;
  /** Spans that agents said. */
  readonly agentSpans: number;
  /** Of both, with what it takes to find them: what a bound is held against. */
  readonly bytes: number;
  /** Everything on the disk, also sums and usage. Null where nothing is on a disk. */
  readonly fileBytes: number | null;
  /** Of it: not in use, and used before the file grows. Null where the store does not tell. */
  readonly freeBytes: number | null;
  /** Unix ms at which the oldest call began; null when there is none. */
  readonly oldestMs: number | null;
}

export interface RemovedTelemetry {
  readonly events: number;
  readonly agentSpans: number;
  readonly bytes: number;
}

export const NOTHING_REMOVED: RemovedTelemetry = { events: 0, agentSpans: 0, bytes: 0 };

export interface TraceOf {
  readonly tenant: string;
  readonly trace: string;
}

/** Why an event keeps its whole trace, whatever share of others is kept. `unjudged`: nobody looked. */
export const EVENT_WORTHS = ['denied', 'held', 'failed', 'slow', 'expensive', 'unjudged'] as const;
export type EventWorth = (typeof EVENT_WORTHS)[number];

/** Each change is small, so that what finishes meanwhile does not wait for long. */
export interface RoomStore {
  size(): Promise<TelemetrySize>;
  /** The calls that began first, and what agents said before them: `limit` of each at most. */
  removeOldest(limit: number): Promise<RemovedTelemetry>;
  /** Number of the event that came last; 0: none did. */
  newest(): Promise<number>;
  /** Traces of the events that came after the one number and not after the other, `limit` events at most, and how far that was. */
  arrived(
    afterSeq: number,
    throughSeq: number,
    limit: number,
  ): Promise<{ readonly traces: readonly TraceOf[]; readonly seq: number }>;
  /**
   * Removes these traces with what agents said in them. Not one in which an event is worth keeping, or of which somebody said that
   * it did not end well; nor one of which an event came
   * after `throughSeq`, unless its first call began before `overMs`: it is not over, and will be asked about again.
   */
  drop(
    traces: readonly TraceOf[],
    until: { readonly throughSeq: number; readonly overMs: number },
  ): Promise<RemovedTelemetry & { readonly traces: number }>;
  /** How far traces were judged, over a restart; null: none are. */
  judged(): Promise<number | null>;
  judge(throughSeq: number | null): Promise<void>;
  /** Gives some of the free space of the file back to the system. False: there is no more to give. */
  giveBack(): Promise<boolean>;
}
