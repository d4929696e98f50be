/** Scripted agents, tools and models that answer what a test wants, and write down what reached them: the truth from outside. */
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type Json = Record<string, unknown>;

export interface Seen {
  readonly path: string;
  /** As it came. */
  readonly raw: string;
  /** What of it are the arguments, or the conversation; undefined for what only opens or looks. */
  readonly asked: unknown;
  readonly headers: IncomingHttpHeaders;
}

export interface Targets extends AsyncDisposable {
  readonly url: string;
  readonly seen: Seen[];
  /** What agents and tools answer. */
  answer: Json;
  /** The MCP server says the same as text only, and the A2A agent too. */
  textOnly: boolean;
  /** Of the tasks of the A2A agent. */
  state: string;
  /** What agents and tools fail with; undefined: they do not. */
  failure: Json | undefined;
  /** Held back until this is there. */
  gate: Promise<void> | undefined;
}

const sendJson = (res: ServerResponse, value: unknown, headers: Record<string, string> = {}): void => {
  res.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
};

const sendEvents = (res: ServerResponse, events: readonly (readonly [name: string, data: unknown])[]): void => {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const [name, data] of events)
    res.write(
      `${name === '' ? '' : `event: ${name}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
    );
  res.end();
};

/** The arguments of a message: its one document, or its text. */
const saidIn = (message: unknown): unknown => {
  const { parts = [] } = (message ?? {}) as { parts?: readonly Json[] };
  return parts.length === 1 ? (parts[0]?.['data'] ?? parts[0]) : parts;
};

const SAID = 'the scripted model says so';

const chat = (res: ServerResponse, body: Json): unknown => {
  const usage = {
    prompt_tokens: 120,
    completion_tokens: 30,
    total_tokens: 150,
    prompt_tokens_details: { cached_tokens: 20 },
  };
  const base = { id: 'chatcmpl-1', created: 1, model: 'scripted' };
  if (body['stream'] !== true) {
    const choices = [{ index: 0, message: { role: 'assistant', content: SAID }, finish_reason: 'stop' }];
    return sendJson(res, { ...base, object: 'chat.completion', choices, usage });
  }
  const chunk = (delta: Json, finish: string | null): readonly [string, unknown] => [
    '',
    { ...base, object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] },
  ];
  sendEvents(res, [
    chunk({ role: 'assistant', content: '' }, null),
    chunk({ content: SAID }, null),
    chunk({}, 'stop'),
    ['', { ...base, object: 'chat.completion.chunk', choices: [], usage }],
    ['', '[DONE]'],
  ]);
};

const responses = (res: ServerResponse, body: Json): unknown => {
  const usage = {
    input_tokens: 120,
    output_tokens: 30,
    total_tokens: 150,
    input_tokens_details: { cached_tokens: 20 },
    output_tokens_details: { reasoning_tokens: 0 },
  };
  const content = [{ type: 'output_text', text: SAID, annotations: [] }];
  const item = { id: 'msg_1', type: 'message', role: 'assistant', status: 'completed', content };
  const response = { id: 'resp_1', object: 'response', created_at: 1, model: 'scripted', status: 'completed' };
  const whole = { ...response, output: [item], usage };
  if (body['stream'] !== true) return sendJson(res, whole);
  const named = (type: string, at: number, rest: Json): readonly [string, unknown] => [
    type,
    { type, sequence_number: at, ...rest },
  ];
  const where = { item_id: 'msg_1', output_index: 0, content_index: 0 };
  sendEvents(res, [
    named('response.created', 0, { response: { ...response, status: 'in_progress', output: [] } }),
    named('response.output_item.added', 1, {
      output_index: 0,
      item: { ...item, status: 'in_progress', content: [] },
    }),
    named('response.output_text.delta', 2, { ...where, delta: SAID }),
    named('response.output_text.done', 3, { ...where, text: SAID }),
    named('response.output_item.done', 4, { output_index: 0, item }),
    named('response.completed', 5, { response: whole }),
  ]);
};

const messages = (res: ServerResponse, body: Json): unknown => {
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'scripted', stop_sequence: null };
  const usage = { input_tokens: 100, cache_read_input_tokens: 20, cache_creation_input_tokens: 0, output_tokens: 30 };
  if (body['stream'] !== true)
    return sendJson(res, {
      ...message,
      content: [{ type: 'text', text: SAID }],
      stop_reason: 'end_turn',
      usage,
    });
  const named = (type: string, rest: Json): readonly [string, unknown] => [type, { type, ...rest }];
  sendEvents(res, [
    named('message_start', {
      message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
    }),
    named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    named('content_block_delta', { index: 0, delta: { type: 'text_delta', text: SAID } }),
    named('content_block_stop', { index: 0 }),
    named('message_delta', {
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 30 },
    }),
    named('message_stop', {}),
  ]);
};

/** Answers with a finished task whose artifact, status and history all say it. */
const a2a = (res: ServerResponse, { id, method, params }: Json, targets: Targets): unknown => {
  const { message = {} } = params as { message?: Json };
  const contextId = (message['contextId'] as string | undefined) ?? 'c-1';
  const part = targets.textOnly ? { text: JSON.stringify(targets.answer) } : { data: targets.answer };
  const said = { messageId: 'm-2', role: 'ROLE_AGENT', parts: [part], taskId: 't-1', contextId };
  const status = { state: targets.state, message: said };
  const artifact = { artifactId: 'a-1', parts: [part] };
  const task = { id: 't-1', contextId, status, artifacts: [artifact], history: [said] };
  const result = (value: unknown): Json => ({ jsonrpc: '2.0', id, result: value });
  if (method === 'GetTask') return sendJson(res, result(task));
  if (method === 'SendMessage') return sendJson(res, result({ task }));
  const working = { id: 't-1', contextId, status: { state: 'TASK_STATE_WORKING' } };
  sendEvents(
    res,
    [
      { task: working },
      { artifactUpdate: { taskId: 't-1', contextId, artifact, append: false, lastChunk: true } },
      { statusUpdate: { taskId: 't-1', contextId, status } },
    ].map((event) => ['', result(event)] as const),
  );
};

const mcp = (req: IncomingMessage, res: ServerResponse, body: Json, targets: Targets): unknown => {
  const { id, method, params } = body as { id: unknown; method: string; params: Json };
  if (req.method !== 'POST') return void res.writeHead(405).end();
  if (id === undefined) return void res.writeHead(202).end();
  const _meta = { 'io.modelcontextprotocol/serverInfo': { name: 'scripted', version: '1' } };
  const result = (value: Json): void =>
    sendJson(res, { jsonrpc: '2.0', id, result: { resultType: 'complete', ...value, _meta } });
  const kept = { ttlMs: 60_000, cacheScope: 'private' };
  if (method === 'server/discover')
    return result({ supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ...kept });
  if (method === 'tools/list') return result({ tools: TOOLS, ...kept });
  if (method !== 'tools/call' || params['name'] === undefined) return void res.writeHead(404).end();
  const text = JSON.stringify(targets.answer);
  result({
    content: [{ type: 'text', text }],
    ...(targets.textOnly ? {} : { structuredContent: targets.answer }),
  });
};

/** What the operations take, as an MCP server defines it and as `input` says it elsewhere. */
export const INPUT = {
  type: 'object',
  properties: {
    amount: { type: 'integer' },
    note: { type: 'string' },
    tags: { type: 'array', items: { type: 'string' } },
    to: { type: 'object', properties: { country: { type: 'string' } } },
    card: { type: 'object', properties: { number: { type: 'string' } } },
  },
  required: ['amount'],
} as const;

export const OPERATIONS = ['pay', 'look', 'guarded', 'hidden'] as const;

export const definitionOf = (name: string): Json => ({ name, description: `to ${name}`, inputSchema: INPUT });
const TOOLS = OPERATIONS.map(definitionOf);

const askedIn = (path: string, body: Json): unknown => {
  const { method, params } = body as { method?: string; params?: Json };
  if (path.startsWith('/mcp')) return method === 'tools/call' ? (params?.['arguments'] ?? {}) : undefined;
  if (path.startsWith('/a2a')) return params === undefined ? undefined : saidIn(params['message']);
  return body;
};

export const startTargets = async (): Promise<Targets> => {
  let url = '';
  const answer = async (req: IncomingMessage, res: ServerResponse, raw: string): Promise<unknown> => {
    const path = req.url ?? '';
    const body = raw === '' ? {} : (JSON.parse(raw) as Json);
    targets.seen.push({ path, raw, asked: raw === '' ? undefined : askedIn(path, body), headers: req.headers });
    await targets.gate;
    if (targets.failure !== undefined && targets.seen.at(-1)?.asked !== undefined)
      return res.writeHead(422, { 'content-type': 'application/json' }).end(JSON.stringify(targets.failure));
    if (path === '/a2a/.well-known/agent-card.json')
      return sendJson(res, {
        ...{ name: 'payer', description: 'pays', version: '1', capabilities: { streaming: true } },
        ...{ defaultInputModes: ['application/json', 'text/plain'], defaultOutputModes: ['application/json'] },
        skills: [{ id: 'pay', name: 'pay', description: 'pays', tags: [] }],
        supportedInterfaces: [{ url: `${url}/a2a`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }],
      });
    if (path.startsWith('/a2a')) return a2a(res, body, targets);
    if (path.startsWith('/mcp')) return mcp(req, res, body, targets);
    if (path.endsWith('/messages')) return messages(res, body);
    if (path.endsWith('/responses')) return responses(res, body);
    if (path.endsWith('/embeddings'))
      return sendJson(res, {
        object: 'list',
        model: 'scripted',
        data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
        usage: { prompt_tokens: 3, total_tokens: 3 },
      });
    if (path.endsWith('/completions') || path.endsWith('/chat')) return chat(res, body);
    sendJson(res, targets.answer);
  };
  const server = http.createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => void answer(req, res, Buffer.concat(chunks).toString()));
  });
  const targets: Targets = {
    url: '',
    seen: [],
    answer: { done: true },
    textOnly: false,
    failure: undefined,
    state: 'TASK_STATE_COMPLETED',
    gate: undefined,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(targets, { url });
};
