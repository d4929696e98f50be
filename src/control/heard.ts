/**
 * What a node knows of its hub: when it last confirmed which document, and the highest number that was ever here. Both are on disk, so
 * that ages count through a restart and an older file, copied over a newer one, is known for what it is.
 */
import type { Clock, MarkStore } from '../contract/index.ts';
import { DOCUMENT_KINDS, type DocumentKind } from './sign.ts';

/** What a hub confirms: that it is there, and that a document held here is its newest. */
type Confirmed = 'hub' | 'snapshot' | 'kills';
const CONFIRMED: readonly Confirmed[] = ['hub', 'snapshot', 'kills'];

export interface HeardParts {
  readonly clock: Clock;
  readonly marks: MarkStore;
  /** Marks could not be written; what is on disk is older, and makes nothing look fresher. Must not throw. */
  readonly failed?: (cause: unknown) => void;
}

interface Last {
  /** Monotonic. */
  readonly nowMs: number;
  readonly wallMs: number;
}

/** Calls cannot run on what is lost: a node that had orders to stop and has them no more knows nobody whom it may let call. */
const NEEDED: readonly DocumentKind[] = ['kills', 'snapshot'];

export class Heard {
  readonly #parts: HeardParts;
  readonly #started: Last;
  readonly #highest = new Map<DocumentKind, number>();
  /** Age at the start, of what the last run left. */
  readonly #inherited = new Map<Confirmed, { readonly ageMs: number; readonly wallMs: number }>();
  readonly #last = new Map<Confirmed, Last>();
  readonly #lost = new Set<DocumentKind>();
  /** Latest wall time that this node has seen, since the hub was last heard. */
  #wallMs: number;
  #writing: Promise<void> | undefined;
  #isBehind = false;

  private constructor(parts: HeardParts, marks: Readonly<Record<string, number>>) {
    const { clock } = parts;
    this.#parts = parts;
    this.#started = { nowMs: clock.nowMs(), wallMs: clock.wallMs() };
    this.#wallMs = Math.max(clock.wallMs(), marks[WALL] ?? 0);
    // A clock that went back says nothing about how long this node was down: then nothing is known.
    const isBack = clock.wallMs() < (marks[WALL] ?? Number.POSITIVE_INFINITY);
    for (const what of CONFIRMED) {
      const wallMs = marks[confirmedName(what)];
      const isKnown = wallMs !== undefined && !isBack && wallMs <= clock.wallMs();
      const inherited = isKnown ? { ageMs: clock.wallMs() - wallMs, wallMs } : NOTHING;
      this.#inherited.set(what, inherited);
    }
    for (const kind of DOCUMENT_KINDS) {
      const highest = marks[highestName(kind)] ?? 0;
      this.#highest.set(kind, highest);
      if (highest > 0 && NEEDED.includes(kind)) this.#lost.add(kind);
    }
  }

  static async open(parts: HeardParts): Promise<Heard> {
    return new Heard(parts, await parts.marks.read());
  }

  /** Of all that were ever in force here. INVARIANT: nothing lower is taken again, wherever it comes from (I14). */
  highest(kind: DocumentKind): number {
    return this.#highest.get(kind) ?? 0;
  }

  /** It is on disk, from before or from now on. Resolves when its number is, too. */
  async keep(kind: DocumentKind, seq: number): Promise<void> {
    if (seq > this.highest(kind)) {
      await this.#parts.marks.write({ raise: { [highestName(kind)]: seq } });
      this.#highest.set(kind, seq);
    }
    this.#lost.delete(kind);
  }

  /** A word of the hub, whatever it was. */
  heard(): void {
    this.#note('hub');
  }

  /** The hub said so just now: by an answer that knows of nothing newer, or by sending it, which it only does with its newest. */
  confirmed(kind: 'snapshot' | 'kills'): void {
    this.#note(kind);
    this.save();
  }

  lastMs(what: Confirmed): number | undefined {
    return this.#last.get(what)?.nowMs;
  }

  /** Since it was confirmed; Infinity: nobody knows. By whichever clock says more: one may have been set, the other stands still in sleep. */
  ageMs(what: Confirmed): number {
    if (this.#lost.size > 0) return Number.POSITIVE_INFINITY;
    const { clock } = this.#parts;
    const last = this.#last.get(what);
    if (last !== undefined) return Math.max(clock.nowMs() - last.nowMs, clock.wallMs() - last.wallMs);
    const { ageMs, wallMs } = this.#inherited.get(what) ?? NOTHING;
    return Math.max(ageMs + clock.nowMs() - this.#started.nowMs, clock.wallMs() - wallMs);
  }

  /** Each beat, with the hub or without: how late it is by now must be known to the next run. Never throws. */
  save(): void {
    this.#wallMs = Math.max(this.#wallMs, this.#parts.clock.wallMs());
    this.#isBehind = true;
    this.#writing ??= this.#write();
  }

  /** What was saved is on disk, or could not be written. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  #note(what: Confirmed): void {
    const { clock } = this.#parts;
    this.#last.set(what, { nowMs: clock.nowMs(), wallMs: clock.wallMs() });
    // With the hub there, a clock that was set is just another clock.
    this.#wallMs = clock.wallMs();
  }

  async #write(): Promise<void> {
    // What comes in one turn goes together.
    await null;
    while (this.#isBehind) {
      this.#isBehind = false;
      const confirmed = [...this.#last].map(([what, { wallMs }]) => [confirmedName(what), wallMs]);
      try {
        await this.#parts.marks.write({ put: { ...Object.fromEntries(confirmed), [WALL]: this.#wallMs } });
      } catch (cause) {
        this.#parts.failed?.(cause);
      }
    }
    this.#writing = undefined;
  }
}

const NOTHING = { ageMs: Number.POSITIVE_INFINITY, wallMs: Number.NEGATIVE_INFINITY };

const WALL = 'wall';
const confirmedName = (what: Confirmed): string => `confirmed ${what}`;
const highestName = (kind: DocumentKind): string => `highest ${kind}`;
