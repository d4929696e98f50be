import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { NodeEntry } from '../contract/index.ts';
import { VirtualWorld } from '../kernel/index.ts';
import { originSigner, originVerifier, Seal, speaksElsewhere } from './index.ts';
import { newNodeKey } from './nodekey.ts';

const entry = (id: string, publicKey: string, more: Partial<NodeEntry> = {}): NodeEntry => ({
  id,
  role: 'hub',
  tenant: '',
  domain: '',
  agent: '',
  publicKey,
  url: '',
  ...more,
});

const nobody = (): undefined => undefined;

test('a seal of its own holds for the node and after a restart, and tells others only whose it is', () => {
  const key = newNodeKey();
  const token = new Seal('a.b', key).put('words', false);
  assert.deepEqual(new Seal('a.b', key).open(token, nobody), { text: 'words', issuer: null });
  const known = (id: string) => (id === 'a.b' ? entry('a.b', key.publicKey) : undefined);
  assert.deepEqual(new Seal('c', newNodeKey()).open(token, known), { broken: 'elsewhere', node: 'a.b' });
  assert.deepEqual(new Seal('c', newNodeKey()).open(token, nobody), { broken: 'forged' });
  assert.deepEqual(new Seal('a.b', newNodeKey()).open(token, nobody), { broken: 'forged' });
});

test('a signed seal holds wherever its node is known, and under no other key', () => {
  const key = newNodeKey();
  const signed = entry('a', key.publicKey);
  const token = new Seal('a', key).put('words', true);
  const other = new Seal('b', newNodeKey());
  assert.deepEqual(
    other.open(token, () => signed),
    { text: 'words', issuer: signed },
  );
  assert.deepEqual(other.open(token, nobody), { broken: 'forged' });
  assert.deepEqual(
    other.open(token, () => entry('a', newNodeKey().publicKey)),
    { broken: 'forged' },
  );
  assert.deepEqual(new Seal('a', key).open(token, nobody), { text: 'words', issuer: null });
});

test('a seal that is taken for the other kind, or cut, or something else, is none', () => {
  const key = newNodeKey();
  const seal = new Seal('a', key);
  for (const token of [
    seal.put('words', false).replace('h~', 's~'),
    seal.put('words', true).replace('s~', 'h~'),
    '',
    '~~~',
    'h~a~~x',
  ])
    assert.deepEqual(seal.open(token, nobody), { broken: 'forged' });
});

test('who began is proven by a node that may speak for them, for an hour', () => {
  const world = new VirtualWorld(1);
  const hub = newNodeKey();
  const side = newNodeKey();
  const nodes = new Map([
    ['hub', entry('hub', hub.publicKey)],
    ['side', entry('side', side.publicKey, { role: 'sidecar', tenant: 'acme', agent: 'a' })],
  ]);
  const known = { node: (id: string) => nodes.get(id), domainOfAgent: () => '', isWithin: () => false };
  const verify = originVerifier(known);
  const ann = { kind: 'user', tenant: 'acme', id: 'ann', roles: ['clerk'] } as const;
  const proof = originSigner('hub', hub, world.clock)(ann);
  const wallMs = world.clock.wallMs();
  assert.deepEqual(verify(proof, wallMs + 3_599_000), ann);
  assert.equal(verify(proof, wallMs + 3_600_000), undefined);
  assert.equal(verify(originSigner('side', side, world.clock)(ann), wallMs), undefined);
  assert.equal(verify('nonsense', wallMs), undefined);
});

test('a token is signed only for agents that can show it to another node', () => {
  const keys = [{ tenant: 'acme', principal: { kind: 'agent', name: 'a' } }];
  const hub = entry('hub', '');
  const sideOf = (agent: string): NodeEntry => entry(`side-${agent}`, '', { role: 'sidecar', tenant: 'acme', agent });
  const cases: readonly (readonly [self: NodeEntry, nodes: readonly NodeEntry[], agent: string, elsewhere: boolean])[] =
    [
      [hub, [hub], 'a', false],
      [hub, [hub, sideOf('b')], 'b', true],
      [hub, [hub, entry('domain', '', { role: 'domain', tenant: 'acme' })], 'a', true],
      [hub, [hub, entry('domain', '', { role: 'domain', tenant: 'acme' })], 'b', false],
      [sideOf('a'), [hub, sideOf('a')], 'a', true],
      [sideOf('b'), [hub, sideOf('b')], 'b', false],
      [sideOf('b'), [hub, sideOf('b'), { ...sideOf('b'), id: 'side-b2' }], 'b', false],
    ];
  for (const [self, nodes, agent, elsewhere] of cases)
    assert.equal(speaksElsewhere(self, nodes, keys)('acme', agent), elsewhere, `${self.id} to ${agent}`);
});
