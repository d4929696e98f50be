/** What agents say of themselves over the whole way: from their request to what somebody sees of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { line } from '../../src/cli/testing/line.ts';
import type { CallEvent } from '../../src/contract/index.ts';
import { type Scene, startScene } from './scene.ts';

const TRACE = 'ab'.repeat(16);
const ROOT = 'c0'.repeat(8);

const span = (spanId: string, change: object = {}) => ({
  ...{ traceId: TRACE, spanId, name: 'think', kind: 1, attributes: [], status: {} },
  ...{ startTimeUnixNano: '1700000000000000000', endTimeUnixNano: '1700000000001000000' },
  ...change,
});

interface Partial {
  readonly rejectedSpans: string;
  readonly errorMessage: string;
}

/** `rejectedSpans` 0 with an empty message: all were kept. */
const say = async ({ url, keys }: Scene, who: keyof Scene['keys'], ...spans: readonly object[]): Promise<Partial> => {
  const response = await fetch(`${url}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${keys[who]}` },
    body: JSON.stringify({ resourceSpans: [{ resource: {}, scopeSpans: [{ spans }] }] }),
  });
  assert.equal(response.status, 200);
  const { partialSuccess } = (await response.json()) as { partialSuccess?: Partial };
  return partialSuccess ?? { rejectedSpans: '0', errorMessage: '' };
};

const call = async ({ url, keys }: Scene): Promise<void> => {
  const response = await fetch(`${url}/v1/agents/orders/where`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${keys.concierge}`,
      traceparent: `00-${TRACE}-${ROOT}-01`,
    },
    body: '{}',
  });
  assert.equal(response.status, 200);
  await response.text();
};

const shown = async ({ url, adminKey }: Scene, id: string): Promise<readonly string[]> =>
  (await line(['trace', id, '--url', url, '--key', adminKey])).stdout.trimEnd().split('\n');

const sentBy = ({ steps }: CallEvent): string => steps.find(({ name }) => name === 'send')!.span;

test('nobody takes the place of a node, whoever comes first, and who says a thing is named', async () => {
  await using scene = await startScene();
  // Before the node has said anything.
  assert.equal((await say(scene, 'concierge', span(ROOT, { name: 'plan' }))).rejectedSpans, '0');
  assert.match((await shown(scene, TRACE))[1]!, /^“plan” said by agent\/concierge/);
  await call(scene);
  const [event] = (await scene.trace(TRACE)).events as [CallEvent];
  for (const taken of [event.span, sentBy(event)]) {
    const told = await say(scene, 'orders', span(taken, { name: 'I am the hub' }));
    assert.deepEqual([told.rejectedSpans, told.errorMessage.includes('belong to spans of others')], ['1', true]);
  }
  // The root belongs to somebody else already; said again by its own agent it is the same.
  assert.equal((await say(scene, 'orders', span(ROOT))).rejectedSpans, '1');
  assert.equal((await say(scene, 'concierge', span(ROOT, { name: 'changed' }))).rejectedSpans, '0');
  await say(scene, 'orders', span('d1'.repeat(8), { parentSpanId: sentBy(event), name: 'look' }));

  const lines = await shown(scene, event.callId);
  assert.match(lines[0]!, /2 spans said by agents$/);
  assert.match(lines[1]!, /^“plan” said by agent\/concierge/);
  assert.match(lines[2]!, /^└ agent\/orders\/where @hub-/);
  assert.ok(lines.some((text) => /└ “look” said by agent\/orders/.test(text)));
  assert.ok(!lines.some((text) => text.includes('I am the hub') || text.includes('changed')));
});

test('a trace of 5,000 spans of agents is kept whole and shown, and one more is told to be too many', async () => {
  await using scene = await startScene();
  await call(scene);
  const [event] = (await scene.trace(TRACE)).events as [CallEvent];
  const id = (at: number): string => `e${at.toString(16).padStart(15, '0')}`;
  const spans = Array.from({ length: 5_001 }, (_, at) =>
    span(id(at), { parentSpanId: at % 2 === 0 ? sentBy(event) : id(at - 1), name: `step ${at}` }),
  );
  // Out of order: children come before their parents.
  for (let end = 5_000; end > 0; end -= 1_000)
    assert.equal((await say(scene, 'orders', ...spans.slice(end - 1_000, end))).rejectedSpans, '0');
  const told = await say(scene, 'orders', spans[5_000]!);
  assert.deepEqual([told.rejectedSpans, told.errorMessage], ['1', '1: their trace has 5000 spans of agents already']);
  assert.equal((await scene.trace(TRACE)).agentSpans.length, 5_000);
  const lines = await shown(scene, TRACE);
  assert.ok(lines.length < 60, String(lines.length));
  assert.ok(
    lines.some((text) => /… 2480 more spans that agents said/.test(text)),
    String(lines.at(-1)),
  );
  const { agentSpans } = (await (await scene.ask('/v1/status')).json()) as { agentSpans: object };
  assert.deepEqual(agentSpans, { kept: 5_000, left: { invalid: 0, rate: 0, clashed: 0, crowded: 1, full: 0 } });
});
