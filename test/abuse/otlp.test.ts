/** Calls as a collector sees them, and calls when there is none. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { eventually, startScene } from './scene.ts';

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

interface Export {
  readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
}

/** Takes `POST /v1/traces` and keeps the spans. */
const collector = async () => {
  const spans: Span[] = [];
  const server = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += chunk;
    assert.deepEqual([req.method, req.url], ['POST', '/v1/traces']);
    const { resourceSpans } = JSON.parse(body) as Export;
    spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
    res.end('{}');
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    stop: () => {
      server.closeAllConnections();
      return new Promise<void>((closed) => server.close(() => closed()));
    },
  };
};

const TRACE = 'ab'.repeat(16);
const CALLER = 'cd'.repeat(8);

test("a call is exported as a span of its caller's trace with its steps below it; without a collector calls go on and what is lost is counted", async () => {
  const receiver = await collector();
  await using scene = await startScene({ otlp: `${receiver.url}/` });
  const dropped = async (): Promise<number> =>
    Number(/^airspace_events_dropped (\d+)$/m.exec((await scene.ask('/metrics')).text)?.[1]);

  const { status } = await scene.call('echo', { headers: { traceparent: `00-${TRACE}-${CALLER}-01` } });
  assert.equal(status, 200);
  const spans = await eventually(
    async () => receiver.spans.filter(({ traceId }) => traceId === TRACE),
    (seen) => seen.length > 0,
  );
  const [call, ...others] = spans.filter(({ parentSpanId }) => parentSpanId === CALLER);
  assert.deepEqual([call?.name, others], ['agent villain/echo', []]);
  const steps = spans.filter(({ parentSpanId }) => parentSpanId === call!.spanId).map(({ name }) => name);
  for (const step of ['decide', 'record', 'route', 'attempt', 'send'])
    assert.ok(steps.includes(step), `${step} in ${steps}`);
  assert.equal(spans.length, steps.length + 1, 'no span hangs anywhere else');
  assert.equal(new Set(spans.map(({ spanId }) => spanId)).size, spans.length);
  assert.equal(await dropped(), 0);

  await receiver.stop();
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => scene.call('echo', { body: { n } })));
  assert.deepEqual(
    answers.map((answer) => answer.status),
    Array(20).fill(200),
  );
  assert.equal(await eventually(dropped, (count) => count >= 20), 20);
  const id = String(answers[0]!.headers['airspace-call-id']);
  assert.equal((await scene.events(id)).length, 1, 'our own record does not depend on the collector');
});
