/**
 * The same request as `traceRequest`, in protobuf, written from events without anything in between: a busy hub makes ten thousand spans a
 * second on the thread that serves calls. A property test holds the two against each other, byte by byte.
 */
import type { AgentSpan, Attributes, CallEvent } from '../../contract/index.ts';
import { KIND, STATUS, Writer, writeTraces } from '../../dialects/otlp/index.ts';
import {
  type Named,
  type NameSet,
  nameCall,
  nameStep,
  type SayAttribute,
  SCHEMA_URL,
  sayCall,
  sayStep,
} from '../names.ts';
import { nodeResource, spanCount, traceRequest } from './request.ts';

/** Bytes that the length of a message takes, mostly: of a span, and of what holds many of them. */
const MIDDLE = 2;
const LARGE = 3;
/** What most spans take, and some more: a buffer that grows is copied. */
const SPAN_BYTES = 512;

export const eventBytes = (events: readonly CallEvent[], said: readonly AgentSpan[], names: NameSet): Uint8Array => {
  const writer = new Writer(events.reduce((sum, event) => sum + SPAN_BYTES * spanCount(event), SPAN_BYTES));
  const say = attributesTo(writer);
  for (const [node, own] of Map.groupBy(events, (event) => event.node)) {
    const whole = writer.open(1, LARGE);
    const resource = writer.open(1);
    const sayResource = attributesTo(writer, 1);
    for (const { key, value } of nodeResource(node).attributes)
      if ('stringValue' in value) sayResource(key, value.stringValue);
    writer.close(resource);
    const spans = writer.open(2, LARGE);
    const scope = writer.open(1);
    writer.text(1, 'airspace');
    writer.close(scope);
    for (const event of own) writeEvent(writer, event, names, say);
    if (names === 'otel') writer.text(3, SCHEMA_URL);
    writer.close(spans, LARGE);
    writer.close(whole, LARGE);
  }
  // Agents say little: what they said is written as it is in JSON, and parts of one message may stand one behind the other.
  if (said.length > 0) writer.raw(writeTraces(traceRequest([], said, names), 'protobuf'));
  return writer.finish();
};

const writeEvent = (writer: Writer, event: CallEvent, names: NameSet, say: SayAttribute): void => {
  const { trace, span, parentSpan = '', startedAtMs, durationMs, status, attributes, steps } = event;
  const whole = begin(writer, trace, span, parentSpan);
  describe(writer, nameCall(event, names), startedAtMs, durationMs);
  sayCall(event, names, say);
  const state = writer.open(15);
  if (status !== 'ok' && typeof attributes['message'] === 'string') writer.textIfAny(2, attributes['message']);
  writer.int(3, status === 'ok' ? STATUS.ok : STATUS.error);
  writer.close(state);
  writer.close(whole, MIDDLE);
  for (const step of steps) {
    const inner = begin(writer, trace, step.span, span);
    describe(writer, nameStep(step), startedAtMs + step.offsetMs, step.durationMs);
    sayStep(step, names, say);
    writer.close(writer.open(15));
    writer.close(inner, MIDDLE);
  }
};

const begin = (writer: Writer, trace: string, span: string, parent: string): number => {
  const whole = writer.open(2, MIDDLE);
  writer.hex(1, trace);
  writer.hex(2, span);
  writer.hex(4, parent);
  return whole;
};

const describe = (writer: Writer, { name, kind }: Named, startMs: number, durationMs: number): void => {
  writer.textIfAny(5, name);
  writer.int(6, KIND[kind]);
  writer.nanos(7, startMs);
  writer.nanos(8, startMs + Math.max(0, durationMs));
};

/** Names are few, and are encoded once. Beyond it each time. */
const MOST_KEYS = 2_000;
const keys = new Map<string, Uint8Array>();

const keyBytes = (name: string): Uint8Array => {
  const known = keys.get(name);
  if (known !== undefined) return known;
  const writer = new Writer(name.length * 3 + 16);
  writer.textIfAny(1, name);
  const bytes = writer.finish();
  if (keys.size < MOST_KEYS) keys.set(name, bytes);
  return bytes;
};

/** `field`: of the attributes in the message that is open. */
const attributesTo =
  (writer: Writer, field = 9): SayAttribute =>
  (name, value) => {
    const whole = writer.open(field);
    writer.raw(keyBytes(name));
    const held = writer.open(2);
    writeValue(writer, value);
    writer.close(held);
    writer.close(whole);
  };

const writeValue = (writer: Writer, value: NonNullable<Attributes[string]>): void => {
  if (typeof value === 'string') writer.text(1, value);
  else if (typeof value === 'boolean') writer.bool(2, value);
  else if (typeof value === 'number') {
    if (Number.isSafeInteger(value)) writer.int(3, value);
    else writer.double(4, value);
  } else {
    const list = writer.open(5);
    for (const text of value) {
      const item = writer.open(1);
      writer.text(1, text);
      writer.close(item);
    }
    writer.close(list);
  }
};
