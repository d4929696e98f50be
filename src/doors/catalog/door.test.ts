import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Directory, Fault, type Principal, type TargetEntry, type TargetKind } from '../../contract/index.ts';
import { systemWorld } from '../../kernel/index.ts';
import { type Listener, listen } from '../index.ts';
import { catalogDoor } from './index.ts';

const target = (kind: TargetKind, name: string, more: Partial<TargetEntry> = {}): TargetEntry => ({
  tenant: 'default',
  kind,
  name,
  domain: 'operations',
  labels: { tier: 'gold' },
  endpoints: [{ url: 'http://10.0.0.7:9000', version: '1', weight: 100, labels: {} }],
  operations: [{ name: 'where', effect: 'read', idempotent: true, description: 'finds an order by its number' }],
  health: null,
  concurrency: 1,
  timeoutMs: null,
  ...more,
});

const ORDERS = target('agent', 'orders', { description: 'knows where orders are', labels: { public: 'true' } });
const TOOLS = target('tool', 'refund-tools', { operations: [{ name: 'pay', effect: 'write', idempotent: false }] });
const MANY = Array.from({ length: 45 }, (_, at) => target('agent', `clerk-${String(at).padStart(2, '0')}`));

const seen: Record<string, readonly TargetEntry[]> = { ann: [ORDERS, TOOLS], many: MANY };
const directory: Directory = {
  identify: async (credential) => {
    const id = credential.kind === 'bearer' ? credential.token : '';
    if (!(id in seen)) throw new Fault('unauthenticated', 'no valid credential came with this request');
    return { kind: 'user', tenant: 'default', id, roles: [] } satisfies Principal;
  },
  visible: async ({ id }, kinds) => (seen[id] ?? []).filter(({ kind }) => kinds.includes(kind)),
  find: () => undefined,
  seq: 1,
  provider: () => assert.fail('nobody asks for a capability'),
  onChange: () => () => {},
};

let listener: Listener;
before(async () => {
  const world = systemWorld();
  const parent = { id: 'hub-above', url: 'https://above.example:4600' };
  const door = catalogDoor({ directory, published: () => [ORDERS], parent });
  listener = await listen({ host: '127.0.0.1', port: 0, doors: [door], clock: world.clock });
});
after(() => listener.close(false));

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Readonly<Record<string, unknown>>;
}

const ask = async (path: string, key?: string, body?: unknown, more: Record<string, string> = {}): Promise<Answer> => {
  const response = await fetch(`${listener.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...more,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, json: text === '' ? {} : JSON.parse(text) };
};
const namesOf = (list: unknown): string[] => (list as { displayName: string }[]).map(({ displayName }) => displayName);

const SEARCH = { query: { text: 'where is my order' } };

test('strangers find what is marked as public and the way to search; who is known finds what they may call', async () => {
  for (const path of ['/.well-known/ai-catalog.json', '/.well-known/ard.json']) {
    const open = await ask(path);
    assert.equal(open.json['specVersion'], '1.0');
    assert.deepEqual(namesOf(open.json['entries']), ['orders', 'Airspace']);
    assert.match(open.headers.get('cache-control') ?? '', /^public/);
    const known = await ask(path, 'ann');
    assert.deepEqual(namesOf(known.json['entries']), ['orders', 'refund-tools', 'Airspace']);
    assert.equal(known.headers.get('cache-control'), 'no-store');
  }
});

test('an entry leads to a door of ours and says neither where its target is nor, to strangers, how it is labelled', async () => {
  const { json } = await ask('/.well-known/ai-catalog.json');
  const [orders] = json['entries'] as Record<string, unknown>[];
  assert.deepEqual(orders, {
    identifier: 'urn:air:127.0.0.1:agent:orders',
    displayName: 'orders',
    type: 'application/a2a-agent-card+json',
    url: `${listener.url}/a2a/orders/.well-known/agent-card.json`,
    description: 'knows where orders are',
    capabilities: ['where'],
    representativeQueries: ['finds an order by its number'],
    metadata: { kind: 'agent' },
  });
  const known = await ask('/registry/agents', 'ann');
  const tools = (known.json['items'] as Record<string, unknown>[])[1]!;
  assert.equal(tools['url'], `${listener.url}/mcp/refund-tools`);
  assert.deepEqual([tools['tags'], tools['metadata']], [['tier=gold'], { kind: 'tool', domain: 'operations' }]);
  assert.doesNotMatch(JSON.stringify([json, known.json]), /10\.0\.0\.7/);
});

test('a wrong key is refused and is not a stranger', async () => {
  for (const path of ['/.well-known/ai-catalog.json', '/registry/agents']) {
    const { status, json } = await ask(path, 'nobody');
    assert.deepEqual([status, json['errorCode']], [401, 'UNAUTHENTICATED']);
  }
});

test('a search is ranked, filtered and told where to go on', async () => {
  const found = await ask('/registry/search', 'ann', SEARCH);
  const [first] = found.json['results'] as { displayName: string; score: number; source: string }[];
  assert.equal(first?.displayName, 'orders');
  assert.ok(first.score > 50 && first.score <= 100);
  assert.equal(first.source, `${listener.url}/registry`);
  assert.equal(found.json['referrals'], undefined);
  const referred = await ask('/registry/search', 'ann', { ...SEARCH, federation: 'referrals' });
  assert.deepEqual(referred.json['referrals'], [
    {
      identifier: 'urn:air:above.example:registry:hub-above',
      displayName: 'hub-above',
      type: 'application/ai-registry+json',
      url: 'https://above.example:4600/registry/search',
    },
  ]);
  const filter = { type: ['application/mcp-server-card+json'] };
  const filtered = await ask('/registry/search', 'ann', { query: { text: 'pay', filter } });
  assert.deepEqual(namesOf(filtered.json['results']), ['refund-tools']);
  const none = await ask('/registry/search', undefined, { query: { text: 'pay', filter } });
  assert.deepEqual(none.json['results'], []);
  assert.deepEqual((await ask('/registry/search', 'ann', { query: { text: 'zebra' } })).json['results'], []);
});

test('facets count what matches', async () => {
  const body = {
    resultType: { facets: [{ field: 'type' }, { field: 'capabilities', limit: 1 }, { field: 'publisher' }] },
  };
  const { json } = await ask('/registry/explore', 'ann', body);
  assert.deepEqual(json['facets'], {
    type: {
      buckets: [
        { value: 'application/a2a-agent-card+json', count: 1 },
        { value: 'application/mcp-server-card+json', count: 1 },
      ],
    },
    capabilities: { buckets: [{ value: 'pay', count: 1 }], otherCount: 1 },
    publisher: { buckets: [{ value: '127.0.0.1', count: 2 }] },
  });
});

test('lists come page by page, in order, and each entry is found by its identifier', async () => {
  const names: string[] = [];
  let token = '';
  do {
    const { json } = await ask(`/registry/agents?pageSize=20${token === '' ? '' : `&pageToken=${token}`}`, 'many');
    assert.equal(json['total'], 45);
    names.push(...namesOf(json['items']));
    token = String(json['pageToken'] ?? '');
  } while (token !== '');
  assert.deepEqual(
    names,
    MANY.map(({ name }) => name),
  );
  const filter = encodeURIComponent("type = 'application/mcp-server-card+json,x' AND displayName = 'refund-tools'");
  assert.deepEqual(namesOf((await ask(`/registry/agents?filter=${filter}`, 'ann')).json['items']), ['refund-tools']);
  const down = await ask('/registry/agents?orderBy=displayName%20DESC', 'ann');
  assert.deepEqual(namesOf(down.json['items']), ['refund-tools', 'orders']);
  const urn = encodeURIComponent('urn:air:127.0.0.1:server:refund-tools');
  assert.equal((await ask(`/registry/agents/${urn}`, 'ann')).json['displayName'], 'refund-tools');
  assert.equal((await ask(`/registry/agents/${urn}`)).status, 404, 'not for strangers, and it does not say why');
});

test('what is not well formed is refused in the words of the registry', async () => {
  const bad: readonly [string, unknown?][] = [
    ['/registry/search', {}],
    ['/registry/search', { query: {} }],
    ['/registry/search', { query: { text: '' } }],
    ['/registry/search', { ...SEARCH, pageSize: 1_000 }],
    ['/registry/search', { ...SEARCH, pageToken: 'zzz' }],
    ['/registry/search', { query: { text: 'x', filter: { 'trustManifest.x': ['y'] } } }],
    ['/registry/search', '{"query":{"text":"a","text":"b"}}'],
    ['/registry/search', '{"query":{"text":"a"},"__proto__":{}}'],
    ['/registry/search', { query: { text: 'x'.repeat(100_000) } }],
    ['/registry/explore', { resultType: { facets: [] } }],
    ['/registry/explore', { resultType: { facets: [{ field: '__proto__' }] } }],
    ['/registry/agents?filter=nonsense'],
    ['/registry/agents?orderBy=secret'],
    ['/registry/agents?pageSize=0'],
    ['/registry/agents?pageSize=1&pageSize=2'],
    ['/registry/agents/urn%3Aair%3A'],
    ['/registry/agents/%E0%A4%A'],
  ];
  for (const [path, body] of bad) {
    const { status, json } = await ask(path, 'ann', body);
    assert.deepEqual(
      [status, json['errorCode']],
      [400, 'INVALID_ARGUMENT'],
      `${path} ${JSON.stringify(body)?.slice(0, 80)}`,
    );
  }
  const method = await ask('/registry/search', 'ann');
  assert.deepEqual([method.status, method.headers.get('allow')], [405, 'POST']);
  assert.equal((await ask('/registry/other', 'ann')).status, 404);
});

test('an entity tag saves the way back', async () => {
  const { headers } = await ask('/.well-known/ai-catalog.json');
  const again = await ask('/.well-known/ai-catalog.json', undefined, undefined, {
    'if-none-match': headers.get('etag')!,
  });
  assert.equal(again.status, 304);
});

test('entries are what the standard asks of them, wherever they are read', async () => {
  const URN = /^urn:air:[a-zA-Z0-9.-]+(:[a-zA-Z0-9._:-]+)?:[a-zA-Z0-9._-]+$/;
  const { json } = await ask('/.well-known/ard.json', 'ann');
  const entries = json['entries'] as Record<string, unknown>[];
  for (const entry of entries) {
    assert.match(String(entry['identifier']), URN);
    assert.ok(entry['displayName'] !== '' && entry['type'] !== '');
    assert.equal(Number('url' in entry) + Number('data' in entry), 1);
  }
  const { identifier } = entries[0]!;
  const one = await ask(`/registry/agents/${encodeURIComponent(String(identifier))}`, 'ann');
  assert.equal(one.json['identifier'], identifier);
  assert.ok(!('score' in one.json) && !('source' in one.json), 'those are of a search');
  for (const [asked, status, code] of [
    ['urn:air:somewhere.invalid:probe:not-found', 404, 'NOT_FOUND'],
    ['not-a-urn', 400, 'INVALID_ARGUMENT'],
  ] as const) {
    const answer = await ask(`/registry/agents/${encodeURIComponent(asked)}`, 'ann');
    assert.deepEqual([answer.status, answer.json['errorCode']], [status, code]);
    assert.ok(answer.json['message']);
  }
});
