/**
 * One text for one JSON value (after RFC 8785), so that what was approved can be compared with what is sent. Member order and spaces
 * do not matter; everything that a target could read in two ways does. Numbers keep the digits they were sent with: `1` and `1.0` are
 * the same to one target and not to another.
 */
import { isUtf8 } from 'node:buffer';

/** Completes "the payload". */
export class NotCanonical extends Error {}

/** As deep as the doors take. */
const MAX_DEPTH = 64;

/** Throws NotCanonical for what readers disagree about: doubled keys, unsafe integers, lone surrogates, broken UTF-8, and no JSON at all. */
export const canonicalJson = (bytes: Uint8Array): string => {
  if (!isUtf8(bytes)) throw new NotCanonical('is not valid UTF-8');
  const reader = new Reader(Buffer.from(bytes).toString());
  const text = reader.value(0);
  reader.end();
  return text;
};

const SPACE = /[ \t\n\r]*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): string {
    if (depth > MAX_DEPTH) throw new NotCanonical(`is nested deeper than ${MAX_DEPTH} levels`);
    this.#take(SPACE);
    const next = this.#text[this.#at];
    if (next === '{') return this.#object(depth);
    if (next === '[') return this.#array(depth);
    if (next === '"') return JSON.stringify(this.#string());
    return this.#take(WORD) ?? this.#number();
  }

  end(): void {
    this.#take(SPACE);
    if (this.#at < this.#text.length) throw this.#broken();
  }

  #object(depth: number): string {
    const members = new Map<string, string>();
    this.#list('}', () => {
      this.#take(SPACE);
      const name = this.#string();
      if (members.has(name)) throw new NotCanonical(`has the key \`${name.slice(0, 100)}\` twice`);
      this.#expect(':');
      members.set(name, this.value(depth + 1));
    });
    const sorted = [...members].sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
  }

  #array(depth: number): string {
    const items: string[] = [];
    this.#list(']', () => items.push(this.value(depth + 1)));
    return `[${items.join(',')}]`;
  }

  /** From the opening bracket to behind the closing one. */
  #list(close: string, item: () => void): void {
    this.#at++;
    this.#take(SPACE);
    if (this.#text[this.#at] === close) {
      this.#at++;
      return;
    }
    for (;;) {
      item();
      this.#take(SPACE);
      const next = this.#text[this.#at++];
      if (next === close) return;
      if (next !== ',') throw this.#broken();
    }
  }

  #string(): string {
    const text = this.#parsed(this.#quoted());
    if (!text.isWellFormed()) throw new NotCanonical('has half a character (a lone surrogate)');
    return text;
  }

  /** Up to the closing quote; whether it is a string, the parser says. A pattern would try all ways to read one that never ends. */
  #quoted(): string {
    const from = this.#at;
    if (this.#text[from] !== '"') throw this.#broken();
    let at = from + 1;
    for (; this.#text[at] !== '"'; at += this.#text[at] === '\\' ? 2 : 1)
      if (at >= this.#text.length) throw this.#broken();
    this.#at = at + 1;
    return this.#text.slice(from, this.#at);
  }

  #parsed(source: string): string {
    try {
      return JSON.parse(source);
    } catch {
      throw this.#broken();
    }
  }

  #number(): string {
    const source = this.#take(NUMBER);
    if (source === undefined) throw this.#broken();
    const value = Number(source);
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value)))
      throw new NotCanonical(`has the number \`${source.slice(0, 40)}\`, which not every reader can hold exactly`);
    return source;
  }

  #expect(char: string): void {
    this.#take(SPACE);
    if (this.#text[this.#at++] !== char) throw this.#broken();
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #broken(): NotCanonical {
    return new NotCanonical(`is not valid JSON at character ${this.#at}`);
  }
}
