/** The catalog through a tree of nodes: each hub answers for what its callers may call there, and says who is above it. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { API_VERSION, DEFAULT_TENANT, WHOLE_TENANT } from '../../contract/index.ts';
import { mintKey } from '../../identity/index.ts';
import { type RunningDomainHub, startDomainHub } from './domain.ts';
import { type RunningHub, startHub } from './hub.ts';
import { type RunningSidecar, startSidecar } from './sidecar.ts';

const KEY = mintKey('clerk-1');
const ADMIN = mintKey('ada-1');
let dir = '';
let hub: RunningHub;
let branch: RunningDomainHub;
let sidecar: RunningSidecar;

const resource = (kind: string, name: string, spec: object, more: object = {}) => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, tenant: DEFAULT_TENANT, ...more },
  spec,
});

const operations = [{ name: 'where', effect: 'read', description: 'finds an order' }];
const endpoints = [{ url: 'http://127.0.0.1:9' }];
const POLICY =
  '@id("clerk") @reason("clerks look") permit (principal == Agent::"clerk", action, resource in Agent::"orders");';

const RESOURCES = [
  resource('Domain', 'branch', { delegated: true }),
  resource('Agent', 'clerk', { operations: [{ name: 'x' }] }),
  resource('Agent', 'orders', { operations, endpoints }, { domain: 'branch' }),
  resource('Agent', 'secret', { operations, endpoints }),
  resource('Agent', 'brochure', { operations, endpoints }, { labels: { public: 'true' } }),
  resource('Key', 'clerk-1', { principal: { kind: 'agent', name: 'clerk' }, secretHash: KEY.secretHash }),
  resource('User', 'ada', { roles: ['admin'] }),
  resource('Key', 'ada-1', { principal: { kind: 'user', name: 'ada' }, secretHash: ADMIN.secretHash }),
  resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  resource('PolicyBundle', 'branch', { level: 'branch', policies: { text: POLICY } }, { domain: 'branch' }),
];

/** Until a node has what was applied: it is told, and says so by what it knows. */
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((turn) => setImmediate(turn));
};

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'airspace-catalog-'));
  const common = { host: '127.0.0.1', port: 0, level: 'error', log: () => {} } as const;
  hub = await startHub({ ...common, dir: join(dir, 'hub') });
  await hub.control.apply({
    tenant: DEFAULT_TENANT,
    resources: RESOURCES,
    origins: RESOURCES.map(({ metadata: { name } }) => name),
    by: 'test',
    rights: WHOLE_TENANT,
    reason: '',
    dryRun: false,
    prune: false,
  });
  const token = async (role: 'domain' | 'sidecar', agent = ''): Promise<string> => {
    const domain = role === 'domain' ? 'branch' : '';
    return (await hub.nodes.issueJoinToken({ role, tenant: DEFAULT_TENANT, domain, agent })).token;
  };
  const joining = { ...common, hubUrl: hub.url };
  branch = await startDomainHub({ ...joining, dir: join(dir, 'branch'), token: await token('domain') });
  await until(() => branch.snapshotSeq() > 0);
  sidecar = await startSidecar({
    ...joining,
    dir: join(dir, 'sidecar'),
    token: await token('sidecar', 'clerk'),
    agentUrl: null,
    agentVersion: '1',
    door: { host: '127.0.0.1', port: 0 },
  });
  await until(() => sidecar.snapshotSeq() > 0);
});
after(async () => {
  await sidecar.stop(false);
  await branch.stop(false);
  await hub.stop(false);
  await rm(dir, { recursive: true });
});

interface Listing {
  readonly results?: readonly { readonly displayName: string; readonly url: string }[];
  readonly items?: readonly { readonly displayName: string }[];
  readonly referrals?: readonly { readonly url: string }[];
}

const search = async (url: string, key: string | undefined): Promise<Listing> => {
  const response = await fetch(`${url}/registry/search`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ query: { text: 'find an order' }, federation: 'referrals' }),
  });
  assert.equal(response.status, 200);
  return (await response.json()) as Listing;
};

const namesOf = ({ results = [] }: Listing): readonly string[] => results.map(({ displayName }) => displayName);

test('every hub of a tree answers with the same things, at its own address, and names the one above', async () => {
  for (const node of [hub, branch]) {
    const found = await search(node.url, KEY.secret);
    assert.deepEqual(namesOf(found), ['orders']);
    assert.equal(found.results?.[0]?.url, `${node.url}/a2a/orders/.well-known/agent-card.json`);
    assert.deepEqual(namesOf(await search(node.url, undefined)), ['brochure']);
  }
  assert.deepEqual((await search(hub.url, KEY.secret)).referrals, []);
  assert.deepEqual(
    (await search(branch.url, KEY.secret)).referrals?.map(({ url }) => url),
    [`${hub.url}/registry/search`],
  );
});

test('an agent finds at its own sidecar what it may call, and a stranger finds nothing there', async () => {
  assert.deepEqual(namesOf(await search(sidecar.appUrl, sidecar.appKey)), ['orders']);
  assert.deepEqual(namesOf(await search(sidecar.appUrl, undefined)), []);
  assert.deepEqual(namesOf(await search(sidecar.doorUrl, undefined)), []);
});

test('a domain hub looks at addresses for whoever governs its domain, behind the same guard', async () => {
  const refused = await fetch(`${branch.url}/v1/discover`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ADMIN.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: 'http://127.0.0.1:9' }),
  });
  assert.equal(refused.status, 403);
});

test('each listener describes what it serves, and no more', async () => {
  const pathsAt = async (url: string): Promise<readonly string[]> => {
    const { paths } = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
    return Object.keys(paths);
  };
  const served = { hub: await pathsAt(hub.url), branch: await pathsAt(branch.url), app: await pathsAt(sidecar.appUrl) };
  for (const paths of Object.values(served)) assert.ok(paths.includes('/v1/agents/{name}/{operation}'));
  assert.deepEqual(
    Object.values(served).map((paths) => [paths.includes('/v1/keys'), paths.includes('/login')]),
    [
      [true, true],
      [true, false],
      [false, false],
    ],
  );
});
