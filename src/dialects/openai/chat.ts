/** Chat completions: one answer in one message, streamed as chunks that end with `[DONE]`. */
import type { Answer, Delta, Part, Stop, TokenUse } from '../ask.ts';
import type { About, Dialect } from '../dialect.ts';
import { readEvents, writeEvent } from '../events.ts';
import {
  brokenStream,
  eventJson,
  failedStream,
  modelStop,
  Places,
  partAsText,
  readFailure,
  spoken,
} from '../models.ts';
import { answered, type Fields, known } from '../reading.ts';
import { readChat, writeChat } from './chat-ask.ts';
import { FINISH, writeFailure } from './common.ts';
import { readUsage, writeUsage } from './usage.ts';

const FINISH_OF = { end: 'stop', length: 'length', calls: 'tool_calls', filtered: 'content_filter' } as const;
const NAMES = ['prompt', 'completion'] as const;

const idOf = (id: string | undefined, { callId }: About): string =>
  id?.startsWith('chatcmpl') ? id : `chatcmpl-${callId}`;

const readAnswer = (payload: unknown): Answer => {
  const fields = answered.fields(payload, 'the answer');
  const choice = answered.fields(answered.list(fields['choices'], 'choices')[0], 'choices[0]');
  const message = answered.fields(choice['message'], 'choices[0].message');
  const parts: Part[] = [];
  for (const name of ['content', 'refusal'] as const) {
    const text = answered.maybeText(message[name], name);
    if (text !== undefined && text !== '') parts.push({ kind: 'text', text });
  }
  for (const value of answered.list(message['tool_calls'] ?? [], 'tool_calls')) {
    const call = answered.fields(value, 'tool_calls');
    const { name, arguments: input } = answered.fields(call['function'], 'tool_calls.function');
    parts.push({
      kind: 'call',
      id: answered.text(call['id'], 'tool_calls.id'),
      name: answered.text(name, 'tool_calls.function.name'),
      input: answered.json(input, 'tool_calls.function.arguments'),
    });
  }
  return {
    parts,
    stop: stopOf(choice['finish_reason']),
    rest: [],
    ...known({
      id: answered.maybeText(fields['id'], 'id'),
      model: answered.maybeText(fields['model'], 'model'),
      use: readUsage(fields['usage']),
    }),
  };
};

const stopOf = (reason: unknown): Stop => (typeof reason === 'string' ? (FINISH[reason] ?? 'end') : 'end');

const writeAnswer = (answer: Answer, about: About): unknown => {
  const { text, calls, stop } = spoken(answer);
  const tools = calls.map(({ id, name, input }) => ({
    id,
    type: 'function',
    function: { name, arguments: JSON.stringify(input ?? {}) },
  }));
  const message = {
    role: 'assistant',
    content: text ?? null,
    refusal: null,
    ...(tools.length > 0 ? { tool_calls: tools } : {}),
  };
  return {
    id: idOf(answer.id, about),
    object: 'chat.completion',
    created: about.atS,
    model: answer.model ?? about.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: FINISH_OF[stop] }],
    ...known({ usage: writeUsage(answer.use, NAMES) ?? undefined }),
  };
};

async function* readChunks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Delta> {
  const places = new Places();
  let begun = false;
  let stop: Stop | undefined;
  let use: TokenUse | undefined;
  let done = false;
  for await (const { data } of readEvents(chunks)) {
    if (data === '[DONE]') {
      done = true;
      break;
    }
    const event = eventJson(data);
    if (event['error'] !== undefined && event['error'] !== null) throw failedStream(event);
    if (!begun) yield { kind: 'begin', ...known({ id: textOf(event['id']), model: textOf(event['model']) }) };
    begun = true;
    use = readUsage(event['usage']) ?? use;
    const choice = Array.isArray(event['choices']) ? (event['choices'][0] as Fields | undefined) : undefined;
    if (choice === undefined || choice === null) continue;
    const delta = (choice['delta'] ?? {}) as Fields;
    for (const name of ['content', 'refusal'] as const) {
      const text = delta[name];
      if (typeof text === 'string' && text !== '') yield { kind: 'text', at: places.of(name).at, text };
    }
    for (const value of Array.isArray(delta['tool_calls']) ? delta['tool_calls'] : []) yield* callPieces(value, places);
    if (choice['finish_reason'] != null) stop = stopOf(choice['finish_reason']);
  }
  if (stop === undefined || (!done && use === undefined && !begun)) throw brokenStream();
  yield { kind: 'end', stop, ...known({ use }) };
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function* callPieces(value: unknown, places: Places): Generator<Delta> {
  const call = answered.fields(value, 'tool_calls');
  const { name, arguments: json } = (call['function'] ?? {}) as Fields;
  const { at, isNew } = places.of(`call ${String(call['index'] ?? 0)}`);
  if (isNew)
    yield {
      kind: 'call',
      at,
      id: answered.text(call['id'], 'tool_calls.id'),
      name: answered.text(name, 'tool_calls.name'),
    };
  if (typeof json === 'string' && json !== '') yield { kind: 'input', at, json };
}

async function* writeChunks(deltas: AsyncIterable<Delta>, about: About): AsyncGenerator<Uint8Array> {
  let head: object = {};
  const calls = new Map<number, number>();
  let said = '';
  const chunk = (delta: object, finish: string | null = null): Uint8Array =>
    writeEvent(JSON.stringify({ ...head, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] }));
  for await (const delta of deltas) {
    switch (delta.kind) {
      case 'begin':
        head = {
          id: idOf(delta.id, about),
          object: 'chat.completion.chunk',
          created: about.atS,
          model: delta.model ?? about.model,
        };
        yield chunk({ role: 'assistant', content: '' });
        break;
      case 'text':
        said = `${said}${delta.text}`.slice(-500);
        yield chunk({ content: delta.text });
        break;
      case 'part':
        yield chunk({ content: partAsText(delta.part) });
        break;
      case 'call': {
        calls.set(delta.at, calls.size);
        const { id, name, at } = delta;
        yield chunk({
          tool_calls: [{ index: calls.get(at), id, type: 'function', function: { name, arguments: '' } }],
        });
        break;
      }
      case 'input':
        yield chunk({ tool_calls: [{ index: calls.get(delta.at) ?? 0, function: { arguments: delta.json } }] });
        break;
      case 'note':
        break;
      case 'end': {
        yield chunk({}, FINISH_OF[modelStop(delta.stop, said)]);
        const usage = writeUsage(delta.use, NAMES);
        if (usage !== null) yield writeEvent(JSON.stringify({ ...head, choices: [], usage }));
        yield writeEvent('[DONE]');
      }
    }
  }
}

export const chat: Dialect = {
  form: 'openai-chat',
  readAsk: readChat,
  writeAsk: writeChat,
  readAnswer,
  writeAnswer,
  readEvents: readChunks,
  writeEvents: writeChunks,
  readFailure,
  writeFailure,
};
