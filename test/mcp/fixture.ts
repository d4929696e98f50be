/** An MCP server of both manners with everything that the official suite asks for. It knows nothing of Airspace: what it does is the measure. */
import { randomBytes, randomUUID } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  localhostHostValidation,
  localhostOriginValidation,
  NodeStreamableHTTPServerTransport,
  toNodeHandler,
} from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  createRequestStateCodec,
  type EventStore,
  fromJsonSchema,
  inputRequired,
  type JSONRPCMessage,
  McpServer,
  ResourceTemplate,
} from '@modelcontextprotocol/server';

import { type Request, TASK_TOOLS, TASKS, Tasks } from './tasks.ts';

export interface Fixture {
  readonly url: string;
  /** Requests so far, as they came. */
  readonly seen: readonly {
    readonly method: string;
    readonly headers: IncomingMessage['headers'];
    readonly body: string;
  }[];
  /** Resolves when a tool that waited was aborted; each time counts once. */
  aborted(): Promise<void>;
  /** Ends every session, as after a restart. */
  forget(): Promise<void>;
  /** Tells whoever listens. */
  announce(what: 'tools' | 'prompts' | 'resources'): void;
  stop(): Promise<void>;
}

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const SOUND = Buffer.from(
  'RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0',
  'latin1',
).toString('base64');

type Content = Record<string, unknown>;
const says = (text: string) => ({ content: [{ type: 'text' as const, text }] });
const soon = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const strings = (...names: string[]): Record<string, Content> =>
  Object.fromEntries(names.map((name) => [name, { type: 'string' }]));

const codec = createRequestStateCodec<{ step: number | string; name?: unknown }>({
  key: randomBytes(32),
  ttlSeconds: 600,
});

/** The parts of a request's context that these tools look at. */
interface Context {
  readonly mcpReq: {
    readonly _meta?: { readonly progressToken?: string | number };
    readonly envelope?: Record<string, unknown>;
    readonly inputResponses?: Record<string, { readonly action?: string; readonly content?: Content }>;
    readonly signal: AbortSignal;
    requestState(): { readonly step: number | string; readonly name?: unknown } | undefined;
    notify(message: unknown): Promise<void>;
    log(level: string, data: unknown): Promise<void>;
  };
}

const form = (message: string, properties: Record<string, Content>, required = Object.keys(properties)) =>
  inputRequired.elicit({ message, requestedSchema: { type: 'object', properties, required } } as never);
const whoIs = (message = 'What is your name?') => form(message, strings('name'));
const wonders = (text: string) =>
  inputRequired.createMessage({ messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens: 100 });
const asks = (inputRequests: Record<string, unknown>, requestState?: string) =>
  inputRequired({ inputRequests, ...(requestState === undefined ? {} : { requestState }) } as never);
const answersIn = ({ mcpReq }: Context) => mcpReq.inputResponses ?? {};

/** Asks once, under this key, and goes on with the answer. */
const afterAsking =
  (
    key: string,
    question: unknown,
    done: (answer: { readonly action?: string; readonly content?: Content }) => unknown,
  ) =>
  (context: Context) => {
    const answer = answersIn(context)[key];
    return answer === undefined ? asks({ [key]: question }) : done(answer);
  };

const completed = ({ action, content }: { readonly action?: string; readonly content?: Content }) =>
  says(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`);

type Registered = readonly [name: string, input: Content | null, run: (args: Content, context: Context) => unknown];

const ends = new EventEmitter();

/** Words of JSON Schema 2020-12 that must come through unchanged. */
const SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { address: { $anchor: 'addressDef', type: 'object', properties: strings('street', 'city') } },
  properties: {
    ...strings('name', 'phone', 'email'),
    address: { $ref: '#/$defs/address' },
    contactMethod: { type: 'string', enum: ['phone', 'email'] },
  },
  allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
  if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema.
  then: { required: ['phone'] },
  else: { required: ['email'] },
  additionalProperties: false,
};

const CONTENT: readonly Registered[] = [
  ['test_simple_text', null, () => says('This is a simple text response for testing.')],
  ['test_image_content', null, () => ({ content: [{ type: 'image', data: PIXEL, mimeType: 'image/png' }] })],
  ['test_audio_content', null, () => ({ content: [{ type: 'audio', data: SOUND, mimeType: 'audio/wav' }] })],
  [
    'test_embedded_resource',
    null,
    () => ({
      content: [
        {
          type: 'resource',
          resource: {
            uri: 'test://embedded-resource',
            mimeType: 'text/plain',
            text: 'This is an embedded resource content.',
          },
        },
      ],
    }),
  ],
  [
    'test_multiple_content_types',
    null,
    () => ({
      content: [
        { type: 'text', text: 'Multiple content types test:' },
        { type: 'image', data: PIXEL, mimeType: 'image/png' },
        {
          type: 'resource',
          resource: {
            uri: 'test://mixed-content-resource',
            mimeType: 'application/json',
            text: '{"test":"data","value":123}',
          },
        },
      ],
    }),
  ],
  [
    'test_error_handling',
    null,
    () => {
      throw new Error('This tool intentionally returns an error for testing');
    },
  ],
  [
    'test_mirrored',
    { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } }, required: ['region'] },
    ({ region }) => says(`region ${String(region)}`),
  ],
  ['json_schema_2020_12_tool', SCHEMA_2020_12, (args) => says(JSON.stringify(args))],
  ['test_echo', { type: 'object', properties: strings('text') }, (args) => says(JSON.stringify(args))],
  [
    'test_waits',
    null,
    (_, { mcpReq }) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(says('waited in vain')), 60_000);
        mcpReq.signal.addEventListener('abort', () => {
          clearTimeout(timer);
          ends.emit('aborted');
          resolve(says('aborted'));
        });
      }),
  ],
];

const ON_THE_WAY: readonly Registered[] = [
  [
    'test_tool_with_progress',
    null,
    async (_, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      for (const progress of [0, 50, 100]) {
        if (progressToken !== undefined)
          await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
        await soon(50);
      }
      return says('progress was made');
    },
  ],
  [
    'test_tool_with_logging',
    null,
    async (_, { mcpReq }) => {
      for (const text of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await mcpReq.log('info', text);
        await soon(50);
      }
      return says('logs were written');
    },
  ],
  [
    'test_logging_tool',
    null,
    async (_, { mcpReq }) => {
      await mcpReq.log('info', 'one line');
      return says('one line was written');
    },
  ],
];

const DEFAULTS = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
};

const titled = (...pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([value, title]) => ({ const: value, title }));
const ENUMS = {
  untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
  titledSingle: {
    type: 'string',
    oneOf: titled(['value1', 'First Option'], ['value2', 'Second Option'], ['value3', 'Third Option']),
  },
  legacyEnum: {
    type: 'string',
    enum: ['opt1', 'opt2', 'opt3'],
    enumNames: ['Option One', 'Option Two', 'Option Three'],
  },
  untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
  titledMulti: {
    type: 'array',
    items: { anyOf: titled(['value1', 'First Choice'], ['value2', 'Second Choice'], ['value3', 'Third Choice']) },
  },
};

const withState = (): Registered[2] => async (_, context) =>
  answersIn(context)['confirm'] !== undefined && context.mcpReq.requestState() !== undefined
    ? says('state-ok')
    : asks({ confirm: form('Please confirm', { ok: { type: 'boolean' } }) }, await codec.mint({ step: 1 }));

const QUESTIONS: readonly Registered[] = [
  [
    'test_sampling',
    { type: 'object', properties: strings('prompt'), required: ['prompt'] },
    ({ prompt }, context) => {
      const answer = answersIn(context)['llm'] as { readonly content?: { readonly text?: string } } | undefined;
      return answer === undefined
        ? asks({ llm: wonders(String(prompt)) })
        : says(`LLM response: ${answer.content?.text}`);
    },
  ],
  [
    'test_elicitation',
    { type: 'object', properties: strings('message'), required: ['message'] },
    ({ message }, context) =>
      afterAsking('user', form(String(message), strings('username', 'email')), ({ action, content }) =>
        says(`User response: action=${action}, content=${JSON.stringify(content ?? {})}`),
      )(context),
  ],
  [
    'test_elicitation_sep1034_defaults',
    null,
    (_, context) => afterAsking('user', form('Defaults', DEFAULTS, []), completed)(context),
  ],
  [
    'test_elicitation_sep1330_enums',
    null,
    (_, context) => afterAsking('user', form('Choices', ENUMS, []), completed)(context),
  ],
  ['test_missing_capability', null, (_, context) => afterAsking('llm', wonders('ping'), () => says('ok'))(context)],
  ['test_streaming_elicitation', null, (_, context) => afterAsking('user_name', whoIs(), () => says('ok'))(context)],
  [
    'test_input_required_result_elicitation',
    null,
    (_, context) => {
      const name = answersIn(context)['user_name']?.content?.['name'];
      return typeof name === 'string' ? says(`Hello, ${name}!`) : asks({ user_name: whoIs() });
    },
  ],
  [
    'test_input_required_result_sampling',
    null,
    (_, context) =>
      afterAsking('capital_question', wonders('What is the capital of France?'), () => says('Paris'))(context),
  ],
  [
    'test_input_required_result_list_roots',
    null,
    (_, context) => afterAsking('client_roots', inputRequired.listRoots(), () => says('roots are known'))(context),
  ],
  ['test_input_required_result_request_state', null, withState()],
  ['test_input_required_result_tampered_state', null, withState()],
  [
    'test_input_required_result_multiple_inputs',
    null,
    async (_, context) => {
      const { user_name, greeting, client_roots } = answersIn(context);
      if (user_name && greeting && client_roots) return says('everything was answered');
      return asks(
        { user_name: whoIs(), greeting: wonders('Generate a greeting'), client_roots: inputRequired.listRoots() },
        await codec.mint({ step: 'all' }),
      );
    },
  ],
  [
    'test_input_required_result_multi_round',
    null,
    async (_, context) => {
      const { step1, step2 } = answersIn(context);
      const state = context.mcpReq.requestState();
      if (state?.step === 2 && step2) return says(`done for ${String(state.name)}`);
      if (state?.step === 1 && step1)
        return asks(
          { step2: form('Step 2: What is your favorite color?', strings('color')) },
          await codec.mint({ step: 2, name: step1.content?.['name'] }),
        );
      return asks({ step1: whoIs('Step 1: What is your name?') }, await codec.mint({ step: 1 }));
    },
  ],
  [
    'test_input_required_result_capabilities',
    null,
    (_, context) => {
      const { envelope } = context.mcpReq;
      const declared = (envelope?.['io.modelcontextprotocol/clientCapabilities'] ?? {}) as Content;
      const questions = {
        ...(declared['elicitation'] === undefined ? {} : { user_name: whoIs() }),
        ...(declared['sampling'] === undefined ? {} : { greeting: wonders('hello') }),
        ...(declared['roots'] === undefined ? {} : { client_roots: inputRequired.listRoots() }),
      };
      const isDone = Object.keys(answersIn(context)).length > 0 || Object.keys(questions).length === 0;
      return isDone ? says('ok') : asks(questions);
    },
  ],
];

const register = (server: McpServer, [name, input, run]: Registered): void => {
  const config = { description: `fixture ${name}` };
  if (input === null) server.registerTool(name, config, ((context: Context) => run({}, context)) as never);
  else
    server.registerTool(
      name,
      { ...config, inputSchema: fromJsonSchema(input as never) } as never,
      ((args: Content, context: Context) => run(args, context)) as never,
    );
};

const user = (content: Content) => ({ role: 'user' as const, content });

const registerPrompts = (server: McpServer): void => {
  const text = (words: string) => ({ messages: [user({ type: 'text', text: words })] });
  const prompt = (name: string, input: Content | null, run: unknown): void => {
    server.registerPrompt(
      name,
      {
        description: `fixture ${name}`,
        ...(input === null ? {} : { argsSchema: fromJsonSchema(input as never) }),
      } as never,
      run as never,
    );
  };
  prompt('test_simple_prompt', null, () => text('This is a simple prompt for testing.'));
  prompt(
    'test_prompt_with_arguments',
    { type: 'object', properties: strings('arg1', 'arg2'), required: ['arg1', 'arg2'] },
    ({ arg1, arg2 }: Content) => text(`Prompt with arguments: arg1='${String(arg1)}', arg2='${String(arg2)}'`),
  );
  prompt(
    'test_prompt_with_embedded_resource',
    { type: 'object', properties: strings('resourceUri'), required: ['resourceUri'] },
    ({ resourceUri }: Content) => ({
      messages: [
        user({
          type: 'resource',
          resource: { uri: resourceUri, mimeType: 'text/plain', text: 'Embedded resource content for testing.' },
        }),
        user({ type: 'text', text: 'Please process the embedded resource above.' }),
      ],
    }),
  );
  prompt('test_prompt_with_image', null, () => ({
    messages: [
      user({ type: 'image', data: PIXEL, mimeType: 'image/png' }),
      user({ type: 'text', text: 'Please analyze the image above.' }),
    ],
  }));
  prompt('test_input_required_result_prompt', null, (context: Context) =>
    afterAsking('user_context', form('What context should the prompt use?', strings('context')), ({ content }) =>
      text(`Context: ${String(content?.['context'])}`),
    )(context),
  );
};

const registerResources = (server: McpServer): void => {
  const one = (uri: string, mimeType: string, rest: Content) => ({ contents: [{ uri, mimeType, ...rest }] });
  server.registerResource('static-text', 'test://static-text', { mimeType: 'text/plain' }, (({ href }: URL) =>
    one(href, 'text/plain', { text: 'This is the content of the static text resource.' })) as never);
  server.registerResource('static-binary', 'test://static-binary', { mimeType: 'image/png' }, (({ href }: URL) =>
    one(href, 'image/png', { blob: PIXEL })) as never);
  server.registerResource('watched', 'test://watched-resource', { mimeType: 'text/plain' }, (({ href }: URL) =>
    one(href, 'text/plain', { text: 'This one is watched.' })) as never);
  server.registerResource(
    'template',
    new ResourceTemplate('test://template/{id}/data', { list: undefined }),
    { mimeType: 'application/json' },
    (({ href }: URL, { id }: Content) =>
      one(href, 'application/json', {
        text: JSON.stringify({ id, templateTest: true, data: `Data for ID: ${String(id)}` }),
      })) as never,
  );
};

const CAPABILITIES = {
  tools: { listChanged: true },
  resources: { listChanged: true, subscribe: true },
  prompts: { listChanged: true },
  logging: {},
  completions: {},
};

const serverOf = (era: string, announce: Fixture['announce']): McpServer => {
  const server = new McpServer({ name: 'airspace-fixture', version: '1.0.0' }, {
    capabilities: CAPABILITIES,
    requestState: { verify: codec.verify },
  } as never);
  for (const tool of [...CONTENT, ...ON_THE_WAY, ...QUESTIONS]) register(server, tool);
  for (const what of ['tool', 'prompt'] as const)
    register(server, [
      `test_trigger_${what}_change`,
      null,
      () => {
        announce(`${what}s`);
        return says('changed');
      },
    ]);
  registerPrompts(server);
  registerResources(server);
  server.server.setRequestHandler('completion/complete', (async ({
    params,
  }: {
    params: { argument: { value: string } };
  }) => ({
    completion: {
      values: ['paris', 'park', 'party'].filter((word) => word.startsWith(params.argument.value)),
      hasMore: false,
    },
  })) as never);
  if (era === 'legacy')
    for (const method of ['resources/subscribe', 'resources/unsubscribe'] as const)
      server.server.setRequestHandler(method as never, (async () => ({})) as never);
  return server;
};

const bodyOf = async (req: IncomingMessage): Promise<string> => {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
};

const isLegacy = (req: IncomingMessage, body: unknown): boolean => {
  const { 'mcp-session-id': session, 'mcp-protocol-version': version = '' } = req.headers;
  if (session !== undefined || req.method !== 'POST') return true;
  const first = (Array.isArray(body) ? body[0] : body) as { method?: string; params?: { _meta?: Content } } | undefined;
  const claims = first?.params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  return !claims && !String(version).startsWith('2026');
};

/** Events of one session, so that a client can come back for them. */
class Events implements EventStore {
  readonly #all: { readonly id: string; readonly stream: string; readonly message: JSONRPCMessage }[] = [];

  async storeEvent(stream: string, message: JSONRPCMessage): Promise<string> {
    const id = `${stream}_${this.#all.length}`;
    this.#all.push({ id, stream, message });
    return id;
  }

  async getStreamIdForEventId(id: string): Promise<string | undefined> {
    return this.#all.find((event) => event.id === id)?.stream;
  }

  async replayEventsAfter(
    last: string,
    { send }: { send: (id: string, message: JSONRPCMessage) => Promise<void> },
  ): Promise<string> {
    const at = this.#all.findIndex(({ id }) => id === last);
    const stream = this.#all[at]?.stream ?? '';
    for (const event of this.#all.slice(at + 1)) if (event.stream === stream) await send(event.id, event.message);
    return stream;
  }
}

/** Sessions of the old manner, each with a server of its own. */
class Legacy {
  readonly #sessions = new Map<
    string,
    { readonly server: McpServer; readonly transport: NodeStreamableHTTPServerTransport }
  >();
  readonly #announce: Fixture['announce'];

  constructor(announce: Fixture['announce']) {
    this.#announce = announce;
  }

  async answer(req: IncomingMessage, res: ServerResponse, body: unknown): Promise<void> {
    const id = req.headers['mcp-session-id'];
    const session = typeof id === 'string' ? this.#sessions.get(id) : undefined;
    if (session !== undefined) return session.transport.handleRequest(req, res, body);
    if (id !== undefined) {
      res.writeHead(404).end();
      return;
    }
    await (await this.#begin()).handleRequest(req, res, body);
  }

  async #begin(): Promise<NodeStreamableHTTPServerTransport> {
    const server = serverOf('legacy', this.#announce);
    const transport = new NodeStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      eventStore: new Events(),
      onsessioninitialized: (id) => void this.#sessions.set(id, { server, transport }),
      onsessionclosed: (id) => void this.#sessions.delete(id),
    });
    await server.connect(transport);
    return transport;
  }

  announce(what: 'tools' | 'prompts' | 'resources'): void {
    for (const { server } of this.#sessions.values())
      if (what === 'tools') server.sendToolListChanged();
      else if (what === 'prompts') server.sendPromptListChanged();
      else server.sendResourceListChanged();
  }

  async stop(): Promise<void> {
    for (const { server } of this.#sessions.values()) await server.close();
    this.#sessions.clear();
  }
}

/** `only`: the manner that it speaks. Default: both. */
export const startFixture = async (only?: 'modern' | 'legacy', port = 0): Promise<Fixture> => {
  const seen: { method: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const announce: Fixture['announce'] = (what) => {
    legacy.announce(what);
    if (what === 'tools') handler.notify.toolsChanged();
    else if (what === 'prompts') handler.notify.promptsChanged();
    else handler.notify.resourcesChanged();
  };
  const legacy = new Legacy(announce);
  const tasks = new Tasks();
  let counted = 0;
  let taken = 0;
  const count = (): void => void counted++;
  ends.on('aborted', count);
  const handler = createMcpHandler(({ era }) => serverOf(era, announce), { legacy: 'reject' });
  const modern = toNodeHandler(handler);
  const [isHost, isOrigin] = [localhostHostValidation(), localhostOriginValidation()];
  const http = createServer(async (req, res) => {
    if (!isHost(req as never, res as never) || !isOrigin(req as never, res as never)) return;
    const text = await bodyOf(req);
    seen.push({ method: req.method ?? '', headers: req.headers, body: text });
    let body: unknown;
    try {
      body = text === '' ? undefined : JSON.parse(text);
    } catch {
      res.writeHead(400).end();
      return;
    }
    if (only !== 'modern' && isLegacy(req, body)) return legacy.answer(req, res, body);
    if (only === 'legacy') return void res.writeHead(400, { 'content-type': 'application/json' }).end(NOT_INITIALIZED);
    const about = isRequest(body) ? await tasks.answer(body, req.headers) : undefined;
    if (about !== undefined)
      return void res.writeHead(about.status, { 'content-type': 'application/json' }).end(JSON.stringify(about.body));
    return modern(req as never, isRequest(body) ? (withTasks(res, body.method) as never) : (res as never), body);
  });
  await new Promise<void>((resolve) => http.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    seen,
    announce,
    forget: () => legacy.stop(),
    aborted: async () => {
      while (counted <= taken) await once(ends, 'aborted');
      taken++;
    },
    stop: async () => {
      ends.off('aborted', count);
      await legacy.stop();
      await handler.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
};

const isRequest = (body: unknown): body is Request =>
  typeof body === 'object' && body !== null && 'method' in body && 'id' in body && 'params' in body;

/** Adds what the SDK does not have to what it answers. */
const withTasks = (res: ServerResponse, method: string): ServerResponse => {
  if (method !== 'tools/list' && method !== 'server/discover') return res;
  const end = res.end.bind(res);
  const parts: Buffer[] = [];
  const keep = (chunk?: unknown): void => {
    if (typeof chunk === 'string' || chunk instanceof Uint8Array) parts.push(Buffer.from(chunk as string));
  };
  res.write = ((chunk: unknown) => {
    keep(chunk);
    return true;
  }) as never;
  res.end = ((chunk?: unknown) => {
    keep(chunk);
    return end(extended(Buffer.concat(parts).toString(), method));
  }) as never;
  return res;
};

const extended = (text: string, method: string): string => {
  const answer = JSON.parse(text) as { result?: { tools?: unknown[]; capabilities?: Content } };
  if (method === 'tools/list') answer.result?.tools?.push(...TASK_TOOLS);
  else if (answer.result?.capabilities !== undefined) answer.result.capabilities['extensions'] = { [TASKS]: {} };
  return JSON.stringify(answer);
};

const NOT_INITIALIZED =
  '{"jsonrpc":"2.0","id":null,"error":{"code":-32000,"message":"Bad Request: Server not initialized"}}';
