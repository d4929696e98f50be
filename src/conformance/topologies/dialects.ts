/** One call with the same arguments in every dialect, and what its caller is told: whether it went through, and if not, why. */
import type { Entrance as Access } from './deployment.ts';

type Json = Record<string, unknown>;

export interface Asked {
  readonly kind: 'agent' | 'tool' | 'model';
  readonly name: string;
  readonly operation: string;
  /** JSON text, so that it can say what no value can. */
  readonly args: string;
  readonly stream?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  /** The caller's own id of it, in A2A. Default: the same each time. */
  readonly message?: string;
  /** In A2A: the caller does not wait for the end of its task. */
  readonly returnImmediately?: boolean;
  /** Of a model: a cap on what it answers, as the dialect calls it. */
  readonly maxTokens?: number;
}

export interface Heard {
  /** As Airspace calls it, wherever the dialect says that; `ok`, or `held` when people are asked. */
  readonly code: string;
  readonly status: number;
  readonly raw: string;
  readonly callId: string;
  /** Of a refusal by policy. */
  readonly rules: readonly string[];
}

export interface Caller {
  readonly name: string;
  /** Undefined: this dialect cannot address it. */
  ask(access: Access, asked: Asked): Promise<Heard> | undefined;
  /** It has a place for a document, so that rules read its fields. */
  readonly takesDocuments: boolean;
}

const PLURAL = { agent: 'agents', tool: 'tools', model: 'models' } as const;

const post = async (url: string, body: string, headers: Readonly<Record<string, string>>): Promise<Heard> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    signal: AbortSignal.timeout(20_000),
  });
  return heardIn(response, await response.text());
};

const heardIn = (response: Response, raw: string): Heard => {
  const documents = documentsIn(raw);
  const code = documents.map(codeIn).find((one) => one !== undefined);
  const held = response.status === 202 || /"input_required"|TASK_STATE_INPUT_REQUIRED|"input-required"/.test(raw);
  return {
    status: response.status,
    raw,
    code: code ?? (held ? 'held' : response.status < 300 ? 'ok' : `status ${response.status}`),
    callId: response.headers.get('airspace-call-id') ?? find(documents, 'callId') ?? find(documents, 'call_id') ?? '',
    rules: rulesIn(documents),
  };
};

export const documentsIn = (raw: string): readonly unknown[] => {
  const texts = /^(?:event|data|id|:)/m.test(raw)
    ? raw.split('\n').flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trim()] : []))
    : [raw];
  return texts.flatMap((text) => {
    try {
      return [JSON.parse(text) as unknown];
    } catch {
      return [];
    }
  });
};

/** The first member with this name and a text, however deep. */
const find = (value: unknown, name: string): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const own = (value as Json)[name];
  if (typeof own === 'string') return own;
  for (const one of Object.values(value)) {
    const found = find(one, name);
    if (found !== undefined) return found;
  }
  return undefined;
};

const rulesIn = (value: unknown): readonly string[] => {
  if (typeof value !== 'object' || value === null) return [];
  const { rules } = value as { readonly rules?: unknown };
  if (Array.isArray(rules)) return rules as string[];
  if (typeof rules === 'string') return rules.split(/[ ,]+/);
  for (const one of Object.values(value)) {
    const found = rulesIn(one);
    if (found.length > 0) return found;
  }
  return [];
};

/** Where a refusal stands, and what it is called there. */
const codeIn = (document: unknown): string | undefined => {
  const { code, executed, error, result } = document as Json;
  if (typeof code === 'string' && executed !== undefined) return code;
  const fault = faultIn(result) ?? faultIn(error);
  if (fault !== undefined) return fault;
  if (typeof error !== 'object' || error === null) return undefined;
  const { code: own, message, type, data, details } = error as Json;
  const [info] = [data, details].flat().filter((one) => (one as Json | undefined)?.['metadata'] !== undefined);
  // Of a refusal OpenAI says the code of the rule.
  if (type === 'permission_error') return 'denied';
  const told = (info as { readonly metadata: Json } | undefined)?.metadata['code'];
  return String(told ?? (typeof own === 'string' ? own : undefined) ?? type ?? `${own}: ${message}`);
};

const faultIn = (value: unknown): string | undefined => {
  if (typeof value !== 'object' || value === null) return undefined;
  const known = (value as Json)['dev.airspace/fault'] as { readonly code?: string } | undefined;
  if (known?.code !== undefined) return known.code;
  for (const one of Object.values(value)) {
    const found = faultIn(one);
    if (found !== undefined) return found;
  }
  return undefined;
};

const bearer = ({ key }: Access, { headers }: Asked) => ({ authorization: `Bearer ${key}`, ...headers });

const conversation = ({ args }: Asked): string => (JSON.parse(args) as { readonly text?: string }).text ?? args;

const a2a = (version: '1.0' | '0.3', binding: 'rpc' | 'rest'): Caller => ({
  name: `A2A ${version} ${binding}`,
  takesDocuments: true,
  ask: (access, asked) => {
    const { kind, name, operation, args, stream = false } = asked;
    const isOld = version === '0.3';
    const isTalk = kind === 'model';
    const text = JSON.stringify(conversation(asked));
    const part = isTalk
      ? `{${isOld ? '"kind":"text",' : ''}"text":${text}}`
      : `{${isOld ? '"kind":"data",' : ''}"data":${args}}`;
    const skill = operation === 'message' ? '{}' : JSON.stringify({ skill: operation });
    const role = isOld ? 'user' : 'ROLE_USER';
    const message = `{"messageId":"${asked.message ?? 'm-1'}","role":"${role}",${isOld ? '"kind":"message",' : ''}"parts":[${part}],"metadata":${skill}}`;
    const wishes = asked.returnImmediately === true ? ',"configuration":{"returnImmediately":true}' : '';
    const path = kind === 'agent' ? name : `${PLURAL[kind]}/${name}`;
    const headers = {
      ...bearer(access, asked),
      'a2a-version': version,
      accept: stream ? 'text/event-stream' : 'application/json',
    };
    if (binding === 'rest')
      return post(`${access.url}/a2a/${path}/message:${stream ? 'stream' : 'send'}`, `{"message":${message}}`, headers);
    const method = isOld ? `message/${stream ? 'stream' : 'send'}` : stream ? 'SendStreamingMessage' : 'SendMessage';
    return post(
      `${access.url}/a2a/${path}`,
      `{"jsonrpc":"2.0","id":1,"method":"${method}","params":{"message":${message}${wishes}}}`,
      headers,
    );
  },
});

/** Sessions of clients of the older version, by key. */
const sessions = new Map<string, Promise<string>>();

const openSession = async ({ url, key }: Access): Promise<string> => {
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    authorization: `Bearer ${key}`,
  };
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'parity', version: '1' } };
  const response = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }),
  });
  await response.text();
  const session = response.headers.get('mcp-session-id') ?? '';
  const told = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: { ...headers, 'mcp-session-id': session, 'mcp-protocol-version': '2025-11-25' },
    body: JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }),
  });
  await told.text();
  return session;
};

const mcp = (version: '2026-07-28' | '2025-11-25'): Caller => ({
  name: `MCP ${version}`,
  takesDocuments: true,
  ask: async (access, asked) => {
    const { kind, name, operation, stream = false } = asked;
    const tool = kind === 'tool' ? `${name}__${operation}` : `${kind}__${name}__${operation}`;
    const cap = asked.maxTokens === undefined ? '' : `,"max_tokens":${asked.maxTokens}`;
    const args =
      kind === 'model'
        ? `{"messages":[{"role":"user","content":${JSON.stringify(conversation(asked))}}]${cap}}`
        : asked.args;
    const headers: Record<string, string> = {
      ...bearer(access, asked),
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
    };
    const isModern = version === '2026-07-28';
    const meta = JSON.stringify({
      'io.modelcontextprotocol/protocolVersion': version,
      'io.modelcontextprotocol/clientCapabilities': { elicitation: {} },
      'io.modelcontextprotocol/clientInfo': { name: 'parity', version: '1' },
      ...(stream ? { progressToken: 'p' } : {}),
    });
    if (isModern) Object.assign(headers, { 'mcp-method': 'tools/call', 'mcp-name': tool });
    else {
      const opened = sessions.get(access.url + access.key) ?? openSession(access);
      sessions.set(access.url + access.key, opened);
      headers['mcp-session-id'] = await opened;
    }
    const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${tool}","arguments":${args}${isModern ? `,"_meta":${meta}` : ''}}}`;
    return post(`${access.url}/mcp`, body, headers);
  },
});

const modelName = ({ kind, name, operation }: Asked): string =>
  kind === 'model' ? name : `${kind}/${name}${operation === 'message' ? '' : `/${operation}`}`;

const text = (asked: Asked): string => conversation(asked);

export const DIALECTS: readonly Caller[] = [
  {
    name: 'native',
    takesDocuments: true,
    ask: (access, asked) => {
      const { kind, name, operation, args, stream = false, maxTokens } = asked;
      const chat = {
        messages: [{ role: 'user', content: text(asked) }],
        ...(stream ? { stream, stream_options: { include_usage: true } } : {}),
        ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
      };
      const accept = stream ? 'text/event-stream' : 'application/json';
      return post(
        `${access.url}/v1/${PLURAL[kind]}/${name}/${operation}`,
        kind === 'model' ? JSON.stringify(chat) : args,
        { ...bearer(access, asked), accept },
      );
    },
  },
  a2a('1.0', 'rpc'),
  a2a('1.0', 'rest'),
  a2a('0.3', 'rpc'),
  mcp('2026-07-28'),
  mcp('2025-11-25'),
  {
    name: 'OpenAI chat',
    takesDocuments: false,
    ask: (access, asked) =>
      post(
        `${access.url}/v1/chat/completions`,
        JSON.stringify({
          model: modelName(asked),
          messages: [{ role: 'user', content: text(asked) }],
          ...(asked.stream === true ? { stream: true } : {}),
          ...(asked.maxTokens === undefined ? {} : { max_completion_tokens: asked.maxTokens }),
        }),
        bearer(access, asked),
      ),
  },
  {
    name: 'OpenAI responses',
    takesDocuments: false,
    ask: (access, asked) =>
      post(
        `${access.url}/v1/responses`,
        JSON.stringify({
          model: modelName(asked),
          input: text(asked),
          store: false,
          ...(asked.stream === true ? { stream: true } : {}),
          ...(asked.maxTokens === undefined ? {} : { max_output_tokens: asked.maxTokens }),
        }),
        bearer(access, asked),
      ),
  },
  {
    name: 'Anthropic',
    takesDocuments: false,
    ask: (access, asked) =>
      post(
        `${access.url}/v1/messages`,
        JSON.stringify({
          model: modelName(asked),
          max_tokens: asked.maxTokens ?? 100,
          messages: [{ role: 'user', content: text(asked) }],
          ...(asked.stream === true ? { stream: true } : {}),
        }),
        { 'x-api-key': access.key, 'anthropic-version': '2023-06-01', ...asked.headers },
      ),
  },
];
