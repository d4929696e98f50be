/** OTLP messages as bytes, in protobuf or JSON. The numbers are those of `opentelemetry/proto/trace/v1/trace.proto` and its neighbours. */
import type {
  AnyValue,
  Encoding,
  KeyValue,
  PartialSuccess,
  ResourceSpans,
  ScopeSpans,
  Span,
  SpanEvent,
  SpanLink,
  TraceRequest,
} from './words.ts';
import { Writer } from './writer.ts';

/** The body of `POST {endpoint}/v1/traces`. */
export const writeTraces = (request: TraceRequest, encoding: Encoding): Uint8Array => {
  if (encoding === 'json') return Buffer.from(JSON.stringify(request));
  const writer = new Writer();
  writeList(writer, 1, request.resourceSpans, writeResource, LARGE);
  return writer.finish();
};

/** The answer to one. A part that was left out is told, and so is a warning; else it is empty. */
export const writeTaken = ({ rejectedSpans, errorMessage }: PartialSuccess, encoding: Encoding): Uint8Array => {
  const isEmpty = rejectedSpans === 0 && errorMessage === '';
  if (encoding === 'json') {
    const partialSuccess = { rejectedSpans: String(rejectedSpans), errorMessage };
    return Buffer.from(JSON.stringify(isEmpty ? {} : { partialSuccess }));
  }
  const writer = new Writer();
  if (isEmpty) return writer.finish();
  const from = writer.open(1);
  writer.int(1, rejectedSpans);
  writer.textIfAny(2, errorMessage);
  writer.close(from);
  return writer.finish();
};

/** `google.rpc.Status`, which every refusal carries. */
export const writeRefusal = (code: number, message: string, encoding: Encoding): Uint8Array => {
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }));
  const writer = new Writer();
  writer.int(1, code);
  writer.textIfAny(2, message);
  return writer.finish();
};

/** Bytes that the length of a message takes, mostly: of a span, and of what holds many of them. */
const MIDDLE = 2;
const LARGE = 3;

export const writeList = <T>(
  writer: Writer,
  field: number,
  items: readonly T[],
  write: (writer: Writer, item: T) => void,
  expected = 1,
): void => {
  for (const item of items) {
    const from = writer.open(field, expected);
    write(writer, item);
    writer.close(from, expected);
  }
};

const writeResource = (writer: Writer, { resource, scopeSpans }: ResourceSpans): void => {
  const from = writer.open(1);
  writeList(writer, 1, resource.attributes, writeAttribute);
  writer.close(from);
  writeList(writer, 2, scopeSpans, writeScopeSpans, LARGE);
};

const writeScopeSpans = (writer: Writer, { scope, spans, schemaUrl = '' }: ScopeSpans): void => {
  writeScope(writer, scope);
  writeList(writer, 2, spans, writeSpan, MIDDLE);
  writer.textIfAny(3, schemaUrl);
};

export const writeScope = (writer: Writer, { name, version = '' }: ScopeSpans['scope']): void => {
  const from = writer.open(1);
  writer.textIfAny(1, name);
  writer.textIfAny(2, version);
  writer.close(from);
};

const writeSpan = (writer: Writer, span: Span): void => {
  writer.hex(1, span.traceId);
  writer.hex(2, span.spanId);
  writer.hex(4, span.parentSpanId ?? '');
  writer.textIfAny(5, span.name);
  writer.int(6, span.kind);
  writer.fixed64(7, BigInt(span.startTimeUnixNano));
  writer.fixed64(8, BigInt(span.endTimeUnixNano));
  writeList(writer, 9, span.attributes, writeAttribute);
  writeList(writer, 11, span.events ?? [], writeEvent, MIDDLE);
  writeList(writer, 13, span.links ?? [], writeLink);
  const from = writer.open(15);
  writer.textIfAny(2, span.status.message ?? '');
  if (span.status.code !== 0) writer.int(3, span.status.code);
  writer.close(from);
};

const writeEvent = (writer: Writer, { timeUnixNano, name, attributes }: SpanEvent): void => {
  writer.fixed64(1, BigInt(timeUnixNano));
  writer.textIfAny(2, name);
  writeList(writer, 3, attributes, writeAttribute);
};

const writeLink = (writer: Writer, { traceId, spanId }: SpanLink): void => {
  writer.hex(1, traceId);
  writer.hex(2, spanId);
};

export const writeAttribute = (writer: Writer, { key, value }: KeyValue): void => {
  writer.textIfAny(1, key);
  const from = writer.open(2);
  writeValue(writer, value);
  writer.close(from);
};

/** An empty text is still a value: a field of a oneof is written whatever it holds. */
const writeValue = (writer: Writer, value: AnyValue): void => {
  if ('stringValue' in value) writer.text(1, value.stringValue);
  else if ('boolValue' in value) writer.bool(2, value.boolValue);
  else if ('intValue' in value) writer.int64(3, BigInt(value.intValue));
  else if ('doubleValue' in value) writer.double(4, value.doubleValue);
  else {
    const from = writer.open(5);
    writeList(writer, 1, value.arrayValue.values, writeValue);
    writer.close(from);
  }
};
