/**
 * A model that is a script, for machines without network and keys; it says so in every answer. It speaks OpenAI's chat completions and
 * responses, whole and as streams. Asked to `add 2 and 3`, it calls a tool whose name ends with `get-sum`, and tells what the tool said.
 *   PORT=4010 node scripted/model.mjs
 */
import { createServer } from 'node:http';

const textOf = (content) =>
  typeof content === 'string' ? content : (content ?? []).map((part) => part.text ?? '').join(' ');
const tokensIn = (text) => Math.max(1, Math.ceil(text.length / 4));

/** What the script makes of a conversation: a call of a tool, or words. */
const think = (messages, tools) => {
  const last = messages.at(-1) ?? {};
  if (last.role === 'tool') return { text: `I am a script. The tool said: ${last.text}` };
  const [, a, b] = /add (\d+) and (\d+)/.exec(last.text) ?? [];
  const sum = tools.find((name) => /get[-_]sum$/i.test(name));
  if (a !== undefined && sum !== undefined)
    return { call: { name: sum, input: JSON.stringify({ a: Number(a), b: Number(b) }) } };
  return { text: `I am a script. You said: ${last.text}` };
};

const usageOf = (messages, { text, call }) => ({
  input: tokensIn(messages.map((message) => message.text).join(' ')),
  output: tokensIn(text ?? call.input),
});

let made = 0;
const id = (prefix) => `${prefix}_scripted${++made}`;

const chat = (asked, send) => {
  const messages = asked.messages.map(({ role, content }) => ({ role, text: textOf(content) }));
  const said = think(
    messages,
    (asked.tools ?? []).map((tool) => tool.function?.name),
  );
  const { input, output } = usageOf(messages, said);
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  const common = { id: id('chatcmpl'), created: 1_790_000_000, model: asked.model };
  const calls = said.call && [
    { id: id('call'), type: 'function', function: { name: said.call.name, arguments: said.call.input } },
  ];
  const finish = calls ? 'tool_calls' : 'stop';
  const message = { role: 'assistant', content: said.text ?? null, ...(calls && { tool_calls: calls }) };
  if (asked.stream !== true)
    return send({
      ...common,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: finish }],
      usage,
    });
  const chunk = (delta, finish_reason = null) => ({
    ...common,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason }],
  });
  const pieces = calls
    ? [chunk({ role: 'assistant', tool_calls: calls.map((call, index) => ({ index, ...call })) })]
    : said.text.match(/\S+\s*/g).map((content) => chunk({ role: 'assistant', content }));
  const tail = asked.stream_options?.include_usage ? [{ ...chunk({}), choices: [], usage }] : [];
  return send(
    [...pieces, chunk({}, finish), ...tail].map((data) => ({ data })),
    true,
  );
};

const responses = (asked, send) => {
  const items = typeof asked.input === 'string' ? [{ role: 'user', content: asked.input }] : asked.input;
  const messages = items.map(({ type, role, content, output }) => ({
    role: type === 'function_call_output' ? 'tool' : role,
    text: textOf(content ?? output),
  }));
  const said = think(
    messages,
    (asked.tools ?? []).map((tool) => tool.name),
  );
  const { input, output } = usageOf(messages, said);
  const item = said.call
    ? {
        type: 'function_call',
        id: id('fc'),
        call_id: id('call'),
        name: said.call.name,
        arguments: said.call.input,
        status: 'completed',
      }
    : {
        type: 'message',
        id: id('msg'),
        role: 'assistant',
        status: 'completed',
        content: [{ type: 'output_text', text: said.text, annotations: [] }],
      };
  const response = {
    id: id('resp'),
    object: 'response',
    created_at: 1_790_000_000,
    status: 'completed',
    model: asked.model,
    output: [item],
    usage: {
      input_tokens: input,
      output_tokens: output,
      total_tokens: input + output,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens_details: { reasoning_tokens: 0 },
    },
    ...{ error: null, incomplete_details: null, instructions: null, metadata: {}, parallel_tool_calls: true },
    ...{ temperature: 1, top_p: 1, tool_choice: 'auto', tools: asked.tools ?? [] },
  };
  if (asked.stream !== true) return send(response);
  const at = { item_id: item.id, output_index: 0 };
  const body = said.call
    ? [
        { type: 'response.function_call_arguments.delta', ...at, delta: item.arguments },
        { type: 'response.function_call_arguments.done', ...at, name: item.name, arguments: item.arguments },
      ]
    : [
        {
          type: 'response.content_part.added',
          ...at,
          content_index: 0,
          part: { type: 'output_text', text: '', annotations: [] },
        },
        ...said.text
          .match(/\S+\s*/g)
          .map((delta) => ({ type: 'response.output_text.delta', ...at, content_index: 0, delta })),
        { type: 'response.output_text.done', ...at, content_index: 0, text: said.text },
        { type: 'response.content_part.done', ...at, content_index: 0, part: item.content[0] },
      ];
  const begun = { ...item, status: 'in_progress', ...(said.call ? { arguments: '' } : { content: [] }) };
  const events = [
    { type: 'response.created', response: { ...response, status: 'in_progress', output: [], usage: null } },
    { type: 'response.output_item.added', output_index: 0, item: begun },
    ...body,
    { type: 'response.output_item.done', output_index: 0, item },
    { type: 'response.completed', response },
  ];
  return send(events.map((event, sequence_number) => ({ event: event.type, data: { ...event, sequence_number } })));
};

const answer = async (req, res) => {
  let text = '';
  for await (const part of req) text += part;
  const asked = text === '' ? {} : JSON.parse(text);
  const send = (said, withDone = false) => {
    if (!Array.isArray(said)) {
      res.writeHead(200, { 'content-type': 'application/json' });
      return res.end(JSON.stringify(said));
    }
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    for (const { event, data } of said)
      res.write(`${event ? `event: ${event}\n` : ''}data: ${JSON.stringify(data)}\n\n`);
    return res.end(withDone ? 'data: [DONE]\n\n' : '');
  };
  if (req.url === '/v1/chat/completions') return chat(asked, send);
  if (req.url === '/v1/responses') return responses(asked, send);
  if (req.url === '/v1/models')
    return send({ object: 'list', data: [{ id: 'scripted', object: 'model', created: 0, owned_by: 'script' }] });
  res.writeHead(404).end();
};

const server = createServer((req, res) => {
  answer(req, res).catch(() => res.destroy());
});
server.listen(Number(process.env.PORT ?? 0), '127.0.0.1', () => console.log(`listening on ${server.address().port}`));
