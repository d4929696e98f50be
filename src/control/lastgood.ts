/** The last good documents on a node's disk: with them it starts and works while its hub is away. */
import { join } from 'node:path';
import type { Signed } from '../contract/index.ts';
import { readPrivateFile, writePrivateFile } from '../identity/index.ts';
import { type DocumentKind, type Documents, openSigned } from './sign.ts';

const LARGEST = 128 * 1024 * 1024;

export interface Kept<K extends DocumentKind> {
  readonly document: Documents[K];
  readonly signed: Signed;
}

export class LastGood {
  readonly #directory: string;
  readonly #publicKey: string;
  readonly #seqs = new Map<DocumentKind, number>();

  /** `publicKey`: of the control plane that this node joined; files signed by any other are refused. */
  constructor(directory: string, publicKey: string) {
    this.#directory = directory;
    this.#publicKey = publicKey;
  }

  /** Undefined when there is none yet. Throws Fault `denied` or `bad_request` when the file is corrupt or not ours: it is never used. */
  async load<K extends DocumentKind>(kind: K): Promise<Kept<K> | undefined> {
    const text = await readPrivateFile(this.#path(kind), LARGEST);
    if (text === undefined) return undefined;
    const signed = parse(text);
    const document = openSigned(signed, { kind, publicKey: this.#publicKey, above: 0 });
    this.#seqs.set(kind, document.seq);
    return { document, signed: signed as Signed };
  }

  /**
   * Resolves when the document survives power loss. Throws Fault `conflict` for one that is older than what is kept.
   * INVARIANT: kept before it is used, so that a restart never goes back (I14).
   */
  async keep(kind: DocumentKind, signed: Signed): Promise<void> {
    const { seq } = openSigned(signed, { kind, publicKey: this.#publicKey, above: (this.#seqs.get(kind) ?? 1) - 1 });
    await writePrivateFile(this.#path(kind), JSON.stringify(signed));
    this.#seqs.set(kind, seq);
  }

  #path(kind: DocumentKind): string {
    return join(this.#directory, `last-${kind}.json`);
  }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
