/** Calls as a collector sees them, and calls when there is none, or one that hangs. */
import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { otlpSettings } from '../../src/cli/otlp-words.ts';
import type { CallEvent } from '../../src/contract/index.ts';
import { eventually, type Scene, startScene } from './scene.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
}

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

/** Takes `POST /v1/traces` in JSON and keeps the spans. `port` 0: a free one. */
const collector = async (port = 0, answer = (res: ServerResponse) => void res.end('{}')) => {
  const spans: Span[] = [];
  const server = createServer(async (req, res) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk);
    assert.deepEqual([req.method, req.url], ['POST', '/v1/traces']);
    const { resourceSpans } = JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as Export;
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    answer(res);
  });
  await new Promise<void>((ready) => server.listen(port, '127.0.0.1', ready));
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    settings: otlpSettings({ otlp: `http://127.0.0.1:${bound}/`, otlpProtocol: 'http/json' }, {}),
    spans,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections();
      return new Promise<void>((closed) => server.close(() => closed()));
    },
  };
};

const TRACE = 'ab'.repeat(16);
const CALLER = 'cd'.repeat(8);

const metric = async (scene: Scene, name: string): Promise<number> =>
  (await scene.ask('/metrics')).text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);

/** Microseconds since 1970: the collector gets nanoseconds, and our record is not that exact. */
const micros = (nanos: string): number => Math.round(Number(BigInt(nanos) / 1_000n));

const placeOf = (span: string, parent: string | undefined, fromMicros: number, toMicros: number): string =>
  [span, parent ?? '', fromMicros, toMicros].join(' ');

/** Every span that our record of a trace says there was. */
const spansOf = ({ span, parentSpan, startedAtMs, durationMs, steps }: CallEvent): readonly string[] => [
  placeOf(span, parentSpan, Math.round(startedAtMs * 1_000), Math.round((startedAtMs + durationMs) * 1_000)),
  ...steps.map((step) => {
    const fromMs = startedAtMs + step.offsetMs;
    return placeOf(step.span, span, Math.round(fromMs * 1_000), Math.round((fromMs + step.durationMs) * 1_000));
  }),
];

test("a call is exported as a span of its caller's trace with its steps below it, span by span what our own record says", async () => {
  await using receiver = await collector();
  await using scene = await startScene({ otlp: receiver.settings });
  const { status, headers } = await scene.call('echo', { headers: { traceparent: `00-${TRACE}-${CALLER}-01` } });
  assert.equal(status, 200);
  const spans = await eventually(
    async () => receiver.spans.filter(({ traceId }) => traceId === TRACE),
    (seen) => seen.length > 0,
  );
  const [call, ...others] = spans.filter(({ parentSpanId }) => parentSpanId === CALLER);
  assert.deepEqual([call?.name, others], ['invoke_agent villain', []]);
  const steps = spans.filter(({ parentSpanId }) => parentSpanId === call!.spanId).map(({ name }) => name);
  for (const step of ['decide', 'record', 'route', 'attempt', 'send'])
    assert.ok(steps.includes(step), `${step} in ${steps}`);
  assert.equal(spans.length, steps.length + 1, 'no span hangs anywhere else');
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);

  const events = await scene.events(String(headers['airspace-call-id']));
  const received = spans.map((span) =>
    placeOf(span.spanId, span.parentSpanId, micros(span.startTimeUnixNano), micros(span.endTimeUnixNano)),
  );
  assert.deepEqual(received.toSorted(), events.flatMap(spansOf).toSorted());
  assert.equal(await metric(scene, 'airspace_otlp_spans_dropped_total'), 0);
  assert.equal(await metric(scene, 'airspace_telemetry_dropped_total'), 0);
});

test('while the collector is away calls go on and spans wait; when it is back it gets them', async () => {
  const first = await collector();
  await using scene = await startScene({ otlp: first.settings });
  await first[Symbol.asyncDispose]();
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => scene.call('echo', { body: { n } })));
  assert.deepEqual(
    answers.map((answer) => answer.status),
    Array(20).fill(200),
  );
  const trouble = async (): Promise<string> =>
    (JSON.parse((await scene.ask('/v1/status')).text) as { otlp: { trouble: string } }).otlp.trouble;
  assert.match(await eventually(trouble, (text) => text !== ''), /not reached/);
  assert.ok((await metric(scene, 'airspace_otlp_spans_waiting')) >= 20);
  assert.equal(await metric(scene, 'airspace_otlp_spans_sent_total'), 0);

  await using second = await collector(first.port);
  const names = await eventually(
    async () => second.spans.filter(({ name }) => name === 'invoke_agent villain'),
    (seen) => seen.length >= 20,
  );
  assert.equal(names.length, 20);
  assert.equal(await metric(scene, 'airspace_otlp_spans_dropped_total'), 0);
  const id = String(answers[0]!.headers['airspace-call-id']);
  assert.equal((await scene.events(id)).length, 1, 'our own record does not depend on the collector');
});

test('a collector that never answers holds up neither calls nor those who look at traces', async () => {
  await using hung = await collector(0, () => {});
  const scene = await startScene({ otlp: hung.settings });
  const { headers } = await scene.call('echo');
  await eventually(
    async () => hung.spans.length,
    (count) => count > 0,
  );
  const startedMs = performance.now();
  for (let n = 0; n < 20; n++) assert.equal((await scene.call('echo', { body: { n } })).status, 200);
  assert.equal((await scene.events(String(headers['airspace-call-id']))).length, 1);
  assert.ok(performance.now() - startedMs < 5_000, 'half of what one request may take');
  assert.ok((await metric(scene, 'airspace_otlp_spans_waiting')) >= 21);
  // What is left when the node ends is given up in a few seconds.
  await scene[Symbol.asyncDispose]();
  assert.ok(scene.log.some((line) => line.includes('"reason":"shutdown"')));
});
