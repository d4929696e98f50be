/** All that a node hands to its hub piece by piece: its audit, its finished calls, sums of them, what agents said, and its logs. */
import { type AuditStore, type Clock, type EventBatch, Fault, type MarkStore } from '../contract/index.ts';
import type { Canceller } from '../kernel/index.ts';
import { Handover } from './handover.ts';
import type { LogLoad } from './logload.ts';
import { parseTaken } from './reports.ts';
import type { Saying } from './saying.ts';
import type { Spool } from './spool.ts';
import { SumLoad, type SumSource } from './sumload.ts';
import { Uploader } from './upload.ts';

export interface HandingParts {
  readonly post: (action: '/audit' | '/events' | '/logs' | '/said' | '/sums', body: unknown) => Promise<unknown>;
  readonly audit: Pick<AuditStore, 'heads' | 'read'>;
  readonly marks: MarkStore;
  readonly spool: Spool;
  /** What agents said here. Absent: nobody says anything to this node. */
  readonly said?: Saying | undefined;
  /** Absent: this node has no sums. */
  readonly sums: SumSource | undefined;
  /** Absent: its logs stay with it. */
  readonly logs?: LogLoad | undefined;
  /** Random, for a store that has no epoch yet. */
  readonly epoch: string;
  readonly clock: Clock;
  readonly random: () => number;
  /** Over when the node stops. */
  readonly closing: Canceller;
  /** Hears what went wrong. */
  readonly note: (thrown: unknown) => Fault;
}

/** Rows of a minute change with each call: gathering makes fewer reports, and the parent is seconds behind at most. */
const GATHER_SUMS_MS = 2_000;

export class Handing {
  readonly #parts: HandingParts;
  readonly #handover: Promise<Handover>;
  readonly #uploaders: readonly Uploader[];
  readonly #logUploader: Uploader | undefined;
  readonly #sums: SumLoad | undefined;
  readonly #sumUploader: Uploader | undefined;

  constructor(parts: HandingParts) {
    this.#parts = parts;
    this.#handover = Handover.open({
      store: parts.audit,
      marks: parts.marks,
      send: async (records) => parseTaken(await parts.post('/audit', { records })),
    });
    const { clock, random, closing, note } = parts;
    const shared = { clock, random, closing, note };
    this.#sums = sumLoad(parts);
    this.#uploaders = [
      // First what somebody may be held to.
      new Uploader({ ...shared, load: { next: async () => (await this.#handover).next() } }),
      new Uploader({ ...shared, load: { next: () => this.#events() } }),
      ...(parts.said === undefined ? [] : [new Uploader({ ...shared, load: parts.said })]),
    ];
    parts.said?.use(
      (spans) => parts.post('/said', { spans }),
      () => this.kick(),
    );
    // What cannot be sent is no reason to write more of them.
    const logs = parts.logs?.loadTo((batch) => parts.post('/logs', batch));
    this.#logUploader = logs && new Uploader({ ...shared, load: logs, note: Fault.from });
    this.#sumUploader = this.#sums && new Uploader({ ...shared, ...quiet(this.#sums, note) });
  }

  /** Why the hub took nothing of the last report of sums; null when it did, or there was none. */
  get sumsRefused(): string | null {
    return this.#sums?.refused ?? null;
  }

  /** Records of the audit that the hub does not have yet. */
  async unsent(): Promise<number> {
    return (await this.#handover).unsent();
  }

  /** There may be something. */
  kick(): void {
    for (const uploader of this.#all()) uploader.kick();
  }

  /** The hub is there again: nobody waits for the next try. */
  wake(): void {
    for (const uploader of this.#all()) uploader.wake();
  }

  /** After closing: one last piece of each. Rejects with what the hub says, but not of sums: they are kept, and said again. */
  async finish(): Promise<void> {
    for (const uploader of this.#uploaders) await uploader.finish();
    await this.#sumUploader?.finish().catch((thrown: unknown) => void this.#parts.note(thrown));
    await this.#logUploader?.finish().catch(() => {});
  }

  #all(): readonly Uploader[] {
    const more = [this.#logUploader, this.#sumUploader].filter((one) => one !== undefined);
    return [...this.#uploaders, ...more];
  }

  async #events() {
    const { spool, sums } = this.#parts;
    // What was spooled before somebody said so waits until they say otherwise.
    if (sums?.only() === true) return undefined;
    const found = await spool.next();
    if (found === undefined) return undefined;
    return { isFull: found.isFull, send: () => this.#sendEvents(found.batch) };
  }

  async #sendEvents(batch: EventBatch): Promise<void> {
    const { spool, post, note } = this.#parts;
    try {
      await post('/events', batch);
      await spool.arrived(batch);
    } catch (thrown) {
      // Only what the hub calls wrong can never succeed; everything else is worth another try with the same numbers.
      if (Fault.from(thrown).code !== 'bad_request') throw thrown;
      note(thrown);
      await spool.refused(batch);
    }
  }
}

const sumLoad = ({ sums, epoch, post, note }: HandingParts): SumLoad | undefined =>
  sums &&
  new SumLoad({
    ...sums,
    epoch,
    send: (report) => post('/sums', report),
    noted: (refused) => {
      if (refused !== null) note(new Fault('bad_request', `the hub takes none of the sums: ${refused}`));
    },
  });

/** A refusal is tried again and again, and was told once. */
const quiet = (load: SumLoad, note: HandingParts['note']) => ({
  load,
  gatherMs: GATHER_SUMS_MS,
  note: (thrown: unknown) => (load.refused === Fault.from(thrown).message ? Fault.from(thrown) : note(thrown)),
});
