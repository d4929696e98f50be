/** Protobuf of strangers as the plain data that its JSON would be: only the fields that somebody reads, within bounds. */
import { createRequire } from 'node:module';
import type * as Wire from '@bufbuild/protobuf/wire';
import { Fault } from '../../contract/index.ts';

type Scalar = 'text' | 'hex' | 'fixed64' | 'int64' | 'int' | 'bool' | 'double';
interface Field {
  readonly name: string;
  readonly type: Scalar | Shape;
  readonly isList?: true;
}
/** Fields by their numbers. */
export type Shape = { readonly [number: number]: Field };

/** Deepest nesting of messages; values in values in values are the only ones that could go deeper. */
const MOST_DEPTH = 16;
/** Messages in one request: each becomes an object, however few bytes it has. */
const MOST_MESSAGES = 200_000;

const VALUE: Record<number, Field> = {
  1: { name: 'stringValue', type: 'text' },
  2: { name: 'boolValue', type: 'bool' },
  3: { name: 'intValue', type: 'int64' },
  4: { name: 'doubleValue', type: 'double' },
};
VALUE[5] = { name: 'arrayValue', type: { 1: { name: 'values', type: VALUE, isList: true } } };

const ATTRIBUTES: Field = {
  name: 'attributes',
  type: { 1: { name: 'key', type: 'text' }, 2: { name: 'value', type: VALUE } },
  isList: true,
};

const SPAN: Shape = {
  1: { name: 'traceId', type: 'hex' },
  2: { name: 'spanId', type: 'hex' },
  4: { name: 'parentSpanId', type: 'hex' },
  5: { name: 'name', type: 'text' },
  6: { name: 'kind', type: 'int' },
  7: { name: 'startTimeUnixNano', type: 'fixed64' },
  8: { name: 'endTimeUnixNano', type: 'fixed64' },
  9: ATTRIBUTES,
  11: {
    name: 'events',
    type: { 1: { name: 'timeUnixNano', type: 'fixed64' }, 2: { name: 'name', type: 'text' }, 3: ATTRIBUTES },
    isList: true,
  },
  13: {
    name: 'links',
    type: { 1: { name: 'traceId', type: 'hex' }, 2: { name: 'spanId', type: 'hex' } },
    isList: true,
  },
  15: { name: 'status', type: { 2: { name: 'message', type: 'text' }, 3: { name: 'code', type: 'int' } } },
};

/** `ExportTraceServiceRequest`. */
export const REQUEST: Shape = {
  1: {
    name: 'resourceSpans',
    type: {
      1: { name: 'resource', type: { 1: ATTRIBUTES } },
      2: { name: 'scopeSpans', type: { 2: { name: 'spans', type: SPAN, isList: true } }, isList: true },
    },
    isList: true,
  },
};

/** `ExportTraceServiceResponse`. */
export const RESPONSE: Shape = {
  1: {
    name: 'partialSuccess',
    type: { 1: { name: 'rejectedSpans', type: 'int64' }, 2: { name: 'errorMessage', type: 'text' } },
  },
};

const require = createRequire(import.meta.url);

/** Throws `bad_request` for bytes that are no such message, `too_large` for one of too many parts. */
export const parseProtobuf = (bytes: Uint8Array, shape: Shape): unknown => {
  const { BinaryReader } = require('@bufbuild/protobuf/wire') as typeof Wire;
  try {
    return new Parsing(new BinaryReader(bytes)).message(shape, bytes.byteLength, 0);
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown;
    throw new Fault('bad_request', 'the body is no OTLP message in protobuf', { cause: thrown });
  }
};

const WIRE_TYPES: Readonly<Record<Scalar, number>> = {
  text: 2,
  hex: 2,
  fixed64: 1,
  double: 1,
  int64: 0,
  int: 0,
  bool: 0,
};

class Parsing {
  readonly #reader: Wire.BinaryReader;
  #messages = 0;

  constructor(reader: Wire.BinaryReader) {
    this.#reader = reader;
  }

  message(shape: Shape, end: number, depth: number): Record<string, unknown> {
    if (depth > MOST_DEPTH) throw new Fault('bad_request', `the message is nested more than ${MOST_DEPTH} deep`);
    this.#count();
    const reader = this.#reader;
    const found: Record<string, unknown> = Object.create(null);
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      const field = shape[number];
      if (field === undefined) reader.skip(wireType, number);
      else this.#take(found, field, wireType, end, depth);
    }
    if (reader.pos !== end) throw new RangeError('a field goes beyond its message');
    return found;
  }

  #take(found: Record<string, unknown>, { name, type, isList }: Field, wireType: number, end: number, depth: number) {
    const expected = typeof type === 'string' ? WIRE_TYPES[type] : 2;
    if (wireType !== expected) throw new RangeError(`\`${name}\` has the wrong wire type`);
    const value = typeof type === 'string' ? this.#scalar(type) : this.#inner(type, end, depth);
    if (isList !== true) found[name] = value;
    else if (Array.isArray(found[name])) found[name].push(value);
    else found[name] = [value];
  }

  #inner(shape: Shape, end: number, depth: number): Record<string, unknown> {
    const length = this.#reader.uint32();
    const inner = this.#reader.pos + length;
    if (inner > end) throw new RangeError('a message goes beyond the one around it');
    return this.message(shape, inner, depth + 1);
  }

  #scalar(type: Scalar): unknown {
    const reader = this.#reader;
    if (type === 'text') return reader.string();
    if (type === 'hex') return Buffer.from(reader.bytes()).toString('hex');
    if (type === 'fixed64') return String(reader.fixed64());
    if (type === 'int64') return String(reader.int64());
    if (type === 'int') return reader.int32();
    if (type === 'bool') return reader.bool();
    return reader.double();
  }

  #count(): void {
    this.#messages++;
    if (this.#messages > MOST_MESSAGES)
      throw new Fault('too_large', `the request has more than ${MOST_MESSAGES} parts; export smaller batches`);
  }
}
