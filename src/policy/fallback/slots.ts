/**
 * Names under which cedar-wasm keeps what it has parsed. It never lets go of a name, so there is a fixed number of them, and what
 * is parsed next under one replaces what was there: memory stays bounded however many snapshots come.
 */
import type { Cedar } from '../cedar.ts';

export class Slots {
  readonly #prefix: string;
  readonly #size: number;
  /** By module: a module that broke down is thrown away with all that it had parsed. */
  readonly #holders = new WeakMap<Cedar, { readonly held: (object | undefined)[]; next: number }>();

  constructor(prefix: string, size: number) {
    this.#prefix = prefix;
    this.#size = size;
  }

  /**
   * The name under which the module has what `holder` stands for; parsed again when somebody else took it. Undefined when `parse`
   * answers that it cannot be read.
   */
  nameOf(cedar: Cedar, holder: object, parse: (name: string) => boolean): string | undefined {
    const book = this.#holders.get(cedar) ?? { held: [], next: 0 };
    this.#holders.set(cedar, book);
    const known = book.held.indexOf(holder);
    if (known >= 0) return `${this.#prefix}${known}`;
    const at = book.next;
    book.next = (at + 1) % this.#size;
    const name = `${this.#prefix}${at}`;
    book.held[at] = undefined;
    if (!parse(name)) return undefined;
    book.held[at] = holder;
    return name;
  }
}
