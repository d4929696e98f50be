/** What strangers say in OTLP, read strictly and cut to what is kept: nothing in here is believed. */
import {
  type Attributes,
  Fault,
  type SaidEvent,
  type SaidLink,
  type SaidSpan,
  type SpanKind,
} from '../../contract/index.ts';
import { parseProtobuf, REQUEST, RESPONSE } from './parse.ts';
import type { Encoding, PartialSuccess } from './words.ts';

/** Spans in one request. Exporters send 512 at a time unless told otherwise. */
export const MOST_SPANS = 10_000;

/** Of one span. A trace is read whole by whoever looks at it, so each part of it must be small. */
const MOST_ATTRIBUTES = 32;
const MOST_KEY = 100;
const MOST_NAME = 200;
const MOST_TEXT = 256;
const MOST_ITEMS = 16;
/** Characters of all attributes of a span together. */
const MOST_CHARACTERS = 2_048;
const MOST_EVENTS = 16;
const MOST_LINKS = 16;
/** Of one event: what an exception says of itself has three. */
const MOST_EVENT_ATTRIBUTES = 8;
const MOST_EVENT_CHARACTERS = 768;

export interface ReadSpans {
  readonly spans: readonly SaidSpan[];
  /** Spans that are none, by the first thing that is wrong with them. */
  readonly invalid: ReadonlyMap<string, number>;
}

/** `ExportTraceServiceRequest`. Throws `bad_request` for what is none, `too_large` for more than `MOST_SPANS`. */
export const readTraces = (bytes: Uint8Array, encoding: Encoding): ReadSpans => {
  const request = encoding === 'protobuf' ? parseProtobuf(bytes, REQUEST) : parseJson(bytes);
  if (!isObject(request)) throw new Fault('bad_request', 'the body must be an object with `resourceSpans`');
  const spans: SaidSpan[] = [];
  const invalid = new Map<string, number>();
  let count = 0;
  for (const resource of itemsOf(request, 'resourceSpans')) {
    const service = serviceOf(resource);
    for (const scope of itemsOf(resource, 'scopeSpans'))
      for (const span of itemsOf(scope, 'spans')) {
        if (++count > MOST_SPANS)
          throw new Fault('too_large', `the request has more than ${MOST_SPANS} spans; export smaller batches`);
        const read = spanOf(span, service);
        if (typeof read === 'string') invalid.set(read, (invalid.get(read) ?? 0) + 1);
        else spans.push(read);
      }
  }
  return { spans, invalid };
};

/** `ExportTraceServiceResponse`, and that of metrics, which names points where this one names spans. Never throws: who answers with nonsense took everything. */
export const readTaken = (bytes: Uint8Array, encoding: Encoding): PartialSuccess => {
  try {
    const response =
      encoding === 'protobuf' ? parseProtobuf(bytes, RESPONSE) : JSON.parse(Buffer.from(bytes).toString());
    const { rejectedSpans, rejectedDataPoints, errorMessage } = response?.partialSuccess ?? {};
    const rejected = Number(rejectedSpans ?? rejectedDataPoints ?? 0);
    return {
      rejectedSpans: Number.isSafeInteger(rejected) && rejected > 0 ? rejected : 0,
      errorMessage: typeof errorMessage === 'string' ? errorMessage.slice(0, MOST_TEXT) : '',
    };
  } catch {
    return { rejectedSpans: 0, errorMessage: '' };
  }
};

type Data = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const parseJson = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch (cause) {
    throw new Fault('bad_request', 'the body is no JSON', { cause });
  }
};

/** Absent and null are empty. Throws `bad_request` for what is no list of objects. */
const itemsOf = (within: Data, name: string): readonly Data[] => {
  const list = within[name] ?? [];
  if (!Array.isArray(list) || !list.every(isObject))
    throw new Fault('bad_request', `\`${name}\` must be a list of objects`);
  return list;
};

const serviceOf = ({ resource }: Data): string => {
  const list = isObject(resource) ? resource['attributes'] : undefined;
  if (!Array.isArray(list)) return '';
  const found = list.find((one) => isObject(one) && one['key'] === 'service.name');
  const value = found === undefined ? undefined : heldIn(found.value);
  return typeof value === 'string' ? value.slice(0, MOST_KEY) : '';
};

const TRACE = /^(?!0{32})[0-9a-f]{32}$/i;
const SPAN = /^(?!0{16})[0-9a-f]{16}$/i;
const NO_PARENT = /^0*$/;
const NANOS = /^\d{1,20}$/;
const KINDS: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];

/** A text says what is wrong. */
const spanOf = (span: Data, service: string): SaidSpan | string => {
  const { traceId, spanId, parentSpanId = '', name, kind = 0 } = span;
  if (typeof traceId !== 'string' || !TRACE.test(traceId)) return '`traceId` must be 32 hex digits that are not all 0';
  if (typeof spanId !== 'string' || !SPAN.test(spanId)) return '`spanId` must be 16 hex digits that are not all 0';
  if (typeof parentSpanId !== 'string' || !(NO_PARENT.test(parentSpanId) || SPAN.test(parentSpanId)))
    return '`parentSpanId` must be 16 hex digits, or empty';
  if (typeof name !== 'string') return '`name` must be a text';
  const startedAtMs = millisOf(span['startTimeUnixNano']);
  const endedAtMs = millisOf(span['endTimeUnixNano']);
  if (startedAtMs === undefined || endedAtMs === undefined)
    return '`startTimeUnixNano` and `endTimeUnixNano` must be nanoseconds since 1970';
  const { attributes, left } = attributesOf(span['attributes'], MOST_ATTRIBUTES, MOST_CHARACTERS);
  const events = eventsOf(span['events']);
  const links = linksOf(span['links']);
  return {
    trace: traceId.toLowerCase(),
    span: spanId.toLowerCase(),
    ...(NO_PARENT.test(parentSpanId) ? {} : { parentSpan: parentSpanId.toLowerCase() }),
    name: name.slice(0, MOST_NAME),
    kind: KINDS[Number(kind)] ?? 'internal',
    startedAtMs,
    // A clock that was set back meanwhile makes no span end before it begins.
    durationMs: Math.max(0, Math.round((endedAtMs - startedAtMs) * 1_000) / 1_000),
    ...statusOf(span['status']),
    service,
    attributes,
    ...(events.kept.length === 0 ? {} : { events: events.kept }),
    ...(links.kept.length === 0 ? {} : { links: links.kept }),
    left: left + events.left + links.left,
  };
};

interface Cut<T> {
  readonly kept: readonly T[];
  readonly left: number;
}

/** The first ones. What is none is left out, and so is what of one is too much. */
const eventsOf = (list: unknown): Cut<SaidEvent> => {
  if (!Array.isArray(list)) return { kept: [], left: 0 };
  const kept: SaidEvent[] = [];
  let left = 0;
  for (const one of list) {
    const read = isObject(one) && kept.length < MOST_EVENTS ? eventOf(one) : undefined;
    if (read !== undefined) kept.push(read.event);
    left += read === undefined ? 1 : read.left;
  }
  return { kept, left };
};

const eventOf = (one: Data): { readonly event: SaidEvent; readonly left: number } | undefined => {
  const { name } = one;
  const atMs = millisOf(one['timeUnixNano']);
  if (typeof name !== 'string' || name === '' || atMs === undefined) return undefined;
  const { attributes, left } = attributesOf(one['attributes'], MOST_EVENT_ATTRIBUTES, MOST_EVENT_CHARACTERS);
  return { event: { name: name.slice(0, MOST_NAME), atMs, attributes }, left };
};

const linksOf = (list: unknown): Cut<SaidLink> => {
  if (!Array.isArray(list)) return { kept: [], left: 0 };
  const kept = list
    .flatMap((one) => {
      const { traceId, spanId } = isObject(one) ? one : {};
      const isLink =
        typeof traceId === 'string' && TRACE.test(traceId) && typeof spanId === 'string' && SPAN.test(spanId);
      return isLink ? [{ trace: traceId.toLowerCase(), span: spanId.toLowerCase() }] : [];
    })
    .slice(0, MOST_LINKS);
  return { kept, left: list.length - kept.length };
};

/** Microseconds are enough, and are all that a number can hold of today's nanoseconds. */
const millisOf = (nanos: unknown): number | undefined => {
  const digits = String(nanos ?? '');
  if (!NANOS.test(digits)) return undefined;
  const micros = Number(BigInt(digits) / 1_000n);
  return Number.isSafeInteger(micros) ? micros / 1_000 : undefined;
};

const statusOf = (status: unknown): Pick<SaidSpan, 'status' | 'message'> => {
  const { code = 0, message = '' } = isObject(status) ? status : {};
  return {
    status: code === 1 ? 'ok' : code === 2 ? 'error' : 'unset',
    message: typeof message === 'string' ? message.slice(0, MOST_TEXT) : '',
  };
};

const attributesOf = (
  list: unknown,
  most: number,
  mostCharacters: number,
): { readonly attributes: Attributes; readonly left: number } => {
  if (!Array.isArray(list)) return { attributes: {}, left: 0 };
  const kept = new Map<string, NonNullable<Attributes[string]>>();
  let characters = 0;
  for (const one of list) {
    const key = isObject(one) ? one['key'] : undefined;
    const value = isObject(one) ? heldIn(one['value']) : undefined;
    if (typeof key !== 'string' || key === '' || key.length > MOST_KEY || value === undefined || kept.has(key))
      continue;
    const size = key.length + String(value).length;
    if (kept.size === most || characters + size > mostCharacters) continue;
    characters += size;
    kept.set(key, value);
  }
  return { attributes: Object.fromEntries(kept), left: list.length - kept.size };
};

/** Undefined: empty, or of a kind that is not kept. */
const heldIn = (value: unknown): NonNullable<Attributes[string]> | undefined => {
  if (!isObject(value)) return undefined;
  const { stringValue, boolValue, intValue, doubleValue, arrayValue } = value;
  if (typeof stringValue === 'string') return stringValue.slice(0, MOST_TEXT);
  if (typeof boolValue === 'boolean') return boolValue;
  if (intValue !== undefined) return intOf(intValue);
  if (typeof doubleValue === 'number') return Number.isFinite(doubleValue) ? doubleValue : String(doubleValue);
  const values = isObject(arrayValue) ? arrayValue['values'] : undefined;
  if (!Array.isArray(values)) return undefined;
  return values.slice(0, MOST_ITEMS).map((item) => String(heldIn(item) ?? '').slice(0, MOST_TEXT));
};

/** Beyond what a number can hold exactly, it stays text. */
const intOf = (value: unknown): number | string | undefined => {
  const digits = String(value);
  if (!/^-?\d{1,20}$/.test(digits)) return undefined;
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : digits;
};
