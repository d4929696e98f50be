/** The keys of all objects that a JSON text has open at one place: finds duplicates without building a string per key. */

/** Up to this many keys, comparing hashes in a row is faster than a set; beyond it, a set keeps hostile objects linear. */
const SMALL_OBJECT = 16;

/** What kind of key it is: an ordinary one, one that is there already, or one that JavaScript objects treat as special. */
export const ORDINARY = 0;
export const DUPLICATE = 1;
export const PROTO = 2;
export const CONSTRUCTOR = 3;
export const PROTOTYPE = 4;

const SPECIAL: ReadonlyMap<string, number> = new Map([
  ['__proto__', PROTO],
  ['constructor', CONSTRUCTOR],
  ['prototype', PROTOTYPE],
]);

/** Lengths of the special keys; only keys of these lengths, or with escapes, need a closer look. */
const SPECIAL_LENGTHS: ReadonlySet<number> = new Set([9, 11]);

/** The keys of all open objects: those of the innermost one are last. */
export class Keys {
  readonly #bytes: Uint8Array;
  /** Rows of hash, start and end. They stay long: cutting arrays costs more than counting. */
  readonly #hashes: number[] = [];
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #count = 0;
  /** First key of the innermost object. */
  #base = 0;
  /** Set instead of the row, once the innermost object is large or has an escaped key. */
  #set: Set<string> | undefined;
  readonly #outerBases: number[] = [];
  readonly #outerSets: (Set<string> | undefined)[] = [];
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  open(): void {
    this.#outerBases[this.#depth] = this.#base;
    this.#outerSets[this.#depth] = this.#set;
    this.#depth++;
    this.#base = this.#count;
    this.#set = undefined;
  }

  close(): void {
    this.#count = this.#base;
    this.#depth--;
    this.#base = this.#outerBases[this.#depth]!;
    this.#set = this.#outerSets[this.#depth];
  }

  /** `from` and `to` are inside the quotes. Answers what kind of key it is. */
  add(from: number, to: number, hash: number, escaped: boolean): number {
    if (this.#set === undefined && (escaped || this.#count - this.#base === SMALL_OBJECT)) this.#grow();
    if (this.#set !== undefined) {
      const key = this.#text(from, to);
      if (this.#set.has(key)) return DUPLICATE;
      this.#set.add(key);
      return SPECIAL.get(key) ?? ORDINARY;
    }
    for (let index = this.#base; index < this.#count; index++) {
      if (this.#hashes[index] === hash && this.#same(index, from, to)) return DUPLICATE;
    }
    this.#hashes[this.#count] = hash;
    this.#starts[this.#count] = from;
    this.#ends[this.#count] = to;
    this.#count++;
    return SPECIAL_LENGTHS.has(to - from) ? (SPECIAL.get(this.#text(from, to)) ?? ORDINARY) : ORDINARY;
  }

  #grow(): void {
    this.#set = new Set();
    for (let index = this.#base; index < this.#count; index++)
      this.#set.add(this.#text(this.#starts[index]!, this.#ends[index]!));
  }

  #same(index: number, from: number, to: number): boolean {
    const start = this.#starts[index]!;
    if (this.#ends[index]! - start !== to - from) return false;
    for (let offset = 0; offset < to - from; offset++) {
      if (this.#bytes[start + offset] !== this.#bytes[from + offset]) return false;
    }
    return true;
  }

  /** The key as parsers read it: its quotes and escapes are checked already. */
  #text(from: number, to: number): string {
    const { buffer, byteOffset } = this.#bytes;
    return JSON.parse(Buffer.from(buffer, byteOffset + from - 1, to - from + 2).toString('utf8')) as string;
  }
}
