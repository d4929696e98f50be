/** Three levels as processes, started with the words of the command line; the one in the middle is killed and comes back. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { agent, bundle, call, mintKey, OPEN, resource, Scene, until } from './scene.ts';
import { ask, serve } from './serving.ts';

const scene = new Scene();
after(() => scene[Symbol.asyncDispose]());

const keyResource = (minted: ReturnType<typeof mintKey>, id: string, name: string) =>
  resource('Key', id, { principal: { kind: 'agent', name }, secretHash: minted.secretHash });

test('each level is administered by its own people; the lowest works alone, and the highest finds it again', async () => {
  const keys = { concierge: mintKey('concierge-1'), refunds: mintKey('refunds-1') };
  const refunds = await scene.agent('refunds');
  const root = await serve(scene, 'root');
  await root.apply([
    ...[resource('Domain', 'operations', { delegated: true }), agent('concierge', null), bundle('org', OPEN)],
    keyResource(keys.concierge, 'concierge-1', 'concierge'),
  ]);
  const middle = await serve(scene, 'middle', ['--parent', root.url], await root.token('operations'));
  await middle.apply([resource('Domain', 'returns', { delegated: true })]);
  const leaf = await serve(scene, 'leaf', ['--parent', middle.url], await middle.token('returns'));
  await leaf.apply([agent('refunds', refunds.url), keyResource(keys.refunds, 'refunds-1', 'refunds')]);
  const fromRoot = () => call(root, keys.concierge, 'refunds/ask');
  await until(async () => (await fromRoot()).status === 200, 'a way down through two hubs');
  const who = (await ask(leaf.url, leaf.key, '/v1/whoami')) as { principal?: { id?: string }; id?: string };
  assert.ok(JSON.stringify(who).includes('admin-returns'));
  const stranger = await fetch(`${root.url}/v1/status`, { headers: { authorization: `Bearer ${leaf.key}` } });
  assert.equal(stranger.status, 401, 'who administers a domain is nobody above it');

  await middle.node.kill();
  assert.equal(
    (await call(leaf, keys.refunds, 'refunds/ask')).status,
    200,
    'the lowest needs nobody for what is its own',
  );
  const away = await fromRoot();
  assert.equal(away.status, 503);
  assert.match(away.text, /domain `returns`/);

  await middle.again();
  await until(async () => (await fromRoot()).status === 200, 'the way is there again');
  const { parent } = (await ask(middle.url, middle.key, '/v1/status')) as {
    parent: { domain: string; exports: { taken: readonly string[] }; left: readonly string[] };
  };
  assert.deepEqual([parent.domain, parent.left], ['operations', []]);
});
