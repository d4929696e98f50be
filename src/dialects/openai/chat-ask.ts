/** A question in the words of chat completions, read and written. */
import type { Ask, Part, ToolOffer, Turn } from '../ask.ts';
import { type About, lost } from '../dialect.ts';
import { asked, type Fields, fileAt, known, others } from '../reading.ts';
import { CHOICES, HINTS, offerIn, without } from './common.ts';

const KNOWN = new Set<string>([
  ...HINTS,
  ...'model messages stream tools tool_choice max_tokens max_completion_tokens temperature top_p stop response_format'.split(
    ' ',
  ),
]);

/** What holds without them. */
const DEFAULTS: Fields = {
  n: 1,
  logprobs: false,
  presence_penalty: 0,
  frequency_penalty: 0,
  parallel_tool_calls: true,
};

export const readChat = (payload: unknown): Ask => {
  const fields = asked.fields(payload, 'the payload');
  const rest = [...others(without(fields, DEFAULTS), KNOWN)];
  const turns = asked.list(fields['messages'], 'messages').map((one, at) => turnIn(one, `messages[${at}]`, rest));
  const stop = fields['stop'];
  return {
    turns,
    stream: fields['stream'] === true,
    rest,
    ...toolsIn(fields, rest),
    ...formatIn(fields['response_format'], rest),
    ...known({
      maxTokens: asked.maybeNumber(fields['max_completion_tokens'] ?? fields['max_tokens'], 'max_completion_tokens'),
      temperature: asked.maybeNumber(fields['temperature'], 'temperature'),
      topP: asked.maybeNumber(fields['top_p'], 'top_p'),
      stop:
        stop === undefined || stop === null
          ? undefined
          : typeof stop === 'string'
            ? [stop]
            : asked.list(stop, 'stop').map((one) => asked.text(one, 'stop')),
    }),
  };
};

const MESSAGE = new Set(['role', 'content', 'tool_calls', 'tool_call_id', 'refusal']);

const turnIn = (value: unknown, where: string, rest: string[]): Turn => {
  const message = asked.fields(value, where);
  const role = asked.text(message['role'], `${where}.role`);
  rest.push(...others(message, MESSAGE, `${where}.`));
  const parts = partsIn(message['content'], `${where}.content`, rest);
  switch (role) {
    case 'system':
    case 'developer':
      return { role: 'system', parts };
    case 'user':
      return { role: 'user', parts };
    case 'tool': {
      const id = asked.text(message['tool_call_id'], `${where}.tool_call_id`);
      return { role: 'user', parts: [{ kind: 'result', id, parts, isError: false }] };
    }
    case 'assistant':
      return { role: 'assistant', parts: [...parts, ...refusalIn(message), ...callsIn(message, where, rest)] };
    default:
      rest.push(`${where}.role`);
      return { role: 'user', parts };
  }
};

const refusalIn = ({ refusal }: Fields): readonly Part[] =>
  typeof refusal === 'string' && refusal !== '' ? [{ kind: 'text', text: refusal }] : [];

const callsIn = (message: Fields, where: string, rest: string[]): readonly Part[] => {
  const calls = message['tool_calls'];
  if (calls === undefined || calls === null) return [];
  return asked.list(calls, `${where}.tool_calls`).flatMap((value, at): Part[] => {
    const here = `${where}.tool_calls[${at}]`;
    const call = asked.fields(value, here);
    if (call['type'] !== undefined && call['type'] !== 'function') {
      rest.push(`${here}.type`);
      return [];
    }
    const { name, arguments: input } = asked.fields(call['function'], `${here}.function`);
    return [
      {
        kind: 'call',
        id: asked.text(call['id'], `${here}.id`),
        name: asked.text(name, `${here}.function.name`),
        input: asked.json(input, `${here}.function.arguments`),
      },
    ];
  });
};

const partsIn = (content: unknown, where: string, rest: string[]): readonly Part[] => {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  return asked.list(content, where).flatMap((value, at): Part[] => {
    const here = `${where}[${at}]`;
    const part = asked.fields(value, here);
    switch (part['type']) {
      case 'text':
        return [{ kind: 'text', text: asked.text(part['text'], `${here}.text`) }];
      case 'refusal':
        return [{ kind: 'text', text: asked.text(part['refusal'], `${here}.refusal`) }];
      case 'image_url': {
        const image = asked.fields(part['image_url'], `${here}.image_url`);
        if (image['detail'] !== undefined && image['detail'] !== 'auto') rest.push(`${here}.image_url.detail`);
        return [{ kind: 'file', ...fileAt(asked.text(image['url'], `${here}.image_url.url`), 'image/*') }];
      }
      case 'file':
        return fileIn(asked.fields(part['file'], `${here}.file`), `${here}.file`, rest);
      default:
        rest.push(`${here}.type`);
        return [];
    }
  });
};

/** Of a provider that keeps the file, nobody else has it. */
const fileIn = (file: Fields, where: string, rest: string[]): Part[] => {
  if (file['file_data'] === undefined) {
    rest.push(`${where}.file_id`);
    return [];
  }
  const name = asked.maybeText(file['filename'], `${where}.filename`);
  return [
    {
      kind: 'file',
      ...fileAt(asked.text(file['file_data'], `${where}.file_data`), 'application/pdf'),
      ...known({ name }),
    },
  ];
};

const toolsIn = (fields: Fields, rest: string[]): Pick<Ask, 'tools' | 'choice'> => {
  const { tools, tool_choice: choice } = fields;
  const offers =
    tools === undefined || tools === null
      ? []
      : asked.list(tools, 'tools').flatMap((value, at): ToolOffer[] => {
          const tool = asked.fields(value, `tools[${at}]`);
          if (tool['type'] === 'function')
            return [offerIn(asked.fields(tool['function'], `tools[${at}].function`), `tools[${at}].function`)];
          rest.push(`tools[${at}].type`);
          return [];
        });
  return { ...(offers.length === 0 ? {} : { tools: offers }), ...choiceIn(choice, rest) };
};

const choiceIn = (choice: unknown, rest: string[]): Pick<Ask, 'choice'> => {
  if (choice === undefined || choice === null) return {};
  if (typeof choice === 'string' && Object.hasOwn(CHOICES, choice)) return { choice: CHOICES[choice]! };
  const named = typeof choice === 'object' ? (choice as Fields)['function'] : undefined;
  if (named !== undefined)
    return {
      choice: { name: asked.text(asked.fields(named, 'tool_choice.function')['name'], 'tool_choice.function.name') },
    };
  rest.push('tool_choice');
  return {};
};

const formatIn = (format: unknown, rest: string[]): Pick<Ask, 'answerSchema'> => {
  if (format === undefined || format === null) return {};
  const { type, json_schema: schema } = asked.fields(format, 'response_format');
  if (type === 'text') return {};
  if (type === 'json_schema')
    return { answerSchema: asked.fields(schema, 'response_format.json_schema')['schema'] ?? {} };
  rest.push('response_format');
  return {};
};

export const writeChat = (ask: Ask, about: About): object => {
  const { tools, choice, maxTokens, temperature, topP, stop, answerSchema, stream } = ask;
  return {
    model: about.model,
    messages: turnsOf(ask).flatMap((turn) => messagesOf(turn, about)),
    ...known({
      tools: tools?.map(({ name, description, input, strict }) => ({
        type: 'function',
        function: { name, ...known({ description, strict }), parameters: input },
      })),
      tool_choice:
        choice === undefined
          ? undefined
          : typeof choice === 'object'
            ? { type: 'function', function: { name: choice.name } }
            : choice === 'any'
              ? 'required'
              : choice,
      max_completion_tokens: maxTokens,
      temperature,
      top_p: topP,
      stop,
      response_format:
        answerSchema === undefined
          ? undefined
          : { type: 'json_schema', json_schema: { name: 'answer', schema: answerSchema, strict: true } },
      ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
    }),
  };
};

/** Arguments of a tool are said to a model as they are. */
export const turnsOf = ({ turns, input }: Ask): readonly Turn[] =>
  input === undefined ? turns : [{ role: 'user', parts: [saidAs(input)] }];

const saidAs = (input: unknown): Part => {
  const text = typeof input === 'object' && input !== null ? (input as Fields)['text'] : input;
  return typeof text === 'string' && (typeof input === 'string' || Object.keys(input as object).length === 1)
    ? { kind: 'text', text }
    : { kind: 'data', data: input };
};

const messagesOf = ({ role, parts }: Turn, about: About): readonly object[] => {
  const results = parts.filter((part) => part.kind === 'result');
  const calls = parts.filter((part) => part.kind === 'call');
  const said = parts.filter((part) => part.kind !== 'result' && part.kind !== 'call');
  const messages: object[] = results.map(({ id, parts: inner, isError }) => ({
    role: 'tool',
    tool_call_id: id,
    content: resultText(inner, isError, about),
  }));
  if (said.length > 0 || calls.length > 0 || results.length === 0)
    messages.push({
      role,
      content: said.length === 0 && calls.length > 0 ? null : contentOf(said, about),
      ...(calls.length === 0
        ? {}
        : {
            tool_calls: calls.map(({ id, name, input }) => ({
              id,
              type: 'function',
              function: { name, arguments: JSON.stringify(input ?? {}) },
            })),
          }),
    });
  return messages;
};

/** There is no field that says that a tool failed, so its text says it. */
const resultText = (parts: readonly Part[], isError: boolean, about: About): string => {
  const text = parts.map((part) => {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'data') return JSON.stringify(part.data ?? null);
    throw lost(about.from ?? 'plain', 'openai-chat', [`${part.kind} in the result of a tool`]);
  });
  return `${isError ? 'Error: ' : ''}${text.join('\n')}`;
};

const contentOf = (parts: readonly Part[], about: About): unknown => {
  if (parts.every((part) => part.kind === 'text') && parts.length < 2)
    return parts.map((part) => (part.kind === 'text' ? part.text : '')).join('');
  return parts.map((part) => {
    if (part.kind === 'text') return { type: 'text', text: part.text };
    if (part.kind === 'data') return { type: 'text', text: JSON.stringify(part.data ?? null) };
    if (part.kind !== 'file') throw lost(about.from ?? 'plain', 'openai-chat', [part.kind]);
    const { mediaType, base64, url, name } = part;
    if (mediaType.startsWith('image/'))
      return { type: 'image_url', image_url: { url: url ?? `data:${mediaType};base64,${base64 ?? ''}` } };
    if (base64 === undefined)
      throw lost(about.from ?? 'plain', 'openai-chat', [`a file of type ${mediaType} by its URL`]);
    return { type: 'file', file: { filename: name ?? 'file', file_data: `data:${mediaType};base64,${base64}` } };
  });
};
