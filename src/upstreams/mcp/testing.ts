/** What tests of this room share: a way, calls that policy allowed, and servers that others wrote. */
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import type { Server as LegacyServer } from '@modelcontextprotocol/sdk/server/index.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createMcpHandler, type McpServer } from '@modelcontextprotocol/server';
import { documentIn, type Endpoint, eventsIn, type Reply } from '../../contract/index.ts';
import { readEvents } from '../../dialects/index.ts';
import { bodyOf, META, META_HEADER, SESSION_HEADER, writeMeta } from '../../dialects/mcp/index.ts';
import { httpUpstream } from '../http/index.ts';
import { endpointAt, makeCall, permitted, testScope, testWorld, textOf } from '../http/testing.ts';
import { mcpWay } from './index.ts';

export interface Client {
  readonly version?: string;
  readonly session?: string;
  readonly capabilities?: object;
  readonly meta?: object;
  readonly stream?: boolean;
  readonly principal?: string;
  readonly scope?: ReturnType<typeof testScope>['scope'];
  readonly headers?: readonly (readonly [string, string])[];
  /** What the node knows of the endpoint besides its address. */
  readonly endpoint?: Partial<Endpoint>;
}

/** One node's way to MCP servers. */
export const node = () => {
  const upstream = httpUpstream({ world: testWorld, nodeId: 'hub-1' });
  const way = mcpWay(upstream);
  return {
    /** As the door calls it. */
    ask: (url: string, method: string, params: unknown, client: Client = {}): Promise<Reply> => {
      const { operation, contentType, body } = bodyOf(method, JSON.stringify(params)) ?? own(method, params);
      const meta = {
        ...(client.version === undefined ? {} : { [META.version]: client.version }),
        [META.capabilities]: client.capabilities ?? {},
        ...client.meta,
      };
      const call = permitted(
        makeCall({
          principal: { kind: 'agent', tenant: 'default', id: client.principal ?? 'shop', roles: [] },
          target: { kind: 'tool', name: 'things', operation },
          contentType,
          accept: client.stream === true ? eventsIn('mcp') : documentIn('mcp'),
          stream: client.stream === true,
          body: { kind: 'bytes', bytes: Buffer.from(body) },
          headers: [
            [META_HEADER, writeMeta(meta)],
            ...(client.session === undefined ? [] : [[SESSION_HEADER, client.session] as const]),
            ...(client.headers ?? []),
          ],
        }),
      );
      return way.to(at(url, client.endpoint))(call, call, client.scope ?? testScope().scope);
    },
    /** As somebody does who knows nothing of MCP. */
    plainly: (url: string, operation: string, input: unknown): Promise<Reply> => {
      const call = permitted(
        makeCall({
          target: { kind: 'tool', name: 'things', operation },
          body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(input)) },
        }),
      );
      return way.to(at(url))(call, call, testScope().scope);
    },
    close: async (): Promise<void> => {
      await way.close?.();
      await upstream.close();
    },
  };
};

const own = (method: string, params: unknown) => ({
  operation: method === '$stream' ? 'mcp.listen' : 'mcp.session',
  contentType: documentIn('mcp'),
  body: JSON.stringify({ method, params }),
});

export const at = (url: string, more: Partial<Endpoint> = {}): Endpoint =>
  endpointAt(url, { id: `things@${new URL(url).host}`, version: '', ...more });

export const jsonOf = async (reply: Reply): Promise<Record<string, unknown>> =>
  JSON.parse(await textOf(reply.body)) as Record<string, unknown>;

export interface Told {
  readonly id?: string | number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string };
}

/** The messages of a streamed reply, as they come. */
export async function* told(reply: Reply): AsyncGenerator<Told> {
  if (reply.body.kind !== 'stream') throw new Error('the reply is no stream');
  for await (const { data } of readEvents(reply.body.chunks)) yield JSON.parse(data) as Told;
}

export interface Served {
  readonly url: string;
  /** Every request, as method and JSON. */
  readonly seen: { readonly method: string; readonly headers: IncomingMessage['headers']; readonly body: string }[];
  close(): Promise<void>;
}

export const serve = async (
  answer: (req: IncomingMessage, res: ServerResponse, body: string) => void,
): Promise<Served> => {
  const seen: Served['seen'] = [];
  const listener: RequestListener = async (req, res) => {
    const parts: Buffer[] = [];
    try {
      for await (const part of req) parts.push(part as Buffer);
    } catch {
      return;
    }
    const body = Buffer.concat(parts).toString();
    seen.push({ method: req.method ?? '', headers: req.headers, body });
    answer(req, res, body);
  };
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

/** The official server, which speaks both eras without sessions. */
export const modernServer = async (
  build: () => McpServer,
  legacy: 'stateless' | 'reject' = 'stateless',
): Promise<Served & { readonly notify: { toolsChanged(): void } }> => {
  const handler = createMcpHandler(build, { legacy });
  const inner = toNodeHandler(handler);
  const served = await serve(
    (req, res, body) => void inner(req as Parameters<typeof inner>[0], res, body === '' ? undefined : JSON.parse(body)),
  );
  return { ...served, notify: { toolsChanged: () => handler.notify.toolsChanged() } };
};

/** The official server of the old line, with a session for each client. */
export const sessionServer = async (
  build: () => LegacyServer,
): Promise<Served & { readonly sessions: ReadonlyMap<string, StreamableHTTPServerTransport>; forget(): void }> => {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const served = await serve((req, res, body) => {
    void (async () => {
      const sid = req.headers['mcp-session-id'];
      const known = typeof sid === 'string' ? sessions.get(sid) : undefined;
      const json: unknown = body === '' ? undefined : JSON.parse(body);
      if (known !== undefined) return known.handleRequest(req, res, json);
      if (sid !== undefined) {
        res.writeHead(404, { 'content-type': 'application/json' });
        return void res.end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}');
      }
      const transport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (id) => void sessions.set(id, transport),
        onsessionclosed: (id) => void sessions.delete(id),
      });
      await build().connect(transport as Parameters<LegacyServer['connect']>[0]);
      return transport.handleRequest(req, res, json);
    })();
  });
  return { ...served, sessions, forget: () => sessions.clear() };
};
