/** How work ended, over the whole way: said by an agent, an application and a run of a plan, and seen in the trace and in the numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { line } from '../../src/cli/testing/line.ts';
import { AirspaceError, createClient, Runs } from '../../src/client/index.ts';
import { API_VERSION } from '../../src/contract/index.ts';
import { type Scene, startScene } from './scene.ts';

const shown = async ({ url, adminKey }: Scene, id: string): Promise<string> =>
  (await line(['trace', id, '--url', url, '--key', adminKey])).stdout;

const numbers = async ({ ask }: Scene, name: string): Promise<readonly string[]> =>
  (await (await ask('/metrics')).text()).split('\n').filter((text) => text.startsWith(name));

test('an agent says what became of a call, of its trace and of its session: once each, and beside what nodes saw', async () => {
  await using scene = await startScene();
  const client = createClient({ url: scene.url, key: scene.keys.concierge });
  const { meta } = await client.call('orders', 'where', {}, { session: 'talk-7' });
  const ofCall = { call: meta.callId, task: 'find the order', result: 'completed', score: 0.9 } as const;
  assert.deepEqual(await client.outcome(ofCall), { repeated: false });
  assert.deepEqual(await client.outcome(ofCall), { repeated: true });
  await assert.rejects(
    client.outcome({ ...ofCall, result: 'failed' }),
    (thrown) => thrown instanceof AirspaceError && thrown.code === 'conflict',
  );
  const orders = createClient({ url: scene.url, key: scene.keys.orders });
  const inside = orders.within({ traceparent: `00-${meta.traceId}-${'e'.repeat(16)}-01` });
  await inside.outcome({ task: 'look', result: 'escalated', note: 'a person looks\u001b[31m' });
  await client.outcome({ session: 'talk-7', task: 'help', result: 'abandoned' });

  const tree = await shown(scene, meta.callId);
  assert.match(tree, /1 call on 1 node .* 3 outcomes\n/);
  assert.match(tree, /\n[├└] outcome “find the order” said by agent\/concierge +completed .* score 0\.9/);
  assert.match(tree, /\noutcome “look” said by agent\/orders +escalated .* a person looks/);
  assert.match(tree, /\noutcome of the session “help” said by agent\/concierge +abandoned/);
  assert.ok(!tree.includes('\u001b'));

  const top = ['top', '--interval', '100ms', '-o', 'wide', '--url', scene.url, '--key', scene.adminKey];
  const { stdout: shares } = await line(top);
  assert.match(shares, /DENIED +DONE +FLIGHT/);
  assert.match(shares, /^agent\/concierge .* 50\.0% /m);

  assert.deepEqual(await numbers(scene, 'airspace_outcomes_total'), [
    'airspace_outcomes_total{tenant="default",role="hub",agent="agent/concierge",task="find the order",result="completed"} 1',
    'airspace_outcomes_total{tenant="default",role="hub",agent="agent/orders",task="look",result="escalated"} 1',
    'airspace_outcomes_total{tenant="default",role="hub",agent="agent/concierge",task="help",result="abandoned"} 1',
  ]);
  assert.ok(
    (await numbers(scene, 'airspace_outcome_score')).includes(
      'airspace_outcome_score_sum{tenant="default",role="hub",agent="agent/concierge",task="find the order"} 0.9',
    ),
  );
});

test('a stranger to a call says nothing of it, and is told as if there were none', async () => {
  await using scene = await startScene();
  const { meta } = await createClient({ url: scene.url, key: scene.keys.concierge }).call('orders', 'where', {});
  const key = await scene.keyOf('bystander');
  const stranger = createClient({ url: scene.url, key });
  for (const call of [meta.callId, 'f'.repeat(32)])
    await assert.rejects(
      stranger.outcome({ call, task: 'look', result: 'completed' }),
      (thrown) => thrown instanceof AirspaceError && thrown.code === 'not_found' && thrown.message.includes(call),
    );
});

test('a run of a plan says what it came to by itself', async () => {
  await using scene = await startScene();
  await scene.ask('/v1/resources:apply', {
    resources: [
      {
        ...{ apiVersion: API_VERSION, kind: 'Plan', metadata: { name: 'lookup' } },
        spec: { steps: [{ id: 'find', call: 'agent/orders/where', input: {} }] },
      },
      {
        ...{ apiVersion: API_VERSION, kind: 'Plan', metadata: { name: 'broken' } },
        spec: { steps: [{ id: 'find', call: 'agent/orders/where', input: { n: `${'$'}{1 / 0}` } }] },
      },
    ],
  });
  const runs = new Runs({ url: scene.url, key: scene.keys.concierge });
  for (const [plan, result] of [
    ['lookup', 'completed'],
    ['broken', 'failed'],
  ] as const) {
    const { id } = await runs.start(plan);
    for await (const event of runs.events(id)) if (event.kind === 'finished') break;
    const { trace } = await runs.get(id);
    await scene.until(async () => (await scene.trace(trace)).agentSpans.length === 1);
    assert.match(await shown(scene, trace), new RegExp(`outcome “${plan}” said by plan/${plan} +${result}`));
  }
});
