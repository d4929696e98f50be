/** The way to MCP servers, held against servers that others wrote: the official ones of both lines. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Server as LegacyServer } from '@modelcontextprotocol/sdk/server/index.js';
import {
  CallToolRequestSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  SubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { acceptedContent, inputRequired, McpServer } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { Fault, type Span } from '../../contract/index.ts';
import { SESSION_HEADER } from '../../dialects/mcp/index.ts';
import { testScope as testScopeWith, textOf } from '../http/testing.ts';
import { type Client, jsonOf, modernServer, node, sessionServer, told } from './testing.ts';

const closers: (() => Promise<void>)[] = [];
after(async () => {
  for (const close of closers.reverse()) await close();
});
const keep = <T extends { close(): Promise<void> }>(part: T): T => {
  closers.push(() => part.close());
  return part;
};

const LEGACY_CLIENT: Client = { version: '2025-11-25' };
const MODERN_CLIENT: Client = { version: '2026-07-28' };
const SPEECH = { protocol: 'mcp', version: '', binding: '', model: '' } as const;
const ELICITING: Client = { ...MODERN_CLIENT, capabilities: { elicitation: { form: {} } } };

const modern = (legacy: 'stateless' | 'reject' = 'stateless') =>
  modernServer(() => {
    const server = new McpServer(
      { name: 'things', version: '3' },
      { capabilities: { tools: { listChanged: true }, logging: {} } },
    );
    server.registerTool(
      'add',
      { description: 'adds', inputSchema: z.object({ a: z.number(), b: z.number() }) },
      async ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }),
    );
    server.registerTool(
      'slow',
      { description: 'tells how it goes', inputSchema: z.object({}) },
      async (_, { mcpReq }) => {
        const progressToken = mcpReq._meta?.progressToken;
        for (const progress of [1, 2])
          if (progressToken !== undefined)
            await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 2 } });
        return { content: [{ type: 'text', text: 'done' }] };
      },
    );
    server.registerTool('greet', { description: 'asks', inputSchema: z.object({}) }, async (_, { mcpReq }) => {
      const got = acceptedContent<{ name: string }>(mcpReq.inputResponses, 'who');
      if (got !== undefined) return { content: [{ type: 'text', text: `hello ${got.name}` }] };
      return inputRequired({
        inputRequests: {
          who: inputRequired.elicit({
            message: 'who?',
            requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
          }),
        },
      });
    });
    return server;
  }, legacy);

const legacy = () =>
  sessionServer(() => {
    const server = new LegacyServer(
      { name: 'old-things', version: '1' },
      { capabilities: { tools: {}, resources: { subscribe: true }, logging: {} }, instructions: 'be kind' },
    );
    server.setRequestHandler(ListToolsRequestSchema, () => ({
      tools: [{ name: 'add', inputSchema: { type: 'object' as const } }],
    }));
    server.setRequestHandler(SubscribeRequestSchema, () => ({}));
    server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => ({
      contents: [{ uri: params.uri, text: 'x' }],
    }));
    server.setRequestHandler(
      CallToolRequestSchema,
      async ({ params }, { sendNotification, signal, requestId, _meta }) => {
        if (params.name === 'greet' || params.name === 'greet-aside') {
          const answer = await server.elicitInput(
            {
              message: 'who?',
              requestedSchema: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
            },
            // Not on the stream of the call: on that of the session.
            params.name === 'greet' ? { relatedRequestId: requestId } : {},
          );
          return { content: [{ type: 'text', text: `hello ${String(answer.content?.['name'])}` }] };
        }
        if (params.name === 'slow') {
          const progressToken = _meta?.progressToken;
          if (progressToken !== undefined)
            await sendNotification({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
          return { content: [{ type: 'text', text: 'done' }] };
        }
        if (params.name === 'hang') {
          await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
          stopped.resolve();
          return { content: [] };
        }
        const { a, b } = params.arguments as { a: number; b: number };
        return { content: [{ type: 'text', text: String(a + b) }] };
      },
    );
    return server;
  });
const stopped = Promise.withResolvers<void>();

test('each request is noted with the protocol that it was in', async () => {
  const server = keep(await modern());
  const { ask } = keep(node());
  const { scope } = testScopeWith();
  const seen: unknown[] = [];
  const span: Span = {
    ...scope.span,
    step: (name, _, attributes) => void (name === 'send' && seen.push(attributes?.['protocol'])),
  };
  const client = { ...MODERN_CLIENT, scope: { ...scope, span }, endpoint: { speech: SPEECH } };
  await jsonOf(await ask(server.url, 'tools/call', { name: 'add', arguments: { a: 1, b: 2 } }, client));
  assert.ok(seen.length > 0);
  assert.deepEqual([...new Set(seen)], ['mcp']);
});

test('a tool of a modern server is called by whoever speaks what', async () => {
  const server = keep(await modern());
  const { ask, plainly } = keep(node());
  const params = { name: 'add', arguments: { a: 1, b: 2 } };
  const result = await jsonOf(await ask(server.url, 'tools/call', params, MODERN_CLIENT));
  assert.deepEqual([result['resultType'], result['content']], ['complete', [{ type: 'text', text: '3' }]]);
  assert.match(JSON.stringify(result['_meta']), /"name":"things"/);
  const old = await jsonOf(await ask(server.url, 'tools/call', params, LEGACY_CLIENT));
  assert.deepEqual(old, { content: [{ type: 'text', text: '3' }] });
  assert.deepEqual(await jsonOf(await plainly(server.url, 'add', { a: 1, b: 2 })), { text: '3' });
  const calls = server.seen.filter(({ body }) => body.includes('tools/call'));
  assert.deepEqual(
    calls.map(({ headers }) => [headers['mcp-protocol-version'], headers['mcp-method'], headers['mcp-name']]),
    [1, 2, 3].map(() => ['2026-07-28', 'tools/call', 'add']),
  );
  assert.match(calls[0]!.body, /"traceparent":"00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01"/);
  assert.equal(server.seen.filter(({ body }) => body.includes('server/discover')).length, 1, 'asked once');
});

test('a tool of a server with sessions is called by whoever speaks what, and one caller has one session', async () => {
  const server = keep(await legacy());
  const { ask, plainly } = keep(node());
  const params = { name: 'add', arguments: { a: 1, b: 2 } };
  const result = await jsonOf(await ask(server.url, 'tools/call', params, MODERN_CLIENT));
  assert.equal(result['resultType'], 'complete');
  assert.match(JSON.stringify(result['_meta']), /"name":"old-things"/);
  assert.deepEqual(await jsonOf(await ask(server.url, 'tools/list', {}, MODERN_CLIENT)), {
    tools: [{ name: 'add', inputSchema: { type: 'object' } }],
    resultType: 'complete',
    ttlMs: 0,
    cacheScope: 'private',
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'old-things', version: '1' } },
  });
  assert.deepEqual(await jsonOf(await plainly(server.url, 'add', { a: 1, b: 2 })), { text: '3' });
  assert.equal(server.sessions.size, 1);
  await ask(server.url, 'tools/call', params, { ...MODERN_CLIENT, principal: 'other' });
  assert.equal(server.sessions.size, 2, 'another caller has another session');
  const discovered = await jsonOf(await ask(server.url, 'server/discover', {}, MODERN_CLIENT));
  assert.deepEqual([discovered['instructions'], discovered['supportedVersions']], ['be kind', ['2026-07-28']]);
});

test('a session that the server has forgotten is opened again, and the call runs once', async () => {
  const server = keep(await legacy());
  const { ask } = keep(node());
  const params = { name: 'add', arguments: { a: 1, b: 2 } };
  await ask(server.url, 'tools/call', params);
  server.forget();
  const result = await jsonOf(await ask(server.url, 'tools/call', params));
  assert.deepEqual(result['content'], [{ type: 'text', text: '3' }]);
});

test('a pinned tool of a server that speaks both is the same for clients of both, however each of them is told of it', async () => {
  const server = keep(await modern());
  const { ask } = keep(node());
  const { tools } = (await jsonOf(await ask(server.url, 'tools/list', {}, MODERN_CLIENT))) as {
    tools: readonly { readonly name: string }[];
  };
  const definition = tools.find(({ name }) => name === 'add') as Readonly<Record<string, unknown>>;
  const endpoint = { operations: [{ name: 'add', effect: 'read', idempotent: true, definition }] } as const;
  const params = { name: 'add', arguments: { a: 1, b: 2 } };
  const session = await opened(ask, server.url);
  for (const client of [MODERN_CLIENT, LEGACY_CLIENT, { ...LEGACY_CLIENT, session }])
    assert.equal((await ask(server.url, 'tools/call', params, { ...client, endpoint })).outcome, 'ok');
  const other = { operations: [{ ...endpoint.operations[0], definition: { ...definition, title: 'x' } }] };
  for (const client of [MODERN_CLIENT, { ...LEGACY_CLIENT, session }])
    await assert.rejects(ask(server.url, 'tools/call', params, { ...client, endpoint: other }), { code: 'denied' });
});

test('progress comes before the answer, from servers of both eras', async () => {
  const { ask } = keep(node());
  for (const server of [keep(await modern()), keep(await legacy())]) {
    const client = { ...MODERN_CLIENT, stream: true, meta: { progressToken: 'mine' } };
    const messages = await Array.fromAsync(
      told(await ask(server.url, 'tools/call', { name: 'slow', arguments: {} }, client)),
    );
    assert.deepEqual(messages[0]?.params, {
      ...messages[0]?.params,
      progressToken: 'mine',
      progress: 1,
    });
    assert.deepEqual(messages.at(-1)?.result?.['content'], [{ type: 'text', text: 'done' }]);
  }
});

test('a modern client is asked by a modern server, and comes back with the answer', async () => {
  const server = keep(await modern());
  const { ask } = keep(node());
  const asked = await jsonOf(await ask(server.url, 'tools/call', { name: 'greet', arguments: {} }, ELICITING));
  assert.equal(asked['resultType'], 'input_required');
  const inputResponses = { who: { action: 'accept', content: { name: 'Ann' } } };
  const result = await jsonOf(
    await ask(server.url, 'tools/call', { name: 'greet', arguments: {}, inputResponses }, ELICITING),
  );
  assert.deepEqual(result['content'], [{ type: 'text', text: 'hello Ann' }]);
});

for (const name of ['greet', 'greet-aside'])
  test(`a modern client is asked by a legacy server (${name}), whose call is held until the answer comes`, async () => {
    const server = keep(await legacy());
    const { ask } = keep(node());
    const asked = await jsonOf(await ask(server.url, 'tools/call', { name, arguments: {} }, ELICITING));
    assert.equal(asked['resultType'], 'input_required');
    const { requestState, inputRequests } = asked as { requestState: string; inputRequests: object };
    const [[key, request] = ['', {}]] = Object.entries(inputRequests);
    assert.equal((request as { method: string }).method, 'elicitation/create');
    const retry = {
      name,
      arguments: {},
      requestState,
      inputResponses: { [key]: { action: 'accept', content: { name: 'Ann' } } },
    };
    const stolen = await ask(server.url, 'tools/call', retry, { ...ELICITING, principal: 'thief' });
    assert.deepEqual([stolen.outcome, stolen.status], ['failed', 400], 'a held call belongs to whoever made it');
    const result = await jsonOf(await ask(server.url, 'tools/call', retry, ELICITING));
    assert.deepEqual(result['content'], [{ type: 'text', text: 'hello Ann' }]);
    const again = await ask(server.url, 'tools/call', retry, ELICITING);
    assert.equal(again.status, 400, 'once');
  });

test('a legacy client has its own session with a legacy server, which nobody else can use', async () => {
  const server = keep(await legacy());
  const { ask } = keep(node());
  const session = await opened(ask, server.url);
  assert.equal(server.sessions.has(session), false, 'it is not the id that the server gave');
  const client = { ...LEGACY_CLIENT, session };
  assert.deepEqual(
    await jsonOf(await ask(server.url, 'tools/call', { name: 'add', arguments: { a: 2, b: 2 } }, client)),
    {
      content: [{ type: 'text', text: '4' }],
    },
  );
  await assert.rejects(ask(server.url, 'tools/list', {}, { ...client, principal: 'thief' }), { code: 'not_found' });
  await ask(server.url, '$close', {}, client);
  await assert.rejects(ask(server.url, 'tools/list', {}, client), { code: 'not_found' });
});

const opened = async (ask: ReturnType<typeof node>['ask'], url: string): Promise<string> => {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: { elicitation: {} },
    clientInfo: { name: 'test', version: '1' },
  };
  const reply = await ask(url, 'initialize', params, LEGACY_CLIENT);
  const init = await jsonOf(reply);
  assert.equal(init['protocolVersion'], '2025-11-25');
  return reply.headers.find(([name]) => name === SESSION_HEADER)?.[1] ?? '';
};

test('a legacy client is asked on its stream, by servers of both eras', async () => {
  const { ask } = keep(node());
  for (const server of [keep(await legacy()), keep(await modern('reject'))]) {
    const session = await opened(ask, server.url);
    const client = { ...LEGACY_CLIENT, session, capabilities: { elicitation: {} } };
    const messages = told(
      await ask(server.url, 'tools/call', { name: 'greet', arguments: {} }, { ...client, stream: true }),
    );
    const { value: question } = await messages.next();
    assert.equal(question?.method, 'elicitation/create');
    const result = { action: 'accept', content: { name: 'Ann' } };
    await assert.rejects(
      ask(server.url, '$response', { id: question?.id, result }, { ...client, principal: 'thief' }),
      { code: 'not_found' },
    );
    assert.equal((await ask(server.url, '$response', { id: 'made up', result }, client)).status, 400);
    const [{ value: answer }] = await Promise.all([
      messages.next(),
      ask(server.url, '$response', { id: question?.id, result }, client),
    ]);
    assert.deepEqual(answer?.result?.['content'], [{ type: 'text', text: 'hello Ann' }]);
  }
});

test('a legacy server hears that nobody waits for an answer any more', async () => {
  const server = keep(await legacy());
  const { ask } = keep(node());
  const { scope, canceller } = testScopeWith();
  const asking = ask(server.url, 'tools/call', { name: 'hang', arguments: {} }, { scope });
  while (!server.seen.some(({ body }) => body.includes('"hang"')))
    await new Promise((resolve) => setImmediate(resolve));
  canceller.cancel(new Fault('cancelled', 'the caller left'));
  await assert.rejects(asking, { code: 'cancelled' });
  await stopped.promise;
});

test('what a server says to a tool that it does not have is its own error, in the era of the client', async () => {
  const server = keep(await modern());
  const { ask } = keep(node());
  const reply = await ask(server.url, 'tools/call', { name: 'nothing', arguments: {} }, MODERN_CLIENT);
  assert.equal(reply.outcome, 'failed');
  assert.match(await textOf(reply.body), /"code":-32602/);
});
