/** How a caller of each dialect asks a target of Airspace to say something back: the request, and the text in the answer. */

export interface Asked {
  readonly kind: 'agent' | 'tool' | 'model';
  readonly name: string;
  readonly operation: string;
  readonly stream: boolean;
}

export interface Heard {
  readonly status: number;
  /** Text of the answer; of a refusal, its sentence. */
  readonly text: string;
  /** The whole answer, for whoever wants to look. */
  readonly raw: string;
}

type Json = Record<string, unknown>;

export interface Caller {
  readonly name: string;
  /** `as`: how this dialect addresses the target. Undefined: it has no way to say it. */
  ask(hub: string, key: string, asked: Asked): Promise<Heard> | undefined;
}

const post = async (
  url: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<{ status: number; raw: string }> => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, raw: await response.text() };
};

/** Documents of an answer: one, or one for each event. */
const documentsIn = (raw: string): readonly unknown[] => {
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

const field = (value: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>(
    (holder, name) => (typeof holder === 'object' && holder !== null ? (holder as Json)[name] : undefined),
    value,
  );
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What a refusal says, in whichever words. */
const refusalIn = (documents: readonly unknown[]): string => {
  for (const one of documents)
    for (const path of [
      ['detail'],
      ['error', 'message'],
      ['result', 'content', 0, 'text'],
      ['response', 'error', 'message'],
    ])
      if (typeof field(one, ...path) === 'string') return textOf(field(one, ...path));
  return '';
};

const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const PLURAL = { agent: 'agents', tool: 'tools', model: 'models' } as const;

const heard = (
  { status, raw }: { status: number; raw: string },
  read: (documents: readonly unknown[]) => string,
): Heard => {
  const documents = documentsIn(raw);
  const text = read(documents);
  return { status, raw, text: text === '' ? refusalIn(documents) : text };
};

const partsText = (parts: unknown): string =>
  Array.isArray(parts)
    ? parts.map((part) => textOf(field(part, 'text')) || textOf(field(part, 'data', 'said'))).join(' ')
    : '';

/** In tasks, messages and their updates, of both versions. */
const a2aText = (documents: readonly unknown[]): string =>
  documents
    .map((one) => field(one, 'result'))
    .flatMap((result) => [
      result,
      field(result, 'task'),
      field(result, 'message'),
      field(result, 'artifactUpdate'),
      field(result, 'statusUpdate'),
    ])
    .flatMap((one) => {
      const artifacts = field(one, 'artifacts');
      return [
        partsText(field(one, 'parts')),
        partsText(field(one, 'artifact', 'parts')),
        ...(Array.isArray(artifacts) ? artifacts.map((artifact) => partsText(field(artifact, 'parts'))) : []),
        partsText(field(one, 'status', 'message', 'parts')),
      ];
    })
    .filter(Boolean)
    .join(' ');

const a2a = (version: '1.0' | '0.3'): Caller => ({
  name: `A2A ${version}`,
  ask: async (hub, key, { kind, name, operation, stream }) => {
    const isOld = version === '0.3';
    const path = kind === 'agent' ? name : `${PLURAL[kind]}/${name}`;
    const text = 'hello';
    const part = isOld ? { kind: 'text', text } : { text };
    const data = isOld ? { kind: 'data', data: { text } } : { data: { text } };
    const message = {
      messageId: 'm-1',
      role: isOld ? 'user' : 'ROLE_USER',
      parts: [kind === 'tool' ? data : part],
      metadata: operation === 'message' ? {} : { skill: operation },
      ...(isOld ? { kind: 'message' } : {}),
    };
    const method = isOld
      ? stream
        ? 'message/stream'
        : 'message/send'
      : stream
        ? 'SendStreamingMessage'
        : 'SendMessage';
    const answer = await post(
      `${hub}/a2a/${path}`,
      { jsonrpc: '2.0', id: 1, method, params: { message } },
      { ...bearer(key), 'a2a-version': version, accept: stream ? 'text/event-stream' : 'application/json' },
    );
    return heard(answer, a2aText);
  },
});

const mcp = (version: '2026-07-28' | '2025-11-25'): Caller => ({
  name: `MCP ${version}`,
  ask: async (hub, key, { kind, name, operation }) => {
    const tool = kind === 'tool' ? `${name}__${operation}` : `${kind}__${name}__${operation}`;
    const url = `${hub}/mcp`;
    const accept = 'application/json, text/event-stream';
    const isModern = version === '2026-07-28';
    const args = kind === 'model' ? { messages: [{ role: 'user', content: 'hello' }] } : { text: 'hello' };
    const headers: Record<string, string> = { ...bearer(key), accept, 'mcp-protocol-version': version };
    const meta = {
      'io.modelcontextprotocol/protocolVersion': version,
      'io.modelcontextprotocol/clientCapabilities': {},
      'io.modelcontextprotocol/clientInfo': { name: 'matrix', version: '1' },
    };
    if (isModern) Object.assign(headers, { 'mcp-method': 'tools/call', 'mcp-name': tool });
    else {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer(key), accept },
        body: JSON.stringify({
          jsonrpc: '2.0',
          id: 0,
          method: 'initialize',
          params: { protocolVersion: version, capabilities: {}, clientInfo: { name: 'matrix', version: '1' } },
        }),
      });
      await response.text();
      const session = response.headers.get('mcp-session-id');
      if (session !== null) headers['mcp-session-id'] = session;
      await post(url, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers);
    }
    const params = { name: tool, arguments: args, ...(isModern ? { _meta: meta } : {}) };
    const answer = await post(url, { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, headers);
    return heard(answer, (documents) =>
      documents
        .filter((one) => field(one, 'result', 'isError') !== true)
        .map((one) => partsText(field(one, 'result', 'content')))
        .filter(Boolean)
        .join(' '),
    );
  },
});

const modelName = ({ kind, name, operation }: Asked): string =>
  kind === 'model' ? name : `${kind}/${name}${operation === 'message' ? '' : `/${operation}`}`;

export const CALLERS: readonly Caller[] = [
  {
    name: 'native',
    ask: async (hub, key, { kind, name, operation, stream }) => {
      const body =
        kind === 'model'
          ? { messages: [{ role: 'user', content: 'hello' }], ...(stream ? { stream } : {}) }
          : { text: 'hello' };
      const accept = stream ? 'text/event-stream' : 'application/json';
      const answer = await post(`${hub}/v1/${PLURAL[kind]}/${name}/${operation}`, body, { ...bearer(key), accept });
      return heard(answer, (documents) =>
        documents
          .map(
            (one) =>
              textOf(field(one, 'said')) ||
              textOf(field(one, 'text')) ||
              textOf(field(one, 'choices', 0, 'message', 'content')) ||
              textOf(field(one, 'choices', 0, 'delta', 'content')),
          )
          .join(' '),
      );
    },
  },
  a2a('1.0'),
  a2a('0.3'),
  mcp('2026-07-28'),
  mcp('2025-11-25'),
  {
    name: 'OpenAI chat',
    ask: async (hub, key, asked) => {
      const body = { model: modelName(asked), stream: asked.stream, messages: [{ role: 'user', content: 'hello' }] };
      const answer = await post(`${hub}/v1/chat/completions`, body, bearer(key));
      return heard(answer, (documents) =>
        documents
          .map(
            (one) =>
              textOf(field(one, 'choices', 0, 'message', 'content')) ||
              textOf(field(one, 'choices', 0, 'delta', 'content')),
          )
          .join(''),
      );
    },
  },
  {
    name: 'OpenAI responses',
    ask: async (hub, key, asked) => {
      const answer = await post(
        `${hub}/v1/responses`,
        { model: modelName(asked), stream: asked.stream, input: 'hello' },
        bearer(key),
      );
      return heard(answer, (documents) =>
        documents
          .map((one) =>
            asked.stream
              ? field(one, 'type') === 'response.output_text.delta'
                ? textOf(field(one, 'delta'))
                : ''
              : textOf(field(one, 'output', 0, 'content', 0, 'text')),
          )
          .join(''),
      );
    },
  },
  {
    name: 'Anthropic messages',
    ask: async (hub, key, asked) => {
      const body = {
        model: modelName(asked),
        max_tokens: 100,
        stream: asked.stream,
        messages: [{ role: 'user', content: 'hello' }],
      };
      const answer = await post(`${hub}/v1/messages`, body, { 'x-api-key': key, 'anthropic-version': '2023-06-01' });
      return heard(answer, (documents) =>
        documents
          .map((one) => textOf(field(one, 'content', 0, 'text')) || textOf(field(one, 'delta', 'text')))
          .join(''),
      );
    },
  },
];
