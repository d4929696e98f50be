/** One hub with every door, one target behind it that counts, and everybody who may come: known, unknown, gone, and from elsewhere. */
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import { API_VERSION, HEADERS, type KeyScope, WHOLE_TENANT } from '../../src/contract/index.ts';
import { HttpHubWire, joinHub } from '../../src/control/index.ts';
import { AssertionSigner, mintKey, openNodeKey } from '../../src/identity/index.ts';
import { systemWorld } from '../../src/kernel/index.ts';

/** Of the tenant that runs the hub unless they are strangers. Only `alice` may call, and only what `TARGETS` says. */
export const WHO = [
  'nobody',
  'garbage',
  'expired',
  'revoked',
  'halted',
  'alice',
  'alice-reading',
  'bob',
  'ursula',
  'vera-viewer',
  'olga-operator',
  'dora-developer',
  'adam-admin',
  'adam-reading',
  'adam-at-a-browser',
  'adam-at-another-page',
  'stranger-agent',
  'stranger-admin',
  'node',
  'node-for-bob',
] as const;
export type Who = (typeof WHO)[number];

type Headers = Readonly<Record<string, string>>;

export interface Scene extends AsyncDisposable {
  readonly hub: RunningHub;
  readonly headers: Readonly<Record<Who, Headers>>;
  /** Id of the node that joined. */
  readonly node: string;
  /** Id of a call of alice that is over. */
  readonly call: string;
  /** Calls that reached the target. */
  hits(): number;
  /** `at`: address of the node; default: the hub. */
  ask(method: string, path: string, headers: Headers, body?: string, at?: string): Promise<Answered>;
}

export interface Answered {
  readonly status: number;
  readonly text: string;
}

/** Only who may call sees this word. */
export const MARKER = 'crown-jewels';

export const TARGETS = {
  agent: { name: 'orders', operation: 'where' },
  tool: { name: 'crm', operation: 'look' },
  model: { name: 'mini', operation: 'chat' },
} as const;

/** Labelled `public`. */
export const PUBLISHED = 'brochure';

const KIND = { agent: 'Agent', tool: 'Tool', model: 'Model' } as const;

const resource = (kind: string, name: string, spec: object, more: object = {}) => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...more },
  spec,
});

const POLICY = `@id("alice") @reason("alice may call what there is")
permit (principal == Agent::"alice", action, resource);`;

export const startScene = async (): Promise<Scene> => {
  await using held = new AsyncDisposableStack();
  const dir = await mkdtemp(join(tmpdir(), 'airspace-access-'));
  held.defer(() => rm(dir, { recursive: true }));
  let hits = 0;
  const target = http.createServer((req, res) => {
    req.resume().on('end', () => {
      hits++;
      res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ answer: MARKER }));
    });
  });
  await new Promise<void>((listening) => target.listen(0, '127.0.0.1', listening));
  held.defer(() => void target.close());
  held.defer(() => target.closeAllConnections());
  const url = `http://127.0.0.1:${(target.address() as AddressInfo).port}`;
  const hub = await startHub({ dir, host: '127.0.0.1', port: 0, level: 'error', log: () => {} });
  held.defer(() => hub.stop(false));

  const keys = await configure(hub, url);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
  held.defer(() => agent.destroy());
  const ask: Scene['ask'] = (method, path, headers, body, url = hub.url) =>
    exchange({ agent, url, method, path, headers, body });
  const bearer = (who: string): Headers => ({ authorization: `Bearer ${keys.get(who)}` });
  const admin = bearer('adam-admin');
  const json = async <T>(...asked: Parameters<Scene['ask']>): Promise<T> => JSON.parse((await ask(...asked)).text) as T;
  const JSON_TYPE = { 'content-type': 'application/json' };
  await ask('DELETE', '/v1/keys/revoked', admin);
  await ask('POST', '/v1/kills', { ...admin, ...JSON_TYPE }, '{"kind":"agent","name":"halted","reason":"it loops"}');
  const joined = await joinAs(hub, join(dir, 'node'), admin, json);
  const { id } = await json<{ id: string }>(
    'POST',
    '/v1/agents/orders/where',
    { ...bearer('alice'), ...JSON_TYPE, prefer: 'respond-async' },
    '{}',
  );
  const browser = await logIn(hub.url, keys.get('adam-admin')!, ask);
  const headers: Record<Who, Headers> = {
    nobody: {},
    garbage: { authorization: 'Bearer air_alice-00000000_notAKey' },
    expired: bearer('expired'),
    revoked: bearer('revoked'),
    halted: bearer('halted'),
    alice: bearer('alice'),
    'alice-reading': bearer('alice-reading'),
    bob: bearer('bob'),
    ursula: bearer('ursula'),
    'vera-viewer': bearer('vera-viewer'),
    'olga-operator': bearer('olga-operator'),
    'dora-developer': bearer('dora-developer'),
    'adam-admin': admin,
    'adam-reading': bearer('adam-reading'),
    'adam-at-a-browser': browser,
    // The browser sends the cookie whoever asks it to, and another page does not know the token.
    'adam-at-another-page': { cookie: browser['cookie']! },
    'stranger-agent': bearer('stranger-agent'),
    'stranger-admin': bearer('stranger-admin'),
    ...joined.headers,
  };
  await over(() => ask('GET', `/v1/calls/${id}`, bearer('alice')));
  const release = held.move();
  return {
    hub,
    headers,
    node: joined.id,
    call: id,
    hits: () => hits,
    ask,
    [Symbol.asyncDispose]: () => release.disposeAsync(),
  };
};

/** Everybody of both tenants. Answers the secrets of their keys. */
const configure = async (hub: RunningHub, url: string): Promise<ReadonlyMap<string, string>> => {
  const secrets = new Map<string, string>();
  const key = (name: string, principal: object, more: { scopes?: KeyScope[]; expiresAt?: string } = {}) => {
    const { secret, secretHash } = mintKey(name);
    secrets.set(name, secret);
    return resource('Key', name, { principal, secretHash, ...more });
  };
  const agent = (name: string) => ({ kind: 'agent', name });
  const user = (name: string) => ({ kind: 'user', name });
  const caller = (name: string) => resource('Agent', name, { operations: [{ name: 'run' }] });
  const called = (Object.keys(TARGETS) as (keyof typeof TARGETS)[]).map((kind) =>
    resource(
      KIND[kind],
      TARGETS[kind].name,
      {
        description: MARKER,
        endpoints: [{ url }],
        operations: [{ name: TARGETS[kind].operation, effect: 'read' }],
      },
      { labels: { inside: MARKER } },
    ),
  );
  const people = {
    ursula: [],
    'vera-viewer': ['viewer'],
    'olga-operator': ['operator'],
    'dora-developer': ['developer'],
    'adam-admin': ['admin'],
  };
  await apply(hub, 'default', [
    resource('Domain', 'branch', { delegated: true }),
    ...called,
    resource(
      'Agent',
      PUBLISHED,
      { endpoints: [{ url }], operations: [{ name: 'read' }] },
      { labels: { public: 'true' } },
    ),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
    ...['alice', 'bob', 'halted'].map(caller),
    ...Object.entries(people).map(([name, roles]) => resource('User', name, { roles })),
    ...Object.keys(people).map((name) => key(name, user(name))),
    ...['alice', 'bob', 'halted'].map((name) => key(name, agent(name))),
    key('alice-reading', agent('alice'), { scopes: ['read'] }),
    key('adam-reading', user('adam-admin'), { scopes: ['read'] }),
    key('revoked', agent('alice')),
    key('expired', agent('alice'), { expiresAt: '2020-01-01T00:00:00Z' }),
  ]);
  await apply(hub, 'acme', [
    caller('alice'),
    // Called the same, and policy of its own lets its own alice call it.
    resource('Agent', TARGETS.agent.name, { operations: [{ name: TARGETS.agent.operation }] }),
    key('stranger-agent', agent('alice')),
    resource('User', 'root', { roles: ['admin'] }),
    key('stranger-admin', user('root')),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  ]);
  return secrets;
};

const apply = async (
  hub: RunningHub,
  tenant: string,
  resources: readonly ReturnType<typeof resource>[],
): Promise<void> => {
  await hub.control.apply({
    tenant,
    resources: resources.map((one) => ({ ...one, metadata: { ...one.metadata, tenant } })),
    origins: resources.map(({ metadata: { name } }) => name),
    by: 'test',
    rights: WHOLE_TENANT,
    reason: '',
    dryRun: false,
    prune: false,
  });
};

/** A sidecar of bob, that speaks for itself and for bob. */
const joinAs = async (
  hub: RunningHub,
  dir: string,
  admin: Headers,
  json: <T>(...asked: Parameters<Scene['ask']>) => Promise<T>,
): Promise<{ readonly id: string; readonly headers: Readonly<Record<'node' | 'node-for-bob', Headers>> }> => {
  const type = { 'content-type': 'application/json' };
  const { token } = await json<{ token: string }>(
    'POST',
    '/v1/tokens',
    { ...admin, ...type },
    '{"role":"sidecar","agent":"bob"}',
  );
  const key = await openNodeKey(dir);
  const wire = new HttpHubWire(hub.url);
  const { node, hub: audience } = await joinHub({
    wire,
    hubUrl: hub.url,
    token,
    key,
    url: 'http://127.0.0.1:9',
    dataDir: dir,
  });
  await wire.close();
  const signer = new AssertionSigner(node.id, key, systemWorld().clock);
  const said = (kind: 'node' | 'agent', id: string): Headers => ({
    authorization: `${HEADERS.nodeScheme} ${signer.assert({ kind, tenant: node.tenant, id, roles: [] }, audience)}`,
    [HEADERS.callId]: 'c'.repeat(32),
  });
  return { id: node.id, headers: { node: said('node', node.id), 'node-for-bob': said('agent', 'bob') } };
};

const logIn = async (url: string, key: string, ask: Scene['ask']): Promise<Headers> => {
  const response = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: url, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ key, to: '/session' }),
  });
  const cookie = (response.headers.getSetCookie()[0] ?? '').split(';')[0]!;
  const { csrf } = JSON.parse((await ask('GET', '/session', { cookie })).text) as { csrf: string };
  return { cookie, 'x-airspace-csrf': csrf };
};

/** Until the call of alice is over: whoever may look at it then sees what it answered. */
const over = async (look: () => Promise<Answered>): Promise<void> => {
  while (!(await look()).text.includes('"concludedAt":"')) await new Promise((turn) => setImmediate(turn));
};

interface Exchange {
  readonly agent: http.Agent;
  readonly url: string;
  readonly method: string;
  /** Sent as it is: a client that tidies it up would hide what a hostile one does. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: string | undefined;
}

/** A stream is over for us when it has begun: that it was opened is the answer. */
const exchange = ({ agent, url, method, path, headers, body }: Exchange): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const request = http.request({ agent, hostname, port, path, method, headers: { ...headers, ...length } });
    request.once('error', reject);
    request.once('response', (response) => {
      const status = response.statusCode ?? 0;
      if (response.headers['content-type']?.startsWith('text/event-stream') === true) {
        resolve({ status, text: '' });
        request.removeAllListeners('error').on('error', () => {});
        response.on('error', () => {});
        request.destroy();
        return;
      }
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve({ status, text }));
      response.once('error', reject);
    });
    request.end(body);
  });
