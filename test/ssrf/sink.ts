/** Everything that stands behind the hub in these tests, as one server: it says whatever URL it is to say, and remembers nothing. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Sink {
  readonly url: string;
  /** What the next cards, links and answers have in them. */
  says: readonly string[];
  /** Cards that somebody read. */
  cardsRead: number;
  close(): void;
}

type Answer = (says: readonly string[], body: Record<string, unknown>, origin: string) => object | undefined;

const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
const card = (says: readonly string[]): object => ({
  name: 'carded',
  description: 'leads elsewhere',
  version: '1',
  supportedInterfaces: says.flatMap((url) =>
    ['JSONRPC', 'HTTP+JSON'].map((protocolBinding) => ({ url, protocolBinding, protocolVersion: '1.0' })),
  ),
  url: says[0],
  preferredTransport: 'JSONRPC',
  protocolVersion: '0.3.0',
  additionalInterfaces: says.map((url) => ({ url, transport: 'HTTP+JSON' })),
  capabilities: {},
  defaultInputModes: ['text/plain'],
  defaultOutputModes: ['text/plain'],
  skills: [],
});

const TOOL = { name: 'link', description: 'gives a link', inputSchema: { type: 'object' } };

const results: Readonly<Record<string, ([says]: readonly string[]) => object>> = {
  initialize: () => ({
    protocolVersion: '2025-11-25',
    capabilities: { tools: {}, resources: {} },
    serverInfo: { name: 'linker', version: '1' },
  }),
  'tools/list': () => ({ tools: [TOOL] }),
  'tools/call': ([says]) => ({ content: [{ type: 'resource_link', name: 'it', uri: says }] }),
  'resources/read': ([says]) => ({ contents: [{ uri: says, text: 'read' }] }),
};

const answers: Readonly<Record<string, Answer>> = {
  '/v1/chat/completions': () => ({
    ...{ id: 'c', object: 'chat.completion', created: 0, model: 'seer', usage },
    choices: [{ index: 0, message: { role: 'assistant', content: 'seen' }, finish_reason: 'stop' }],
  }),
  '/v1/messages': () => ({
    ...{ id: 'm', type: 'message', role: 'assistant', model: 'reader', stop_reason: 'end_turn', stop_sequence: null },
    ...{ content: [{ type: 'text', text: 'seen' }], usage: { input_tokens: 1, output_tokens: 1 } },
  }),
  '/mcp': (says, { id, method }) => {
    if (id === undefined) return undefined;
    const result = results[String(method)]?.(says);
    if (result === undefined)
      return { jsonrpc: '2.0', id, error: { code: -32601, message: 'there is no such method' } };
    return { jsonrpc: '2.0', id, result };
  },
};

const serve = async (sink: Sink, req: IncomingMessage, res: ServerResponse): Promise<void> => {
  let text = '';
  for await (const part of req) text += part;
  const path = req.url ?? '';
  const body = text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  if (path.includes('.well-known')) sink.cardsRead += 1;
  const answer = path.includes('.well-known')
    ? card(sink.says)
    : (answers[path] ?? (() => ({})))(sink.says, body, sink.url);
  if (path === '/mcp' && req.method !== 'POST') return void res.writeHead(405).end();
  if (answer === undefined) return void res.writeHead(202).end();
  res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
};

export const openSink = async (): Promise<Sink> => {
  const server = createServer((req, res) => void serve(sink, req, res).catch(() => res.destroy()));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const sink: Sink = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    says: [],
    cardsRead: 0,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return sink;
};

export const TOOLS = [{ name: TOOL.name, effect: 'read', input: TOOL.inputSchema, definition: TOOL }];
