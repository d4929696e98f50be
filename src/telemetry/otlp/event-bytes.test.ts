import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AgentSpan, Attributes, CallEvent, CallStatus, StepEvent } from '../../contract/index.ts';
import { type Span, type TraceRequest, writeTraces } from '../../dialects/otlp/index.ts';
import { eventBytes } from './event-bytes.ts';
import { traceRequest } from './request.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({ minLength: 60, maxLength: 300 }),
  fc.constant('\ud800'),
);
const hex = (digits: number) =>
  fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits }).map((all) => all.join(''));
const value = fc.oneof(
  text,
  fc.boolean(),
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.array(text, { maxLength: 4 }),
  fc.constant(undefined),
);
const attributes = fc.dictionary(
  fc.oneof(text, fc.constantFrom('code', 'status', 'tenant', 'usage.input_tokens', 'message', '__proto__')),
  value,
) as fc.Arbitrary<Attributes>;
const ms = fc.oneof(fc.double({ min: 0, max: 4e12, noNaN: true }), fc.integer({ min: 0, max: 2 ** 41 }));

const step: fc.Arbitrary<StepEvent> = fc.record({
  ...{ span: hex(16), name: fc.oneof(text, fc.constantFrom('send', 'decide')), attributes },
  ...{
    offsetMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
    durationMs: fc.double({ min: -5, max: 1e6, noNaN: true }),
  },
});

const STATUSES: readonly CallStatus[] = ['ok', 'failed', 'denied', 'refused', 'cancelled', 'unknown'];

const REQUIRED = [
  ...(['callId', 'trace', 'span', 'tenant', 'principal', 'target', 'lineage', 'node', 'role', 'startedAtMs'] as const),
  ...(['durationMs', 'status', 'code', 'httpStatus', 'requestBytes', 'replyBytes', 'snapshotSeq'] as const),
  ...(['attributes', 'steps'] as const),
];

const event: fc.Arbitrary<CallEvent> = fc.record(
  {
    ...{ callId: hex(32), trace: hex(32), span: hex(16), parentSpan: hex(16), tenant: text, session: text },
    principal: fc.option(fc.record({ kind: fc.constant('agent'), id: text })),
    target: fc.record({ kind: fc.constantFrom('agent', 'tool', 'model'), name: text, operation: text }),
    ...{ node: fc.constantFrom('hub-1', 'größe', ''), role: text, startedAtMs: ms, durationMs: ms },
    ...{ status: fc.constantFrom(...STATUSES), code: text, httpStatus: fc.nat(599), requestBytes: fc.nat() },
    ...{ replyBytes: fc.maxSafeNat(), snapshotSeq: fc.nat(), attributes, steps: fc.array(step, { maxLength: 5 }) },
    lineage: fc.constant({ root: 'c'.repeat(32), depth: 0 }),
  },
  { requiredKeys: REQUIRED },
);

const SAID: AgentSpan = {
  ...{ trace: 'a'.repeat(32), span: 'b'.repeat(16), name: 'think', kind: 'client', tenant: 'default', left: 0 },
  ...{ principal: { kind: 'agent', id: 'worker' }, startedAtMs: 5, durationMs: 1, receivedAtMs: 9, status: 'error' },
  ...{ message: 'broke', service: 'planner', attributes: { a: 1, b: ['x'] } },
};

for (const names of ['otel', 'airspace'] as const)
  test(`${names}: what is written from events is what the request says, byte by byte`, () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 4 }), fc.boolean(), (events, isSaid) => {
        const said = isSaid ? [SAID] : [];
        const twin = writeTraces(traceRequest(events, said, names), 'protobuf');
        assert.deepEqual(Buffer.from(eventBytes(events, said, names)), Buffer.from(twin));
      }),
      { numRuns: 300 },
    );
  });

test('times keep their microseconds, from 1970 until long after us', () => {
  fc.assert(
    fc.property(ms, (startedAtMs) => {
      const request = traceRequest([{ ...EVENT, startedAtMs, durationMs: 0 }], [], 'airspace');
      const [span] = spansIn(request);
      const bytes = eventBytes([{ ...EVENT, startedAtMs, durationMs: 0 }], [], 'airspace');
      const nanos = Buffer.alloc(8);
      nanos.writeBigUInt64LE(BigInt(span!.startTimeUnixNano));
      assert.ok(Buffer.from(bytes).includes(Buffer.concat([Buffer.from([0x39]), nanos])), span!.startTimeUnixNano);
    }),
  );
});

const EVENT: CallEvent = {
  ...{ callId: 'c'.repeat(32), trace: 'a'.repeat(32), span: '1'.repeat(16), tenant: 'default', principal: null },
  ...{ target: { kind: 'agent', name: 'orders', operation: 'where' }, node: 'hub', role: 'hub', startedAtMs: 1 },
  ...{ lineage: { root: 'c'.repeat(32), depth: 0 }, durationMs: 2, status: 'ok', code: '', httpStatus: 200 },
  ...{ requestBytes: 3, replyBytes: 4, snapshotSeq: 5, attributes: {}, steps: [] },
};

const spansIn = ({ resourceSpans }: TraceRequest): readonly Span[] =>
  resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
