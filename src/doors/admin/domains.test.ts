/** What the door gives to somebody who administers a domain and has no role: that domain, as far as it goes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentSpan, type DomainSums, Fault, type KillOrder, type StoredResource } from '../../contract/index.ts';
import type { HubRefusal } from './ports.ts';
import { callEvent, killAnswer, type Served, served } from './testing/served.ts';

const OPERATIONS = { kind: 'domains', tenant: 'default', domains: ['operations'] };

const itemsOf = async (door: Served, path: string, key: string): Promise<readonly unknown[]> =>
  ((await (await door.get(path, key)).json()) as { items: unknown[] }).items;

const detailOf = async (response: Response): Promise<string> =>
  `${response.status} ${((await response.json()) as { detail: string }).detail}`;

test('every change says how far the rights of its author reach', async () => {
  await using door = await served();
  const ids = [{ kind: 'PolicyBundle', name: 'p' }];
  const asks: readonly (readonly [string, unknown])[] = [
    ['/v1/resources:apply', { resources: [] }],
    ['/v1/resources:diff', { resources: [] }],
    ['/v1/resources:delete', { ids }],
    ['/v1/revisions/1:rollback', {}],
    ['/v1/policy/releases', { resources: [{}], reason: 'why' }],
    ['/v1/policy/releases/01234567:shadow', {}],
    ['/v1/policy/releases/01234567:activate', {}],
    ['/v1/policy/releases:rollback', {}],
    ['/v1/policy/releases:replay', { release: '01234567' }],
    ['/v1/policy/releases:check', { resources: [{}] }],
  ];
  for (const [key, rights] of [
    ['admin', { kind: 'tenant' }],
    ['steward', OPERATIONS],
  ] as const) {
    door.asked.length = 0;
    for (const [path, body] of asks) assert.ok((await door.post(path, key, body)).ok, path);
    const found = door.asked.map((one) => JSON.stringify(one).match(/"rights":(\{.*?\})/)?.[1]);
    assert.deepEqual(
      found,
      asks.map(() => JSON.stringify(rights)),
    );
  }
});

test('whoever may look at everything and change a part is told by a diff what an apply would say', async () => {
  await using door = await served();
  await door.post('/v1/resources:diff', 'watching', { resources: [] });
  await door.post('/v1/resources:diff', 'viewer', { resources: [] });
  assert.deepEqual(
    door.asked.map((one) => (one as { diff: { rights: unknown } }).diff.rights),
    [OPERATIONS, { kind: 'tenant' }],
  );
});

test('keys, tokens, nodes and approvals stay with those who have the role', async () => {
  await using door = await served();
  for (const [path, body] of [
    ['/v1/keys', { principal: { kind: 'user', name: 'sara' } }],
    ['/v1/tokens', { role: 'sidecar', agent: 'orders' }],
    ['/v1/policy/releases/01234567:approve', {}],
  ] as const)
    assert.equal((await door.post(path, 'steward', body)).status, 403, path);
  assert.deepEqual(door.asked, []);
});

test('a domain of another tenant does not reach what concerns every tenant', async () => {
  const resolver = {
    resolve: () => ({ kind: 'user' as const, tenant: 'acme', id: 'ann', roles: [], administers: ['operations'] }),
  };
  await using door = await served({ resolver });
  assert.equal((await door.post('/v1/revisions/1:rollback', 'any', {})).status, 403);
});

test('resources, calls, traces and targets are those of the domain', async () => {
  const stored = (name: string, domain: string) =>
    ({
      resource: { kind: 'Agent', metadata: { name, tenant: 'default', domain } },
      version: 1,
      revision: 1,
    }) as StoredResource;
  const there = [stored('orders', 'operations'), stored('kb', 'knowledge')];
  const events = [
    callEvent(),
    callEvent({
      callId: 'd'.repeat(32),
      span: 'd'.repeat(16),
      target: { kind: 'agent', name: 'kb', operation: 'ask' },
    }),
  ];
  await using plain = await served();
  const door = await served({
    control: { ...portsFor(), list: async () => there },
    traces: { trace: async () => events, recent: async () => events },
  });
  await using _ = door;
  for (const [key, seen] of [
    ['viewer', 2],
    ['steward', 1],
    ['outsider', 0],
    ['watching', 2],
  ] as const) {
    assert.equal((await itemsOf(door, '/v1/resources', key)).length, seen, key);
    const { events: found } = (await (await door.get('/v1/calls', key)).json()) as { events: unknown[] };
    assert.equal(found.length, seen, key);
  }
  assert.equal((await door.get(`/v1/traces/${'a'.repeat(32)}`, 'steward')).status, 200);
  assert.equal((await door.get(`/v1/traces/${'a'.repeat(32)}`, 'outsider')).status, 404);
  const saidTo = async (key: string): Promise<readonly string[]> => {
    const found = await (await plain.get(`/v1/traces/${'a'.repeat(32)}`, key)).json();
    return (found as { agentSpans: AgentSpan[] }).agentSpans.map(({ principal }) => principal.id);
  };
  assert.deepEqual(await saidTo('viewer'), ['orders', 'secret']);
  assert.deepEqual(await saidTo('steward'), ['orders'], 'what agents of other domains say is theirs');
  assert.equal((await door.get(`/v1/traces/${'a'.repeat(32)}/explain`, 'outsider')).status, 404);
  const compared = `/v1/traces/${'a'.repeat(32)}/compare?with=${'b'.repeat(8)}`;
  for (const [key, rows] of [
    ['viewer', 2],
    ['steward', 1],
  ] as const)
    assert.equal(((await (await door.get(compared, key)).json()) as { rows: unknown[] }).rows.length, rows, key);
  assert.match(await detailOf(await door.get(compared, 'outsider')), /^404 there is no trace or call/);
  assert.match(await detailOf(await door.get(`/v1/traces/${'a'.repeat(32)}/compare`, 'viewer')), /^400 .*`with`/);
  assert.equal((await itemsOf(plain, '/v1/instances', 'steward')).length, 1);
  assert.equal((await itemsOf(plain, '/v1/nodes', 'steward')).length, 0);
  assert.equal((await itemsOf(plain, '/v1/targets', 'steward')).length, 1);
});

test('sums are those of the domain, over as many minutes as were asked for', async () => {
  const asked: unknown[] = [];
  const item = (domain: string) => ({ domain }) as DomainSums;
  await using door = await served({
    sums: async (...of) => {
      asked.push(of);
      return { fromMs: 1, toMs: 2, items: [item('operations'), item('knowledge')] };
    },
  });
  const seen = async (key: string) =>
    ((await itemsOf(door, '/v1/sums?minutes=5', key)) as readonly DomainSums[]).map(({ domain }) => domain);
  assert.deepEqual(await seen('viewer'), ['operations', 'knowledge']);
  assert.deepEqual(await seen('steward'), ['operations']);
  assert.deepEqual(await seen('outsider'), []);
  assert.deepEqual(asked[0], ['default', 5]);
  assert.match(await detailOf(await door.get('/v1/sums?minutes=0', 'viewer')), /^400 query parameter `minutes`/);
  assert.match(await detailOf(await door.get('/v1/sums?hours=1', 'viewer')), /^400 .*hours/);
});

test('the status names what is refused of whose hub, to those who may see that domain', async () => {
  await using door = await served();
  const refusals = async (key: string) =>
    ((await (await door.get('/v1/status', key)).json()) as { refusals: readonly HubRefusal[] }).refusals;
  assert.deepEqual((await refusals('viewer'))[0], {
    ...{ node: 'n1', domain: '', what: 'exports', reason: 'the name is taken' },
  });
  assert.deepEqual(await refusals('steward'), []);
});

test('`can` is asked about pairs of which one is in the domain', async () => {
  await using door = await served();
  const about = (name: string) => ({
    principal: { kind: 'user', name: 'nils' },
    target: { kind: 'agent', name, operation: 'where' },
  });
  assert.equal((await door.post('/v1/policy:can', 'steward', about('orders'))).status, 200);
  assert.match(await detailOf(await door.post('/v1/policy:can', 'steward', about('kb'))), /^403 neither of the two/);
});

test('of a release it sees that there is one, and the rules of its own level; facts are the organisation’s', async () => {
  await using door = await served({ releases: { ...releasesFor(), get: async () => RELEASE } });
  const rules = async (key: string) =>
    ((await (await door.get('/v1/policy/releases/01234567', key)).json()) as { diff: { rule: string }[] }).diff.map(
      ({ rule }) => rule,
    );
  assert.deepEqual(await rules('viewer'), ['operations/r', 'org/r', 'operations']);
  assert.deepEqual(await rules('steward'), ['operations/r']);
});

test('bundles, what they said before, and what a release brings are shown of its own level only', async () => {
  await using door = await served();
  const levels = async (path: string, key: string) =>
    ((await (await door.get(path, key)).json()) as { items: { level: string }[] }).items.map(({ level }) => level);
  for (const path of ['/v1/policy/bundles', '/v1/policy/releases/01234567/bundles']) {
    assert.deepEqual(await levels(path, 'viewer'), ['org', 'operations']);
    assert.deepEqual(await levels(path, 'steward'), ['operations']);
  }
  assert.deepEqual(await levels('/v1/policy/bundles/operations/versions', 'steward'), ['operations']);
  assert.match(
    await detailOf(await door.get('/v1/policy/bundles/org/versions', 'steward')),
    /^403 PolicyBundle `org` is of a level that you do not administer; ask somebody with role `viewer`/,
  );
});

test('it stops what is in its domain and nothing else', async () => {
  await using door = await served();
  const kill = (key: string, kind: string, name: string) =>
    door.post('/v1/kills', key, { kind, name, reason: 'it loops' });
  assert.equal((await kill('steward', 'agent', 'orders')).status, 201);
  for (const [kind, name] of [
    ['agent', 'kb'],
    ['agent', 'nobody'],
    ['user', 'orders'],
    ['tenant', 'default'],
    ['tree', 'a'.repeat(32)],
  ] as const)
    assert.match(await detailOf(await kill('steward', kind, name)), /^403 .* is in no domain that you administer/);
  assert.equal((await kill('outsider', 'agent', 'orders')).status, 403);
});

/** Who gave the order, what kind of User they are now, and whether `sara` of `operations` may take it back. */
const LIFTS: readonly (readonly [
  what: string,
  order: Partial<KillOrder>,
  author: object | undefined,
  status: number,
])[] = [
  ['its own', { by: 'user/sara' }, undefined, 200],
  ['that of a colleague', { by: 'user/kim' }, { roles: ['viewer'], administers: ['operations'] }, 200],
  ['that of an operator', { by: 'user/olaf' }, { roles: ['operator'], administers: ['operations'] }, 403],
  ['that of an admin', { by: 'user/ada' }, { roles: ['admin'] }, 403],
  ['that of whoever administers more', { by: 'user/kim' }, { roles: [], administers: ['operations', 'all'] }, 403],
  ['that of somebody who is gone', { by: 'user/gone' }, undefined, 403],
  ['one about another target', { by: 'user/sara', name: 'kb' }, undefined, 403],
  ['one about the tenant', { by: 'user/sara', kind: 'tenant', name: 'default' }, undefined, 403],
];

for (const [what, given, spec, status] of LIFTS)
  test(`${status === 200 ? 'it lifts' : 'it does not lift'} an order that is ${what}`, async () => {
    const order = { ...killAnswer.order, ...given };
    const lifted: string[] = [];
    const user = { resource: { kind: 'User', metadata: { name: 'x' }, spec } } as unknown as StoredResource;
    await using door = await served({
      control: { ...portsFor(), list: async () => (spec === undefined ? [] : [user]) },
      kills: {
        order: async () => killAnswer,
        lift: async (_, id) => {
          lifted.push(id);
          return killAnswer;
        },
        list: () => ({ seq: 1, items: [order], nodes: [] }),
      },
    });
    const asked = (key: string) => door.get(`/v1/kills/${order.id}`, key, { method: 'DELETE' });
    assert.equal((await asked('steward')).status, status);
    assert.equal(lifted.length, status === 200 ? 1 : 0);
    assert.equal((await asked('operator')).status, 200);
  });

const refuse = async (): Promise<never> => {
  throw new Fault('internal', 'nobody should ask this');
};
const portsFor = () => ({
  apply: refuse,
  diff: refuse,
  list: refuse,
  remove: refuse,
  history: refuse,
  changes: refuse,
  rollback: refuse,
});
const releasesFor = () => ({
  stage: refuse,
  check: refuse,
  overview: refuse,
  versions: refuse,
  texts: refuse,
  list: refuse,
  get: refuse,
  shadow: refuse,
  activate: refuse,
  approve: refuse,
  rollback: refuse,
  replay: refuse,
});
const RULE = { change: 'add', kind: 'permit', reason: '' } as const;
const RELEASE = {
  id: 'sha256:0123456789abcdef',
  tenant: 'default',
  state: 'staged',
  percent: 0,
  approvedBy: null,
  proof: null,
  denyBand: 10,
  log: [],
  author: 'user/ada',
  reason: 'because',
  createdAtMs: 1,
  base: 'sha256:fedcba9876543210',
  widening: true,
  stale: false,
  needsApproval: false,
  arms: null,
  diff: [
    { ...RULE, rule: 'operations/r' },
    { ...RULE, rule: 'org/r' },
    { ...RULE, rule: 'operations', kind: 'fact' },
  ],
} as const;

test('a key that is narrowed is narrowed for domains to look after too', async () => {
  const steward = { kind: 'user' as const, tenant: 'default', id: 'sara', roles: [], administers: ['operations'] };
  const narrowed = (...scopes: ('read' | 'develop' | 'policy')[]) =>
    served({ resolver: { resolve: () => ({ ...steward, scopes }) } });
  const kinds = { PolicyBundle: 'policy', Agent: 'develop' } as const;
  for (const scope of ['read', 'develop', 'policy'] as const) {
    await using door = await narrowed(scope);
    for (const [kind, opens] of Object.entries(kinds)) {
      const { status } = await door.post('/v1/resources:apply', 'any', { resources: [{ kind }] });
      assert.equal(status, scope === opens ? 200 : 403, `${kind} with ${scope}`);
    }
  }
});
