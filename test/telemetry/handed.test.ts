/** What an agent behind a sidecar says goes up with its calls, through a domain to the root, so that the trace of each is whole. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { RunningDomainHub } from '../../src/cli/node/domain.ts';
import type { RunningHub } from '../../src/cli/node/hub.ts';
import { type RunningSidecar, startSidecar } from '../../src/cli/node/sidecar.ts';
import { line } from '../../src/cli/testing/line.ts';
import { AirspaceError, createClient } from '../../src/client/index.ts';
import { type AgentSpan, DEFAULT_TENANT } from '../../src/contract/index.ts';
import { agent, apply, bundle, keyOf, mintKey, OPEN, resource, Scene, until } from '../hierarchy/scene.ts';

const scene = new Scene();
const keys = { ann: mintKey('ann-1'), eve: mintKey('eve-1') };
let root: RunningHub;
let east: RunningDomainHub;
let sidecar: RunningSidecar;

before(async () => {
  root = await scene.root();
  await apply(root, [
    ...[resource('Domain', 'east', { delegated: true, exports: ['shop', 'till'] }), bundle('org', OPEN)],
    ...[resource('User', 'ann', { roles: ['admin'] }), keyOf(keys.ann, 'ann', 'user')],
  ]);
  east = await scene.domain(root, 'east');
  const till = await scene.agent('till');
  await apply(east, [
    ...[agent('shop', null), agent('till', till.url)],
    ...[resource('User', 'eve', { roles: ['viewer'] }), keyOf(keys.eve, 'eve', 'user')],
  ]);
  const grant = { role: 'sidecar', tenant: DEFAULT_TENANT, domain: '', agent: 'shop' };
  const { token } = await east.nodes.issueJoinToken(grant);
  const dir = join(scene.dir, 'sidecar');
  mkdirSync(dir);
  sidecar = await startSidecar({
    ...{ dir, host: '127.0.0.1', port: 0, level: 'error', log: (text) => void process.stderr.write(text) },
    ...{ hubUrl: east.url, token, agentUrl: null, agentVersion: '1' },
  });
  scene.defer(() => sidecar.stop(false));
  await until(() => sidecar.snapshotSeq() > 0);
});
after(() => scene[Symbol.asyncDispose]());

const say = (spans: readonly object[], headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(`${sidecar.appUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${sidecar.appKey}`, ...headers },
    body: JSON.stringify({ resourceSpans: [{ resource: {}, scopeSpans: [{ spans }] }] }),
  });

const spanOf = (trace: string, id: string, name: string) => ({
  ...{ traceId: trace, spanId: id, name, kind: 1, attributes: [], status: {} },
  ...{ startTimeUnixNano: `${Date.now()}000000`, endTimeUnixNano: `${Date.now() + 1}000000` },
});

const saidAt = async (
  hub: { readonly url: string },
  key: keyof typeof keys,
  trace: string,
): Promise<readonly AgentSpan[]> => {
  const reply = await fetch(`${hub.url}/v1/traces/${trace}`, {
    headers: { authorization: `Bearer ${keys[key].secret}` },
  });
  return reply.status === 200 ? ((await reply.json()) as { agentSpans: readonly AgentSpan[] }).agentSpans : [];
};

const outcomesAt = async (hub: { readonly url: string }, key: keyof typeof keys): Promise<string> => {
  const reply = await fetch(`${hub.url}/metrics`, { headers: { authorization: `Bearer ${keys[key].secret}` } });
  return (await reply.text())
    .split('\n')
    .filter((text) => text.startsWith('airspace_outcomes_total'))
    .join('\n');
};

test('spans and outcomes of an agent behind a sidecar are in the trace at its hub and at the root, each once', async () => {
  const client = createClient({ url: sidecar.appUrl, key: sidecar.appKey });
  const { meta } = await client.call('till', 'ask', {});
  const [root1, inner] = ['1'.repeat(16), '2'.repeat(16)];
  for (let twice = 0; twice < 2; twice++) {
    const reply = await say([spanOf(meta.traceId, root1, 'plan the day'), spanOf(meta.traceId, inner, 'think')]);
    assert.deepEqual([reply.status, await reply.json()], [200, {}]);
  }
  const refund = { call: meta.callId, task: 'refund', result: 'completed' } as const;
  assert.deepEqual(await client.outcome(refund), { repeated: false });
  assert.deepEqual(await client.outcome(refund), { repeated: true });
  await assert.rejects(
    client.outcome({ ...refund, result: 'failed' }),
    (thrown) => thrown instanceof AirspaceError && thrown.code === 'conflict',
  );
  for (const [hub, key] of [
    [east, 'eve'],
    [root, 'ann'],
  ] as const) {
    await until(async () => (await saidAt(hub, key, meta.traceId)).length === 3);
    const said = await saidAt(hub, key, meta.traceId);
    assert.ok(said.every(({ principal }) => principal.kind === 'agent' && principal.id === 'shop'));
    assert.deepEqual(said.map(({ name }) => name).toSorted(), ['plan the day', 'refund', 'think']);
  }
  const { stdout } = await line(['trace', meta.traceId, '--url', root.url, '--key', keys.ann.secret]);
  assert.match(stdout, /2 spans said by agents {2}1 outcome\n/);
  assert.match(stdout, /outcome “refund” said by agent\/shop +completed/);
  assert.equal(
    await outcomesAt(root, 'ann'),
    'airspace_outcomes_total{tenant="default",role="hub",agent="agent/shop",task="refund",result="completed"} 1',
  );
});

test('only the own agent says anything there, and no page of a browser', async () => {
  const one = [spanOf('d'.repeat(32), '3'.repeat(16), 'think')];
  assert.equal((await say(one, { authorization: `Bearer ${keys.ann.secret}` })).status, 401);
  assert.equal((await say(one, { authorization: '' })).status, 401);
  assert.equal((await say(one, { origin: 'http://127.0.0.1' })).status, 403);
  const stranger = createClient({ url: sidecar.appUrl, key: sidecar.appKey });
  await assert.rejects(
    stranger.outcome({ call: 'f'.repeat(32), task: 'refund', result: 'completed' }),
    (thrown) => thrown instanceof AirspaceError && thrown.code === 'not_found',
  );
});

test('what is said at a domain hub goes up, but not what people say there', async () => {
  const trace = 'e'.repeat(32);
  const shop = mintKey('shop-1');
  await apply(east, [
    keyOf(shop, 'shop'),
    resource('User', 'eve', { roles: ['viewer'] }),
    keyOf(keys.eve, 'eve', 'user'),
  ]);
  await until(async () => {
    try {
      await createClient({ url: east.url, key: shop.secret }).outcome({ trace, task: 'answer', result: 'escalated' });
      return true;
    } catch {
      return false;
    }
  });
  await createClient({ url: east.url, key: keys.eve.secret }).outcome({ trace, task: 'answer', result: 'abandoned' });
  await until(async () => (await saidAt(root, 'ann', trace)).length === 1);
  assert.deepEqual(
    (await saidAt(root, 'ann', trace)).map(({ principal, outcome }) => [principal.id, outcome?.result]),
    [['shop', 'escalated']],
  );
});
