/** One scripted target for each dialect that targets speak, in the fewest words that it takes. Each says back what it was told. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

type Json = Record<string, unknown>;

export interface Targets extends AsyncDisposable {
  readonly url: string;
  /** What was sent to a path, in order: the truth from outside. */
  readonly seen: readonly { readonly path: string; readonly body: Json }[];
}

const events = (res: ServerResponse, all: readonly (readonly [string, unknown] | unknown)[]): void => {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const one of all) {
    const [name, data] = Array.isArray(one) ? (one as [string, unknown]) : ['', one];
    res.write(
      `${name === '' ? '' : `event: ${name}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
    );
  }
  res.end();
};

const json = (res: ServerResponse, value: unknown, headers: Record<string, string> = {}): void => {
  res.writeHead(200, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
};

/** Whatever of it is text, in whichever dialect. */
const textIn = (value: unknown): string => {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(textIn).filter(Boolean).join(' ');
  if (typeof value !== 'object' || value === null) return '';
  const { text, content, parts, data, input, messages } = value as Json;
  return [text, content, parts, data, input, messages].map(textIn).filter(Boolean).join(' ');
};
const answerTo = (value: unknown): string => `you said ${textIn(value)}`;

const plain = (res: ServerResponse, body: Json, isStream: boolean): void => {
  const text = answerTo(body);
  if (isStream)
    events(
      res,
      text.split(' ').map((word) => ({ text: word })),
    );
  else json(res, { said: text });
};

const USE = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };

const openai = (res: ServerResponse, path: string, body: Json): void => {
  if (path.endsWith('/embeddings')) {
    const texts = [body['input']].flat();
    json(res, {
      object: 'list',
      model: 'scripted',
      data: texts.map((_, index) => ({ object: 'embedding', index, embedding: [0.5, -0.25] })),
      usage: { prompt_tokens: 3, total_tokens: 3 },
    });
    return;
  }
  if (path.endsWith('/responses')) return void responses(res, body);
  const text = answerTo(body['messages']);
  const chunk = (delta: Json, finish: string | null, more = {}): Json => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'scripted',
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...more,
  });
  if (body['stream'] !== true) {
    json(res, {
      id: 'chatcmpl-1',
      object: 'chat.completion',
      created: 1,
      model: 'scripted',
      choices: [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }],
      usage: USE,
    });
    return;
  }
  const options = body['stream_options'] as { readonly include_usage?: boolean } | undefined;
  events(res, [
    chunk({ role: 'assistant', content: '' }, null),
    ...text.split(' ').map((word, at) => chunk({ content: at === 0 ? word : ` ${word}` }, null)),
    chunk({}, 'stop'),
    ...(options?.include_usage === true ? [{ ...chunk({}, null), choices: [], usage: USE }] : []),
    '[DONE]',
  ]);
};

const responses = (res: ServerResponse, body: Json): void => {
  const text = answerTo(body['input']);
  const part = (said: string): Json => ({ type: 'output_text', text: said, annotations: [] });
  const item = (status: string, said: string): Json => ({
    ...{ id: 'm-1', type: 'message', role: 'assistant', status },
    content: said === '' ? [] : [part(said)],
  });
  const response = (status: string, output: readonly Json[]): Json => ({
    ...{ id: 'resp_1', object: 'response', created_at: 1, model: 'scripted', status, output },
    ...(status === 'completed' ? { usage: { input_tokens: 3, output_tokens: 4, total_tokens: 7 } } : {}),
  });
  if (body['stream'] !== true) return void json(res, response('completed', [item('completed', text)]));
  let sequence = 0;
  const named = (type: string, rest: Json): readonly [string, unknown] => [
    type,
    { type, sequence_number: sequence++, ...rest },
  ];
  const at = { item_id: 'm-1', output_index: 0, content_index: 0 };
  events(res, [
    named('response.created', { response: response('in_progress', []) }),
    named('response.output_item.added', { output_index: 0, item: item('in_progress', '') }),
    named('response.content_part.added', { ...at, part: part('') }),
    ...text
      .split(' ')
      .map((word, n) => named('response.output_text.delta', { ...at, delta: n === 0 ? word : ` ${word}` })),
    named('response.output_text.done', { ...at, text }),
    named('response.content_part.done', { ...at, part: part(text) }),
    named('response.output_item.done', { output_index: 0, item: item('completed', text) }),
    named('response.completed', { response: response('completed', [item('completed', text)]) }),
  ]);
};

const anthropic = (res: ServerResponse, path: string, body: Json): void => {
  if (path.endsWith('/count_tokens')) return void json(res, { input_tokens: 3 });
  const text = answerTo(body['messages']);
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'scripted',
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 4 },
  };
  if (body['stream'] !== true)
    return void json(res, { ...message, content: [{ type: 'text', text }], stop_reason: 'end_turn' });
  const named = (type: string, rest: Json): readonly [string, unknown] => [type, { type, ...rest }];
  events(res, [
    named('message_start', { message: { ...message, content: [], stop_reason: null } }),
    named('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
    ...text
      .split(' ')
      .map((word, at) =>
        named('content_block_delta', { index: 0, delta: { type: 'text_delta', text: at === 0 ? word : ` ${word}` } }),
      ),
    named('content_block_stop', { index: 0 }),
    named('message_delta', { delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 4 } }),
    named('message_stop', {}),
  ]);
};

/** An agent that answers with a finished task. */
const a2a = (res: ServerResponse, url: string, path: string, body: Json, version: '1.0' | '0.3'): void => {
  const isOld = version === '0.3';
  if (path.endsWith('/.well-known/agent-card.json')) {
    const base = `${url}/a2a-${version}`;
    const skills = [{ id: 'echo', name: 'echo', description: 'says it back', tags: [] }];
    const common = {
      name: 'echo',
      description: 'says it back',
      version: '1',
      capabilities: { streaming: true },
      defaultInputModes: ['text/plain', 'application/json'],
      defaultOutputModes: ['text/plain'],
      skills,
    };
    return void json(
      res,
      isOld
        ? { ...common, url: base, preferredTransport: 'JSONRPC', protocolVersion: '0.3.0' }
        : { ...common, supportedInterfaces: [{ url: base, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }] },
    );
  }
  const { id, method, params } = body as { id: unknown; method: string; params: { message: Json } };
  const text = answerTo(params.message['parts']);
  const contextId = (params.message['contextId'] as string | undefined) ?? 'c-1';
  const part = isOld ? { kind: 'text', text } : { text };
  const status = { state: isOld ? 'completed' : 'TASK_STATE_COMPLETED' };
  const artifact = { artifactId: 'a-1', parts: [part] };
  const task = { id: 't-1', contextId, status, artifacts: [artifact], ...(isOld ? { kind: 'task' } : {}) };
  const result = (value: unknown): Json => ({ jsonrpc: '2.0', id, result: value });
  if (!/stream/i.test(method)) return void json(res, result(isOld ? task : { task }));
  const working = { ...task, status: { state: isOld ? 'working' : 'TASK_STATE_WORKING' }, artifacts: [] };
  const update = { taskId: 't-1', contextId, artifact, append: false, lastChunk: true };
  const ended = { taskId: 't-1', contextId, status };
  events(
    res,
    isOld
      ? [
          result(working),
          result({ kind: 'artifact-update', ...update }),
          result({ kind: 'status-update', final: true, ...ended }),
        ]
      : [result({ task: working }), result({ artifactUpdate: update }), result({ statusUpdate: ended })],
  );
};

const TOOL = {
  name: 'say',
  description: 'says it back',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
};

const mcp = (req: IncomingMessage, res: ServerResponse, body: Json, isModern: boolean): void => {
  const { id, method, params } = body as { id: unknown; method: string; params: Json };
  const info = { name: 'scripted', version: '1' };
  const result = (value: Json, headers = {}): void =>
    json(
      res,
      {
        jsonrpc: '2.0',
        id,
        result: isModern
          ? { resultType: 'complete', ...value, _meta: { 'io.modelcontextprotocol/serverInfo': info } }
          : value,
      },
      headers,
    );
  const refuse = (code: number, message: string, status: number): void => {
    res.writeHead(status, { 'content-type': 'application/json' });
    res.end(JSON.stringify({ jsonrpc: '2.0', id: id ?? null, error: { code, message } }));
  };
  if (req.method !== 'POST') return void res.writeHead(405).end();
  if (id === undefined) return void res.writeHead(202).end();
  if (method === 'server/discover' && isModern)
    return void result({
      supportedVersions: ['2026-07-28'],
      capabilities: { tools: {} },
      ttlMs: 1000,
      cacheScope: 'private',
    });
  if (method === 'initialize' && !isModern)
    return void result(
      { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: info },
      { 'mcp-session-id': 's-1' },
    );
  if (method === 'tools/list')
    return void result({ tools: [TOOL], ...(isModern ? { ttlMs: 1000, cacheScope: 'private' } : {}) });
  if (method !== 'tools/call') return void refuse(-32601, 'no such method', isModern ? 404 : 200);
  const text = answerTo(params['arguments']);
  result({ content: [{ type: 'text', text }], structuredContent: { said: text } });
};

export const startTargets = async (): Promise<Targets> => {
  const seen: { path: string; body: Json }[] = [];
  let url = '';
  const answer = (req: IncomingMessage, res: ServerResponse, body: Json): void => {
    const path = req.url ?? '';
    seen.push({ path, body });
    const isStream = (req.headers.accept ?? '').includes('text/event-stream');
    const [first = ''] = path.slice(1).split('/');
    switch (first) {
      case 'agent':
      case 'tool':
        return void plain(res, body, isStream && first === 'agent');
      case 'model':
      case 'openai':
        return void openai(res, path.replace(/\/embed$/, '/embeddings'), body);
      case 'anthropic':
        return void anthropic(res, path, body);
      case 'a2a-1.0':
        return void a2a(res, url, path, body, '1.0');
      case 'a2a-0.3':
        return void a2a(res, url, path, body, '0.3');
      case 'mcp-modern':
        return void mcp(req, res, body, true);
      case 'mcp-legacy':
        return void mcp(req, res, body, false);
      default:
        res.writeHead(404).end();
    }
  };
  const server = http.createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => answer(req, res, chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString())));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    seen,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
};
