/** A hub with agents, tools and callers for tests of its A2A door; everything between them over real connections. */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HubOptions, type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import { DEFAULT_TENANT, WHOLE_TENANT } from '../../src/contract/index.ts';
import { type MintedKey, mintKey } from '../../src/identity/index.ts';
import type { Json } from './speakers.ts';

export const resource = (kind: string, name: string, spec: unknown, metadata: object = {}) => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...metadata },
  spec,
});

export const CALLERS = ['alice', 'bob', 'mallory'] as const;
export type CallerName = (typeof CALLERS)[number];

export const POLICY = `
@id("all") @reason("everybody may call") permit (principal, action, resource);
@id("not-mallory") @reason("mallory has lost its rights") @code("REVOKED")
forbid (principal == Agent::"mallory", action, resource) when { resource.effect != "read" };
@id("pay") @reason("payments need a person of finance") @remedy("approval") @approval("roles=finance; ttl=1h")
forbid (principal, action, resource) when { context.operation == "pay" };
@id("guarded") @reason("words to it need a person of finance") @remedy("approval") @approval("roles=finance; ttl=1h")
forbid (principal, action, resource) when { resource.hasTag("guarded") && context.operation == "message" };
`;

export interface Scene extends AsyncDisposable {
  readonly hub: RunningHub;
  readonly keys: Readonly<Record<CallerName | 'ann', MintedKey>>;
  readonly plain: PlainAgent;
  apply(resources: readonly unknown[]): Promise<unknown>;
  restart(): Promise<void>;
}

/** An agent that knows nothing of A2A, and what it was asked. */
export interface PlainAgent {
  readonly url: string;
  readonly asked: { readonly operation: string; readonly body: string }[];
  /** Lets calls of `hang` go. */
  release(): void;
  /** Resolves when somebody waits in `hang`. */
  readonly hanging: () => Promise<void>;
  close(): void;
}

export const listening = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

export const plainAgent = async (): Promise<PlainAgent> => {
  const asked: { operation: string; body: string }[] = [];
  let gate = Promise.withResolvers<void>();
  let seen = Promise.withResolvers<void>();
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    const operation = (request.url ?? '').slice(1);
    asked.push({ operation, body });
    if (operation === 'boom')
      return void response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"broken"}');
    if (operation === 'hang') {
      seen.resolve();
      await gate.promise;
    }
    if (operation === 'talk') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const word of ['one', 'two']) response.write(`data: ${JSON.stringify({ text: word })}\n\n`);
      return void response.end();
    }
    response
      .setHeader('content-type', 'application/json')
      .end(JSON.stringify({ operation, body: JSON.parse(body || 'null') }));
  };
  const server = createServer((request, response) => void answer(request, response));
  const url = await listening(server);
  return {
    url,
    asked,
    release: () => {
      gate.resolve();
      gate = Promise.withResolvers();
      seen = Promise.withResolvers();
    },
    hanging: () => seen.promise,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
};

const PLAIN_OPERATIONS = [
  { name: 'say', effect: 'write', description: 'says it again' },
  { name: 'look', effect: 'read' },
  { name: 'pay', effect: 'write' },
  { name: 'hang', effect: 'read' },
  { name: 'talk', effect: 'read' },
  { name: 'boom', effect: 'read' },
];

export const openScene = async (more: Partial<HubOptions> = {}): Promise<Scene> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-a2a-'));
  const keys = Object.fromEntries(
    [...CALLERS, 'ann'].map((name) => [name, mintKey(`${name}-1`)]),
  ) as unknown as Scene['keys'];
  const plain = await plainAgent();
  const start = (port = 0): Promise<RunningHub> =>
    startHub({
      dir,
      host: '127.0.0.1',
      port,
      level: 'error',
      log: (line) => process.stderr.write(line),
      oracle: 0,
      allowPrivateEgress: true,
      ...more,
    });
  let hub = await start();
  const apply = (resources: readonly unknown[]): Promise<unknown> =>
    hub.control.apply({
      ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'test', rights: WHOLE_TENANT },
      ...{ reason: '', dryRun: false, prune: false },
    });
  await apply([
    ...CALLERS.map((name) => resource('Agent', name, { operations: [{ name: 'noop', effect: 'read' }] })),
    ...CALLERS.map((name) =>
      resource('Key', `${name}-1`, { principal: { kind: 'agent', name }, secretHash: keys[name].secretHash }),
    ),
    resource('User', 'ann', { roles: ['finance'] }),
    resource('Key', 'ann-1', { principal: { kind: 'user', name: 'ann' }, secretHash: keys.ann.secretHash }),
    resource('Agent', 'plain', {
      description: 'an agent in its own words',
      operations: PLAIN_OPERATIONS,
      endpoints: [{ url: plain.url }],
    }),
    resource(
      'Agent',
      'solo',
      { operations: [{ name: 'look', effect: 'read' }], endpoints: [{ url: plain.url }] },
      { labels: { public: 'true' } },
    ),
    resource('Tool', 'adder', { operations: [{ name: 'add', effect: 'read' }], endpoints: [{ url: plain.url }] }),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  ]);
  return {
    get hub() {
      return hub;
    },
    keys,
    plain,
    apply,
    restart: async () => {
      const { port } = new URL(hub.url);
      await hub.stop(false);
      hub = await start(Number(port));
    },
    [Symbol.asyncDispose]: async () => {
      await hub.stop(false);
      plain.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

export interface RpcAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json;
}

/** One JSON-RPC request, as a careful client of 1.0 sends it. */
export const rpc = async (
  { hub, keys }: Pick<Scene, 'hub' | 'keys'>,
  path: string,
  method: string,
  params: unknown,
  {
    as = 'alice',
    headers = {},
  }: { readonly as?: CallerName; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<RpcAnswer> => {
  const response = await fetch(`${hub.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'a2a-version': '1.0',
      authorization: `Bearer ${keys[as].secret}`,
      ...headers,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
};

let sent = 0;
export const message = (text: string, more: object = {}) => ({
  message: { messageId: `m-${++sent}`, role: 'ROLE_USER', parts: [{ text }], ...more },
});
