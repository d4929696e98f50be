import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Clock, Fault, type NodeEntry, type Principal } from '../contract/index.ts';
import { AssertionSigner, AssertionVerifier, type KnownNodes } from './assertion.ts';
import { type NodeKey, newNodeKey } from './nodekey.ts';

class HandClock implements Clock {
  wall = 1_000_000;
  nowMs(): number {
    return this.wall;
  }
  wallMs(): number {
    return this.wall;
  }
  after(): { cancel(): void } {
    return { cancel: () => {} };
  }
}

const keys = { hub: newNodeKey(), sales: newNodeKey(), car: newNodeKey(), stranger: newNodeKey() };
const node = (id: string, role: NodeEntry['role'], key: NodeKey, domain = '', agent = ''): NodeEntry => ({
  id,
  role,
  tenant: 'default',
  domain,
  agent,
  publicKey: key.publicKey,
  url: 'http://127.0.0.1:1',
});

const agents: Readonly<Record<string, string>> = { seller: 'sales', closer: 'sales-eu', banker: 'finance', root: '' };
const nodes = new Map(
  [
    node('hub', 'hub', keys.hub),
    node('domain-sales', 'domain', keys.sales, 'sales'),
    node('sidecar-seller', 'sidecar', keys.car, 'sales', 'seller'),
    node('sidecar-banker', 'sidecar', keys.stranger, 'finance', 'banker'),
    { ...node('sidecar-shop', 'sidecar', keys.car), tool: 'seller' },
    { ...node('sidecar-acme', 'sidecar', keys.stranger, 'sales', 'seller'), tenant: 'acme' },
  ].map((entry) => [entry.id, entry]),
);
const known = (entries: ReadonlyMap<string, NodeEntry> = nodes): KnownNodes => ({
  node: (id) => entries.get(id),
  domainOfAgent: (tenant, agent) => (tenant === 'default' ? agents[agent] : undefined),
  isWithin: (_tenant, domain, ancestor) => domain === ancestor || domain.startsWith(`${ancestor}-`),
});

const agent = (id: string, domain?: string, tenant = 'default', roles: string[] = []): Principal => ({
  kind: 'agent',
  tenant,
  id,
  ...(domain === undefined ? {} : { domain }),
  roles,
});
const user = (id: string): Principal => ({ kind: 'user', tenant: 'default', id, roles: ['admin'] });
const self = (id: string, tenant = 'default'): Principal => ({ kind: 'node', tenant, id, roles: ['admin'] });

/** Without the roles that somebody claimed for it. */
const reader = (tenant = 'default'): Principal => ({ kind: 'node', tenant, id: 'airspace', roles: [] });

const say = (iss: string, key: NodeKey, principal: Principal, aud = 'me', clock = new HandClock()): string =>
  new AssertionSigner(iss, key, clock).assert(principal, aud);
const hear = (token: string, wallMs = 1_000_000, audience = 'me'): Principal =>
  new AssertionVerifier(audience, known()).verify(token, wallMs);
const refused = (run: () => unknown): void =>
  assert.throws(run, (thrown) => thrown instanceof Fault && thrown.code === 'unauthenticated');

const allowed: readonly (readonly [string, string, NodeKey, Principal, Principal])[] = [
  ['the hub speaks for any agent', 'hub', keys.hub, agent('banker', 'finance'), agent('banker', 'finance')],
  ['the hub speaks for a user with roles', 'hub', keys.hub, user('ada'), user('ada')],
  ['a sidecar speaks for its agent', 'sidecar-seller', keys.car, agent('seller', 'sales'), agent('seller', 'sales')],
  ['the domain of its agent is known anyway', 'sidecar-seller', keys.car, agent('seller'), agent('seller', 'sales')],
  [
    'roles that a sidecar gives itself are ignored',
    'sidecar-seller',
    keys.car,
    agent('seller', 'sales', 'default', ['admin']),
    agent('seller', 'sales'),
  ],
  ['a domain hub speaks for its agent', 'domain-sales', keys.sales, agent('seller', 'sales'), agent('seller', 'sales')],
  ['and for agents below', 'domain-sales', keys.sales, agent('closer', 'sales-eu'), agent('closer', 'sales-eu')],
  ['and for agents only it knows', 'domain-sales', keys.sales, agent('new', 'sales'), agent('new', 'sales')],
  [
    'a node speaks for itself',
    'sidecar-seller',
    keys.car,
    self('sidecar-seller'),
    { ...self('sidecar-seller'), domain: 'sales', roles: [] },
  ],
  ['any node passes on that airspace asks', 'sidecar-seller', keys.car, self('airspace'), reader()],
  ['and the hub for every tenant', 'hub', keys.hub, self('airspace', 'acme'), reader('acme')],
];

for (const [promise, iss, key, said, heard] of allowed) {
  test(promise, () => assert.deepEqual(hear(say(iss, key, said)), heard));
}

const forbidden: readonly (readonly [string, () => unknown])[] = [
  ['a sidecar speaks for another agent', () => hear(say('sidecar-seller', keys.car, agent('closer', 'sales-eu')))],
  ['the sidecar of a tool speaks for an agent of its name', () => hear(say('sidecar-shop', keys.car, agent('seller')))],
  ['the sidecar of a tool speaks for nobody in particular', () => hear(say('sidecar-shop', keys.car, agent('')))],
  ['a sidecar speaks for a user', () => hear(say('sidecar-seller', keys.car, user('seller')))],
  [
    'a sidecar moves its agent to another domain',
    () => hear(say('sidecar-seller', keys.car, agent('seller', 'finance'))),
  ],
  [
    'a sidecar speaks for another tenant',
    () => hear(say('sidecar-seller', keys.car, agent('seller', 'sales', 'acme'))),
  ],
  ['airspace asks in another tenant', () => hear(say('sidecar-seller', keys.car, self('airspace', 'acme')))],
  ['airspace is claimed to be an agent', () => hear(say('sidecar-seller', keys.car, agent('airspace')))],
  ['a sidecar speaks for another node', () => hear(say('sidecar-seller', keys.car, self('hub')))],
  [
    'a node claims another tenant for itself',
    () => hear(say('sidecar-seller', keys.car, self('sidecar-seller', 'acme'))),
  ],
  ['a domain hub speaks for a foreign agent', () => hear(say('domain-sales', keys.sales, agent('banker', 'finance')))],
  ['a domain hub adopts a foreign agent', () => hear(say('domain-sales', keys.sales, agent('banker', 'sales')))],
  [
    'a domain hub adopts an agent of the organisation',
    () => hear(say('domain-sales', keys.sales, agent('root', 'sales'))),
  ],
  ['a domain hub speaks for a user', () => hear(say('domain-sales', keys.sales, user('ada')))],
  ['an agent that nobody knows comes without domain', () => hear(say('domain-sales', keys.sales, agent('new')))],
  ['the audience is another node', () => hear(say('hub', keys.hub, agent('seller', 'sales'), 'other'))],
  ['the issuer never joined', () => hear(say('ghost', keys.stranger, agent('seller', 'sales')))],
  ['the signer is not the issuer', () => hear(say('hub', keys.stranger, agent('seller', 'sales')))],
  ['it is over', () => hear(say('hub', keys.hub, agent('seller', 'sales')), 1_060_000)],
  [
    'it comes from more than the allowed skew ahead',
    () => hear(say('hub', keys.hub, agent('seller', 'sales')), 939_999),
  ],
  ['it is text', () => hear('a.b')],
  ['it is empty', () => hear('.')],
  ['it is huge', () => hear(`${'a'.repeat(1_000_000)}.a`)],
  ['it has a third part', () => hear(`${say('hub', keys.hub, agent('seller'))}.x`)],
];

for (const [what, run] of forbidden) test(`refused: ${what}`, () => refused(run));

test('inside a delegated domain its hub speaks for whoever comes in, outside it does not', () => {
  const inside = (said: Principal, audience: string): Principal =>
    hear(say('domain-sales', keys.sales, said, audience), 1_000_000, audience);
  for (const said of [agent('banker', 'finance'), user('ada')]) {
    assert.deepEqual(inside(said, 'sidecar-seller'), said);
    for (const audience of ['hub', 'sidecar-banker', 'nobody']) refused(() => inside(said, audience));
  }
  refused(() => inside(agent('banker', 'finance'), 'sidecar-acme'));
  refused(() => inside(agent('banker', 'finance', 'acme'), 'sidecar-seller'));
  refused(() => hear(say('sidecar-seller', keys.car, user('ada'), 'domain-sales'), 1_000_000, 'domain-sales'));
});

test('a payload changed after signing is refused, also when the signature is known', () => {
  const token = say('hub', keys.hub, agent('seller', 'sales'));
  const [payload = '', signature = ''] = token.split('.');
  const verifier = new AssertionVerifier('me', known());
  verifier.verify(token, 1_000_000);
  const changed = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('seller', 'banker')).toString(
    'base64url',
  );
  refused(() => verifier.verify(`${changed}.${signature}`, 1_000_000));
});

test('skew of the signer within a minute is tolerated, a life of more than a minute is not', () => {
  assert.equal(hear(say('hub', keys.hub, user('ada')), 940_000).id, 'ada');
  assert.equal(hear(say('hub', keys.hub, user('ada')), 1_059_999).id, 'ada');
});

test('the same sentence is signed once in 30 seconds, per principal and audience', () => {
  const clock = new HandClock();
  const signer = new AssertionSigner('hub', keys.hub, clock);
  const first = signer.assert(user('ada'), 'me');
  clock.wall += 29_999;
  assert.equal(signer.assert(user('ada'), 'me'), first);
  assert.notEqual(signer.assert(user('ada'), 'other'), first);
  assert.notEqual(signer.assert({ ...user('ada'), roles: [] }, 'me'), first);
  clock.wall += 1;
  assert.notEqual(signer.assert(user('ada'), 'me'), first);
});

test('a wall clock that was set back does not keep an old sentence alive', () => {
  const clock = new HandClock();
  const signer = new AssertionSigner('hub', keys.hub, clock);
  const first = signer.assert(user('ada'), 'me');
  clock.wall -= 600_000;
  assert.notEqual(signer.assert(user('ada'), 'me'), first);
});

test('a node that left, or joined again with another key, is not believed from memory', () => {
  const entries = new Map(nodes);
  const verifier = new AssertionVerifier('me', known(entries));
  const token = say('hub', keys.hub, user('ada'));
  assert.equal(verifier.verify(token, 1_000_000).id, 'ada');
  entries.set('hub', node('hub', 'hub', keys.stranger));
  refused(() => verifier.verify(token, 1_000_000));
  entries.delete('hub');
  refused(() => verifier.verify(token, 1_000_000));
});

test('a remembered sentence still ends', () => {
  const verifier = new AssertionVerifier('me', known());
  const token = say('hub', keys.hub, user('ada'));
  assert.equal(verifier.verify(token, 1_000_000).id, 'ada');
  refused(() => verifier.verify(token, 1_060_000));
});

test('a domain hub hands on whoever its parent sent, but only into its own domain', () => {
  const token = (audience: string): string => say('domain-sales', keys.sales, user('visitor'), audience);
  assert.equal(hear(token('sidecar-seller'), 1_000_000, 'sidecar-seller').id, 'visitor');
  refused(() => hear(token('hub'), 1_000_000, 'hub'));
  refused(() => hear(token('stranger'), 1_000_000, 'stranger'));
});
