/** A domain hub that was taken over says whatever it likes: what its parent makes of it, and what a hub makes of a parent that is none. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { signedText } from '../../src/audit/index.ts';
import { checkpointsBelow } from '../../src/cli/node/checkpoints-below.ts';
import type { RunningHub } from '../../src/cli/node/hub.ts';
import { refuseLoop } from '../../src/cli/node/own.ts';
import { DEFAULT_TENANT, type NodeEntry } from '../../src/contract/index.ts';
import { openNodeKey } from '../../src/identity/index.ts';
import { agent, apply, bundle, namesAt, OPEN, refusalOf, resource, Scene } from './scene.ts';

const scene = new Scene();
let root: RunningHub;

const node = (id: string, domain: string, more: Partial<NodeEntry> = {}): NodeEntry => ({
  ...{ id, role: 'domain', tenant: DEFAULT_TENANT, domain, agent: '', publicKey: id, url: 'http://127.0.0.1:1' },
  ...more,
});
const SHOP = node('domain-shop-1', 'shop');

before(async () => {
  root = await scene.root();
  await apply(root, [
    resource('Domain', 'shop', { delegated: true }),
    resource('Domain', 'office', { delegated: true }),
    resource('Domain', 'attic', {}),
    agent('concierge', null),
    agent('till', null, {}, { domain: 'shop' }),
    bundle('org', OPEN),
  ]);
});
after(() => scene[Symbol.asyncDispose]());

/** As the route does once it has verified the node, which must be a member. */
const exported = (resources: readonly unknown[], by = SHOP) => taker().take(by, { resources });
const taker = () => root.exports;

const clean = (name: string, domain = 'shop', spec: object = {}) => ({
  ...{ apiVersion: 'airspace.dev/v1', kind: 'Agent', metadata: { name, domain } },
  spec: { operations: [{ name: 'ask', effect: 'read' }], ...spec },
});

test('what a hub may not say is refused as a whole, and the reason names it', async () => {
  const refused = {
    'Agent `x`: domain `office` is not `shop` or below it': clean('x', 'office'),
    'Agent `x`: it is of no domain': { ...clean('x'), metadata: { name: 'x' } },
    'Agent `x`: domain `nowhere`': clean('x', 'nowhere'),
    'the name is taken: it is declared at the parent': clean('concierge'),
    'it is declared at the parent, in domain `shop`': clean('till'),
    '`metadata.tenant` is not the exporter': {
      ...clean('x'),
      metadata: { name: 'x', domain: 'shop', tenant: 'rival' },
    },
    '`metadata.labels` is not the exporter': {
      ...clean('x'),
      metadata: { name: 'x', domain: 'shop', labels: { pii: 'no' } },
    },
    '`metadata.exportedBy` is not the exporter': {
      ...clean('x'),
      metadata: { name: 'x', domain: 'shop', exportedBy: 'domain-office-1' },
    },
    '`spec.endpoints` is not for export': clean('x', 'shop', { endpoints: [{ url: 'http://127.0.0.1:9' }] }),
    '`spec.credential` is not for export': clean('x', 'shop', { credential: { secret: 's' } }),
    'Domain `office`: ': resource('Domain', 'office', { parent: 'shop', delegated: true }),
    'Domain `annexe`: it is of no domain': resource('Domain', 'annexe', { delegated: true }),
    'Domain `annexe`: domain `office`': resource('Domain', 'annexe', { parent: 'office' }),
    'exports are at most': resource('PolicyBundle', 'org', { level: 'org', policies: { text: OPEN } }),
    'each export needs metadata': { apiVersion: 'airspace.dev/v1', kind: 'Agent' },
  };
  for (const [why, one] of Object.entries(refused)) {
    const { code, message } = await refusalOf(exported([clean('honest'), one]));
    assert.ok(message.includes(why), `${code}: ${message} says ${why}`);
    assert.ok(['bad_request', 'denied', 'conflict'].includes(code), code);
  }
  assert.deepEqual((await namesAt(root, 'Agent')).sort(), ['concierge', 'till']);
  assert.match((await refusalOf(exported([clean('a'), clean('a')]))).message, /already defined/);
});

test('a domain that is not delegated, a sidecar and a hub of another tenant export nothing', async () => {
  assert.match((await refusalOf(exported([clean('x', 'attic')], node('a', 'attic')))).message, /is not delegated here/);
  assert.match(
    (await refusalOf(exported([clean('x')], { ...SHOP, role: 'sidecar' }))).message,
    /only the hub of a domain/,
  );
  const { message } = await refusalOf(exported([clean('x')], node('rival-1', 'shop', { tenant: 'rival' })));
  assert.match(message, /domain `shop` is not delegated here/);
});

test('what one hub exports no other hub exports, and each takes back its own only', async () => {
  const second = node('domain-shop-2', 'shop');
  await exported([clean('orders'), resource('Domain', 'returns', { parent: 'shop' })]);
  const { message } = await refusalOf(exported([clean('orders')], second));
  assert.match(message, /`domain-shop-1` exports it, in domain `shop`; it can be exported once/);
  await exported([clean('stock')], second);
  await exported([clean('orders', 'returns'), resource('Domain', 'returns', { parent: 'shop' })]);
  assert.deepEqual((await namesAt(root, 'Agent')).sort(), ['concierge', 'orders', 'stock', 'till']);
  // A prune of the files of the root is about what is in them.
  await apply(root, [agent('concierge', null)]);
  await exported([], second);
  assert.deepEqual((await namesAt(root, 'Agent')).sort(), ['concierge', 'orders', 'till']);
  const { length } = await root.configure.history(100);
  await exported([clean('orders', 'returns'), resource('Domain', 'returns', { parent: 'shop' })]);
  assert.equal((await root.configure.history(100)).length, length, 'what is said again changes nothing');
});

test('nobody prunes what a hub exported, and removing its node takes it away', async () => {
  await apply(
    root,
    [
      ...['shop', 'office'].map((name) => resource('Domain', name, { delegated: true })),
      ...[resource('Domain', 'attic', {}), agent('concierge', null), agent('till', null, {}, { domain: 'shop' })],
      bundle('org', OPEN),
    ],
    { prune: true },
  );
  assert.ok((await namesAt(root, 'Agent')).includes('orders'));
  await taker().withdraw(SHOP, 'user/ann');
  assert.deepEqual((await namesAt(root, 'Agent')).sort(), ['concierge', 'till']);
  assert.deepEqual((await root.configure.history(1))[0]!.by, 'user/ann');
});

test('a hub that finds itself above its parent refuses that parent', () => {
  const above = [
    { hub: 'domain-b', seq: 3 },
    { hub: 'domain-a', seq: 2 },
  ];
  assert.throws(
    () => refuseLoop('domain-a', { above }),
    /this hub stands above its own parent.*domain-a -> domain-b -> domain-a/,
  );
  refuseLoop('domain-c', { above });
  const deep = Array.from({ length: 16 }, (_, at) => ({ hub: `hub-${at}`, seq: 1 }));
  assert.throws(() => refuseLoop('domain-x', { above: deep }), /too deep/);
});

test('a hub that rewrites its audit is refused, and both of its words are kept, over a restart too', async () => {
  const dir = `${scene.dir}/checkpoints-test`;
  mkdirSync(dir);
  const key = await openNodeKey(dir);
  const by = node('domain-shop-9', 'shop', { publicKey: key.publicKey });
  const noted: string[] = [];
  const trail = { note: async ({ kind }: { kind: string }) => void noted.push(kind) } as never;
  const taker = () => checkpointsBelow({ dir, trail, logger: { log: () => {} } });
  const said = (seq: number, hash: string, more: object = {}) => {
    const payload = JSON.stringify({ tenant: DEFAULT_TENANT, seq, hash, atMs: 1, node: by.id, ...more });
    return { payload, keyId: key.keyId, signature: key.sign(signedText(payload)).toString('base64') };
  };
  await taker()(by, said(5, 'a'));
  await taker()(by, said(7, 'b'));
  assert.match((await refusalOf(taker()(by, said(7, 'c')))).message, /ended at 7 before, with another content/);
  assert.equal((await refusalOf(taker()(by, said(6, 'd')))).code, 'conflict');
  assert.match(
    (await refusalOf(taker()(by, { ...said(8, 'e'), signature: 'AAAA' }))).message,
    /no checkpoint that the node signed/,
  );
  assert.match((await refusalOf(taker()(by, said(8, 'e', { tenant: 'rival' })))).message, /of its own tenant/);
  assert.match((await refusalOf(taker()(by, said(8, 'e', { node: 'domain-x' })))).message, /its own audit/);
  assert.deepEqual(noted, ['audit.checkpoint', 'audit.checkpoint', 'audit.rewritten', 'audit.rewritten']);
  assert.equal(readFileSync(`${dir}/checkpoints/${by.id}.jsonl`, 'utf8').trim().split('\n').length, 4);
});
