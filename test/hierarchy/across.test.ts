/** Between domains, and beside agents in one: sidecars below the hub of a domain, and calls from hub to hub where their parent lets them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RunningDomainHub } from '../../src/cli/node/domain.ts';
import type { RunningHub } from '../../src/cli/node/hub.ts';
import { type RunningSidecar, startSidecar } from '../../src/cli/node/sidecar.ts';
import { DEFAULT_TENANT } from '../../src/contract/index.ts';
import { agent, apply, bundle, call, keyOf, mintKey, namesAt, OPEN, resource, Scene, until } from './scene.ts';

const scene = new Scene();
const keys = { buyer: mintKey('buyer-1') };
let root: RunningHub;
let shop: RunningDomainHub;
let stock: RunningDomainHub;
let sidecars: Record<'buyer' | 'orders', RunningSidecar>;

const domains = (direct: boolean) =>
  ['shop', 'stock'].map((name) => resource('Domain', name, { delegated: true, ...(direct ? { direct: true } : {}) }));

before(async () => {
  const [orders, shelves] = [await scene.agent('orders'), await scene.agent('shelves')];
  root = await scene.root();
  await apply(root, [...domains(false), bundle('org', OPEN)]);
  shop = await scene.domain(root, 'shop');
  stock = await scene.domain(root, 'stock');
  await apply(shop, [
    ...[agent('buyer', null), keyOf(keys.buyer, 'buyer'), agent('orders', null)],
    resource('Route', 'straight', { to: { name: 'orders' }, via: 'mesh' }),
  ]);
  await apply(stock, [agent('shelves', shelves.url)]);
  sidecars = { buyer: await beside('buyer', null), orders: await beside('orders', orders.url) };
  await until(async () => (await namesAt(root, 'Agent')).length === 3);
  await until(async () => (await call(shop, keys.buyer, 'shelves/ask')).status === 200, 'a way to the other domain');
});
after(() => scene[Symbol.asyncDispose]());

const beside = async (name: string, agentUrl: string | null): Promise<RunningSidecar> => {
  const grant = { role: 'sidecar', tenant: DEFAULT_TENANT, domain: '', agent: name } as const;
  const { token } = await shop.nodes.issueJoinToken(grant);
  const sidecar = await startSidecar({
    ...{ host: '127.0.0.1', port: 0, level: 'error', log: () => {}, dir: `${scene.dir}/beside-${name}` },
    ...{ hubUrl: shop.url, token, agentUrl, agentVersion: '1' },
  });
  scene.defer(() => sidecar.stop(false));
  return sidecar;
};

const fromSidecar = (to: string) => call({ url: sidecars.buyer.appUrl }, { secret: sidecars.buyer.appKey }, to);

/** Roles of the nodes that a call passed, as the root knows them. */
const wayOf = async (callId: string): Promise<readonly string[]> => {
  const found = await root.traces.trace(DEFAULT_TENANT, callId);
  return found.map(({ node }) => node);
};

test('sidecars below the hub of a domain speak straight to each other, under every level', async () => {
  await until(async () => (await fromSidecar('orders/ask')).status === 200, 'the sidecars know each other');
  const before = sidecars.orders.live.snapshot!.above!.map(({ hub }) => hub);
  assert.deepEqual(before, [root.id]);
  await apply(root, [
    bundle('org', `${OPEN}@id("no") @reason("not today") forbid (principal, action, resource in Agent::"orders");`),
  ]);
  await until(async () => (await fromSidecar('orders/ask')).status === 403, 'the rule of the root is there');
  await apply(root, [bundle('org', OPEN)]);
  await until(async () => (await fromSidecar('orders/ask')).status === 200);
});

test('what no sidecar of the domain stands in front of goes through the hub, and on', async () => {
  const reply = await fromSidecar('shelves/ask');
  assert.deepEqual([reply.status, reply.text], [200, '{"from":"shelves"}']);
});

test('domains speak through their parent, and straight to each other where it lets both', async () => {
  const passesRoot = async (): Promise<boolean> => {
    const { status, callId } = await call(shop, keys.buyer, 'shelves/ask');
    assert.equal(status, 200);
    await until(async () => (await wayOf(callId)).length >= 2);
    return (await wayOf(callId)).includes(root.id);
  };
  assert.equal(await passesRoot(), true);
  await apply(root, domains(true));
  await until(async () => !(await passesRoot()), 'the root is not on the way any more');
  const rule = `${OPEN}@id("shut") @reason("stocktaking") forbid (principal, action, resource);`;
  await apply(stock, [bundle('stock', rule)]);
  assert.equal(
    (await call(shop, keys.buyer, 'shelves/ask')).status,
    403,
    'the other domain decides with its own levels',
  );
  await apply(stock, [bundle('stock', OPEN)]);
  await apply(root, domains(false));
  await until(async () => (await call(shop, keys.buyer, 'shelves/ask')).status === 200 && (await passesRoot()));
});
