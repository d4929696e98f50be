import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type Attributes,
  type Call,
  type Credential,
  Fault,
  type KeyEntry,
  type NodeEntry,
  type Reply,
} from '../contract/index.ts';
import { rootScope } from '../kernel/index.ts';
import { AssertionSigner, AssertionVerifier } from './assertion.ts';
import { mintKey } from './keys.ts';
import { identify, SnapshotResolver } from './layer.ts';
import { newNodeKey } from './nodekey.ts';

const minted = mintKey('ci');
const key: KeyEntry = {
  id: 'ci',
  tenant: 'default',
  secretHash: minted.secretHash,
  principal: { kind: 'agent', name: 'planner', domain: 'travel', roles: [] },
  expiresAtMs: 5000,
};

const call = (credential: Credential, more: Partial<Call> = {}): Call => ({
  id: '0'.repeat(32),
  credential,
  principal: null,
  target: { kind: 'tool', name: 'search', operation: 'find' },
  contentType: 'application/json',
  accept: '*/*',
  body: { kind: 'bytes', bytes: new Uint8Array() },
  headers: [],
  trace: { trace: '1'.repeat(32), sampled: true },
  lineage: { root: '0'.repeat(32), depth: 0 },
  priority: 2,
  stream: false,
  via: [],
  retriedElsewhere: false,
  ...more,
});

const scopeAt = (wallMs: number, noted: Attributes[] = []) =>
  rootScope(
    {
      clock: { nowMs: () => 0, wallMs: () => wallMs, after: () => ({ cancel: () => {} }) },
      ids: { traceId: () => '', spanId: () => '', callId: () => '' },
      random: () => 0,
    },
    { spanId: '', set: (attributes) => noted.push(attributes), step: () => {} },
  ).scope;

const reply: Reply = {
  outcome: 'ok',
  status: 200,
  contentType: '',
  headers: [],
  body: { kind: 'bytes', bytes: new Uint8Array() },
  endpoint: '',
  attempts: 1,
};

const whoIs = async (
  resolver: SnapshotResolver,
  asked: Call,
  wallMs = 0,
  noted: Attributes[] = [],
): Promise<unknown> => {
  let seen: unknown;
  await identify(resolver)(async (inner) => {
    seen = inner.principal;
    return reply;
  })(asked, scopeAt(wallMs, noted));
  return seen;
};
const refused = (work: Promise<unknown>): Promise<void> =>
  assert.rejects(work, (thrown) => thrown instanceof Fault && thrown.code === 'unauthenticated');

test('a key becomes a principal, and the record of the call learns who it is', async () => {
  const noted: Attributes[] = [];
  const resolver = new SnapshotResolver([key]);
  const principal = await whoIs(resolver, call({ kind: 'bearer', token: minted.secret }), 0, noted);
  assert.deepEqual(principal, { kind: 'agent', tenant: 'default', id: 'planner', domain: 'travel', roles: [] });
  assert.deepEqual(noted, [
    { tenant: 'default', 'principal.kind': 'agent', 'principal.id': 'planner', 'principal.domain': 'travel' },
  ]);
});

test('a key that expires while it is remembered is refused from that moment', async () => {
  const resolver = new SnapshotResolver([key]);
  const asked = call({ kind: 'bearer', token: minted.secret });
  await whoIs(resolver, asked, 4999);
  await refused(whoIs(resolver, asked, 5000));
});

test('a caller whom nobody knows never reaches the next layer', async () => {
  const resolver = new SnapshotResolver([key]);
  for (const credential of [
    { kind: 'none' },
    { kind: 'bearer', token: '' },
    { kind: 'bearer', token: 'airspace-node a.b' },
  ] as const) {
    await refused(whoIs(resolver, call(credential)));
  }
});

test('the principal of a private listener is kept', async () => {
  const principal = { kind: 'agent', tenant: 'default', id: 'own', roles: [] } as const;
  assert.deepEqual(await whoIs(new SnapshotResolver([]), call({ kind: 'known', principal })), principal);
});

test('only a node may say which way a call came, that it owns retries, or what decided it', async () => {
  const nodeKey = newNodeKey();
  const hub: NodeEntry = {
    id: 'hub',
    role: 'hub',
    tenant: 'default',
    domain: '',
    agent: '',
    publicKey: nodeKey.publicKey,
    url: '',
  };
  const verifier = new AssertionVerifier('me', {
    node: (id) => (id === 'hub' ? hub : undefined),
    domainOfAgent: () => undefined,
    isWithin: () => false,
  });
  const resolver = new SnapshotResolver([key], { assertions: verifier });
  const bearer = { kind: 'bearer', token: minted.secret } as const;
  await refused(whoIs(resolver, call(bearer, { via: ['hub'] })));
  await refused(whoIs(resolver, call(bearer, { retriedElsewhere: true })));
  await refused(whoIs(resolver, call(bearer, { decided: { version: 'sha256:aa', snapshotSeq: 7 } })));
  const clock = scopeAt(0).clock;
  const token = new AssertionSigner('hub', nodeKey, clock).assert(
    { kind: 'user', tenant: 'default', id: 'ada', roles: [] },
    'me',
  );
  const said = await whoIs(
    resolver,
    call({ kind: 'bearer', token: `airspace-node ${token}` }, { via: ['hub'], retriedElsewhere: true }),
  );
  await refused(whoIs(resolver, call({ kind: 'bearer', token })));
  await refused(whoIs(resolver, call({ kind: 'bearer', token: `airspace-node ${minted.secret}` }, { via: ['hub'] })));
  assert.deepEqual(said, { kind: 'user', tenant: 'default', id: 'ada', roles: [] });
});
