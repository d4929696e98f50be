import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { exportJWK, FlattenedSign, generateKeyPair } from 'jose';
import { Fault } from '../contract/index.ts';
import { guardedFetch } from '../egress/index.ts';
import { systemWorld } from '../kernel/index.ts';
import { type Discovery, discover, proposalOf, type Wanted } from './index.ts';
import { openSearch } from './search.ts';
import * as servers from './testing/servers.ts';

const { clock } = systemWorld();
const parts = { clock, fetch: guardedFetch({ clock, allowPrivate: true }) };
const look = (url: string, more: Partial<Wanted> = {}): Promise<Discovery> =>
  discover(parts, { url, origins: [], ...more });
const NAMING = { aliases: [], models: [], operations: [] };
const cameOf = ({ tried }: Discovery): string => tried.map(({ came }) => came).join('; ');

let a2a: servers.Served;
let a2a03: servers.Served;
let mcp: servers.Served;
let legacy: Awaited<ReturnType<typeof servers.legacyMcp>>;
before(async () => {
  [a2a, a2a03, mcp, legacy] = await Promise.all([servers.a2a(), servers.a2a03(), servers.mcp(), servers.legacyMcp()]);
});
after(() => Promise.all([a2a, a2a03, mcp, legacy].map((served) => served[Symbol.asyncDispose]())));

test('an agent of the present version is found by its card, and its signature is checked', async () => {
  const { found, tried } = await look(a2a.url);
  assert.ok(found !== null);
  assert.deepEqual(
    [found.kind, found.protocol, found.version, found.binding, found.endpoint],
    ['agent', 'a2a', '1.0', 'JSONRPC', `${a2a.url}/rpc`],
  );
  assert.equal(found.signature?.verdict, 'valid');
  assert.deepEqual(
    found.skills.map(({ id }) => id),
    ['where'],
  );
  assert.equal(tried[0]?.url, `${a2a.url}/.well-known/agent-card.json`);
  const [resource] = proposalOf(found, NAMING).resources;
  assert.equal(resource?.metadata.name, 'order-desk');
  assert.deepEqual(resource?.spec['endpoints'], [{ url: `${a2a.url}/rpc` }]);
});

test('a card that was changed on the way does not fit its signature', async () => {
  const card = (await (await fetch(`${a2a.url}/.well-known/agent-card.json`)).json()) as Record<string, unknown>;
  const keys = await (await fetch(`${a2a.url}/.well-known/jwks.json`)).json();
  await using forged = await servers.scripted({
    '/.well-known/agent-card.json': (url) => ({ body: JSON.parse(JSON.stringify(card).replaceAll(a2a.url, url)) }),
    '/.well-known/jwks.json': { body: keys },
  });
  // Its key is named at the place where it was, and nobody goes there.
  const { found } = await look(forged.url);
  assert.equal(found?.signature?.verdict, 'unchecked');
  assert.ok(!forged.asked.includes('GET /.well-known/jwks.json'));
  await using own = await signedCard();
  assert.equal((await look(own.url)).found?.signature?.verdict, 'valid');
  await using changed = await signedCard({ description: 'pays refunds' });
  const { found: other } = await look(changed.url);
  assert.equal(other?.signature?.verdict, 'invalid');
  assert.match(other.warnings.join(), /it was changed, or forged/);
});

/** Signed as it is written, and changed afterwards. */
const signedCard = async (change: object = {}): Promise<servers.Served> => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k' };
  return servers.serve(async (url) => {
    const card = { description: 'd', name: 'n', protocolVersion: '0.3.0', url };
    const header = { alg: 'ES256', kid: 'k', jku: `${url}/keys` };
    const signer = new FlattenedSign(Buffer.from(JSON.stringify(card))).setProtectedHeader(header);
    const { protected: head, signature } = await signer.sign(privateKey);
    const body = { ...card, ...change, signatures: [{ protected: head, signature }] };
    return (req, res) => {
      res.writeHead(200, { 'content-type': 'application/json' });
      res.end(JSON.stringify(req.url === '/keys' ? { keys: [jwk] } : body));
    };
  });
};

const WANTS = {
  securitySchemes: {
    old: { type: 'apiKey', in: 'header', name: 'x-key' },
    new: { httpAuthSecurityScheme: { scheme: 'bearer' } },
  },
};

test('an agent of 0.3 is found, and one that says 0.2 at the old path too', async () => {
  const { found } = await look(a2a03.url);
  assert.deepEqual([found?.version, found?.binding, found?.signature?.verdict], ['0.3', 'JSONRPC', 'unsigned']);
  await using older = await servers.scripted({
    '/.well-known/agent.json': (url) => ({
      body: { name: 'Older', url: `${url}/a2a`, protocolVersion: '0.2.5', ...WANTS },
    }),
  });
  const { found: old } = await look(older.url);
  assert.deepEqual([old?.version, old?.endpoint], ['0.3', `${older.url}/a2a`]);
  assert.deepEqual(old?.auth, ['old: apiKey x-key', 'new: httpAuth bearer']);
});

test('a card that leads to another origin leads nowhere, unless a person named that origin', async () => {
  await using other = await servers.scripted({});
  const body = { name: 'Misleading', url: `${other.url}/a2a`, protocolVersion: '0.3.0' };
  await using misleading = await servers.scripted({ '/.well-known/agent-card.json': { body } });
  const refused = await look(misleading.url, { kind: 'agent', protocol: 'a2a' });
  assert.equal(refused.found, null);
  assert.match(cameOf(refused), /leads elsewhere, to http:\/\/127/);
  const named = await look(misleading.url, { protocol: 'a2a', origins: [other.url] });
  assert.equal(named.found?.endpoint, `${other.url}/a2a`);
  assert.deepEqual(other.asked, []);
});

test('a server of the present MCP is found, with its tools as it defines them', async () => {
  const { found } = await look(mcp.url);
  assert.deepEqual([found?.protocol, found?.version, found?.title], ['mcp', '2026-07-28', 'refund-tools']);
  const { resources, warnings } = proposalOf(found!, NAMING);
  const operations = resources[0]?.spec['operations'] as { name: string; effect: string; definition: object }[];
  assert.deepEqual(
    operations.map(({ name, effect }) => `${name}:${effect}`),
    ['look:read', 'pay:write', 'other:write'],
  );
  assert.ok('inputSchema' in operations[0]!.definition);
  assert.match(warnings.join(), /`look` only read is what the server says of itself/);
});

test('a server with a handshake is found under its path, and the session of the look is closed', async () => {
  const { found } = await look(legacy.url, { kind: 'tool' });
  assert.deepEqual([found?.version, found?.endpoint], ['2025-11-25', `${legacy.url}/mcp`]);
  assert.deepEqual(
    found?.tools.map(({ name }) => name),
    ['search'],
  );
  assert.equal(legacy.sessions(), 0);
});

const OPENAI = { object: 'list', data: [{ id: 'gpt-5.2', object: 'model' }, { id: 'bad\u202ename' }] };

test('model APIs are told apart by what they list, with and without the version in the address', async () => {
  await using openai = await servers.scripted({ '/v1/models': { body: OPENAI } });
  for (const url of [openai.url, `${openai.url}/v1`, `${openai.url}/v1/`]) {
    const { found } = await look(url);
    assert.deepEqual([found?.protocol, found?.endpoint, found?.models], ['openai', `${openai.url}/v1`, ['gpt-5.2']]);
  }
  await using anthropic = await servers.scripted({
    '/v1/models': (_, headers) =>
      headers['anthropic-version'] === undefined || headers['x-api-key'] !== 'sk-1'
        ? { status: 401, body: { type: 'error', error: { type: 'authentication_error', message: 'no' } } }
        : { body: { data: [{ type: 'model', id: 'claude-1' }], has_more: false } },
  });
  const unknown = await look(anthropic.url);
  assert.deepEqual([unknown.found?.protocol, unknown.found?.models], ['anthropic', []]);
  assert.match(proposalOf(unknown.found!, NAMING).missing, /--model/);
  const { found } = await look(`${anthropic.url}/v1`, { credential: { value: 'sk-1' } });
  assert.deepEqual([found?.endpoint, found?.models], [anthropic.url, ['claude-1']]);
});

test('an agent of ours says that it is well, and its operations are named by hand', async () => {
  await using own = await servers.scripted({ '/healthz': { body: 'ok' } });
  const { found } = await look(own.url);
  assert.equal(found?.protocol, 'http');
  assert.match(proposalOf(found!, NAMING).missing, /--operation/);
  const { resources } = proposalOf(found!, { ...NAMING, name: 'mine', operations: [{ name: 'a', effect: 'read' }] });
  assert.equal(resources[0]?.metadata.name, 'mine');
});

test('whoever wants to know who asks is told apart from whoever is not there', async () => {
  await using locked = await servers.serve(() => (_, res) => {
    res.writeHead(401, { 'www-authenticate': 'Bearer resource_metadata="https://x/y"' }).end();
  });
  const { found, wants } = await look(locked.url, { kind: 'tool' });
  assert.equal(found, null);
  assert.match(wants.join(), /resource_metadata/);
  const gone = await servers.scripted({});
  await gone[Symbol.asyncDispose]();
  await assert.rejects(look(gone.url), { code: 'unreachable' });
});

test('a secret goes to the address that was named and not to where an answer leads', async () => {
  const seen: unknown[] = [];
  await using other = await servers.serve(() => (req, res) => {
    seen.push(req.headers.authorization, req.headers['x-api-key']);
    res.writeHead(404).end();
  });
  await using first = await servers.serve((url) => (req, res) => {
    seen.push(req.headers.authorization);
    res.writeHead(302, { location: `${other.url}${req.url}`, 'x-from': url }).end();
  });
  const { tried } = await look(first.url, { credential: { value: 'very-secret' } });
  assert.ok(seen.length > 0 && seen.every((one) => one === 'Bearer very-secret' || one === undefined));
  assert.deepEqual(other.asked, [], 'redirects are not followed');
  assert.match(cameOf({ tried } as Discovery), /redirects are not followed/);
  assert.ok(!JSON.stringify(tried).includes('very-secret'));
});

test('a request to another origin would have no secret with it either', async () => {
  const shown: unknown[] = [];
  const fetch: typeof parts.fetch = async (_, { headers = {} } = {}) => {
    shown.push(headers['authorization']);
    return { status: 404, headers: {}, body: Buffer.alloc(0) };
  };
  const wanted = { url: 'https://a.example', origins: ['https://b.example'], credential: { value: 'very-secret' } };
  const search = openSearch({ ...parts, fetch }, wanted, new URL(wanted.url));
  for (const url of ['https://a.example/x', 'https://b.example/x', 'https://a.example:8443/x', 'http://a.example/x'])
    await search.ask('x', url);
  assert.deepEqual(shown, ['Bearer very-secret', undefined, undefined, undefined]);
});

test('addresses that the node does not go to are refused before anything else is tried', async () => {
  const closed = { ...parts, fetch: guardedFetch({ clock }) };
  for (const url of [
    'http://127.0.0.1:9',
    'https://127.0.0.1',
    'https://10.0.0.1',
    'https://169.254.169.254',
    'https://[::1]',
  ])
    await assert.rejects(discover(closed, { url, origins: [] }), { code: 'denied' }, url);
  await assert.rejects(look('http://169.254.169.254'), { code: 'denied' }, 'not even in development');
});

test('giant, doubled and deep answers are no answers', async () => {
  const giant = `{"name":"x","pad":"${'x'.repeat(3 * 1024 * 1024)}"}`;
  const cases: Readonly<Record<string, [string, RegExp]>> = {
    'a card of megabytes': [giant, /more than/],
    'a card that is longer than what is kept': [
      JSON.stringify({ name: 'x', url: 'http://127.0.0.1', pad: 'x'.repeat(300_000) }),
      /more than 262144 bytes/,
    ],
    'doubled members': ['{"name":"a","name":"b"}', /no JSON that can be read/],
    'very deep': [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, /no JSON that can be read/],
  };
  for (const [what, [body, expected]] of Object.entries(cases)) {
    await using hostile = await servers.scripted({ '/.well-known/agent-card.json': { body } });
    const discovery = await look(hostile.url, { protocol: 'a2a' });
    assert.equal(discovery.found, null, what);
    assert.match(cameOf(discovery), expected, what);
  }
});

const rpc = (answer: (method: string) => unknown) =>
  servers.serve(() => async (req, res) => {
    let text = '';
    for await (const chunk of req) text += String(chunk);
    const { id, method } = JSON.parse(text || '{}') as { id?: unknown; method?: string };
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ jsonrpc: '2.0', id, result: answer(method ?? '') }));
  });

const hello = { supportedVersions: ['2026-07-28'], capabilities: {}, serverInfo: { name: 'evil\u001b[2J\u202e' } };

test('ten thousand tools, tools for ever, and tools with names that are none are bounded', async () => {
  const many = Array.from({ length: 10_000 }, (_, at) => ({ name: `t${at}`, description: 'x', inputSchema: {} }));
  await using full = await rpc((method) => (method === 'server/discover' ? hello : { tools: many }));
  const { found } = await look(full.url, { kind: 'tool' });
  assert.equal(found?.tools.length, 500);
  assert.match(found.warnings.join(), /more than 500 tools/);
  assert.doesNotMatch(found.title, /[\p{Cc}\p{Cf}]/u);

  let page = 0;
  await using endless = await rpc((method) =>
    method === 'server/discover' ? hello : { tools: [{ name: `p${page++}` }], nextCursor: 'again' },
  );
  const endlessly = await look(endless.url, { kind: 'tool' });
  assert.equal(endlessly.found?.tools.length, 20);

  const bad = [
    { name: '../x' },
    { name: 'mcp.list' },
    { name: 'a b' },
    { name: 7 },
    { name: 'ok', description: 'a\u200bb' },
  ];
  await using odd = await rpc((method) => (method === 'server/discover' ? hello : { tools: bad }));
  const oddly = await look(odd.url, { kind: 'tool' });
  assert.deepEqual(
    oddly.found?.tools.map(({ name }) => name),
    ['ok'],
  );
  assert.match(oddly.found.warnings.join(), /characters that nobody sees/);
});

test('an answer with the id of another request is nobody’s', async () => {
  await using liar = await servers.serve(() => (_, res) => {
    res.writeHead(200, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ jsonrpc: '2.0', id: 'not-ours', result: hello }));
  });
  const discovery = await look(liar.url, { protocol: 'mcp' });
  assert.equal(discovery.found, null);
  assert.match(cameOf(discovery), /no answer of an MCP server/);
});

test('a target that never answers in time does not hold the search', async () => {
  let nowMs = 0;
  let requests = 0;
  const slow = {
    ...parts,
    clock: { ...clock, nowMs: () => nowMs },
    fetch: async (_: string, { timeoutMs = 0 } = {}) => {
      requests++;
      nowMs += timeoutMs;
      throw new Fault('timeout', 'it did not answer in time');
    },
  };
  const { found, tried } = await discover(slow, { url: 'https://slow.example', origins: [] });
  assert.equal(found, null);
  assert.ok(nowMs <= 20_000, `${nowMs} ms`);
  assert.equal(requests, 4);
  assert.match(cameOf({ tried } as Discovery), /the search took too long/);
});
