/** Three levels of hubs, each governed by its own people: who sees what, who may say what, and where calls go. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import type { RunningDomainHub } from '../../src/cli/node/domain.ts';
import type { RunningHub } from '../../src/cli/node/hub.ts';
import { WHOLE_TENANT } from '../../src/contract/index.ts';
import {
  agent,
  apply,
  bundle,
  call,
  keyOf,
  mintKey,
  namesAt,
  OPEN,
  refusalOf,
  resource,
  Scene,
  until,
} from './scene.ts';

const scene = new Scene();
const keys = { concierge: mintKey('concierge-1'), orders: mintKey('orders-1'), refunds: mintKey('refunds-1') };
let root: RunningHub;
let operations: RunningDomainHub;
let returns: RunningDomainHub;
let behind: Record<'concierge' | 'orders' | 'refunds', { readonly url: string; readonly seen: string[] }>;

before(async () => {
  behind = {
    concierge: await scene.agent('concierge'),
    orders: await scene.agent('orders'),
    refunds: await scene.agent('refunds'),
  };
  root = await scene.root();
  await apply(root, [
    resource('Domain', 'operations', { delegated: true }),
    resource('Domain', 'finance', { delegated: true }),
    agent('concierge', behind.concierge.url),
    keyOf(keys.concierge, 'concierge'),
    bundle('org', OPEN),
  ]);
  operations = await scene.domain(root, 'operations');
  await apply(operations, [
    resource('Domain', 'returns', { delegated: true }),
    agent('orders', behind.orders.url),
    keyOf(keys.orders, 'orders'),
    bundle('operations', OPEN),
  ]);
  returns = await scene.domain(operations, 'returns');
  await apply(returns, [agent('refunds', behind.refunds.url), keyOf(keys.refunds, 'refunds')]);
  await until(async () => (await namesAt(root, 'Agent')).includes('refunds'), 'exports of the leaf reach the root');
  const sees = ({ live }: Pick<RunningHub, 'live'>, name: string): boolean => {
    const target = live.snapshot?.targets.find((one) => one.name === name);
    return target !== undefined && live.fleet.pool({ target, via: 'hub' }, 0).table.present.length > 0;
  };
  await until(() => sees(root, 'refunds') && sees(root, 'orders') && sees(operations, 'refunds'), 'ways are known');
});
after(() => scene[Symbol.asyncDispose]());

const targetAt = ({ live }: Pick<RunningHub, 'live'>, name: string) =>
  live.snapshot!.targets.find((target) => target.name === name)!;

test('what domains export is known above, as the domains that they are in, and nothing of where it runs', async () => {
  assert.deepEqual((await namesAt(root, 'Agent')).sort(), ['concierge', 'orders', 'refunds']);
  assert.deepEqual((await namesAt(root, 'Domain')).sort(), ['finance', 'operations', 'returns']);
  const refunds = targetAt(root, 'refunds');
  assert.deepEqual([refunds.domain, refunds.endpoints, refunds.exportedBy], ['returns', [], operations.id]);
  assert.equal(targetAt(operations, 'refunds').exportedBy, returns.id);
});

test('a call goes down through two hubs, and up through two', async () => {
  const down = await call(root, keys.concierge, 'refunds/ask');
  assert.deepEqual([down.status, down.text], [200, '{"from":"refunds"}']);
  const up = await call(returns, keys.refunds, 'concierge/ask');
  assert.deepEqual([up.status, up.text], [200, '{"from":"concierge"}']);
  const across = await call(returns, keys.refunds, 'orders/ask');
  assert.deepEqual([across.status, across.text], [200, '{"from":"orders"}']);
});

test('a snapshot says what it stands on, all the way up', () => {
  const { above = [], seq } = returns.live.snapshot!;
  assert.deepEqual(
    above.map(({ hub }) => hub),
    [operations.id, root.id],
  );
  assert.equal(above[1]!.seq, root.live.snapshot!.seq);
  assert.ok(seq > 0);
});

test('names, levels, domains and tenants of others are refused, each with whose it is', async () => {
  const refused = async (one: object, tenant?: string): Promise<string> => {
    const { code, message } = await refusalOf(apply(operations, [one], tenant === undefined ? {} : { tenant }));
    return `${code}: ${message}`;
  };
  assert.match(
    await refused(agent('concierge', null)),
    /conflict.*Agent `concierge`: the name is taken by the levels above/,
  );
  assert.match(
    await refused(agent('x', null, {}, { domain: 'finance' })),
    /of domain `finance`, which is not `operations` or below it/,
  );
  assert.match(await refused(bundle('org', OPEN)), /PolicyBundle `policy-org`: it is of the organisation/);
  assert.match(await refused(bundle('finance', OPEN)), /it is of domain `finance`/);
  assert.match(await refused(resource('Domain', 'finance', {})), /Domain `finance`: the name is taken/);
  assert.match(await refused(resource('Domain', 'below', { parent: 'finance' })), /its parent `finance`/);
  assert.match(await refused(agent('x', null), 'rivals'), /this hub is of tenant `default`/);
  assert.match(
    await refused({ ...keyOf(mintKey('mine'), 'concierge'), metadata: { name: 'mine' } }),
    /agent `concierge` is not of this domain/,
  );
  assert.match(await refused(agent('x', null, {}, { exportedBy: returns.id })), /only a domain hub exports/);
});

test('a hub admits nodes of its own domain and below, and none that would be its parent or its sibling', async () => {
  const asked = async (domain: string) =>
    (await refusalOf(operations.nodes.issueJoinToken({ role: 'domain', tenant: 'default', domain, agent: '' })))
      .message;
  assert.match(await asked('operations'), /domains below `operations`, and not of `operations`/);
  assert.match(await asked('finance'), /not of `finance`/);
  const sidecar = operations.nodes.issueJoinToken({
    role: 'sidecar',
    tenant: 'default',
    domain: '',
    agent: 'concierge',
  });
  assert.match((await refusalOf(sidecar)).message, /not of the organisation/);
});

test('a level below tightens for everybody, and loosens for nobody', async () => {
  const no = '@id("no") @reason("closed for stocktaking") forbid (principal, action, resource);';
  await apply(returns, [bundle('returns', `${OPEN}${no}`)]);
  const shut = await call(root, keys.concierge, 'refunds/ask');
  assert.equal(shut.status, 403);
  await apply(returns, [bundle('returns', OPEN)]);
  assert.equal((await call(root, keys.concierge, 'refunds/ask')).status, 200);
  const seq = root.live.snapshot!.seq;
  await apply(root, [
    bundle(
      'org',
      `${OPEN}@id("top") @reason("from the top") forbid (principal, action, resource in Domain::"returns");`,
    ),
  ]);
  await until(() => (returns.live.snapshot?.above?.at(-1)?.seq ?? 0) > seq);
  const own = await call(returns, keys.refunds, 'refunds/ask');
  assert.equal(own.status, 403);
  assert.match(own.text, /from the top/);
  await apply(root, [bundle('org', OPEN)]);
  await until(async () => (await call(returns, keys.refunds, 'refunds/ask')).status === 200);
});

test('an order to stop reaches every level below it, and none above', async () => {
  const by = { kind: 'user', tenant: 'default', id: 'ann', roles: ['operator'] } as const;
  const stopped = async (hub: RunningHub | RunningDomainHub) => (await call(hub, keys.refunds, 'refunds/ask')).status;
  const { order } = await killsAt(root).order(by, { kind: 'agent', name: 'refunds', reason: 'it runs wild' });
  await until(async () => (await stopped(returns)) === 403);
  await assert.rejects(killsAt(returns).lift(by, order.id), /was given above this hub; lift it there/);
  await killsAt(root).lift(by, order.id);
  await until(async () => (await stopped(returns)) === 200);
  const own = await killsAt(operations).order(by, { kind: 'agent', name: 'refunds', reason: 'here only' });
  await until(async () => (await stopped(returns)) === 403);
  assert.equal((await call(root, keys.concierge, 'concierge/ask')).status, 200);
  await killsAt(operations).lift(by, own.order.id);
  await until(async () => (await stopped(returns)) === 200);
});

const killsAt = ({ kills }: Pick<RunningHub, 'kills'>) => kills;

test('labels are what the levels above decide by: they give them to what is exported, and nobody below does', async () => {
  const labelled = agent(
    'orders',
    null,
    { operations: [{ name: 'ask', effect: 'read' }] },
    { labels: { tier: 'gold' } },
  );
  const taken = { ...labelled, metadata: { ...labelled.metadata, domain: 'operations', exportedBy: operations.id } };
  await apply(root, [taken]);
  await until(() => targetAt(operations, 'orders').labels['tier'] === 'gold');
  assert.equal(targetAt(root, 'orders').labels['tier'], 'gold');
  const { message } = await refusalOf(
    apply(root, [agent('orders', 'http://127.0.0.1:1', {}, { domain: 'operations', exportedBy: operations.id })]),
  );
  assert.match(message, /exports it, and only its labels can be changed here/);
  const trusting = `@id("gold") @reason("gold only") permit (principal, action, resource) when { resource.hasTag("tier") };`;
  await apply(root, [bundle('org', `${OPEN}${trusting}`)]);
  await until(() => (operations.live.snapshot?.above?.[0]?.seq ?? 0) === root.live.snapshot!.seq);
  const refused = await refusalOf(apply(operations, [agent('new', null, {}, { labels: { tier: 'gold' } })]));
  assert.match(refused.message, /label `tier` is read by rules of the levels above/);
  await apply(root, [bundle('org', OPEN)]);
});

test('while a domain is away its targets stay known, and the fault names the domain', async () => {
  await returns.stop(false);
  const kept = readFileSync(`${scene.dir}/operations/checkpoints/${returns.id}.jsonl`, 'utf8');
  assert.equal(JSON.parse(JSON.parse(kept.split('\n')[0]!).payload).node, returns.id, 'its audit ended here, it said');
  await until(async () => (await call(operations, keys.orders, 'refunds/ask')).status === 503, 'the fault is clear');
  const away = await call(root, keys.concierge, 'refunds/ask');
  assert.equal(away.status, 503);
  assert.match(away.text, /domain `returns`|domain `operations`/);
  assert.equal((await call(root, keys.concierge, 'orders/ask')).status, 200);
  returns = await scene.again('returns');
  await until(async () => (await call(root, keys.concierge, 'refunds/ask')).status === 200, 'it is back');
});

test('a budget of the root holds for calls that no other hub than the lowest sees, and one of a domain for its own', async () => {
  const limited = (name: string, scope: string, limit: number) =>
    resource('Budget', name, { scope, unit: 'calls', limit, window: { every: 'none' } });
  const spent = async (hub: RunningHub | RunningDomainHub): Promise<number> => {
    let count = 0;
    for (; count < 40 && (await call(hub, keys.refunds, 'refunds/ask')).status === 200; count++);
    return count;
  };
  const seq = root.live.snapshot!.seq;
  await apply(root, [limited('all', 'organisation', 7)]);
  await until(() => (returns.live.snapshot?.above?.at(-1)?.seq ?? 0) > seq);
  assert.equal(await spent(returns), 7);
  await root.configure.remove(
    [{ tenant: 'default', kind: 'Budget', name: 'all' }],
    'user/test',
    '',
    false,
    WHOLE_TENANT,
  );
  await until(() => (returns.live.snapshot?.budgets ?? []).length === 0);
  await apply(operations, [limited('ours', 'domain operations', 5)]);
  await until(() => (returns.live.snapshot?.budgets ?? []).length === 1);
  assert.equal(await spent(returns), 5);
  assert.equal((await call(root, keys.concierge, 'concierge/ask')).status, 200);
  const taken = await refusalOf(apply(operations, [limited('whole', 'organisation', 5)]));
  assert.match(taken.message, /its scope `organisation` is not of this domain/);
});
