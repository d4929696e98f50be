/**
 * The official SDK of OpenTelemetry as a sender, and an official decoder as a reader: agents that are instrumented with it land in our
 * trace, and a collector gets of that trace, span by span, what we keep.
 */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import {
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { line } from '../../src/cli/testing/line.ts';
import type { AgentSpan, CallEvent } from '../../src/contract/index.ts';
import { type Scene, startScene } from './scene.ts';

type Encoding = 'protobuf' | 'json';

/** The SDK as an agent has it, exporting to the hub with the key of that agent. */
const instrumented = ({ url, keys }: Scene, agent: keyof Scene['keys'], encoding: Encoding) => {
  const settings = { url: `${url}/v1/traces`, headers: { authorization: `Bearer ${keys[agent]}` } };
  const exporter = encoding === 'json' ? new JsonExporter(settings) : new ProtobufExporter(settings);
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
  return {
    tracer: provider.getTracer(agent),
    flush: () => provider.forceFlush(),
    [Symbol.asyncDispose]: () => provider.shutdown(),
  };
};

const traceparentOf = (span: Span): string => {
  const { traceId, spanId } = span.spanContext();
  return `00-${traceId}-${spanId}-01`;
};

const contextFrom = (traceparent: string) => {
  const [, traceId = '', spanId = ''] = traceparent.split('-');
  const remote: SpanContext = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true };
  return trace.setSpanContext(ROOT_CONTEXT, remote);
};

const call = async ({ url, keys }: Scene, traceparent: string): Promise<void> => {
  const response = await fetch(`${url}/v1/agents/orders/where`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${keys.concierge}`, traceparent },
    body: '{}',
  });
  assert.equal(response.status, 200);
  await response.text();
};

/** One call between two agents that both tell what they do. Answers the id of its trace. */
const conversation = async (
  encoding: Encoding,
  seen: (scene: Scene, traceId: string) => Promise<void>,
): Promise<void> => {
  let serve = async (_: IncomingMessage): Promise<void> => {};
  await using scene = await startScene({ serve: (req) => serve(req) });
  await using concierge = instrumented(scene, 'concierge', encoding);
  await using orders = instrumented(scene, 'orders', encoding);
  serve = async ({ headers }) => {
    const context = contextFrom(String(headers['traceparent']));
    const links = [{ context: trace.getSpanContext(context)! }];
    const look = orders.tracer.startSpan(
      'look it up',
      { kind: SpanKind.SERVER, attributes: { rows: 3 }, links },
      context,
    );
    look.recordException(new Error('cache is cold'));
    look.setStatus({ code: SpanStatusCode.ERROR, message: 'cache is cold' });
    look.end();
  };
  const answer = concierge.tracer.startSpan('answer the customer');
  const inside = trace.setSpan(ROOT_CONTEXT, answer);
  concierge.tracer.startSpan('think', { attributes: { 'gen_ai.request.model': 'small' } }, inside).end();
  await call(scene, traceparentOf(answer));
  answer.end();
  await concierge.flush();
  await orders.flush();
  await seen(scene, answer.spanContext().traceId);
};

for (const encoding of ['protobuf', 'json'] as const)
  test(`${encoding}: agents with the official SDK are joined into the tree of the call`, () =>
    conversation(encoding, async (scene, traceId) => {
      const { events, agentSpans } = await scene.trace(traceId);
      const [event] = events as [CallEvent];
      const named = (name: string): AgentSpan => agentSpans.find((span) => span.name === name)!;
      assert.deepEqual(agentSpans.map(({ name }) => name).toSorted(), ['answer the customer', 'look it up', 'think']);
      const [answer, think, look] = [named('answer the customer'), named('think'), named('look it up')];
      assert.deepEqual([answer.parentSpan, think.parentSpan, event.parentSpan], [undefined, answer.span, answer.span]);
      assert.equal(look.parentSpan, event.steps.find(({ name }) => name === 'send')!.span);
      assert.deepEqual([answer.principal.id, look.principal.id], ['concierge', 'orders']);
      assert.deepEqual(
        [look.kind, look.status, look.message, look.attributes['rows']],
        ['server', 'error', 'cache is cold', 3],
      );
      const [thrown] = look.events!;
      const { 'exception.type': type, 'exception.message': message } = thrown!.attributes;
      assert.deepEqual([thrown!.name, type, message], ['exception', 'Error', 'cache is cold']);
      assert.deepEqual(look.links, [{ trace: traceId, span: look.parentSpan }]);
      assert.equal(think.attributes['gen_ai.request.model'], 'small');
      assert.ok(Math.abs(answer.startedAtMs - event.startedAtMs) < 10_000);

      const { stdout } = await line(['trace', traceId, '--url', scene.url, '--key', scene.adminKey]);
      const tree = stdout.split('\n');
      assert.match(tree[1]!, /^“answer the customer” said by agent\/concierge/);
      // Two clocks tell of one millisecond: either may come first.
      assert.ok(
        tree.some((text) => /^[├└] “think” said by agent\/concierge/.test(text)),
        stdout,
      );
      assert.ok(
        tree.some((text) => /^[├└] agent\/orders\/where @hub-/.test(text)),
        stdout,
      );
      assert.ok(
        tree.some((text) => /└ “look it up” said by agent\/orders/.test(text)),
        stdout,
      );
      assert.ok(
        tree.some((text) => /├ event “exception” .* Error: cache is cold$/.test(text)),
        stdout,
      );
    }));

interface DecodedSpan {
  readonly events: readonly { readonly name: string }[];
  readonly links: readonly { readonly spanId: Uint8Array }[];
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId?: Uint8Array;
  readonly name: string;
}

interface Decoded {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly DecodedSpan[] }[] }[];
}

interface Official {
  decode(bytes: Uint8Array): Decoded;
  fromObject(plain: object): object;
  toObject(message: object, how: { readonly longs: StringConstructor }): object;
  encode(message: object): { finish(): Uint8Array };
}

/** Later versions of the official package write only; this one has readers made from the official descriptions, too. */
const { opentelemetry } = createRequire(import.meta.url)('otlp-transformer-v0.203/build/src/generated/root.js') as {
  readonly opentelemetry: {
    readonly proto: {
      readonly collector: {
        readonly trace: { readonly v1: { readonly ExportTraceServiceRequest: Official } };
      };
    };
  };
};

const received = ({ exported }: Scene): readonly DecodedSpan[] =>
  exported.flatMap((body) => spansOf(opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest.decode(body)));

const spansOf = ({ resourceSpans }: Decoded): readonly DecodedSpan[] =>
  resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');

test('an official decoder reads what a collector got, and it is the trace that we keep, span by span', () =>
  conversation('protobuf', async (scene, traceId) => {
    const { events, agentSpans } = await scene.trace(traceId);
    const kept = [
      ...events.flatMap(({ span, parentSpan = '', steps }) => [
        `${span} ${parentSpan}`,
        ...steps.map((step) => `${step.span} ${span}`),
      ]),
      ...agentSpans.map(({ span, parentSpan = '' }) => `${span} ${parentSpan}`),
    ].toSorted();
    const got = (): readonly DecodedSpan[] => received(scene).filter((span) => hex(span.traceId) === traceId);
    while (got().length < kept.length) await scene.more();
    assert.deepEqual(
      got()
        .map(({ spanId, parentSpanId }) => `${hex(spanId)} ${hex(parentSpanId)}`)
        .toSorted(),
      kept,
    );
    const look = got().find(({ name }) => name === 'look it up')!;
    assert.deepEqual(
      [look.events.map(({ name }) => name), look.links.map(({ spanId }) => hex(spanId))],
      [['exception'], [hex(look.parentSpanId)]],
    );
    const names = got().map(({ name }) => name);
    for (const name of ['invoke_agent orders', 'decide', 'send', 'look it up']) assert.ok(names.includes(name), name);
  }));

const ID_NAMES: ReadonlySet<string> = new Set(['traceId', 'spanId', 'parentSpanId']);

/** JSON has ids in hexadecimal, unlike every other text of bytes. */
const withIds = (value: unknown, change: (id: never) => unknown): unknown => {
  if (Array.isArray(value)) return value.map((one) => withIds(one, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      ID_NAMES.has(name) ? change(inner as never) : withIds(inner, change),
    ]),
  );
};

test('a trace that somebody exports is all in the official description, and the same that the collector got', () =>
  conversation('json', async (scene, traceId) => {
    const said = await fetch(`${scene.url}/v1/outcomes`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${scene.keys.concierge}` },
      body: JSON.stringify({ trace: traceId, task: 'refund', result: 'escalated', score: 0.3 }),
    });
    assert.equal(said.status, 201, await said.text());
    const at = ['--url', scene.url, '--key', scene.adminKey];
    const { stdout } = await line(['trace', traceId.slice(0, 12), '-o', 'otlp', ...at]);
    const exported = JSON.parse(stdout) as object;
    const official = opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
    const read = official.fromObject(withIds(exported, (id) => Buffer.from(id, 'hex')) as object);
    const again = official.toObject(read, { longs: String });
    // What the description does not have would be gone, and what has another type would be another.
    assert.deepEqual(withoutEmpty(withIds(again, hex)), withoutEmpty(exported));

    const seen = spansOf(official.decode(official.encode(read).finish()))
      .map(placeOf)
      .toSorted();
    const got = (): readonly DecodedSpan[] => received(scene).filter((span) => hex(span.traceId) === traceId);
    while (got().length < seen.length) await scene.more();
    assert.deepEqual(seen, got().map(placeOf).toSorted());
    assert.ok(seen.some((text) => text.endsWith('outcome refund')));
    const refused = await line(['status', '-o', 'otlp', ...at]);
    assert.deepEqual([refused.exit, /is for one trace/.test(refused.stderr)], [2, true]);
    assert.match((await line(['trace', traceId, '-o', 'otlp', '--critical-path', ...at])).stderr, /critical path/);
  }));

const placeOf = ({ spanId, parentSpanId, name }: DecodedSpan): string => `${hex(spanId)} ${hex(parentSpanId)} ${name}`;

const withoutEmpty = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_, inner) => (Array.isArray(inner) && inner.length === 0 ? undefined : inner)));
