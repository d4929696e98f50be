/** The newest signed documents of this control plane, and everybody who waits for newer ones. */
import type { CancelSignal, Signed } from '../contract/index.ts';
import type { NodeKey } from '../identity/index.ts';
import { DOCUMENT_KINDS, type DocumentKind, type Documents, signDocument } from './sign.ts';

/** Sequences that a reader has already. */
export interface Held {
  readonly snapshotSeq: number;
  readonly rosterSeq: number;
  readonly killsSeq: number;
}

interface Published {
  readonly seq: number;
  readonly signed: Signed;
}

export class Publisher {
  readonly #key: NodeKey;
  readonly #newest = new Map<DocumentKind, Published>();
  readonly #listeners = new Set<(signed: Signed) => void>();

  constructor(key: NodeKey) {
    this.#key = key;
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
    this.#newest.set(kind, { seq: document.seq, signed });
    for (const listener of [...this.#listeners]) listener(signed);
  }

  /** 0 before the first. */
  seq(kind: DocumentKind): number {
    return this.#newest.get(kind)?.seq ?? 0;
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
  async *newerThan(held: Held, signal: CancelSignal): AsyncGenerator<Signed, void, undefined> {
    const had = new Map<DocumentKind, number>([
      ['snapshot', held.snapshotSeq],
      ['roster', held.rosterSeq],
      ['kills', held.killsSeq],
    ]);
    while (signal.reason === undefined) {
      const next = this.#firstNewer(had);
      if (next === undefined) await this.#change(signal);
      else {
        had.set(next.signed.kind, next.seq);
        yield next.signed;
      }
    }
  }

  #firstNewer(had: ReadonlyMap<DocumentKind, number>): Published | undefined {
    for (const kind of DOCUMENT_KINDS) {
      const newest = this.#newest.get(kind);
      if (newest !== undefined && newest.seq > (had.get(kind) ?? 0)) return newest;
    }
    return undefined;
  }

  #change(signal: CancelSignal): Promise<void> {
    return new Promise((resolve) => {
      const listener = (): void => {
        this.#listeners.delete(listener);
        forget();
        resolve();
      };
      let forget = (): void => {};
      this.#listeners.add(listener);
      forget = signal.onCancel(listener);
    });
  }
}
