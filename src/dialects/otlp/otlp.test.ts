import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Fault } from '../../contract/index.ts';
import {
  encodingOf,
  MOST_SPANS,
  readTaken,
  readTraces,
  type Span,
  type TraceRequest,
  writeTaken,
  writeTraces,
} from './index.ts';

const SPAN: Span = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: '00f067aa0ba902b7',
  name: 'think',
  kind: 3,
  startTimeUnixNano: '1700000000000250000',
  endTimeUnixNano: '1700000000002750000',
  attributes: [
    { key: 'text', value: { stringValue: 'größer \u0000' } },
    { key: 'none', value: { stringValue: '' } },
    { key: 'no', value: { boolValue: false } },
    { key: 'minus', value: { intValue: '-7' } },
    { key: 'huge', value: { intValue: '9223372036854775807' } },
    { key: 'share', value: { doubleValue: 0.5 } },
    { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { stringValue: 'b' }] } } },
  ],
  status: { code: 2, message: 'broke' },
};

const requestOf = (...spans: readonly unknown[]): TraceRequest => ({
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'planner' } }] },
      scopeSpans: [
        { scope: { name: 'test', version: '1' }, spans: spans as readonly Span[], schemaUrl: 'https://x/1' },
      ],
    },
  ],
});

const refused = (code: string) => (thrown: unknown) => thrown instanceof Fault && thrown.code === code;

for (const encoding of ['protobuf', 'json'] as const)
  test(`${encoding}: what is written is read again, to the microsecond`, () => {
    const { spans, invalid } = readTraces(writeTraces(requestOf(SPAN), encoding), encoding);
    assert.equal(invalid.size, 0);
    assert.deepEqual(spans, [
      {
        trace: SPAN.traceId,
        span: SPAN.spanId,
        parentSpan: SPAN.parentSpanId,
        name: 'think',
        kind: 'client',
        startedAtMs: 1_700_000_000_000.25,
        durationMs: 2.5,
        status: 'error',
        message: 'broke',
        service: 'planner',
        attributes: {
          ...{ text: 'größer \u0000', none: '', no: false, minus: -7, huge: '9223372036854775807', share: 0.5 },
          list: ['a', 'b'],
        },
        left: 0,
      },
    ]);
    const told = { rejectedSpans: 3, errorMessage: 'too many' };
    assert.deepEqual(readTaken(writeTaken(told, encoding), encoding), told);
    const nothing = { rejectedSpans: 0, errorMessage: '' };
    assert.deepEqual(readTaken(writeTaken(nothing, encoding), encoding), nothing);
  });

test('a span that is none is left out with what is wrong with it, and the others are read', () => {
  const cases: readonly (readonly [object, RegExp])[] = [
    [{ traceId: '0'.repeat(32) }, /traceId/],
    [{ traceId: 'x'.repeat(32) }, /traceId/],
    [{ spanId: SPAN.traceId }, /spanId/],
    [{ parentSpanId: 'abc' }, /parentSpanId/],
    [{ name: 7 }, /name/],
    [{ startTimeUnixNano: '-1' }, /TimeUnixNano/],
    [{ endTimeUnixNano: '99999999999999999999' }, /TimeUnixNano/],
    [{ endTimeUnixNano: undefined }, /TimeUnixNano/],
  ];
  for (const [change, why] of cases) {
    const { spans, invalid } = readTraces(writeTraces(requestOf({ ...SPAN, ...change }, SPAN), 'json'), 'json');
    assert.equal(spans.length, 1);
    assert.match([...invalid.keys()].join(), why);
  }
});

test('a span is cut to what is kept, and what is left out is counted', () => {
  const attributes = Array.from({ length: 40 }, (_, at) => ({ key: `k${at}`, value: { stringValue: 'v' } }));
  const long = { ...SPAN, name: 'n'.repeat(9_999), attributes, events: [{}, {}], links: [{}] };
  const [cut] = readTraces(writeTraces(requestOf(long), 'json'), 'json').spans;
  assert.deepEqual([cut!.name.length, Object.keys(cut!.attributes).length, cut!.left], [200, 32, 8 + 3]);
  const heavy = attributes.map(({ key }) => ({ key, value: { stringValue: 'x'.repeat(9_999) } }));
  const [light] = readTraces(writeTraces(requestOf({ ...SPAN, attributes: heavy }), 'json'), 'json').spans;
  assert.ok(JSON.stringify(light).length < 3_000);
  const names = { ...SPAN, attributes: [{ key: '__proto__', value: { stringValue: 'x' } }] };
  const [kept] = readTraces(writeTraces(requestOf(names), 'json'), 'json').spans;
  assert.equal(Object.getPrototypeOf(kept!.attributes), Object.prototype);
});

test('an end before the beginning is no time at all, and a first span has no parent', () => {
  const odd = { ...SPAN, endTimeUnixNano: '1', parentSpanId: '0000000000000000', kind: 99 };
  const [read] = readTraces(writeTraces(requestOf(odd), 'json'), 'json').spans;
  assert.deepEqual([read!.durationMs, read!.parentSpan, read!.kind], [0, undefined, 'internal']);
});

test('what is no request is refused, and so is one that is too large', () => {
  for (const text of [
    '',
    'null',
    '[]',
    '{"resourceSpans":{}}',
    '{"resourceSpans":[7]}',
    '{"resourceSpans":[{"scopeSpans":3}]}',
  ])
    assert.throws(() => readTraces(Buffer.from(text), 'json'), refused('bad_request'), text);
  for (const bytes of [[0x0a], [0x0a, 0x05, 0x12], [0x08, 0x01], [0x0a, 0x03, 0x0a, 0x7f, 0x00], [0xff, 0xff, 0xff]])
    assert.throws(() => readTraces(Uint8Array.from(bytes), 'protobuf'), refused('bad_request'), String(bytes));
  const many = requestOf(...Array.from({ length: MOST_SPANS + 1 }, () => SPAN));
  assert.throws(() => readTraces(writeTraces(many, 'json'), 'json'), refused('too_large'));
  // Each of two bytes is a message of its own.
  const hollow = Buffer.alloc(1_000_000, Buffer.from([0x0a, 0x00]));
  assert.throws(() => readTraces(hollow, 'protobuf'), refused('too_large'));
});

test('no bytes do anything but be read or be refused', () => {
  const whole = writeTraces(requestOf(SPAN), 'protobuf');
  fc.assert(
    fc.property(fc.nat(whole.byteLength - 1), fc.nat(255), (at, byte) => {
      const bytes = Uint8Array.from(whole);
      bytes[at] = byte;
      try {
        readTraces(bytes, 'protobuf');
      } catch (thrown) {
        assert.ok(thrown instanceof Fault, String(thrown));
      }
      readTaken(bytes, 'protobuf');
      readTaken(bytes, 'json');
    }),
    { numRuns: 2_000 },
  );
});

test('types of content are those of OTLP', () => {
  assert.equal(encodingOf('application/x-protobuf'), 'protobuf');
  assert.equal(encodingOf('Application/JSON; charset=utf-8'), 'json');
  for (const type of ['', 'text/plain', 'application/grpc', 'application/jsonx'])
    assert.equal(encodingOf(type), undefined);
});

const EVENT = {
  timeUnixNano: '1700000000001250000',
  name: 'exception',
  attributes: [{ key: 'exception.type', value: { stringValue: 'TypeError' } }],
};
const LINK = { traceId: 'AB'.repeat(16), spanId: 'cd'.repeat(8) };

for (const encoding of ['protobuf', 'json'] as const)
  test(`${encoding}: what happened in a span and what it is linked to is read as it was written`, () => {
    const written = writeTraces(requestOf({ ...SPAN, events: [EVENT, EVENT], links: [LINK] }), encoding);
    const [span] = readTraces(written, encoding).spans;
    const event = {
      ...{ name: 'exception', atMs: 1_700_000_000_001.25 },
      attributes: { 'exception.type': 'TypeError' },
    };
    assert.deepEqual(span!.events, [event, event]);
    assert.deepEqual(span!.links, [{ trace: 'ab'.repeat(16), span: 'cd'.repeat(8) }]);
    assert.equal(span!.left, 0);
  });

test('of events and links the first are kept, each cut to what is kept, and the rest is counted', () => {
  const heavy = Array.from({ length: 20 }, (_, at) => ({ key: `k${at}`, value: { stringValue: 'x'.repeat(9_999) } }));
  const events = [
    { ...EVENT, name: 'n'.repeat(999), attributes: heavy },
    ...[{ ...EVENT, name: '' }, { ...EVENT, timeUnixNano: 'soon' }, 7, null],
    ...Array.from({ length: 20 }, () => EVENT),
  ];
  const links = [{ ...LINK, traceId: '0'.repeat(32) }, 7, {}, ...Array.from({ length: 20 }, () => LINK)];
  const [span] = readTraces(writeTraces(requestOf({ ...SPAN, events, links }), 'json'), 'json').spans;
  assert.deepEqual([span!.events!.length, span!.links!.length], [16, 16]);
  assert.equal(span!.events![0]!.name.length, 200);
  assert.ok(JSON.stringify(span!.events![0]).length < 1_200);
  const cut = heavy.length - Object.keys(span!.events![0]!.attributes).length;
  assert.equal(span!.left, cut + (events.length - 16) + (links.length - 16));
});
