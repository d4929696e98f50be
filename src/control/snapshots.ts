/** The newest signed documents of this control plane, and everybody who waits for newer ones. */
import type { CancelSignal, NodeEntry, Roster, Signed, SignedDelta } from '../contract/index.ts';
import type { NodeKey } from '../identity/index.ts';
import type { Turn } from './admission.ts';
import { deltaBetween } from './delta.ts';
import { DOCUMENT_KINDS, type DocumentKind, type Documents, signDocument } from './sign.ts';
import { type CutRoster, RosterViews } from './views.ts';

/** Sequences that a reader has already. */
export interface Held {
  readonly snapshotSeq: number;
  readonly rosterSeq: number;
  readonly killsSeq: number;
  /** Documents may be told by what changed since the one before. */
  readonly deltas?: boolean;
}

interface Published {
  readonly seq: number;
  readonly signed: Signed;
}

/** Who reads, where a reader gets its own part of things. */
export interface Reader {
  readonly node: NodeEntry;
  /** Without it, only orders to stop are sent until it opens. Absent: nothing was missed. */
  readonly turn?: Turn | undefined;
}

/** Who comes back within so many changes is told what changed. */
const MOST_EARLIER = 4;

export class Publisher {
  readonly #key: NodeKey;
  readonly #newest = new Map<DocumentKind, Published>();
  /** Oldest first. */
  #earlier: readonly Published[] = [];
  readonly #listeners = new Set<(signed: Signed) => void>();
  readonly #views: RosterViews;
  #roster: Roster | undefined;
  #cut: CutRoster | undefined;

  constructor(key: NodeKey) {
    this.#key = key;
    this.#views = new RosterViews(key);
  }

  /** How rosters are cut for those that read as a node, from now on. Answers whether anybody's part is another one by that. */
  cutRosters(cut: CutRoster): boolean {
    this.#cut = cut;
    return this.#roster !== undefined && this.#views.areOutdated(this.#roster, cut);
  }

  forget(node: string): void {
    this.#views.forget(node);
  }

  /** Public key that readers pin: SPKI DER in base64. */
  get publicKey(): string {
    return this.#key.publicKey;
  }

  get keyId(): string {
    return this.#key.keyId;
  }

  /** INVARIANT: a document that is not newer is not published (I14). */
  publish<K extends DocumentKind>(kind: K, document: Documents[K]): void {
    if (document.seq <= this.seq(kind)) return;
    const signed = signDocument(kind, document, this.#key);
    if (kind === 'roster') this.#roster = document as Roster;
    const before = this.#newest.get(kind);
    if (kind === 'snapshot' && before !== undefined) this.#earlier = [...this.#earlier, before].slice(-MOST_EARLIER);
    this.#newest.set(kind, { seq: document.seq, signed });
    for (const listener of [...this.#listeners]) listener(signed);
  }

  /** 0 before the first. */
  seq(kind: DocumentKind): number {
    return this.#newest.get(kind)?.seq ?? 0;
  }

  /** What a node would be sent: of rosters, its own part. `held`: what it says that it has. */
  newestFor(kind: DocumentKind, node: NodeEntry | undefined, held = 0): Published | undefined {
    if (kind !== 'roster' || node === undefined || this.#roster === undefined || this.#cut === undefined)
      return this.#newest.get(kind);
    return this.#views.newest(node, this.#roster, this.#cut, held);
  }

  current(kind: DocumentKind): Signed | undefined {
    return this.#newest.get(kind)?.signed;
  }

  /** Level-triggered: what there is comes at once, then everything newer. The listener must not throw. */
  subscribe(listener: (signed: Signed) => void): () => void {
    this.#listeners.add(listener);
    for (const { signed } of [...this.#newest.values()]) listener(signed);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * The same for readers with a pace of their own: whole documents newer than those held, until the signal.
   * A reader that is slow gets the newest next, so nothing piles up here.
   */
  async *newerThan(
    held: Held,
    signal: CancelSignal,
    reader?: Reader,
  ): AsyncGenerator<Signed | SignedDelta, void, undefined> {
    const had = new Map<DocumentKind, number>([
      ['snapshot', held.snapshotSeq],
      ['roster', held.rosterSeq],
      ['kills', held.killsSeq],
    ]);
    const sent = new Map<DocumentKind, Signed>();
    let turn = reader?.turn;
    try {
      while (signal.reason === undefined) {
        const next = this.#firstNewer(had, reader?.node);
        if (next === undefined) {
          turn?.end();
          turn = undefined;
        }
        if (next === undefined || (next.signed.kind !== 'kills' && turn?.isOpen === false)) {
          await this.#change(signal, turn);
        } else {
          const { signed } = next;
          // Orders to stop depend on nothing that came before.
          const before =
            held.deltas === true && signed.kind !== 'kills' ? this.#base(signed.kind, had, sent) : undefined;
          had.set(signed.kind, next.seq);
          sent.set(signed.kind, signed);
          yield (before && deltaBetween(before, signed)) ?? signed;
        }
      }
    } finally {
      turn?.end();
    }
  }

  /** Is something missing besides orders to stop? */
  isBehind(held: Held, node: NodeEntry): boolean {
    return (['snapshot', 'roster'] as const).some((kind) => {
      const had = held[`${kind}Seq`];
      return (this.newestFor(kind, node, had)?.seq ?? 0) > had;
    });
  }

  #firstNewer(had: ReadonlyMap<DocumentKind, number>, node: NodeEntry | undefined): Published | undefined {
    for (const kind of DOCUMENT_KINDS) {
      const held = had.get(kind) ?? 0;
      const newest = this.newestFor(kind, node, held);
      if (newest !== undefined && newest.seq > held) return newest;
    }
    return undefined;
  }

  /** What a reader has of this kind: sent to it just now, or kept since it was here before. */
  #base(
    kind: DocumentKind,
    had: ReadonlyMap<DocumentKind, number>,
    sent: ReadonlyMap<DocumentKind, Signed>,
  ): Signed | undefined {
    const kept = kind === 'snapshot' ? this.#earlier.find(({ seq }) => seq === had.get(kind)) : undefined;
    return sent.get(kind) ?? kept?.signed;
  }

  #change(signal: CancelSignal, turn: Turn | undefined): Promise<void> {
    return new Promise((resolve) => {
      const listener = (): void => {
        this.#listeners.delete(listener);
        for (const stop of forget) stop();
        resolve();
      };
      const forget: (() => void)[] = [];
      this.#listeners.add(listener);
      if (turn !== undefined) forget.push(turn.onOpen(listener));
      forget.push(signal.onCancel(listener));
    });
  }
}
