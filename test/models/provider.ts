/**
 * A provider of models on loopback that does what the last words to it say, and says that it is scripted. It speaks the APIs of OpenAI
 * (`/v1/...`) and Anthropic (`/v1/messages`), and counts a token for each four characters.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  readonly body: Json;
  /** Resolves when the other side left before the answer was complete. */
  readonly dropped: Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: payloads of other people's APIs, in a test
type Json = any;

export interface Provider extends AsyncDisposable {
  readonly url: string;
  readonly seen: Seen[];
  /** Answers of the next requests, whatever they say. */
  readonly script: ((req: Seen, res: ServerResponse) => void)[];
}

export const startProvider = async (): Promise<Provider> => {
  const seen: Seen[] = [];
  const script: Provider['script'] = [];
  const kept = new Map<string, Json>();
  const server = http.createServer(async (req, res) => {
    let text = '';
    for await (const chunk of req) text += String(chunk);
    const dropped = new Promise<void>((resolve) => res.once('close', () => !res.writableFinished && resolve()));
    const one: Seen = {
      method: req.method ?? '',
      path: req.url ?? '',
      headers: req.headers,
      text,
      body: text === '' ? {} : JSON.parse(text),
      dropped,
    };
    seen.push(one);
    const next = script.shift();
    if (next === undefined) answer(one, res, kept);
    else next(one, res);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    script,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
};

let count = 0;
const id = (prefix: string): string => `${prefix}_scripted${String(++count).padStart(6, '0')}`;

export const tokens = (text: unknown): number => Math.ceil(JSON.stringify(text ?? '').length / 4);

/** What the last turn says. */
const textOf = (content: Json): string =>
  typeof content === 'string'
    ? content
    : Array.isArray(content)
      ? content.map((part: Json) => part.text ?? textOf(part.content ?? part.output ?? '')).join(' ')
      : '';

const json = (res: ServerResponse, status: number, value: unknown, headers: Record<string, string> = {}): void => {
  const named = { 'x-request-id': id('req'), 'request-id': id('req') };
  res.writeHead(status, {
    'content-type': 'application/json',
    'x-scripted': 'yes',
    'openai-organization': 'org-scripted',
    'anthropic-organization-id': 'scripted',
    'x-ratelimit-remaining-requests': '99',
    'anthropic-ratelimit-requests-remaining': '98',
    ...named,
    ...headers,
  });
  res.end(JSON.stringify(value));
};

export const events = (res: ServerResponse): ((value: unknown, name?: string) => void) => {
  res.writeHead(200, { 'content-type': 'text/event-stream', 'x-request-id': id('req'), 'x-scripted': 'yes' });
  return (value, name) =>
    res.write(
      `${name === undefined ? '' : `event: ${name}\n`}data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`,
    );
};

const answer = (seen: Seen, res: ServerResponse, kept: Map<string, Json>): void => {
  const { path, body } = seen;
  const [bare = ''] = path.split('?');
  const turns: Json[] =
    body.messages ?? (Array.isArray(body.input) ? body.input : [{ role: 'user', content: body.input ?? '' }]);
  const last = turns.at(-1) ?? {};
  const said = textOf(last.content ?? last.output);
  const [, verb = 'say', rest = ''] = /^(fail|tool|hang|begin|say|leak)\b ?([\s\S]*)/.exec(said) ?? [
    undefined,
    'say',
    said,
  ];
  const isAnthropic = bare.endsWith('/messages');
  // A server that answers like OpenAI, and has chat completions only.
  if (bare === '/plain/v1/responses') {
    res.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found');
    return;
  }
  if (verb === 'hang') return;
  if (verb === 'fail') {
    const status = Number(rest.split(' ')[0]);
    json(res, status, failure(isAnthropic, status, seen), status === 429 ? { 'retry-after': '7' } : {});
  } else if (bare.endsWith('/chat/completions')) chat(seen, res, said, verb, rest);
  else if (bare.includes('/responses')) responses(seen, res, { said, verb, rest, kept });
  else if (bare.endsWith('/embeddings')) embeddings(body, res);
  else if (bare.endsWith('/messages/count_tokens')) json(res, 200, { input_tokens: tokens(body.messages) });
  else if (isAnthropic) messages(seen, res, said, verb, rest);
  else if (bare.startsWith('/agent/')) json(res, 200, { text: `agent: ${body.text}` });
  else json(res, 404, failure(false, 404, seen));
};

const failure = (isAnthropic: boolean, status: number, { headers }: Seen): unknown => {
  const key = headers.authorization ?? headers['x-api-key'];
  const message = `scripted failure, and the key was ${String(key)}`;
  if (isAnthropic)
    return {
      type: 'error',
      error: { type: status === 429 ? 'rate_limit_error' : status === 529 ? 'overloaded_error' : 'api_error', message },
    };
  return { error: { message, type: 'scripted_error', param: null, code: `scripted_${status}` } };
};

const words = (text: string): readonly string[] => text.match(/\S+\s*/g) ?? [];

const toolIn = (rest: string): { readonly name: string; readonly args: string } => {
  const [name = '', ...args] = rest.split(' ');
  return { name, args: args.join(' ') || '{}' };
};

const chat = ({ body }: Seen, res: ServerResponse, said: string, verb: string, rest: string): void => {
  const text = `scripted: ${said}`;
  const isTool = verb === 'tool';
  const tool = toolIn(rest);
  const call = { id: id('call'), type: 'function', function: { name: tool.name, arguments: tool.args } };
  const output = tokens(isTool ? call : text);
  const input = 10 + tokens(body.messages);
  const usage = {
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input + output,
    prompt_tokens_details: { cached_tokens: 2 },
    completion_tokens_details: { reasoning_tokens: 1 },
  };
  const base = { id: id('chatcmpl'), created: 1_700_000_000, model: body.model };
  if (body.stream !== true) {
    const message = {
      role: 'assistant',
      content: isTool ? null : text,
      refusal: null,
      ...(isTool ? { tool_calls: [call] } : {}),
    };
    json(res, 200, {
      ...base,
      object: 'chat.completion',
      choices: [{ index: 0, message, logprobs: null, finish_reason: isTool ? 'tool_calls' : 'stop' }],
      usage,
    });
    return;
  }
  const send = events(res);
  const withUsage = body.stream_options?.include_usage === true;
  const piece = (delta: object, finish: string | null = null): void =>
    send({
      ...base,
      object: 'chat.completion.chunk',
      choices: [{ index: 0, delta, finish_reason: finish }],
      ...(withUsage ? { usage: null } : {}),
    });
  piece({ role: 'assistant', content: '' });
  if (verb === 'begin') return;
  if (isTool) {
    piece({ tool_calls: [{ index: 0, ...call, function: { name: tool.name, arguments: '' } }] });
    for (const part of [tool.args.slice(0, 3), tool.args.slice(3)])
      piece({ tool_calls: [{ index: 0, function: { arguments: part } }] });
  } else for (const word of words(text)) piece({ content: word });
  piece({}, isTool ? 'tool_calls' : 'stop');
  if (withUsage) send({ ...base, object: 'chat.completion.chunk', choices: [], usage });
  send('[DONE]');
  res.end();
};

interface Wanted {
  readonly said: string;
  readonly verb: string;
  readonly rest: string;
  readonly kept: Map<string, Json>;
}

const responses = ({ body, path, method }: Seen, res: ServerResponse, { said, verb, rest, kept }: Wanted): void => {
  const [, wanted, tail] = /\/responses\/([^/?]+)(?:\/([a-z_]+))?/.exec(path) ?? [];
  if (wanted === 'input_tokens') {
    json(res, 200, { object: 'response.input_tokens', input_tokens: tokens(body.input) });
    return;
  }
  if (wanted !== undefined) {
    const found = kept.get(wanted);
    if (found === undefined)
      json(res, 404, {
        error: { message: `no response ${wanted}`, type: 'invalid_request_error', param: null, code: null },
      });
    else if (method === 'DELETE') {
      kept.delete(wanted);
      json(res, 200, { id: wanted, object: 'response', deleted: true });
    } else if (tail === 'input_items')
      json(res, 200, { object: 'list', data: found.input_items, has_more: false, first_id: null, last_id: null });
    else json(res, 200, tail === 'cancel' ? { ...found.response, status: 'cancelled' } : found.response);
    return;
  }
  if (body.previous_response_id != null && !kept.has(body.previous_response_id)) {
    json(res, 400, {
      error: {
        message: 'no such previous response',
        type: 'invalid_request_error',
        param: 'previous_response_id',
        code: null,
      },
    });
    return;
  }
  const text = `scripted: ${said}`;
  const isTool = verb === 'tool';
  const tool = toolIn(rest);
  const item = isTool
    ? {
        type: 'function_call',
        id: id('fc'),
        call_id: id('call'),
        name: tool.name,
        arguments: tool.args,
        status: 'completed',
      }
    : {
        type: 'message',
        id: id('msg'),
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
      };
  const input = 10 + tokens(body.input);
  const output = tokens(isTool ? tool : text);
  const response = {
    id: id('resp'),
    object: 'response',
    created_at: 1_700_000_000,
    status: 'completed',
    model: body.model,
    output: [item],
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 3 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: input + output,
    },
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    metadata: {},
    parallel_tool_calls: true,
    temperature: 1,
    top_p: 1,
    tool_choice: 'auto',
    tools: body.tools ?? [],
    previous_response_id: body.previous_response_id ?? null,
  };
  kept.set(response.id, {
    response,
    input_items: [{ type: 'message', id: id('msg'), role: 'user', content: [{ type: 'input_text', text: said }] }],
  });
  if (body.stream !== true) {
    json(res, 200, response);
    return;
  }
  const send = events(res);
  let number = 0;
  const event = (type: string, more: object): void => send({ type, sequence_number: number++, ...more }, type);
  const begun = { ...response, status: 'in_progress', output: [], usage: null };
  event('response.created', { response: begun });
  event('response.in_progress', { response: begun });
  if (verb === 'begin') return;
  const where = { item_id: item.id, output_index: 0 };
  event('response.output_item.added', {
    output_index: 0,
    item: { ...item, status: 'in_progress', ...(isTool ? { arguments: '' } : { content: [] }) },
  });
  if (isTool) {
    event('response.function_call_arguments.delta', { ...where, delta: tool.args });
    event('response.function_call_arguments.done', { ...where, name: tool.name, arguments: tool.args });
  } else {
    const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
    event('response.content_part.added', { ...where, content_index: 0, part });
    for (const word of words(text))
      event('response.output_text.delta', { ...where, content_index: 0, delta: word, logprobs: [] });
    event('response.output_text.done', { ...where, content_index: 0, text, logprobs: [] });
    event('response.content_part.done', { ...where, content_index: 0, part: { ...part, text } });
  }
  event('response.output_item.done', { output_index: 0, item });
  event('response.completed', { response });
  res.end();
};

export const vectorOf = (text: string): readonly number[] => [text.length, 0.5, -0.25, 0.125];

const embeddings = (body: Json, res: ServerResponse): void => {
  const inputs: readonly string[] = [body.input].flat();
  const encoded = (text: string): unknown =>
    body.encoding_format === 'base64'
      ? Buffer.from(new Float32Array(vectorOf(text)).buffer).toString('base64')
      : vectorOf(text);
  json(res, 200, {
    object: 'list',
    model: body.model,
    data: inputs.map((text, index) => ({ object: 'embedding', index, embedding: encoded(text) })),
    usage: { prompt_tokens: tokens(inputs), total_tokens: tokens(inputs) },
  });
};

const messages = ({ body }: Seen, res: ServerResponse, said: string, verb: string, rest: string): void => {
  const text = `scripted: ${said}`;
  const isTool = verb === 'tool';
  const tool = toolIn(rest);
  const block = isTool
    ? { type: 'tool_use', id: id('toolu'), name: tool.name, input: JSON.parse(tool.args) }
    : { type: 'text', text, citations: null };
  const usage = {
    input_tokens: tokens(body.messages),
    cache_creation_input_tokens: 5,
    cache_read_input_tokens: 7,
    output_tokens: tokens(block),
  };
  const message = {
    id: id('msg'),
    type: 'message',
    role: 'assistant',
    model: body.model,
    content: [block],
    stop_reason: isTool ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage,
  };
  if (body.stream !== true) {
    json(res, 200, message);
    return;
  }
  const send = events(res);
  const event = (type: string, more: object = {}): void => send({ type, ...more }, type);
  event('message_start', {
    message: { ...message, content: [], stop_reason: null, usage: { ...usage, output_tokens: 1 } },
  });
  event('ping');
  if (verb === 'begin') return;
  event('content_block_start', {
    index: 0,
    content_block: isTool ? { ...block, input: {} } : { type: 'text', text: '' },
  });
  if (isTool)
    for (const part of [tool.args.slice(0, 3), tool.args.slice(3)])
      event('content_block_delta', { index: 0, delta: { type: 'input_json_delta', partial_json: part } });
  else
    for (const word of words(text))
      event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: word } });
  event('content_block_stop', { index: 0 });
  event('message_delta', {
    delta: { stop_reason: message.stop_reason, stop_sequence: null },
    usage: { output_tokens: usage.output_tokens },
  });
  event('message_stop');
  res.end();
};
