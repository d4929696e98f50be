/** A certificate through its life, in virtual time: asked for, kept, renewed at half, and worth nothing when it is over. */
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Fault, type NodeEntry } from '../contract/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { Authority, INTERMEDIATE_MS, LEAF_MS } from './authority.ts';
import { type CertificateParts, NodeCertificate } from './certificate.ts';
import { openCertificate } from './chain.ts';
import { type NodeKey, newNodeKey } from './nodekey.ts';
import { parseSpiffeId, spiffeIdOf, trustDomainOf } from './spiffe.ts';

const HOUR = 3_600_000;
const always = (): boolean => true;

const entry = (key: NodeKey, more: Partial<NodeEntry> = {}): NodeEntry => ({
  ...{ id: 'sidecar-a-0001', role: 'sidecar', tenant: 'default', domain: '', agent: 'a' },
  ...{ publicKey: key.publicKey, url: 'https://127.0.0.1:9', ...more },
});
const domainEntry = (key: NodeKey, domain: string): NodeEntry =>
  entry(key, { id: `domain-${domain}-0001`, role: 'domain', domain, agent: '' });

const setUp = async (more: Partial<CertificateParts> = {}) => {
  const world = new VirtualWorld(7);
  const [rootKey, key] = [newNodeKey(), newNodeKey()];
  const authority = await Authority.root(rootKey, world.clock.wallMs());
  const asked: number[] = [];
  const notes: Fault[] = [];
  const hub = { isThere: true };
  const certificate = new NodeCertificate({
    ...{ node: 'sidecar-a-0001', key, pinned: rootKey.publicKey, clock: world.clock, random: world.random },
    note: (problem) => void notes.push(problem),
    issue: async () => {
      asked.push(world.clock.nowMs());
      if (!hub.isThere) throw new Fault('unreachable', 'the hub cannot be reached');
      const leaf = authority.leaf(entry(key), always, world.clock.wallMs());
      signing = leaf;
      return { chain: await leaf, authority: null };
    },
    ...more,
  });
  return { world, rootKey, key, authority, certificate, asked, notes, hub };
};

/** What is being signed: that takes real time, which virtual time does not wait for. */
let signing: Promise<unknown> = Promise.resolve();

const pass = async (world: VirtualWorld, ms: number, stepMs = 5 * 60_000): Promise<void> => {
  const endMs = world.clock.nowMs() + ms;
  while (world.clock.nowMs() < endMs) {
    await world.run(Math.min(endMs, world.clock.nowMs() + stepMs));
    await signing;
    await new Promise((turn) => setImmediate(turn));
  }
};

test('a certificate says who it is for, is back-dated a little, and lasts a day', async () => {
  const { world, key, rootKey, certificate } = await setUp();
  await certificate.start();
  const held = certificate.current!;
  const leaf = new X509Certificate(held.chain[0]!);
  assert.equal(held.spiffeId, spiffeIdOf(entry(key), trustDomainOf(rootKey.publicKey)));
  assert.equal(held.expiresAtMs, world.clock.wallMs() + LEAF_MS);
  assert.equal(held.notBeforeMs, world.clock.wallMs() - 5 * 60_000);
  assert.deepEqual(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  assert.equal(leaf.ca, false);
  certificate.stop();
});

test('it is renewed at about half of its life, and whoever shows it hears of each', async () => {
  const { world, certificate, asked } = await setUp();
  const shown: string[] = [];
  certificate.follow(({ serial }) => void shown.push(serial));
  await certificate.start();
  await pass(world, 10 * HOUR);
  assert.equal(asked.length, 1, 'not before');
  await pass(world, 4 * HOUR);
  assert.equal(asked.length, 2);
  assert.ok(asked[1]! > 10.5 * HOUR && asked[1]! < 13.3 * HOUR, String(asked[1]));
  assert.equal(new Set(shown).size, 2);
  await pass(world, 48 * HOUR);
  assert.ok(asked.length >= 5 && asked.length <= 7, String(asked.length));
  assert.ok(certificate.current !== undefined);
  certificate.stop();
  assert.equal(world.pending, 0);
});

test('without a hub it is asked for again and again, more and more rarely, and is worth nothing once it is over', async () => {
  const { world, certificate, asked, notes, hub } = await setUp();
  await certificate.start();
  hub.isThere = false;
  await pass(world, 23 * HOUR);
  assert.ok(certificate.current !== undefined, 'the day of a certificate is how long the mesh does without a hub');
  await pass(world, 2 * HOUR);
  assert.equal(certificate.current, undefined);
  assert.ok(asked.length > 100 && asked.length < 400, String(asked.length));
  assert.equal(notes[0]?.code, 'unreachable');
  hub.isThere = true;
  await pass(world, 10 * 60_000);
  assert.ok(certificate.current !== undefined, 'and is had again soon after the hub is back');
  certificate.stop();
});

test('it is kept for its owner only, used after a restart, and a damaged file is as none', async (t: TestContext) => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-certificate-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const path = join(dir, 'certificate.json');
  const first = await setUp({ path });
  await first.certificate.start();
  first.certificate.stop();
  assert.equal(statSync(path).mode & 0o077, 0);
  const { world, key, rootKey } = first;
  const again = (asking: () => Promise<unknown>): NodeCertificate =>
    new NodeCertificate({
      ...{ node: 'sidecar-a-0001', key, pinned: rootKey.publicKey, clock: world.clock, random: world.random, path },
      ...{ note: () => {}, issue: asking },
    });
  const away = (): Promise<never> => Promise.reject(new Fault('unreachable', 'away'));
  const second = again(away);
  await second.start();
  assert.equal(second.current?.serial, first.certificate.current?.serial);
  second.stop();
  writeFileSync(path, '{"chain":[]}');
  const third = again(away);
  await third.start();
  assert.equal(third.current, undefined);
  third.stop();
});

test('a certificate that is not for this node, or not from where it joined, is not taken', async () => {
  const { key, rootKey, authority, world } = await setUp();
  const own = { node: 'sidecar-a-0001', publicKey: key.publicKey, pinned: rootKey.publicKey };
  const now = world.clock.wallMs();
  const other = await Authority.root(newNodeKey(), now);
  const good = await authority.leaf(entry(key), always, now);
  const refused: readonly (readonly [RegExp, unknown])[] = [
    [
      /another node/,
      { chain: await authority.leaf(entry(key, { id: 'sidecar-b-0001' }), always, now), authority: null },
    ],
    [/another key/, { chain: await authority.leaf(entry(newNodeKey()), always, now), authority: null }],
    [/not signed by the hub/, { chain: await other.leaf(entry(key), always, now), authority: null }],
    [/not signed by the next/, { chain: [good[0], other.chain[0]], authority: null }],
    [/no chain/, { chain: [good[0]], authority: null }],
    [/no chain/, { chain: ['x', 'y'], authority: null }],
    [/no chain/, null],
  ];
  for (const [why, came] of refused) assert.throws(() => openCertificate(came, own), why);
  assert.throws(
    () => openCertificate({ chain: good, authority: null }, { ...own, rootKey: newNodeKey().publicKey }),
    /another root/,
  );
});

test('a domain hub certifies its own domain, as deep as it was allowed to, and never longer than it may itself', async () => {
  const { rootKey, authority, world } = await setUp();
  const [hubKey, lowerKey, key] = [newNodeKey(), newNodeKey(), newNodeKey()];
  const now = world.clock.wallMs();
  const isWithin = (_: string, domain: string, above: string): boolean =>
    domain === above || (domain === 'lower' && above === 'upper');
  const given = await authority.intermediate(domainEntry(hubKey, 'upper'), 1, isWithin, now);
  const upper = Authority.given(hubKey, given);
  assert.deepEqual(upper.within, { tenant: 'default', domain: 'upper' });
  assert.equal(new X509Certificate(given.chain[0]!).validToDate.getTime(), now + INTERMEDIATE_MS);
  const lower = Authority.given(lowerKey, await upper.intermediate(domainEntry(lowerKey, 'lower'), 0, isWithin, now));
  const chain = await lower.leaf(entry(key, { domain: 'lower' }), isWithin, now);
  const held = openCertificate(
    { chain, authority: null },
    { node: 'sidecar-a-0001', publicKey: key.publicKey, pinned: lowerKey.publicKey },
  );
  assert.deepEqual([held.rootKey, chain.length], [rootKey.publicKey, 4]);
  await assert.rejects(lower.leaf(entry(key, { domain: 'upper' }), isWithin, now), { code: 'denied' });
  await assert.rejects(lower.leaf(entry(key, { tenant: 'acme', domain: 'lower' }), isWithin, now), { code: 'denied' });
  await assert.rejects(lower.intermediate(domainEntry(newNodeKey(), 'lower'), 0, isWithin, now), { code: 'conflict' });
  const late = await upper.leaf(entry(key, { domain: 'upper' }), isWithin, now + INTERMEDIATE_MS - HOUR);
  assert.equal(new X509Certificate(late[0]!).validToDate.getTime(), now + INTERMEDIATE_MS);
});

test('names of nodes are read as strictly as they are written', () => {
  const good = 'spiffe://abc.airspace/tenant/default/domain/-/agent/orders/node/sidecar-orders-1a2b';
  assert.deepEqual(parseSpiffeId(good), {
    ...{ trustDomain: 'abc.airspace', tenant: 'default', domain: '', kind: 'agent', name: 'orders' },
    node: 'sidecar-orders-1a2b',
  });
  for (const bad of [
    '',
    good.replace('spiffe:', 'https:'),
    good.replace('/agent/', '/user/'),
    good.replace('/tenant/default', ''),
    `${good}/more`,
    good.replace('orders/node', '../node'),
    good.replace('default', 'a%2fb'),
    good.replace('default', 'DEFAULT'),
    `${good}?x`,
  ])
    assert.equal(parseSpiffeId(bad), undefined, bad);
});
