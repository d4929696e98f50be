import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server as LegacyServer } from '@modelcontextprotocol/sdk/server/index.js';
import { ListToolsRequestSchema, SubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { McpServer } from '@modelcontextprotocol/server';
import { SESSION_HEADER } from '../../dialects/mcp/index.ts';
import { type Client, modernServer, node, sessionServer, told } from './testing.ts';

const closers: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});
const keep = <T extends { close(): Promise<void> }>(part: T): T => {
  closers.push(() => part.close());
  return part;
};

const modern = (legacy?: 'reject') =>
  modernServer(() => {
    const server = new McpServer(
      { name: 'things', version: '3' },
      { capabilities: { tools: { listChanged: true }, resources: { subscribe: true, listChanged: true } } },
    );
    server.registerTool('x', {}, async () => ({ content: [] }));
    return server;
  }, legacy);

const servers: LegacyServer[] = [];
const legacy = () =>
  sessionServer(() => {
    const server = new LegacyServer(
      { name: 'old', version: '1' },
      { capabilities: { tools: { listChanged: true }, resources: { subscribe: true } } },
    );
    server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [] }));
    server.setRequestHandler(SubscribeRequestSchema, () => {
      setImmediate(() => void server.sendResourceUpdated({ uri: 'a:b' }));
      return {};
    });
    servers.push(server);
    return server;
  });

const MODERN: Client = { version: '2026-07-28', stream: true };
const LEGACY: Client = { version: '2025-11-25' };
const wanted = { notifications: { toolsListChanged: true, resourceSubscriptions: ['a:b'] } };

const session = async (ask: ReturnType<typeof node>['ask'], url: string): Promise<Client> => {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const reply = await ask(url, 'initialize', params, LEGACY);
  return { ...LEGACY, session: reply.headers.find(([name]) => name === SESSION_HEADER)?.[1] ?? '', stream: true };
};

/** Until it is seen: whoever announces before somebody listens announces to nobody. */
const until = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve));
};

test('a modern client follows a modern server', async () => {
  const server = keep(await modern());
  const { ask } = keep(node());
  const messages = told(await ask(server.url, 'subscriptions/listen', wanted, MODERN));
  assert.equal((await messages.next()).value?.method, 'notifications/subscriptions/acknowledged');
  server.notify.toolsChanged();
  assert.equal((await messages.next()).value?.method, 'notifications/tools/list_changed');
  await messages.return(undefined);
});

test('a modern client follows a legacy server, and hears what it asked for', async () => {
  const server = keep(await legacy());
  const { ask } = keep(node());
  const messages = told(await ask(server.url, 'subscriptions/listen', wanted, MODERN));
  const { value: first } = await messages.next();
  assert.equal(first?.method, 'notifications/subscriptions/acknowledged');
  const next = messages.next();
  await until(() => server.seen.some(({ method }) => method === 'GET'));
  await servers.at(-1)!.sendToolListChanged();
  const { value: changed } = await next;
  assert.equal(changed?.method, 'notifications/tools/list_changed');
  assert.deepEqual(changed?.params?.['_meta'], first?.params?.['_meta']);
  await messages.return(undefined);
  await until(() => server.sessions.size === 0);
});

test('a legacy client follows a legacy server on the stream of its session', async () => {
  const server = keep(await legacy());
  const { ask } = keep(node());
  const client = await session(ask, server.url);
  const replied = ask(server.url, '$stream', {}, client);
  await until(() => server.seen.some(({ method }) => method === 'GET'));
  await ask(server.url, 'resources/subscribe', { uri: 'a:b' }, { ...client, stream: false });
  const messages = told(await replied);
  assert.deepEqual((await messages.next()).value?.params, { uri: 'a:b' });
  await messages.return(undefined);
});

test('a legacy client follows a modern server on the stream of its session', async () => {
  const server = keep(await modern('reject'));
  const { ask } = keep(node());
  const client = await session(ask, server.url);
  const replied = ask(server.url, '$stream', {}, client);
  const listens = (): number => server.seen.filter(({ body }) => body.includes('subscriptions/listen')).length;
  await until(() => listens() === 1);
  await ask(server.url, 'resources/subscribe', { uri: 'a:b' }, { ...client, stream: false });
  await until(() => listens() === 2);
  assert.match(server.seen.at(-1)!.body, /"resourceSubscriptions":\["a:b"\]/);
  const messages = told(await replied);
  const next = messages.next();
  let isHeard = false;
  void next.then(() => {
    isHeard = true;
  });
  // The server has read the request, and follows it a moment later.
  await until(() => {
    server.notify.toolsChanged();
    return isHeard;
  });
  const { value } = await next;
  assert.deepEqual([value?.method, value?.params], ['notifications/tools/list_changed', undefined]);
  await messages.return(undefined);
});
