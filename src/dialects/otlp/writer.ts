/**
 * Writes messages of protobuf, field by field, into one buffer that grows. It has what OTLP is made of and nothing else; a general writer
 * goes through objects and spends more on each short text and id than on all the rest (docs/decisions/0013-otlp-writer.md).
 */
const FIRST_SIZE = 64 * 1024;
const TWO_32 = 0x1_0000_0000;

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;

/** Of ASCII, these many are faster one by one than in a call out of the engine. */
const SHORT = 64;

export class Writer {
  #buffer: Buffer;
  #at = 0;

  /** `size`: bytes that it has room for before it grows. */
  constructor(size = FIRST_SIZE) {
    this.#buffer = Buffer.allocUnsafe(size);
  }

  /** Bytes written so far. They are the writer's own: it must not be used after that. */
  finish(): Uint8Array {
    return this.#buffer.subarray(0, this.#at);
  }

  /**
   * Begins a message in a field. `expected`: how many bytes its length will take, 1 below 128 and 2 below 16,384; a wrong guess costs a
   * copy of the message and nothing else. Answers what `close` needs.
   */
  open(field: number, expected = 1): number {
    this.#room(expected + 5);
    this.#tag(field, LENGTH);
    this.#at += expected;
    return this.#at - expected;
  }

  /** Ends the message that began there: inner ones first. `expected` as it was given. */
  close(from: number, expected = 1): void {
    const begin = from + expected;
    const length = this.#at - begin;
    if (expected === 1 && length < 0x80) {
      this.#buffer[from] = length;
      return;
    }
    const size = sizeOf(length);
    if (size !== expected) {
      this.#room(size);
      this.#buffer.copyWithin(from + size, begin, this.#at);
    }
    this.#at = from;
    this.#varint(length);
    this.#at += length;
  }

  /** Also when it is empty. Lone surrogates become U+FFFD. */
  text(field: number, value: string): void {
    const { length } = value;
    // Three bytes for each unit of UTF-16 are the most.
    this.#room(length * 3 + 16);
    this.#tag(field, LENGTH);
    if (length <= SHORT && this.#ascii(value)) return;
    this.#varint(Buffer.byteLength(value));
    this.#at += this.#buffer.write(value, this.#at, 'utf8');
  }

  /** Text that is left out when it is empty, as fields that are not of a oneof are. */
  textIfAny(field: number, value: string): void {
    if (value !== '') this.text(field, value);
  }

  /** Lower- or upper-case hex digits, an even number of them; none: left out. */
  hex(field: number, digits: string): void {
    const size = digits.length >> 1;
    if (size === 0) return;
    this.#room(size + 16);
    this.#tag(field, LENGTH);
    this.#varint(size);
    const buffer = this.#buffer;
    const begin = this.#at;
    for (let at = 0; at < size; at++) buffer[begin + at] = (digitAt(digits, 2 * at) << 4) | digitAt(digits, 2 * at + 1);
    this.#at = begin + size;
  }

  /** What was written by another writer, with its tags. */
  raw(bytes: Uint8Array): void {
    const { byteLength } = bytes;
    this.#room(byteLength);
    const buffer = this.#buffer;
    if (byteLength > SHORT) buffer.set(bytes, this.#at);
    else for (let at = 0; at < byteLength; at++) buffer[this.#at + at] = bytes[at]!;
    this.#at += byteLength;
  }

  bool(field: number, value: boolean): void {
    this.#room(8);
    this.#tag(field, VARINT);
    this.#buffer[this.#at++] = value ? 1 : 0;
  }

  /** A whole number that a double holds exactly. */
  int(field: number, value: number): void {
    if (value < 0) {
      this.int64(field, BigInt(value));
      return;
    }
    this.#room(16);
    this.#tag(field, VARINT);
    this.#varint(value);
  }

  int64(field: number, value: bigint): void {
    this.#room(16);
    this.#tag(field, VARINT);
    let left = BigInt.asUintN(64, value);
    for (; left > 0x7fn; left >>= 7n) this.#buffer[this.#at++] = Number(left & 0x7fn) | 0x80;
    this.#buffer[this.#at++] = Number(left);
  }

  double(field: number, value: number): void {
    this.#room(16);
    this.#tag(field, FIXED64);
    this.#at = this.#buffer.writeDoubleLE(value, this.#at);
  }

  fixed64(field: number, value: bigint): void {
    this.#room(16);
    this.#tag(field, FIXED64);
    this.#at = this.#buffer.writeBigUInt64LE(BigInt.asUintN(64, value), this.#at);
  }

  /** Milliseconds since 1970 as nanoseconds, to the microsecond: today's do not fit into a double, so it is done in halves. */
  nanos(field: number, ms: number): void {
    this.#room(16);
    this.#tag(field, FIXED64);
    const whole = Math.floor(ms);
    const micros = Math.round((ms - whole) * 1_000);
    const high = Math.floor(whole / 0x1_0000) * 1_000_000;
    const low = (high % 0x1_0000) * 0x1_0000 + (whole % 0x1_0000) * 1_000_000 + micros * 1_000;
    this.#at = this.#buffer.writeUInt32LE(low % TWO_32, this.#at);
    this.#at = this.#buffer.writeUInt32LE(Math.floor(high / 0x1_0000) + Math.floor(low / TWO_32), this.#at);
  }

  /** `repeated fixed64`, packed: whole numbers that a double holds exactly. */
  packedFixed64(field: number, values: readonly number[]): void {
    this.#packed(field, values, (value) => {
      this.#at = this.#buffer.writeUInt32LE(value % TWO_32, this.#at);
      this.#at = this.#buffer.writeUInt32LE(Math.floor(value / TWO_32), this.#at);
    });
  }

  /** `repeated double`, packed. */
  packedDouble(field: number, values: readonly number[]): void {
    this.#packed(field, values, (value) => {
      this.#at = this.#buffer.writeDoubleLE(value, this.#at);
    });
  }

  #packed(field: number, values: readonly number[], write: (value: number) => void): void {
    if (values.length === 0) return;
    this.#room(values.length * 8 + 16);
    this.#tag(field, LENGTH);
    this.#varint(values.length * 8);
    for (const value of values) write(value);
  }

  /** With its length, which is one byte. False, and as if nothing was written, when it is not ASCII. */
  #ascii(value: string): boolean {
    const { length } = value;
    const buffer = this.#buffer;
    const begin = this.#at + 1;
    for (let at = 0; at < length; at++) {
      const unit = value.charCodeAt(at);
      if (unit > 0x7f) return false;
      buffer[begin + at] = unit;
    }
    buffer[begin - 1] = length;
    this.#at = begin + length;
    return true;
  }

  /** No field of ours is beyond 15, so that a tag is one byte. */
  #tag(field: number, type: number): void {
    this.#buffer[this.#at++] = (field << 3) | type;
  }

  /** The room must be there. */
  #varint(value: number): void {
    const buffer = this.#buffer;
    let left = value;
    // Bits can be shifted in 32 of them only.
    for (; left > 0x7fff_ffff; left = Math.floor(left / 0x80)) buffer[this.#at++] = (left % 0x80) | 0x80;
    for (; left > 0x7f; left >>>= 7) buffer[this.#at++] = (left & 0x7f) | 0x80;
    buffer[this.#at++] = left;
  }

  #room(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.byteLength) return;
    let size = this.#buffer.byteLength * 2;
    while (size < this.#at + bytes) size *= 2;
    const larger = Buffer.allocUnsafe(size);
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }
}

const sizeOf = (length: number): number => {
  let size = 1;
  for (let left = length; left > 0x7f; left = Math.floor(left / 0x80)) size++;
  return size;
};

const digitAt = (digits: string, at: number): number => {
  const unit = digits.charCodeAt(at);
  return unit <= 0x39 ? unit - 0x30 : (unit | 0x20) - 0x57;
};
