/**
 * Reads a JSON text without building it, so that what reaches agents, policies and logs has one meaning and a bounded shape.
 *
 * Refuses what parsers disagree about (duplicate keys, lone surrogates, bytes that are not UTF-8), what attacks the code
 * behind us (`__proto__`, `constructor.prototype`, deep nesting, floods of tokens), and what is not JSON (RFC 8259).
 * The simple twin in its test is `JSON.parse`: what the guard accepts, it accepts, and the other way round but for the above.
 */
import { isUtf8 } from 'node:buffer';
import { Fault } from '../contract/index.ts';
import { CONSTRUCTOR, DUPLICATE, Keys, PROTO, PROTOTYPE } from './json-keys.ts';

export interface JsonLimits {
  readonly maxDepth: number;
  /** Values and keys together. */
  readonly maxTokens: number;
}

export const JSON_LIMITS: JsonLimits = { maxDepth: 64, maxTokens: 50_000 };

/** Throws `bad_request` with the facts `offset` and `problem`. */
export const guardJson = (bytes: Uint8Array, limits: JsonLimits = JSON_LIMITS): void => {
  if (!isUtf8(bytes)) throw refusal('it is not valid UTF-8', 0);
  new Guard(bytes, limits).run();
};

const refusal = (problem: string, offset: number): Fault =>
  new Fault('bad_request', `the JSON payload is refused: ${problem} at byte ${offset}`, { facts: { problem, offset } });

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const QUOTE = 0x22;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
const UPPER_E = 0x45;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const LOWER_E = 0x65;
const LOWER_U = 0x75;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const TRUE = ascii('true');
const FALSE = ascii('false');
const NULL = ascii('null');

/** Characters after a backslash, `u` apart. */
const SIMPLE_ESCAPE = new Uint8Array(256);
for (const char of ascii('"\\/bfnrt')) SIMPLE_ESCAPE[char] = 1;

const HEX = new Int8Array(256).fill(-1);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

class Guard {
  readonly #bytes: Uint8Array;
  readonly #limits: JsonLimits;
  readonly #keys: Keys;
  #at = 0;
  #tokens = 0;
  /** Of the string read last: had it escapes, and the hash of its bytes. */
  #escaped = false;
  #hash = 0;

  constructor(bytes: Uint8Array, limits: JsonLimits) {
    this.#bytes = bytes;
    this.#limits = limits;
    this.#keys = new Keys(bytes);
  }

  run(): void {
    this.#space();
    this.#value(0, false);
    this.#space();
    if (this.#at < this.#bytes.length) this.#refuse('something follows its end');
  }

  #value(depth: number, ofConstructor: boolean): void {
    this.#token();
    const byte = this.#bytes[this.#at];
    if (byte === QUOTE) this.#string();
    else if (byte === OPEN_OBJECT) this.#object(depth + 1, ofConstructor);
    else if (byte === OPEN_LIST) this.#list(depth + 1);
    else if (byte === 0x74) this.#literal(TRUE);
    else if (byte === 0x66) this.#literal(FALSE);
    else if (byte === 0x6e) this.#literal(NULL);
    else this.#number();
  }

  #object(depth: number, ofConstructor: boolean): void {
    this.#enter(depth);
    this.#keys.open();
    if (this.#bytes[this.#at] === CLOSE_OBJECT) {
      this.#at++;
      this.#keys.close();
      return;
    }
    for (;;) {
      const isConstructor = this.#key(ofConstructor);
      this.#space();
      if (this.#bytes[this.#at] !== COLON) this.#refuse('a colon is missing');
      this.#at++;
      this.#space();
      this.#value(depth, isConstructor);
      if (this.#last(CLOSE_OBJECT)) break;
    }
    this.#keys.close();
  }

  #list(depth: number): void {
    this.#enter(depth);
    if (this.#bytes[this.#at] === CLOSE_LIST) {
      this.#at++;
      return;
    }
    do this.#value(depth, false);
    while (!this.#last(CLOSE_LIST));
  }

  #enter(depth: number): void {
    if (depth > this.#limits.maxDepth) this.#refuse(`it is nested deeper than ${this.#limits.maxDepth}`);
    this.#at++;
    this.#space();
  }

  /** After a member: true at the closing bracket, false when another member follows. */
  #last(closing: number): boolean {
    this.#space();
    const byte = this.#bytes[this.#at];
    if (byte !== closing && byte !== COMMA) this.#refuse('a comma or a closing bracket is missing');
    this.#at++;
    if (byte === closing) return true;
    this.#space();
    return false;
  }

  /** Reads a key. True when it is `constructor`, whose value may then not have a `prototype`. */
  #key(ofConstructor: boolean): boolean {
    const from = this.#at;
    if (this.#bytes[from] !== QUOTE) this.#refuse('a key is missing');
    this.#token();
    this.#string();
    const key = this.#keys.add(from + 1, this.#at - 1, this.#hash, this.#escaped);
    if (key === DUPLICATE) this.#refuse('a key is there twice', from);
    if (key === PROTO || (key === PROTOTYPE && ofConstructor)) this.#refuse('a key would change prototypes', from);
    return key === CONSTRUCTOR;
  }

  #string(): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    let hash = 0;
    this.#escaped = false;
    for (;;) {
      const byte = bytes[at];
      if (byte === QUOTE) break;
      if (byte === undefined) this.#refuse('a string does not end');
      if (byte < SPACE) this.#refuse('a control character is not escaped', at);
      hash = Math.imul(hash ^ byte, 0x01000193);
      at = byte === BACKSLASH ? this.#escape(at) : at + 1;
    }
    this.#hash = hash;
    this.#at = at + 1;
  }

  /** `at` is the backslash; answers where the string goes on. Surrogates count as one escape of two parts. */
  #escape(at: number): number {
    this.#escaped = true;
    const char = this.#bytes[at + 1] ?? 0;
    if (SIMPLE_ESCAPE[char] === 1) return at + 2;
    if (char !== LOWER_U) this.#refuse('an escape is not valid', at);
    const unit = this.#hex4(at + 2);
    if (unit < 0xd800 || unit > 0xdfff) return at + 6;
    const pair = unit < 0xdc00 && this.#bytes[at + 6] === BACKSLASH && this.#bytes[at + 7] === LOWER_U;
    const low = pair ? this.#hex4(at + 8) : 0;
    if (low < 0xdc00 || low > 0xdfff) this.#refuse('a surrogate stands alone', at);
    return at + 12;
  }

  #hex4(at: number): number {
    let value = 0;
    for (let digit = at; digit < at + 4; digit++) {
      const nibble = HEX[this.#bytes[digit] ?? 0]!;
      if (nibble < 0) this.#refuse('an escape is not valid', at);
      value = value * 16 + nibble;
    }
    return value;
  }

  #literal(word: Uint8Array): void {
    for (let index = 0; index < word.length; index++) {
      if (this.#bytes[this.#at + index] !== word[index]) this.#refuse('a value is not valid');
    }
    this.#at += word.length;
  }

  #number(): void {
    const bytes = this.#bytes;
    if (bytes[this.#at] === MINUS) this.#at++;
    if (bytes[this.#at] === ZERO) this.#at++;
    else this.#digits();
    if (bytes[this.#at] === DOT) {
      this.#at++;
      this.#digits();
    }
    const exponent = bytes[this.#at];
    if (exponent !== LOWER_E && exponent !== UPPER_E) return;
    this.#at++;
    const sign = bytes[this.#at];
    if (sign === PLUS || sign === MINUS) this.#at++;
    this.#digits();
  }

  #digits(): void {
    const from = this.#at;
    while (isDigit(this.#bytes[this.#at])) this.#at++;
    if (this.#at === from) this.#refuse('a value is not valid');
  }

  #space(): void {
    const bytes = this.#bytes;
    let at = this.#at;
    while (bytes[at] === SPACE || bytes[at] === LF || bytes[at] === CR || bytes[at] === TAB) at++;
    this.#at = at;
  }

  #token(): void {
    if (++this.#tokens > this.#limits.maxTokens)
      this.#refuse(`it has more than ${this.#limits.maxTokens} keys and values`);
  }

  #refuse(problem: string, offset = this.#at): never {
    throw refusal(problem, offset);
  }
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= ZERO && byte <= NINE;
