/** Messages: an answer is a list of blocks, streamed block by block. */
import { Fault } from '../../contract/index.ts';
import type { Answer, Delta, Failure, Part, Stop, TokenUse } from '../ask.ts';
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
import { readMessages, writeMessages } from './ask.ts';
import { readUsage, writeUsage } from './usage.ts';

const STOPS: Readonly<Record<string, Stop>> = {
  end_turn: 'end',
  stop_sequence: 'end',
  pause_turn: 'end',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'calls',
  refusal: 'filtered',
};
const REASONS = { end: 'end_turn', length: 'max_tokens', calls: 'tool_use', filtered: 'refusal' } as const;

const stopOf = (reason: unknown): Stop => (typeof reason === 'string' ? (STOPS[reason] ?? 'end') : 'end');

const readAnswer = (payload: unknown): Answer => {
  const fields = answered.fields(payload, 'the answer');
  return {
    parts: answered.list(fields['content'], 'content').flatMap(partIn),
    stop: stopOf(fields['stop_reason']),
    rest: [],
    ...known({
      id: answered.maybeText(fields['id'], 'id'),
      model: answered.maybeText(fields['model'], 'model'),
      use: readUsage(fields['usage']),
    }),
  };
};

/** Thoughts are no part of the answer. */
const partIn = (value: unknown): readonly Part[] => {
  const block = answered.fields(value, 'content');
  if (block['type'] === 'text') return [{ kind: 'text', text: answered.text(block['text'], 'content.text') }];
  if (block['type'] !== 'tool_use') return [];
  const id = answered.text(block['id'], 'content.id');
  return [{ kind: 'call', id, name: answered.text(block['name'], 'content.name'), input: block['input'] ?? {} }];
};

interface Written {
  readonly model: string;
  readonly content: readonly object[];
  readonly stop: string | null;
  readonly use: TokenUse | undefined;
}

const messageOf = ({ model, content, stop, use }: Written, { callId }: About): object => ({
  id: `msg_${callId}`,
  type: 'message',
  role: 'assistant',
  model,
  content,
  stop_reason: stop,
  stop_sequence: null,
  usage: writeUsage(use),
});

const writeAnswer = (answer: Answer, about: About): unknown => {
  const { text, calls, stop } = spoken(answer);
  const content = [
    ...(text === undefined ? [] : [{ type: 'text', text, citations: null }]),
    ...calls.map(({ id, name, input }) => ({ type: 'tool_use', id, name, input: input ?? {} })),
  ];
  return messageOf({ model: answer.model ?? about.model, content, stop: REASONS[stop], use: answer.use }, about);
};

async function* readBlocks(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Delta> {
  const places = new Places();
  let use: TokenUse | undefined;
  let stop: Stop | undefined;
  for await (const { data } of readEvents(chunks)) {
    const event = eventJson(data);
    const key = `block ${String(event['index'])}`;
    switch (event['type']) {
      case 'message_start': {
        const message = answered.fields(event['message'], 'message');
        use = readUsage(message['usage']);
        yield { kind: 'begin', ...known({ id: textOf(message['id']), model: textOf(message['model']) }) };
        break;
      }
      case 'content_block_start': {
        const block = answered.fields(event['content_block'], 'content_block');
        if (block['type'] === 'tool_use')
          yield {
            kind: 'call',
            at: places.of(key).at,
            id: answered.text(block['id'], 'content_block.id'),
            name: answered.text(block['name'], 'content_block.name'),
          };
        else if (block['type'] === 'text' && textOf(block['text']))
          yield { kind: 'text', at: places.of(key).at, text: textOf(block['text'])! };
        break;
      }
      case 'content_block_delta':
        yield* pieceIn(answered.fields(event['delta'], 'delta'), () => places.of(key).at);
        break;
      case 'message_delta':
        use = { ...use, ...readUsage(event['usage'], use) };
        stop = stopOf((event['delta'] as Fields | undefined)?.['stop_reason']);
        break;
      case 'message_stop':
        yield { kind: 'end', stop: stop ?? 'end', ...known({ use }) };
        return;
      case 'error':
        throw failedStream(event);
    }
  }
  throw brokenStream();
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function* pieceIn(delta: Fields, place: () => number): Generator<Delta> {
  if (delta['type'] === 'text_delta')
    yield { kind: 'text', at: place(), text: answered.text(delta['text'], 'delta.text') };
  else if (delta['type'] === 'input_json_delta')
    yield { kind: 'input', at: place(), json: answered.text(delta['partial_json'], 'delta.partial_json') };
  else if (delta['type'] === 'thinking_delta') yield { kind: 'note', text: textOf(delta['thinking']) ?? '' };
}

async function* writeBlocks(deltas: AsyncIterable<Delta>, about: About): AsyncGenerator<Uint8Array> {
  let open: { readonly at: number; readonly isCall: boolean } | undefined;
  let index = -1;
  let said = '';
  const event = (type: string, more: object = {}): Uint8Array => writeEvent(JSON.stringify({ type, ...more }), type);
  const close = (): Uint8Array[] => {
    if (open === undefined) return [];
    open = undefined;
    return [event('content_block_stop', { index })];
  };
  const begin = (at: number, block: object, isCall: boolean): Uint8Array[] => {
    const closed = close();
    open = { at, isCall };
    index += 1;
    return [...closed, event('content_block_start', { index, content_block: block })];
  };
  for await (const delta of deltas) {
    switch (delta.kind) {
      case 'begin': {
        const written = { model: delta.model ?? about.model, content: [], stop: null, use: undefined };
        yield event('message_start', { message: messageOf(written, about) });
        break;
      }
      case 'text':
      case 'part': {
        const text = delta.kind === 'text' ? delta.text : partAsText(delta.part);
        if (open?.at !== delta.at || open.isCall)
          yield* begin(delta.at, { type: 'text', text: '', citations: null }, false);
        said = `${said}${text}`.slice(-500);
        yield event('content_block_delta', { index, delta: { type: 'text_delta', text } });
        break;
      }
      case 'call':
        yield* begin(delta.at, { type: 'tool_use', id: delta.id, name: delta.name, input: {} }, true);
        break;
      case 'input':
        if (open?.at !== delta.at)
          throw new Fault('upstream_invalid', 'the target mixes the arguments of its calls', { executed: 'yes' });
        yield event('content_block_delta', { index, delta: { type: 'input_json_delta', partial_json: delta.json } });
        break;
      case 'note':
        break;
      case 'end':
        yield* close();
        yield event('message_delta', {
          delta: { stop_reason: REASONS[modelStop(delta.stop, said)], stop_sequence: null },
          usage: writeUsage(delta.use),
        });
        yield event('message_stop');
    }
  }
}

const TYPES: Readonly<Record<number, string>> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  413: 'request_too_large',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

/** Types of this API only: clients make exceptions of them. */
export const writeFailure = ({ message, status }: Failure): object => ({
  type: 'error',
  error: { type: TYPES[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error'), message },
});

export const messages: Dialect = {
  form: 'anthropic-messages',
  readAsk: readMessages,
  writeAsk: writeMessages,
  readAnswer,
  writeAnswer,
  readEvents: readBlocks,
  writeEvents: writeBlocks,
  readFailure,
  writeFailure,
};
