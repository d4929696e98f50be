/** Servers that others wrote, unmodified and on loopback, and a scripted one for what nobody should answer. */
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { AgentCard, generateAgentCardSignature, Message } from '@a2a-js/sdk';
import { AgentEvent, DefaultRequestHandler, InMemoryTaskStore } from '@a2a-js/sdk/server';
import { agentCardHandler, jsonRpcHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { McpServer as LegacyServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { DefaultRequestHandler as Handler03, InMemoryTaskStore as Store03 } from 'a2a-sdk-v0.3/server';
import { A2AExpressApp } from 'a2a-sdk-v0.3/server/express';
import { exportJWK, generateKeyPair } from 'jose';
import { z } from 'zod';

/** It brings no types of its own, and this is the part that we use. */
interface App extends RequestListener {
  get(path: string, take: Take): void;
  all(path: string, take: Take): void;
  use(...handlers: unknown[]): void;
}

type Take = (
  req: IncomingMessage & { readonly body?: unknown },
  res: ServerResponse & { json(value: unknown): void },
) => unknown;

const express = createRequire(import.meta.url)('express') as { (): App; json(): unknown };

export interface Served extends AsyncDisposable {
  readonly url: string;
  /** `GET /path`, in the order in which they came. */
  readonly asked: string[];
}

/** `app` learns the address before the first request. */
export const serve = async (app: (url: string) => RequestListener | Promise<RequestListener>): Promise<Served> => {
  const asked: string[] = [];
  let listener: RequestListener | undefined;
  const server = http.createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    listener?.(req, res);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  listener = await app(url);
  return {
    url,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
};

/** Of the SDK for A2A 1.0, with a signed card. */
export const a2a = (): Promise<Served> =>
  serve(async (url) => {
    const card = AgentCard.fromJSON({
      name: 'Order Desk',
      description: 'Knows where orders are',
      version: '1',
      supportedInterfaces: [
        { url: `${url}/rest`, protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
        { url: `${url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
      ],
      capabilities: { streaming: true },
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      skills: [{ id: 'where', name: 'Where', description: 'finds an order', tags: ['orders'] }],
    });
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(publicKey)), kid: 'desk-1', alg: 'ES256' };
    const sign = generateAgentCardSignature(privateKey, {
      alg: 'ES256',
      typ: 'JOSE',
      kid: 'desk-1',
      jku: `${url}/.well-known/jwks.json`,
    });
    const requestHandler = new DefaultRequestHandler(card, new InMemoryTaskStore(), PONG as never);
    const app = express();
    app.get('/.well-known/jwks.json', (_, res) => void res.json({ keys: [jwk] }));
    app.use('/.well-known/agent-card.json', agentCardHandler({ agentCardProvider: () => sign(structuredClone(card)) }));
    app.use('/rpc', jsonRpcHandler({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
    return app;
  });

/** As the executors of both lines hand things out. */
interface Bus {
  publish(event: unknown): void;
  finished(): void;
}

const answering = (messageIn: (contextId: string) => unknown) => ({
  execute: async ({ contextId }: { readonly contextId: string }, bus: Bus): Promise<void> => {
    bus.publish(messageIn(contextId));
    bus.finished();
  },
  cancelTask: async (): Promise<void> => {},
});

const PONG = answering((contextId) =>
  AgentEvent.message(Message.fromJSON({ messageId: 'r1', role: 'ROLE_AGENT', contextId, parts: [{ text: 'pong' }] })),
);

const PONG_03 = answering((contextId) => ({
  ...{ kind: 'message', messageId: 'r1', role: 'agent', contextId },
  parts: [{ kind: 'text', text: 'pong' }],
}));

/** Of the SDK for A2A 0.3. */
export const a2a03 = (): Promise<Served> =>
  serve((url) => {
    const card = {
      name: 'Old Desk',
      description: 'Speaks 0.3',
      protocolVersion: '0.3.0',
      version: '1',
      url: `${url}/`,
      capabilities: {},
      defaultInputModes: ['text/plain'],
      defaultOutputModes: ['text/plain'],
      skills: [],
    };
    const app = express();
    new A2AExpressApp(new Handler03(card, new Store03(), PONG_03 as never)).setupRoutes(app);
    return app;
  });

/** Of the SDK for MCP 2026-07-28. `legacy: 'reject'` keeps it from answering handshakes. */
export const mcp = (): Promise<Served> =>
  serve(
    () =>
      toNodeHandler(
        createMcpHandler(
          () => {
            const server = new McpServer({ name: 'refund-tools', version: '1' });
            const inputSchema = z.object({ order: z.string() });
            const look = { description: 'looks at a refund', inputSchema, annotations: { readOnlyHint: true } };
            const pay = { description: 'pays a refund', inputSchema, annotations: { destructiveHint: true } };
            server.registerTool('look', look, async () => ({ content: [{ type: 'text', text: 'looked' }] }));
            server.registerTool('pay', pay, async () => ({ content: [] }));
            server.registerTool('other', { description: 'says nothing', inputSchema }, async () => ({ content: [] }));
            return server;
          },
          { legacy: 'reject' },
        ),
      ) as RequestListener,
  );

/** Of the SDK for 2025-11-25, with sessions, at `/mcp`. Answers how many sessions are open. */
export const legacyMcp = async (): Promise<Served & { readonly sessions: () => number }> => {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const served = await serve(() => {
    const app = express();
    app.use(express.json());
    app.all('/mcp', async (req, res) => {
      const known = sessions.get(String(req.headers['mcp-session-id']));
      if (known !== undefined) return void (await known.handleRequest(req, res, req.body));
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (id) => void sessions.set(id, transport),
        onsessionclosed: (id) => void sessions.delete(id),
      });
      const server = new LegacyServer({ name: 'old-tools', version: '1' });
      server.registerTool('search', { description: 'searches', inputSchema: { text: z.string() } }, async () => ({
        content: [{ type: 'text', text: 'found' }],
      }));
      await server.connect(transport as never);
      await transport.handleRequest(req, res, req.body);
    });
    return app;
  });
  return { ...served, sessions: () => sessions.size };
};

/** One answer for each path, scripted: text as it is, everything else as JSON. */
export const scripted = (answers: Readonly<Record<string, Scripted>>): Promise<Served> =>
  serve((url) => (req, res) => {
    const path = (req.url ?? '').split('?')[0]!;
    const answer = answers[`${req.method} ${path}`] ?? answers[path];
    if (answer === undefined) return void res.writeHead(404).end();
    const { status = 200, headers = {}, body } = typeof answer === 'function' ? answer(url, req.headers) : answer;
    res.writeHead(status, { 'content-type': 'application/json', ...headers });
    res.end(typeof body === 'string' ? body : JSON.stringify(body));
  });

type Scripted = Answer | ((url: string, headers: http.IncomingHttpHeaders) => Answer);

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}
