/** Keeps telemetry within its room, and of ordinary traces only the share that was asked for. What it does is small at a time: calls go on finishing meanwhile. */
import {
  isSampled,
  NOTHING_REMOVED,
  REMOVED_WHY,
  type RemovedTelemetry,
  type RemovedWhy,
  type RoomStore,
  type TelemetrySize,
  type TraceOf,
} from '../../contract/index.ts';
import type { NodeStatus } from '../../doors/admin/index.ts';
import { repeat, type World } from '../../kernel/index.ts';
import type { Logger, Metrics, Source } from '../../telemetry/index.ts';

export interface RoomOptions {
  /** Bytes of finished calls and of what agents said. Default `DEFAULT_KEEP_BYTES`. */
  readonly keepBytes?: number;
  /** Share of ordinary traces that is kept, 0 to 1. Default 1. */
  readonly sample?: number;
}

/** About twenty million spans, and little enough that an embedded store fills no disk by itself. */
export const DEFAULT_KEEP_BYTES = 10 * 2 ** 30;

/** As long as a trace may be silent before it is over: nodes hand over within seconds. */
const SILENT_MS = 120_000;
/** A trace that goes on for longer than this is judged by what is there. */
const LONGEST_MS = 3_600_000;

const EVERY_MS = 10_000;
/** Calls that go in one transaction, which others wait for. */
const BITE = 500;
/** It is made this much smaller than it may be, so that not every call that comes makes one go. */
const SLACK = 0.97;
const LOOKED_AT = 2_000;
const DROPPED_AT_ONCE = 50;
/** Of the file: less is not worth the work to move what is behind it. */
const GIVE_BACK_AT = 0.25;
const GIVEN_AT_ONCE = 25;

export interface RoomParts extends RoomOptions {
  readonly store: RoomStore;
  readonly world: Pick<World, 'clock'>;
  readonly removed: (why: RemovedWhy, what: RemovedTelemetry) => void;
  readonly failed: (cause: unknown) => void;
}

const NO_SIZE: TelemetrySize = {
  ...{ events: 0, agentSpans: 0, bytes: 0, fileBytes: null, freeBytes: null, oldestMs: null },
};

export class Room {
  readonly #parts: RoomParts;
  readonly #keepBytes: number;
  readonly #share: number;
  readonly #removed: Record<RemovedWhy, number> = { age: 0, size: 0, sample: 0 };
  #size = NO_SIZE;
  /** When which number was the newest, the oldest first. */
  #marks: readonly { readonly atMs: number; readonly seq: number }[] = [];

  constructor(parts: RoomParts) {
    this.#parts = parts;
    this.#keepBytes = parts.keepBytes ?? DEFAULT_KEEP_BYTES;
    this.#share = parts.sample ?? 1;
  }

  /** What it answers ends it. Rejects when the store does. */
  async start(): Promise<() => void> {
    const { store, world } = this.#parts;
    this.#size = await store.size();
    // What came while everything was kept is kept.
    if (this.#share >= 1) await store.judge(null);
    else if ((await store.judged()) === null) await store.judge(await store.newest());
    return repeat(world.clock, EVERY_MS, () => this.#tidy().catch(this.#parts.failed));
  }

  /** Of calls that were removed by somebody else for their age. */
  aged(events: number): void {
    this.#removed.age += events;
  }

  async #tidy(): Promise<void> {
    await this.#judge();
    await this.#shrink();
    await this.#giveBack();
    this.#size = await this.#parts.store.size();
  }

  get status(): NodeStatus['telemetry'] {
    return { ...this.#size, keepBytes: this.#keepBytes, sample: this.#share, removed: { ...this.#removed } };
  }

  async #shrink(): Promise<void> {
    const { store } = this.#parts;
    const { bytes } = await store.size();
    if (bytes <= this.#keepBytes) return;
    let gone = NOTHING_REMOVED;
    while (bytes - gone.bytes > this.#keepBytes * SLACK) {
      const bite = await store.removeOldest(BITE);
      if (bite.events + bite.agentSpans === 0) break;
      gone = together(gone, bite);
      this.#removed.size += bite.events;
    }
    this.#parts.removed('size', gone);
  }

  async #judge(): Promise<void> {
    if (this.#share >= 1) return;
    const { store, world } = this.#parts;
    const newest = await store.newest();
    // INVARIANT: the newest call stays. A store may give the number of a last one that is gone to the next, which nobody would judge then.
    const through = Math.min(this.#ripe(newest), newest - 1);
    const judged = (await store.judged()) ?? through;
    // Everything was removed meanwhile, and numbers began anew.
    let after = judged > newest ? 0 : judged;
    let gone = NOTHING_REMOVED;
    while (after < through) {
      const { traces, seq } = await store.arrived(after, through, LOOKED_AT);
      const ordinary = traces.filter(({ trace }) => !isSampled(trace, this.#share));
      const until = { throughSeq: through, overMs: world.clock.wallMs() - LONGEST_MS };
      for (const some of inParts(ordinary, DROPPED_AT_ONCE)) {
        const bite = await store.drop(some, until);
        gone = together(gone, bite);
        this.#removed.sample += bite.events;
      }
      after = seq;
      await store.judge(after);
    }
    if (gone.events > 0) this.#parts.removed('sample', gone);
  }

  /** The newest number of so long ago that a trace which has nothing newer is over. */
  #ripe(newest: number): number {
    const nowMs = this.#parts.world.clock.nowMs();
    this.#marks = [...this.#marks, { atMs: nowMs, seq: newest }];
    const ripe = this.#marks.findLastIndex(({ atMs }) => atMs <= nowMs - SILENT_MS);
    if (ripe < 0) return 0;
    this.#marks = this.#marks.slice(ripe);
    return this.#marks[0]!.seq;
  }

  async #giveBack(): Promise<void> {
    const { store } = this.#parts;
    const { fileBytes, freeBytes } = await store.size();
    if ((freeBytes ?? 0) <= GIVE_BACK_AT * (fileBytes ?? 0)) return;
    for (let left = GIVEN_AT_ONCE; left > 0 && (await store.giveBack()); left--);
  }
}

export const openRoom = (
  options: RoomOptions,
  {
    store,
    world,
    logger,
    metrics,
  }: Pick<RoomParts, 'store' | 'world'> & {
    readonly logger: Pick<Logger, 'log'>;
    readonly metrics: Pick<Metrics, 'source'>;
  },
): Room => {
  const room = new Room({
    ...{ ...options, store, world },
    removed: (why, what) => logger.log('info', 'finished calls were removed', { why, ...what }),
    failed: (cause) => logger.log('warn', 'no room could be made for finished calls', { cause: String(cause) }),
  });
  metrics.source(roomSource(room));
  return room;
};

const together = (a: RemovedTelemetry, b: RemovedTelemetry): RemovedTelemetry => ({
  events: a.events + b.events,
  agentSpans: a.agentSpans + b.agentSpans,
  bytes: a.bytes + b.bytes,
});

const inParts = (all: readonly TraceOf[], many: number): readonly (readonly TraceOf[])[] =>
  Array.from({ length: Math.ceil(all.length / many) }, (_, at) => all.slice(at * many, (at + 1) * many));

export const roomSource = (room: Pick<Room, 'status'>): Source => ({
  name: 'room',
  read: (say) => {
    const { events, bytes, fileBytes, keepBytes, removed } = room.status;
    say('airspace_telemetry_events', {}, events);
    say('airspace_telemetry_bytes', {}, bytes);
    if (fileBytes !== null) say('airspace_telemetry_file_bytes', {}, fileBytes);
    say('airspace_telemetry_limit_bytes', {}, keepBytes);
    for (const reason of REMOVED_WHY) say('airspace_telemetry_removed_total', { reason }, removed[reason]);
  },
});
