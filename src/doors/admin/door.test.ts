import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fault, type FleetEndpoint, type Principal, type TargetEntry } from '../../contract/index.ts';
import type { FleetTarget } from './ports.ts';
import { type AdminRoute, ROUTES } from './routes.ts';
import { callEvent, NODES, type Served, served, TRACE } from './testing/served.ts';

const BODIES: Readonly<Record<string, unknown>> = {
  '/v1/resources:apply': { resources: [] },
  '/v1/resources:diff': { resources: [] },
  '/v1/resources:delete': { ids: [{ kind: 'Agent', name: 'orders' }] },
  '/v1/discover': { url: 'https://agents.example.com', kind: 'agent' },
  '/v1/policy:can': {
    principal: { kind: 'agent', name: 'orders' },
    target: { kind: 'agent', name: 'orders', operation: 'where' },
  },
  '/v1/unknown/{hex}:resolve': { verdict: 'executed', reason: 'the bank says so' },
  '/v1/policy/diagnose': { files: [{ name: 'org.cedar', text: '', level: 'org' }] },
  '/v1/breakers:force': { endpoint: 'orders@a', mode: 'open', reason: 'it lies' },
  '/v1/kills': { kind: 'agent', name: 'orders', reason: 'it loops' },
  '/v1/approvals/{hex}:approve': { digest: 'f'.repeat(64), comment: 'fine' },
  '/v1/approvals/{hex}:deny': { digest: 'f'.repeat(64) },
  '/v1/approvals/{hex}:edit': { digest: 'f'.repeat(64), body: '{}' },
  '/v1/runs/{hex}:pause': {},
  '/v1/runs/{hex}:resume': {},
  '/v1/runs/{hex}:cancel': {},
  '/v1/runs/{hex}:retry': { from: 'book[3]' },
  '/v1/runs/{hex}:signal': { name: 'paid', body: { ok: true } },
  '/v1/plans:check': { plan: 'p' },
  '/v1/incidents/{hex}:acknowledge': { note: 'I look' },
  '/v1/incidents/{hex}:close': { reason: 'it was a test' },
  '/v1/keys': { principal: { kind: 'agent', name: 'orders' } },
  '/v1/secrets': { name: 'bank', value: 'a-secret', origins: ['https://bank.example'] },
  '/v1/definitions/{name}:accept': { operations: [{ name: 'x', digest: 'f'.repeat(32) }] },
  '/v1/bootstrap': { token: 'airb_good' },
  '/v1/tokens': { role: 'sidecar', agent: 'orders' },
  '/v1/instances': { id: '9000' },
  '/v1/nodes/{name}/leases': { reports: [] },
  '/v1/budgets/{name}:topup': { amount: 5, holder: 'session/s1' },
  '/v1/nodes:join': { token: 'airj_x' },
  '/v1/policy/releases': { resources: [{}], reason: 'why' },
  '/v1/policy/releases:check': { resources: [{}] },
  '/v1/policy/releases:replay': { release: '01234567' },
  '/v1/replays': { request: '01234567' },
  '/v1/replays:check': { request: '01234567' },
};

const QUERIES: Readonly<Record<string, string>> = { '/v1/traces/{hex}/compare': `?with=${TRACE}` };

const pathOf = ({ path }: AdminRoute): string =>
  `${path}${QUERIES[path] ?? ''}`
    .replace('{hex}', /^\/v1\/(approvals|runs)/.test(path) ? TRACE : TRACE.slice(0, 8))
    .replace('{number}', '1')
    .replace('{name}', 'n1')
    .replace('{id}', 'default/orders/9000');

const TARGET: TargetEntry = {
  tenant: 'default',
  kind: 'agent',
  name: 'orders',
  domain: '',
  labels: {},
  endpoints: [],
  operations: [{ name: 'where', effect: 'read', idempotent: true }],
  health: null,
  concurrency: 1,
  timeoutMs: null,
};

const ask = async (door: Served, route: AdminRoute, key: string | undefined): Promise<number> => {
  const leave = new AbortController();
  const response = await fetch(`${door.url}${pathOf(route)}`, {
    method: route.method,
    signal: leave.signal,
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `${key in NODES ? 'Airspace-Node' : 'Bearer'} ${key}` }),
    },
    ...(route.method === 'POST' ? { body: JSON.stringify(BODIES[route.path] ?? {}) } : {}),
  });
  leave.abort();
  return response.status;
};

type Row = Readonly<Record<string, number>>;

/** Everybody with no more than one role, in the words of `KEYS`. */
const ROLES = ['operator', 'viewer', 'developer', 'policyAdmin', 'approver', 'budgetAdmin', 'auditor'] as const;
type Key = (typeof ROLES)[number];
/** Whoever has one of these is a viewer too. */
const VIEWERS: readonly Key[] = ['operator', 'viewer', 'developer', 'policyAdmin', 'approver', 'budgetAdmin'];

const NOBODY: Row = {
  none: 401,
  wrong: 401,
  expired: 401,
  'assertion.n1': 401,
  'assertion.n2': 401,
  nobody: 403,
  agent: 403,
  promoted: 403,
  narrowAgent: 403,
  steward: 403,
  foreignAgent: 403,
};

interface Owed {
  readonly ok?: number;
  /** An administrator of another tenant; the same as here unless said. */
  readonly foreign?: number;
}

/** For those and for administrators; for narrowed keys of an administrator as far as their scope is the role. */
const forRoles = (keys: readonly Key[], { ok = 200, foreign = ok }: Owed = {}): Row => ({
  ...NOBODY,
  ...Object.fromEntries(ROLES.map((key) => [key, keys.includes(key) ? ok : 403])),
  admin: ok,
  tenantAdmin: ok,
  readOnly: keys.includes('viewer') ? ok : 403,
  operateOnly: keys.includes('operator') ? ok : 403,
  callOnly: 403,
  wishful: keys.includes('viewer') ? ok : 403,
  foreign,
});
const forAdmins = (ok = 200, foreign = ok): Row => forRoles([], { ok, foreign });
const forViewers = (foreign = 200): Row => forRoles(VIEWERS, { foreign });
/** And whoever administers a domain, for that domain. */
const andStewards = (given: Row, ok = 200): Row => ({ ...given, steward: ok });
const forPolicyAdmins = forRoles(['policyAdmin']);
const everybody = Object.keys(forAdmins());
const forAgents: Row = {
  ...Object.fromEntries(everybody.map((key) => [key, NOBODY[key] ?? 403])),
  agent: 200,
  promoted: 200,
  foreignAgent: 200,
};
/** Agents see their own; a key of theirs needs the scope of calls. */
const forViewersAndAgents: Row = {
  ...forViewers(),
  agent: 200,
  promoted: 200,
  foreignAgent: 200,
  steward: 200,
};
/** What they find there, the port says. */
const forWhoever: Row = Object.fromEntries(
  everybody.map((key) => [key, NOBODY[key] === 401 || key.startsWith('assertion.') ? 401 : 200]),
);
/** An API key is no assertion: whoever holds one is nobody here. */
const forNodes: Row = {
  ...Object.fromEntries(everybody.map((key) => [key, 401])),
  'assertion.n1': 200,
  'assertion.n2': 403,
};
const withoutKey = (ok: number): Row => Object.fromEntries(everybody.map((key) => [key, ok]));

/** What every kind of caller gets from every route (S20). */
const EXPECTED: Readonly<Record<string, Row>> = {
  'GET /metrics': forViewers(403),
  'GET /v1/whoami': Object.fromEntries(everybody.map((key) => [key, NOBODY[key] === 401 ? 401 : 200])),
  'GET /v1/status': andStewards(forViewers()),
  'GET /v1/resources': andStewards(forViewers()),
  'POST /v1/resources:diff': andStewards(forViewers()),
  'POST /v1/resources:apply': andStewards(forRoles(['developer', 'policyAdmin', 'budgetAdmin'])),
  'POST /v1/resources:delete': andStewards(forRoles(['developer'])),
  'POST /v1/discover': andStewards(forRoles(['developer'])),
  'GET /v1/revisions': andStewards(forRoles([...VIEWERS, 'auditor'])),
  'GET /v1/revisions/{number}': andStewards(forViewers()),
  'POST /v1/revisions/{number}:rollback': andStewards(forAdmins(200, 403)),
  'GET /v1/kills': andStewards(forViewers()),
  'POST /v1/kills': andStewards(forRoles(['operator'], { ok: 201 }), 201),
  'DELETE /v1/kills/{name}': andStewards(forRoles(['operator'])),
  'GET /v1/topology': forViewers(),
  'GET /v1/topology/advice': forViewers(),
  'GET /v1/topology/routes/{name}/arms': forViewers(),
  'GET /v1/alerts': forViewers(),
  'GET /v1/incidents': forViewers(),
  'GET /v1/incidents/{hex}': forViewers(),
  'POST /v1/incidents/{hex}:acknowledge': forRoles(['operator']),
  'POST /v1/incidents/{hex}:close': forRoles(['operator']),
  'GET /v1/budgets': forViewers(),
  'GET /v1/budgets/{name}/payers': forViewers(),
  'POST /v1/budgets/{name}:topup': forRoles(['budgetAdmin']),
  'GET /v1/approvals': forWhoever,
  'GET /v1/approvals/{hex}': forWhoever,
  'POST /v1/approvals/{hex}:approve': forWhoever,
  'POST /v1/approvals/{hex}:deny': forWhoever,
  'POST /v1/approvals/{hex}:edit': forWhoever,
  'GET /v1/runs': forWhoever,
  'GET /v1/runs/{hex}': forWhoever,
  'GET /v1/runs/{hex}/events': forWhoever,
  'GET /v1/runs/{hex}/stream': forWhoever,
  'POST /v1/runs/{hex}:pause': forWhoever,
  'POST /v1/runs/{hex}:resume': forWhoever,
  'POST /v1/runs/{hex}:cancel': forWhoever,
  'POST /v1/runs/{hex}:retry': forWhoever,
  'POST /v1/runs/{hex}:signal': forWhoever,
  'POST /v1/plans:check': forWhoever,
  'GET /v1/policy/bundles': andStewards(forViewers()),
  'GET /v1/policy/bundles/{name}/versions': andStewards(forViewers()),
  'GET /v1/policy/releases': andStewards(forViewers()),
  'POST /v1/policy/releases': andStewards(forRoles(['developer', 'policyAdmin'], { ok: 201 }), 201),
  'POST /v1/policy/releases:check': andStewards(forRoles(['developer', 'policyAdmin'])),
  'POST /v1/policy/releases:replay': andStewards(forRoles(['operator', 'developer', 'policyAdmin', 'approver'])),
  'POST /v1/policy/releases:rollback': andStewards(forPolicyAdmins),
  'GET /v1/policy/releases/{hex}': andStewards(forViewers()),
  'GET /v1/policy/releases/{hex}/bundles': andStewards(forViewers()),
  'POST /v1/policy/releases/{hex}:shadow': andStewards(forPolicyAdmins),
  'POST /v1/policy/releases/{hex}:activate': andStewards(forPolicyAdmins),
  'POST /v1/policy/releases/{hex}:approve': forRoles(['policyAdmin', 'approver']),
  'GET /v1/keys': forAdmins(),
  'GET /v1/unknown': forRoles(['operator']),
  'POST /v1/unknown/{hex}:resolve': forRoles(['operator']),
  'GET /v1/audit': forRoles(['operator', 'auditor']),
  'GET /v1/audit/records': forRoles(['operator', 'auditor']),
  'GET /v1/audit/head': forRoles(['operator', 'auditor']),
  'GET /v1/audit/nodes': forRoles(['operator', 'auditor']),
  'GET /v1/audit/verification': forRoles(['operator', 'auditor']),
  'POST /v1/audit:verify': forRoles(['operator', 'auditor'], { ok: 202 }),
  'POST /v1/replays': forRoles(['operator']),
  'POST /v1/replays:check': forRoles(['operator']),
  'POST /v1/keys': forAdmins(201),
  'POST /v1/keys/{name}:rotate': forAdmins(404),
  'DELETE /v1/keys/{name}': forAdmins(),
  'GET /v1/secrets': forAdmins(),
  'POST /v1/secrets': forAdmins(201),
  'POST /v1/secrets:rotate': forAdmins(),
  'DELETE /v1/secrets/{name}': forAdmins(),
  'POST /v1/tokens': forAdmins(201),
  'POST /v1/bootstrap': withoutKey(201),
  'GET /v1/traces/{hex}': andStewards(forViewers(404)),
  'GET /v1/traces/{hex}/otlp': andStewards(forViewers(404)),
  'GET /v1/traces/{hex}/compare': andStewards(forViewers(404)),
  'GET /v1/traces/{hex}/explain': andStewards(forRoles(['operator'], { foreign: 404 })),
  'POST /v1/policy:can': andStewards(forViewers()),
  'POST /v1/policy/diagnose': forViewers(),
  'GET /v1/calls': andStewards(forViewers()),
  'GET /v1/top': andStewards(forViewers()),
  'GET /v1/logs': andStewards(forViewers()),
  'GET /v1/logs/stream': andStewards(forViewers()),
  'GET /v1/breakers': andStewards(forViewers()),
  'POST /v1/breakers:force': forRoles(['operator']),
  'GET /v1/sums': andStewards(forViewers()),
  'GET /v1/usage': andStewards(forViewers()),
  'GET /v1/events/stream': andStewards(forViewers()),
  'GET /v1/targets': forViewersAndAgents,
  'GET /v1/capabilities': forViewersAndAgents,
  'GET /v1/definitions': andStewards(forViewers()),
  'GET /v1/definitions/{name}': andStewards(forViewers(), 404),
  'POST /v1/definitions/{name}:accept': andStewards(forRoles(['developer'])),
  'GET /v1/instances': forViewersAndAgents,
  'POST /v1/instances': forAgents,
  'DELETE /v1/instances/{id}': forAgents,
  'POST /v1/instances/{id}:drain': forRoles(['operator'], { foreign: 404 }),
  'GET /v1/nodes': andStewards(forViewers()),
  'DELETE /v1/nodes/{name}': forAdmins(200, 404),
  'POST /v1/nodes:join': withoutKey(200),
  'POST /v1/nodes/{name}:heartbeat': forNodes,
  'POST /v1/nodes/{name}:leave': forNodes,
  'POST /v1/nodes/{name}/leases': forNodes,
  'GET /v1/nodes/{name}/stream': forNodes,
  'POST /v1/nodes/{name}/events': forNodes,
  'POST /v1/nodes/{name}/said': forNodes,
  'POST /v1/nodes/{name}/checkpoints': forNodes,
  'POST /v1/nodes/{name}/exports': forNodes,
  'POST /v1/nodes/{name}/sums': forNodes,
  'POST /v1/nodes/{name}/logs': forNodes,
  'POST /v1/nodes/{name}/certificate': forNodes,
  'POST /v1/nodes/{name}/audit': forNodes,
};

test('every route gives every kind of caller exactly what it is owed', async () => {
  await using door = await served();
  const wrong: string[] = [];
  for (const route of ROUTES) {
    const name = `${route.method} ${route.path}`;
    const expected = EXPECTED[name];
    assert.ok(expected, `${name} has no row: say who may ask it`);
    for (const [key, status] of Object.entries(expected)) {
      const actual = await ask(door, route, key === 'none' ? undefined : key);
      if (actual !== status) wrong.push(`${name} as ${key}: ${actual}, not ${status}`);
    }
  }
  assert.deepEqual(wrong, []);
  assert.deepEqual(door.internal, []);
  assert.equal(Object.keys(EXPECTED).length, ROUTES.length);
});

test('paths that are not in the table go to the next door', async () => {
  await using door = await served();
  for (const path of [
    '/',
    '/v1',
    '/v1/calls/',
    `/v1/calls/${'b'.repeat(32)}`,
    '/v1/resources:wipe',
    '/v1/agents/a/b',
    '/v1/traces/xyz',
    '/v1/%73tatus',
    '/v1/statusx',
    '/v1/instances/%',
  ])
    assert.equal((await door.get(path, 'admin')).headers.get('x-other-door'), 'yes', path);
});

test('another method on a path of ours is told what the path takes', async () => {
  await using door = await served();
  const response = await door.post('/v1/status', 'admin', {});
  assert.equal(response.status, 405);
  assert.equal(response.headers.get('allow'), 'GET');
});

test('pages of other origins are refused, even with a good key', async () => {
  await using door = await served();
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
  ] as Record<string, string>[]) {
    assert.equal((await door.post('/v1/resources:apply', 'admin', { resources: [] }, headers)).status, 403);
    assert.equal((await door.post('/v1/bootstrap', undefined, { token: 'airb_good' }, headers)).status, 403);
  }
  assert.deepEqual(door.asked, []);
  assert.equal((await door.get('/v1/status', 'admin', { headers: { origin: door.url } })).status, 200);
});

test('bodies are strict JSON: type, shape, unknown fields, duplicate keys and size', async () => {
  await using door = await served();
  const status = async (body: unknown, headers: Record<string, string> = {}): Promise<number> =>
    (await door.post('/v1/resources:apply', 'admin', body, headers)).status;
  assert.equal(await status({ resources: [] }, { 'content-type': 'text/plain' }), 400);
  assert.equal(await status('{"resources":[]'), 400);
  assert.equal(await status('{"resources":[],"resources":[]}'), 400);
  assert.equal(await status('{"__proto__":{},"resources":[]}'), 400);
  assert.equal(await status({ resources: [], force: true }), 400);
  assert.equal(await status({ resources: 'all' }), 400);
  assert.equal(await status(`{"resources":["${'x'.repeat(4 * 1024 * 1024)}"]}`), 413);
  assert.deepEqual(door.asked, []);
});

test('an order to stop says what, whom and why, and nothing else', async () => {
  await using door = await served();
  const good = { kind: 'agent', name: 'orders', reason: 'it loops' };
  const status = async (body: unknown): Promise<number> => (await door.post('/v1/kills', 'operator', body)).status;
  const wrong: readonly object[] = [
    { kind: 'node' },
    { name: '' },
    { name: 'Orders' },
    { name: 'a/b' },
    { reason: ' ' },
    { reason: 'x'.repeat(501) },
    { until: 'tomorrow' },
    { until: '2030-01-01' },
    { tenant: 'acme' },
    { by: 'user/somebody-else' },
    { kind: 'tree', name: 'orders' },
  ];
  for (const change of wrong) assert.equal(await status({ ...good, ...change }), 400, JSON.stringify(change));
  assert.deepEqual(door.asked, []);
  assert.equal(await status({ ...good, until: '2030-01-01T00:00:00Z' }), 201);
  assert.equal(await status({ ...good, kind: 'tree', name: 'a'.repeat(32) }), 201);
  assert.equal((await door.post('/v1/kills', 'viewer', good)).status, 403);
});

test('a problem names the field that is wrong', async () => {
  await using door = await served();
  const problem = (await (await door.get('/v1/calls?limit=many', 'viewer')).json()) as { detail: string; code: string };
  assert.equal(problem.code, 'bad_request');
  assert.match(problem.detail, /query parameter `limit`/);
  assert.equal((await door.get('/v1/calls?limit=1&limit=2', 'viewer')).status, 400);
  assert.equal((await door.get('/v1/status?verbose=1', 'viewer')).status, 400);
});

test('a change is made in the tenant of the key, by its owner, whatever the body says', async () => {
  await using door = await served();
  await door.post('/v1/resources:apply', 'foreign', {
    resources: [{}],
    origins: ['a.yaml:1'],
    reason: 'why',
    prune: true,
  });
  await door.post('/v1/resources:delete', 'foreign', { ids: [{ kind: 'Agent', name: 'orders' }], reason: 'gone' });
  assert.deepEqual(door.asked, [
    {
      apply: {
        resources: [{}],
        reason: 'why',
        dryRun: false,
        prune: true,
        tenant: 'acme',
        by: 'user/ada',
        rights: { kind: 'tenant' },
        origins: ['a.yaml:1'],
      },
    },
    {
      remove: {
        ids: [{ kind: 'Agent', name: 'orders', tenant: 'acme' }],
        by: 'user/ada',
        reason: 'gone',
        dryRun: false,
        rights: { kind: 'tenant' },
      },
    },
  ]);
  assert.equal(
    (await door.post('/v1/resources:delete', 'admin', { ids: [{ kind: 'Agent', name: 'x', tenant: 'acme' }] })).status,
    400,
  );
});

test('history shows what changed in the own tenant and nothing of others', async () => {
  await using door = await served();
  const { items } = (await (await door.get('/v1/revisions', 'foreign')).json()) as { items: { put: string[] }[] };
  assert.deepEqual(
    items.map(({ put }) => put),
    [['acme/Agent/x']],
  );
});

test('a new key is said once and stored as a hash', async () => {
  await using door = await served();
  const made = (await (
    await door.post('/v1/keys', 'admin', { principal: { kind: 'agent', name: 'orders' } })
  ).json()) as Record<string, unknown>;
  assert.deepEqual(made, {
    id: 'orders-22222222',
    secret: 'air_orders-22222222_secret',
    // Ninety days on the clock of the door.
    expiresAt: '1970-04-01T00:16:40.000Z',
    snapshotSeq: 7,
  });
  assert.ok(!JSON.stringify(door.asked).includes('_secret"'));
  assert.match(JSON.stringify(door.asked), /"secretHash":"sha256:0{64}"/);
});

test('a bootstrap token that is not good makes nothing', async () => {
  await using door = await served();
  assert.equal((await door.post('/v1/bootstrap', undefined, { token: 'airb_used' })).status, 401);
  assert.deepEqual(door.asked, [{ bootstrap: 'airb_used' }]);
});

test('an agent sees only what runs under its own name, and speaks for itself only', async () => {
  await using door = await served();
  const names = async (key: string, query = ''): Promise<unknown> =>
    ((await (await door.get(`/v1/instances${query}`, key)).json()) as { items: { name: string }[] }).items.map(
      ({ name }) => name,
    );
  assert.deepEqual(await names('viewer'), ['orders', 'kb']);
  assert.deepEqual(await names('agent'), ['orders']);
  assert.deepEqual(await names('agent', '?name=kb'), []);
  await door.post('/v1/instances', 'agent', { id: '9000', name: 'kb' });
  await door.get(`/v1/instances/${encodeURIComponent('orders@127.0.0.1:9000')}`, 'agent', { method: 'DELETE' });
  assert.deepEqual(door.asked, [
    { announce: 'orders', report: { id: '9000', name: 'kb' } },
    { withdraw: 'orders', id: 'orders@127.0.0.1:9000' },
  ]);
});

test('a join token is for the tenant of who asked', async () => {
  await using door = await served();
  await door.post('/v1/tokens', 'foreign', { role: 'domain', domain: 'operations' });
  assert.deepEqual(door.asked, [{ grant: { role: 'domain', tenant: 'acme', domain: 'operations', agent: '' } }]);
  assert.equal((await door.post('/v1/tokens', 'admin', { role: 'hub' })).status, 400);
});

test('a node reads signed documents above those it holds, until it leaves', async () => {
  await using door = await served();
  const response = await door.get('/v1/nodes/n1/stream?snapshotSeq=4&rosterSeq=2&killsSeq=1', 'assertion.n1');
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('event: snapshot\ndata: {"kind":"snapshot"')) text += (await reader.read()).value;
  assert.deepEqual(door.asked, [{ documents: 'n1', held: { snapshotSeq: 4, rosterSeq: 2, killsSeq: 1 } }]);
  door.shutDown.cancel(new Fault('cancelled', 'the node shuts down'));
  while (!(await reader.read()).done);
  assert.deepEqual(door.asked.at(-1), { closed: 'n1' });
});

test('discovery shows targets of the own tenant, without addresses', async () => {
  await using door = await served();
  const names = async (query: string, key = 'agent'): Promise<unknown> =>
    ((await (await door.get(`/v1/targets${query}`, key)).json()) as { items: { name: string }[] }).items.map(
      ({ name }) => name,
    );
  assert.deepEqual(await names('?kind=agent&operation=where&label=tier%3Dgold&domain=operations'), ['orders']);
  assert.deepEqual(await names('?label=tier%3Dsilver'), []);
  assert.deepEqual(await names('?label=constructor%3Dx'), []);
  assert.deepEqual(await names('', 'foreignAgent'), ['secret']);
  assert.ok(!(await (await door.get('/v1/targets', 'agent')).text()).includes('127.0.0.1'));
});

test('who is no operator sees only what a call of its own could reach', async () => {
  await using door = await served({
    targets: () => [
      { ...TARGET, operations: [...TARGET.operations, { name: 'refund', effect: 'write', idempotent: false }] },
      { ...TARGET, name: 'vault', operations: [{ name: 'open', effect: 'write', idempotent: false }] },
    ],
  });
  const seen = async (key: string) =>
    ((await (await door.get('/v1/targets', key)).json()) as { items: TargetEntry[] }).items.map(
      ({ name, operations }) => [name, ...operations.map((operation) => operation.name)],
    );
  assert.deepEqual(await seen('agent'), [['orders', 'where']]);
  assert.deepEqual(await seen('viewer'), []);
  const everything = [
    ['orders', 'where', 'refund'],
    ['vault', 'open'],
  ];
  assert.deepEqual(await seen('operator'), everything);
  assert.deepEqual(await seen('admin'), everything);
});

test('whether somebody may call is asked inside the own tenant, and clauses are for operators', async () => {
  await using door = await served();
  const question = {
    principal: { kind: 'user', name: 'ada' },
    target: { kind: 'tool', name: 'till', operation: 'refund' },
    context: { depth: 3 },
  };
  const answer = await door.post('/v1/policy:can', 'foreign', question);
  assert.equal(((await answer.json()) as { answer: string }).answer, 'maybe');
  assert.deepEqual(door.asked, [{ can: { tenant: 'acme', ...question } }]);
  assert.equal((await door.post('/v1/policy:can', 'viewer', { ...question, tenant: 'default' })).status, 400);
  const explained = (await (await door.get(`/v1/traces/${TRACE}/explain`, 'operator')).json()) as {
    items: { span: string }[];
  };
  assert.deepEqual(
    explained.items.map(({ span }) => span),
    ['c'.repeat(16)],
  );
});

test('logs of other tenants are theirs, and those of the node belong to who runs it', async () => {
  await using door = await served();
  const seen = async (key: string, query = ''): Promise<number> =>
    ((await (await door.get(`/v1/logs${query}`, key)).json()) as { records: unknown[] }).records.length;
  assert.equal(await seen('viewer'), 4);
  assert.equal(await seen('foreign'), 1);
  assert.equal(await seen('viewer', '?level=warn'), 2);
  assert.equal(await seen('viewer', '?call=bbbbbbbb'), 1);
  assert.equal(await seen('viewer', '?call=dddddddd'), 0);
  assert.equal(await seen('viewer', '?agent=orders'), 2, 'it was called, and its node said something');
  assert.equal(await seen('viewer', '?agent=kb,nobody'), 1);
  assert.equal(await seen('viewer', '?node=n1'), 1);
  assert.equal(await seen('viewer', '?grep=caller=conc'), 2);
  assert.equal(await seen('viewer', '?grep=link'), 1);
  assert.equal((await door.get('/v1/logs?grep==x', 'viewer')).status, 400);
});

test('whoever looks after a domain sees the logs of its calls and nodes, and follows no more than those', async () => {
  await using door = await served();
  const messages = async (path: string, key: string): Promise<readonly string[]> => {
    const text = await (await door.get(path, key)).text();
    return [...text.matchAll(/"message":"([^"]*)"/g)].map(([, message]) => message!);
  };
  assert.deepEqual(await messages('/v1/logs', 'steward'), ['call failed', 'hub link']);
  assert.deepEqual(await messages('/v1/logs', 'outsider'), []);
  const following = messages('/v1/logs/stream', 'steward');
  const warnings = messages('/v1/logs/stream?level=warn&agent=orders', 'viewer');
  while (door.asked.filter((one) => one === 'follow logs').length < 2) await new Promise(setImmediate);
  door.shutDown.cancel(new Fault('cancelled', 'the node shuts down'));
  assert.deepEqual(await following, ['call failed', 'hub link']);
  assert.deepEqual(await warnings, ['call failed']);
});

test('a stream gives each reader the finished calls of its tenant and ends with the node', async () => {
  await using door = await served();
  const response = await door.get('/v1/events/stream?status=denied', 'viewer');
  door.feed.emit(callEvent({ status: 'ok' }));
  door.feed.emit(callEvent({ status: 'denied', tenant: 'acme' }));
  door.feed.emit(callEvent({ status: 'denied', code: 'denied' }));
  door.shutDown.cancel(new Fault('cancelled', 'the node shuts down'));
  const text = await response.text();
  assert.equal(text.split('event: call').length - 1, 1);
  assert.match(text, /"tenant":"default".*"code":"denied"/);
});

test('a revoked key reads no further than the next heartbeat', async () => {
  await using door = await served();
  const response = await door.get('/v1/events/stream', 'viewer');
  door.world.fire();
  door.revoked.add('viewer');
  door.world.fire();
  assert.match(await response.text(), /^: open\n\n: beat\n\n$/);
});

test('neither does a reader that may see less than when it began', async () => {
  for (const left of [{ roles: [] }, { roles: [], administers: ['sales'] }]) {
    let standing: Partial<Principal> = { roles: ['viewer'] };
    const resolve = (): Principal => ({ kind: 'user', tenant: 'default', id: 'ann', roles: [], ...standing });
    await using door = await served({ resolver: { resolve } });
    const response = await door.get('/v1/events/stream', 'viewer');
    standing = left;
    door.world.fire();
    assert.equal(await response.text(), ': open\n\n');
  }
});

test('a reader that does not read misses events, and is told how many', async () => {
  await using door = await served();
  const response = await door.get('/v1/events/stream', 'viewer');
  const large = callEvent({ attributes: { message: 'x'.repeat(512 * 1024) } });
  for (let sent = 0; sent < 40; sent++) door.feed.emit(large);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  while (!text.includes('event: gap')) {
    const { value, done } = await reader.read();
    assert.ok(!done);
    text = text.slice(-64) + value;
    door.feed.emit(callEvent());
  }
  assert.match(text, /event: gap\ndata: \{"missed":[1-9]\d*\}/);
  await reader.cancel();
});

test('top counts an endpoint once that both ways lead to', async () => {
  const endpoint = (requests: number): FleetEndpoint => ({
    id: 'orders@127.0.0.1:9000',
    url: 'http://127.0.0.1:9000',
    version: '1',
    state: 'ready',
    obstacle: null,
    inFlight: 1,
    requests,
    failures: 1,
    latencyMs: requests,
    ejectedForMs: 0,
    breaker: 'closed',
  });
  const way = (via: 'hub' | 'mesh', requests: number): FleetTarget => ({
    tenant: 'default',
    kind: 'agent',
    name: 'orders',
    domain: 'operations',
    via,
    panic: false,
    endpoints: [endpoint(requests)],
  });
  await using door = await served({ fleet: () => [way('hub', 2), way('mesh', 5)] });
  const { targets } = (await (await door.get('/v1/top', 'viewer')).json()) as { targets: Record<string, unknown>[] };
  assert.equal(targets.length, 1);
  assert.equal(targets[0]!['inFlight'], 2);
  assert.deepEqual(targets[0]!['endpoints'], [
    { ...endpoint(5), inFlight: 2, requests: 7, failures: 2, via: ['hub', 'mesh'] },
  ]);
});

test('a local scraper needs no key only where the node says so', async () => {
  await using closed = await served();
  await using open = await served({ openMetrics: true });
  assert.equal((await closed.get('/metrics')).status, 401);
  assert.equal((await open.get('/metrics')).status, 200);
  assert.equal((await open.get('/v1/status')).status, 401);
});

test('what breaks inside says nothing about itself', async () => {
  await using door = await served({
    status: () => {
      throw new Error('password is hunter2');
    },
  });
  const response = await door.get('/v1/status', 'viewer');
  assert.equal(response.status, 500);
  assert.ok(!(await response.text()).includes('hunter2'));
  assert.equal(door.internal.length, 1);
});

test('files of an author go to the policy of the own tenant, and too many or too large ones do not', async () => {
  await using door = await served();
  const ask = async (files: readonly object[]) => {
    const answer = await door.post('/v1/policy/diagnose', 'foreign', { files });
    return [answer.status, ((await answer.json()) as { detail?: string }).detail ?? ''] as const;
  };
  const file = { name: 'org.cedar', text: 'permit', level: 'org' };
  assert.deepEqual(await ask([file]), [200, '']);
  assert.deepEqual(door.asked, [{ diagnose: { tenant: 'acme', files: [file] } }]);
  const refused: readonly (readonly [readonly object[], number, RegExp])[] = [
    [[], 400, /files/],
    [Array.from({ length: 65 }, (_, at) => ({ ...file, name: `${at}.cedar` })), 400, /more than 64; ask about fewer/],
    [[file, file], 400, /two files have one name/],
    [[{ ...file, name: 'secrets.txt' }], 400, /must end in \.yaml, \.yml or \.cedar/],
    [[{ ...file, level: 'No Domain' }], 400, /level/],
    [[{ ...file, text: 'ü'.repeat(600_000) }], 413, /1200000 bytes together, more than 1048576/],
  ];
  for (const [files, status, message] of refused) {
    const [actual, detail] = await ask(files);
    assert.equal(actual, status);
    assert.match(detail, message);
  }
  assert.equal(door.asked.length, 1);
});
