/** What can be said in one dialect, said in each of the others: the request of a caller, as its target would get it. */
import { documentIn, type Fault, type Form, type Reply } from '../../src/contract/index.ts';
import { makeCall, testScope } from '../../src/upstreams/http/testing.ts';
import { translated } from '../../src/upstreams/speaking.ts';

const PNG = 'iVBORw0KGgo=';
const URL_OF_PICTURE = 'https://pictures.example/cat.png';
const SCHEMA = {
  type: 'object',
  properties: { total: { type: 'number' } },
  required: ['total'],
  additionalProperties: false,
};
const ARGS = { type: 'object', properties: { id: { type: 'number' } } };

type Samples = Readonly<Record<string, unknown>>;

const user = (content: unknown) => ({ role: 'user', content });

const CHAT: Samples = {
  text: { model: 'm', messages: [user('hello')] },
  'a system prompt': { model: 'm', messages: [{ role: 'system', content: 'be brief' }, user('hello')] },
  'several turns': { model: 'm', messages: [user('hello'), { role: 'assistant', content: 'hi' }, user('again')] },
  tools: {
    model: 'm',
    messages: [user('hello')],
    tools: [{ type: 'function', function: { name: 'look', description: 'looks', parameters: ARGS } }],
    tool_choice: 'auto',
  },
  'a call of a tool and its result': {
    model: 'm',
    messages: [
      user('hello'),
      {
        role: 'assistant',
        content: null,
        tool_calls: [{ id: 'c1', type: 'function', function: { name: 'look', arguments: '{"id":4}' } }],
      },
      { role: 'tool', tool_call_id: 'c1', content: 'here' },
    ],
  },
  'a picture': {
    model: 'm',
    messages: [
      user([
        { type: 'text', text: 'what is it' },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${PNG}` } },
      ]),
    ],
  },
  'a picture by its address': {
    model: 'm',
    messages: [
      user([
        { type: 'text', text: 'what is it' },
        { type: 'image_url', image_url: { url: URL_OF_PICTURE } },
      ]),
    ],
  },
  'a cap on the answer': { model: 'm', messages: [user('hello')], max_tokens: 10 },
  temperature: { model: 'm', messages: [user('hello')], temperature: 0.5 },
  'words to stop at': { model: 'm', messages: [user('hello')], stop: ['END'] },
  'a schema of the answer': {
    model: 'm',
    messages: [user('hello')],
    response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: SCHEMA, strict: true } },
  },
  'several answers at once': { model: 'm', messages: [user('hello')], n: 2 },
};

const RESPONSES: Samples = {
  text: { model: 'm', input: 'hello' },
  'a system prompt': { model: 'm', instructions: 'be brief', input: 'hello' },
  'several turns': { model: 'm', input: [user('hello'), { role: 'assistant', content: 'hi' }, user('again')] },
  tools: {
    model: 'm',
    input: 'hello',
    tools: [{ type: 'function', name: 'look', description: 'looks', parameters: ARGS, strict: false }],
    tool_choice: 'auto',
  },
  'a call of a tool and its result': {
    model: 'm',
    input: [
      user('hello'),
      { type: 'function_call', call_id: 'c1', name: 'look', arguments: '{"id":4}' },
      { type: 'function_call_output', call_id: 'c1', output: 'here' },
    ],
  },
  'a picture': {
    model: 'm',
    input: [
      user([
        { type: 'input_text', text: 'what' },
        { type: 'input_image', image_url: `data:image/png;base64,${PNG}` },
      ]),
    ],
  },
  'a picture by its address': {
    model: 'm',
    input: [
      user([
        { type: 'input_text', text: 'what' },
        { type: 'input_image', image_url: URL_OF_PICTURE },
      ]),
    ],
  },
  'a cap on the answer': { model: 'm', input: 'hello', max_output_tokens: 10 },
  temperature: { model: 'm', input: 'hello', temperature: 0.5 },
  'a schema of the answer': {
    model: 'm',
    input: 'hello',
    text: { format: { type: 'json_schema', name: 'answer', schema: SCHEMA, strict: true } },
  },
  'an earlier response': { model: 'm', input: 'hello', previous_response_id: 'resp_1' },
};

const MESSAGES: Samples = {
  text: { model: 'm', max_tokens: 10, messages: [user('hello')] },
  'a system prompt': { model: 'm', max_tokens: 10, system: 'be brief', messages: [user('hello')] },
  'several turns': {
    model: 'm',
    max_tokens: 10,
    messages: [user('hello'), { role: 'assistant', content: 'hi' }, user('again')],
  },
  tools: {
    model: 'm',
    max_tokens: 10,
    messages: [user('hello')],
    tools: [{ name: 'look', description: 'looks', input_schema: ARGS }],
    tool_choice: { type: 'auto' },
  },
  'a call of a tool and its result': {
    model: 'm',
    max_tokens: 10,
    messages: [
      user('hello'),
      { role: 'assistant', content: [{ type: 'tool_use', id: 'c1', name: 'look', input: { id: 4 } }] },
      user([{ type: 'tool_result', tool_use_id: 'c1', content: 'here' }]),
    ],
  },
  'a picture': {
    model: 'm',
    max_tokens: 10,
    messages: [
      user([
        { type: 'text', text: 'what' },
        { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PNG } },
      ]),
    ],
  },
  'a picture by its address': {
    model: 'm',
    max_tokens: 10,
    messages: [
      user([
        { type: 'text', text: 'what' },
        { type: 'image', source: { type: 'url', url: URL_OF_PICTURE } },
      ]),
    ],
  },
  temperature: { model: 'm', max_tokens: 10, messages: [user('hello')], temperature: 0.5 },
  'words to stop at': { model: 'm', max_tokens: 10, messages: [user('hello')], stop_sequences: ['END'] },
  'a budget for thinking': {
    model: 'm',
    max_tokens: 2048,
    messages: [user('hello')],
    thinking: { type: 'enabled', budget_tokens: 1024 },
  },
  'marks for the cache': {
    model: 'm',
    max_tokens: 10,
    messages: [user([{ type: 'text', text: 'hello', cache_control: { type: 'ephemeral' } }])],
  },
};

const message = (parts: readonly unknown[], more = {}) => ({
  message: { messageId: 'm-1', role: 'ROLE_USER', parts, ...more },
});

const A2A: Samples = {
  text: message([{ text: 'hello' }]),
  'a document': message([{ data: { text: 'hello' } }]),
  'a text and a document': message([{ text: 'hello' }, { data: { id: 4 } }]),
  'a picture': message([{ text: 'what is it' }, { raw: PNG, mediaType: 'image/png' }]),
  'a picture by its address': message([{ text: 'what is it' }, { url: URL_OF_PICTURE, mediaType: 'image/png' }]),
  'metadata of an extension': message([{ text: 'hello' }], { metadata: { 'https://extension.example': 1 } }),
};

const PLAIN: Samples = { 'a document': { id: 4 }, text: { text: 'hello' } };

const SAMPLES: readonly (readonly [Form, Samples])[] = [
  ['openai-chat', CHAT],
  ['openai-responses', RESPONSES],
  ['anthropic-messages', MESSAGES],
  ['a2a', A2A],
  ['plain', PLAIN],
];

/** Forms that a request can end in, with the kind of target that takes it. */
const INTO = [
  ['openai-chat', 'model', 'chat', 'OpenAI chat'],
  ['openai-responses', 'model', 'chat', 'OpenAI responses'],
  ['anthropic-messages', 'model', 'chat', 'Anthropic messages'],
  ['a2a', 'agent', 'message', 'A2A agent'],
  ['plain', 'tool', 'say', 'HTTP, MCP tool'],
] as const;

export interface Said {
  readonly from: Form;
  readonly feature: string;
  /** Title of the column, and what came of it: `yes`, the same words, or what would be lost. */
  readonly outcomes: Readonly<Record<string, string>>;
}

/** Through what stands before every upstream; what would go on the wire is not sent. */
const outcome = async (
  from: Form,
  sample: unknown,
  [into, kind, operation]: (typeof INTO)[number],
): Promise<string> => {
  if (from === into) return 'as it is';
  const call = makeCall({
    target: { kind, name: 'm', operation },
    contentType: documentIn(from),
    accept: documentIn(from),
    body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(sample)) },
  });
  const sent = new Error('it would be sent');
  const send = (): Promise<Reply> => Promise.reject(sent);
  try {
    await translated(send, { call, asked: from, wanted: from, forms: [into], model: 'm' }, testScope().scope);
  } catch (thrown) {
    if (thrown === sent) return 'yes';
    const { lost } = (thrown as Fault).facts ?? {};
    if (Array.isArray(lost)) return `no: ${lost.map((one) => `\`${one}\``).join(', ')}`;
    throw thrown;
  }
  throw new Error('neither sent nor refused');
};

export const saidElsewhere = async (): Promise<readonly Said[]> => {
  const all: Said[] = [];
  for (const [from, samples] of SAMPLES)
    for (const [feature, sample] of Object.entries(samples)) {
      const outcomes: Record<string, string> = {};
      for (const into of INTO) outcomes[into[3]] = await outcome(from, sample, into);
      all.push({ from, feature, outcomes });
    }
  return all;
};

export const featureTables = async (): Promise<string> => {
  const said = await saidElsewhere();
  return SAMPLES.map(([from]) => {
    const columns = INTO.filter(([into]) => into !== from).map(([, , , title]) => title);
    const rows = said.filter((one) => one.from === from);
    return [
      `### Said in \`${from}\``,
      '',
      `| what | ${columns.join(' | ')} |`,
      `|---|${columns.map(() => '---|').join('')}`,
      ...rows.map(({ feature, outcomes }) => `| ${feature} | ${columns.map((title) => outcomes[title]).join(' | ')} |`),
    ].join('\n');
  }).join('\n\n');
};
