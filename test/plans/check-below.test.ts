/** A check on the hub of a domain, under a budget of the organisation: what it knows of it, and that nothing is taken by asking. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { RunningDomainHub } from '../../src/cli/node/domain.ts';
import type { RunningHub } from '../../src/cli/node/hub.ts';
import type { PlanCheck } from '../../src/contract/index.ts';
import { agent, apply, bundle, call, keyOf, mintKey, OPEN, resource, Scene, until } from '../hierarchy/scene.ts';
import { plan } from './scene.ts';

const scene = new Scene();
const keys = { desk: mintKey('desk-1'), ada: mintKey('ada-1') };
let root: RunningHub;
let shop: RunningDomainHub;

before(async () => {
  const till = await scene.agent('till');
  root = await scene.root();
  await apply(root, [
    ...[resource('Domain', 'shop', { delegated: true }), bundle('org', OPEN)],
    resource('Budget', 'cap', { scope: 'organisation', unit: 'usd', limit: '0.10 USD' }),
    ...[resource('User', 'ada', { roles: ['admin'] }), keyOf(keys.ada, 'ada', 'user')],
  ]);
  shop = await scene.domain(root, 'shop');
  await apply(shop, [
    agent('till', till.url, { operations: [{ name: 'sell', effect: 'write', price: { perCall: '0.04 USD' } }] }),
    ...[agent('desk', null), keyOf(keys.desk, 'desk')],
    resource('Budget', 'own', { scope: 'domain shop', unit: 'usd', limit: '5 USD' }),
    plan('three', { steps: ['a', 'b', 'c'].map((id) => ({ id, call: 'agent/till/sell' })) }),
  ]);
  await until(() => shop.live.snapshot?.plans?.some(({ name }) => name === 'three') === true);
});
after(() => scene[Symbol.asyncDispose]());

const asked = async (): Promise<PlanCheck> => {
  const reply = await fetch(`${shop.url}/v1/plans:check`, {
    method: 'POST',
    headers: { authorization: `Bearer ${keys.desk.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ plan: 'three' }),
  });
  return (await reply.json()) as PlanCheck;
};

const spentOf = async (): Promise<unknown> => {
  const reply = await fetch(`${root.url}/v1/budgets`, { headers: { authorization: `Bearer ${keys.ada.secret}` } });
  const { items } = (await reply.json()) as { items: readonly { name: string; accounts: readonly object[] }[] };
  return items.find(({ name }) => name === 'cap')?.accounts;
};

test('of a budget above the limit is known first, and what is left once its hub has said so; asking takes nothing', async () => {
  const before = await spentOf();
  const first = await asked();
  const left = ({ budgets }: PlanCheck, name: string) => budgets.find(({ budget }) => budget === name)?.left;
  assert.deepEqual([left(first, 'cap'), left(first, 'own')], [null, 5_000_000]);
  assert.match(first.warnings.join(), /budget `cap` has \$0.10 in all, .* one run needs about \$0.12/);
  assert.deepEqual(await spentOf(), before);
  assert.equal((await call(shop, keys.desk, 'till/sell')).status, 200);
  const second = await asked();
  assert.equal(left(second, 'cap'), 60_000);
  assert.equal(left(second, 'own'), 4_960_000);
  assert.match(second.warnings.join(), /budget `cap` has \$0.06 left/);
});
