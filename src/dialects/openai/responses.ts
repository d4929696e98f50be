/** Responses: an answer is a list of items, streamed as typed events that end with the whole response. */
import { Fault } from '../../contract/index.ts';
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
import { writeFailure } from './common.ts';
import { readResponses, writeResponses } from './responses-ask.ts';
import { readUsage, writeUsage } from './usage.ts';

const NAMES = ['input', 'output'] as const;
const INCOMPLETE: Readonly<Record<string, string>> = { length: 'max_output_tokens', filtered: 'content_filter' };

const readAnswer = (payload: unknown): Answer => {
  const fields = answered.fields(payload, 'the answer');
  if (fields['object'] === 'response.input_tokens')
    return {
      parts: [],
      stop: 'end',
      rest: [],
      use: known({ input: answered.maybeNumber(fields['input_tokens'], 'input_tokens') }),
    };
  if (fields['status'] === 'failed') throw failedStream(fields);
  const parts = answered.list(fields['output'], 'output').flatMap(partsIn);
  return {
    parts,
    stop: stopOf(
      fields,
      parts.some(({ kind }) => kind === 'call'),
    ),
    rest: [],
    ...known({
      id: answered.maybeText(fields['id'], 'id'),
      model: answered.maybeText(fields['model'], 'model'),
      use: readUsage(fields['usage']),
    }),
  };
};

const partsIn = (value: unknown): readonly Part[] => {
  const item = answered.fields(value, 'output');
  if (item['type'] === 'function_call')
    return [
      {
        kind: 'call',
        id: answered.text(item['call_id'], 'output.call_id'),
        name: answered.text(item['name'], 'output.name'),
        input: answered.json(item['arguments'], 'output.arguments'),
      },
    ];
  if (item['type'] !== 'message') return [];
  return answered.list(item['content'], 'output.content').map((one): Part => {
    const content = answered.fields(one, 'output.content');
    return { kind: 'text', text: answered.text(content['text'] ?? content['refusal'], 'output.content.text') };
  });
};

const stopOf = ({ status, incomplete_details: why }: Fields, calls: boolean): Stop => {
  if (status === 'incomplete') return (why as Fields | null)?.['reason'] === 'content_filter' ? 'filtered' : 'length';
  return calls ? 'calls' : 'end';
};

/** Ids of what is in a response: the SDKs tell items apart by them. */
const itemId = (prefix: string, { callId }: About, at: number): string =>
  `${prefix}_${callId}${String(at).padStart(4, '0')}`;

interface Written {
  readonly id: string;
  readonly model: string;
  readonly output: readonly object[];
  readonly stop: 'end' | 'length' | 'calls' | 'filtered' | null;
  readonly use: TokenUse | undefined;
}

const responseOf = ({ id, model, output, stop, use }: Written, { atS }: About): object => {
  const reason = stop === null ? undefined : INCOMPLETE[stop];
  return {
    id,
    object: 'response',
    created_at: atS,
    status: stop === null ? 'in_progress' : reason === undefined ? 'completed' : 'incomplete',
    error: null,
    incomplete_details: reason === undefined ? null : { reason },
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    store: false,
    temperature: null,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    truncation: 'disabled',
    usage: stop === null ? null : writeUsage(use, NAMES),
  };
};

const messageItem = (id: string, text: string, status: string): object => ({
  type: 'message',
  id,
  role: 'assistant',
  status,
  content: [{ type: 'output_text', text, annotations: [], logprobs: [] }],
});

const callItem = (
  id: string,
  call: { readonly id: string; readonly name: string },
  json: string,
  status: string,
): object => ({
  type: 'function_call',
  id,
  call_id: call.id,
  name: call.name,
  arguments: json,
  status,
});

const writeAnswer = (answer: Answer, about: About): unknown => {
  const { text, calls, stop } = spoken(answer);
  const output = [
    ...(text === undefined ? [] : [messageItem(itemId('msg', about, 0), text, 'completed')]),
    ...calls.map((call, at) =>
      callItem(itemId('fc', about, at + 1), call, JSON.stringify(call.input ?? {}), 'completed'),
    ),
  ];
  return responseOf(
    { id: `resp_${about.callId}`, model: answer.model ?? about.model, output, stop, use: answer.use },
    about,
  );
};

async function* readTyped(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Delta> {
  const places = new Places();
  let calls = false;
  let begun = false;
  for await (const { data } of readEvents(chunks)) {
    if (data === '[DONE]') break;
    const event = eventJson(data);
    const response = (event['response'] ?? {}) as Fields;
    const item = (event['item'] ?? {}) as Fields;
    switch (event['type']) {
      case 'response.created':
        begun = true;
        yield { kind: 'begin', ...known({ id: textOf(response['id']), model: textOf(response['model']) }) };
        break;
      case 'response.output_item.added':
        if (item['type'] !== 'function_call') break;
        calls = true;
        yield {
          kind: 'call',
          at: places.of(`item ${String(event['output_index'])}`).at,
          id: answered.text(item['call_id'], 'item.call_id'),
          name: answered.text(item['name'], 'item.name'),
        };
        break;
      case 'response.function_call_arguments.delta':
        yield {
          kind: 'input',
          at: places.of(`item ${String(event['output_index'])}`).at,
          json: answered.text(event['delta'], 'delta'),
        };
        break;
      case 'response.output_text.delta':
      case 'response.refusal.delta': {
        const { at } = places.of(`text ${String(event['output_index'])} ${String(event['content_index'])}`);
        yield { kind: 'text', at, text: answered.text(event['delta'], 'delta') };
        break;
      }
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        yield { kind: 'note', text: textOf(event['delta']) ?? '' };
        break;
      case 'response.completed':
      case 'response.incomplete':
        if (!begun) yield { kind: 'begin' };
        yield { kind: 'end', stop: stopOf(response, calls), ...known({ use: readUsage(response['usage']) }) };
        return;
      case 'response.failed':
        throw failedStream(response);
      case 'error':
        throw failedStream(event);
    }
  }
  throw brokenStream();
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

type Open =
  | { readonly kind: 'text'; readonly index: number; readonly id: string; text: string }
  | {
      readonly kind: 'call';
      readonly index: number;
      readonly id: string;
      readonly call: { id: string; name: string };
      json: string;
    };

async function* writeTyped(deltas: AsyncIterable<Delta>, about: About): AsyncGenerator<Uint8Array> {
  const writer = new Events(about);
  for await (const delta of deltas) yield* writer.write(delta);
}

/** One item is open at a time; another place of the answer closes it. */
class Events {
  readonly #about: About;
  readonly #output: object[] = [];
  #number = 0;
  #model = '';
  #open: { readonly at: number; readonly item: Open } | undefined;
  #said = '';

  constructor(about: About) {
    this.#about = about;
  }

  *write(delta: Delta): Generator<Uint8Array> {
    switch (delta.kind) {
      case 'begin':
        this.#model = delta.model ?? this.#about.model;
        yield this.#event('response.created', { response: this.#response(null, undefined) });
        yield this.#event('response.in_progress', { response: this.#response(null, undefined) });
        break;
      case 'text':
        yield* this.#text(delta.at, delta.text);
        break;
      case 'part':
        yield* this.#text(delta.at, partAsText(delta.part));
        break;
      case 'call':
        yield* this.#close();
        yield* this.#begin(delta.at, {
          kind: 'call',
          index: this.#output.length,
          id: itemId('fc', this.#about, this.#output.length),
          call: { id: delta.id, name: delta.name },
          json: '',
        });
        break;
      case 'input':
        yield* this.#input(delta.at, delta.json);
        break;
      case 'note':
        break;
      case 'end': {
        yield* this.#close();
        const stop = modelStop(delta.stop, this.#said);
        const type = INCOMPLETE[stop] === undefined ? 'response.completed' : 'response.incomplete';
        yield this.#event(type, { response: this.#response(stop, delta.use) });
      }
    }
  }

  *#text(at: number, text: string): Generator<Uint8Array> {
    if (this.#open?.at !== at || this.#open.item.kind !== 'text') {
      yield* this.#close();
      const index = this.#output.length;
      yield* this.#begin(at, { kind: 'text', index, id: itemId('msg', this.#about, index), text: '' });
    }
    const { item } = this.#open!;
    if (item.kind !== 'text') return;
    item.text += text;
    this.#said = `${this.#said}${text}`.slice(-500);
    const where = { item_id: item.id, output_index: item.index, content_index: 0 };
    yield this.#event('response.output_text.delta', { ...where, delta: text, logprobs: [] });
  }

  *#input(at: number, json: string): Generator<Uint8Array> {
    if (this.#open?.at !== at || this.#open.item.kind !== 'call')
      throw new Fault('upstream_invalid', 'the target mixes the arguments of its calls', { executed: 'yes' });
    const { item } = this.#open;
    item.json += json;
    yield this.#event('response.function_call_arguments.delta', {
      item_id: item.id,
      output_index: item.index,
      delta: json,
    });
  }

  *#begin(at: number, item: Open): Generator<Uint8Array> {
    this.#open = { at, item };
    const { index, id } = item;
    const begun =
      item.kind === 'call'
        ? callItem(id, item.call, '', 'in_progress')
        : { type: 'message', id, role: 'assistant', status: 'in_progress', content: [] };
    yield this.#event('response.output_item.added', { output_index: index, item: begun });
    if (item.kind === 'call') return;
    const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
    yield this.#event('response.content_part.added', { item_id: id, output_index: index, content_index: 0, part });
  }

  *#close(): Generator<Uint8Array> {
    if (this.#open === undefined) return;
    const { item } = this.#open;
    this.#open = undefined;
    const where = { item_id: item.id, output_index: item.index };
    if (item.kind === 'call')
      yield this.#event('response.function_call_arguments.done', {
        ...where,
        name: item.call.name,
        arguments: item.json || '{}',
      });
    else {
      const part = { type: 'output_text', text: item.text, annotations: [], logprobs: [] };
      yield this.#event('response.output_text.done', { ...where, content_index: 0, text: item.text, logprobs: [] });
      yield this.#event('response.content_part.done', { ...where, content_index: 0, part });
    }
    const done =
      item.kind === 'call'
        ? callItem(item.id, item.call, item.json || '{}', 'completed')
        : messageItem(item.id, item.text, 'completed');
    this.#output.push(done);
    yield this.#event('response.output_item.done', { output_index: item.index, item: done });
  }

  #response(stop: Written['stop'], use: TokenUse | undefined): object {
    const id = `resp_${this.#about.callId}`;
    return responseOf({ id, model: this.#model, output: [...this.#output], stop, use }, this.#about);
  }

  #event(type: string, more: object): Uint8Array {
    return writeEvent(JSON.stringify({ type, sequence_number: this.#number++, ...more }), type);
  }
}

export const responses: Dialect = {
  form: 'openai-responses',
  readAsk: readResponses,
  writeAsk: writeResponses,
  readAnswer,
  writeAnswer,
  readEvents: readTyped,
  writeEvents: writeTyped,
  readFailure,
  writeFailure,
};
