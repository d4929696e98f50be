/** A question in the words of messages, read and written. */
import type { Ask, Part, ToolOffer, Turn } from '../ask.ts';
import { type About, lost } from '../dialect.ts';
import { asked, type Fields, known, others } from '../reading.ts';

/** Labels and hints: an answer is the same without them. */
const HINTS = ['metadata', 'service_tier', 'cache_control', 'diagnostics'] as const;

const KNOWN = new Set<string>([
  ...HINTS,
  ...'model messages system stream tools tool_choice max_tokens temperature top_p stop_sequences output_config thinking'.split(
    ' ',
  ),
]);

export const readMessages = (payload: unknown): Ask => {
  const fields = asked.fields(payload, 'the payload');
  const rest = [...others(fields, KNOWN)];
  const { thinking, tools, stop_sequences: stop } = fields;
  if (thinking !== undefined && thinking !== null && asked.fields(thinking, 'thinking')['type'] !== 'disabled')
    rest.push('thinking');
  const system = partsIn(fields['system'] ?? [], 'system', rest);
  const turns = asked.list(fields['messages'], 'messages').map((value, at): Turn => {
    const { role, content } = asked.fields(value, `messages[${at}]`);
    if (role !== 'user' && role !== 'assistant' && role !== 'system') rest.push(`messages[${at}].role`);
    return {
      role: role === 'assistant' || role === 'system' ? role : 'user',
      parts: partsIn(content, `messages[${at}].content`, rest),
    };
  });
  const offers =
    tools === undefined || tools === null
      ? []
      : asked.list(tools, 'tools').flatMap((one, at) => offerIn(one, at, rest));
  return {
    turns: system.length === 0 ? turns : [{ role: 'system', parts: system }, ...turns],
    stream: fields['stream'] === true,
    ...(offers.length === 0 ? {} : { tools: offers }),
    ...choiceIn(fields['tool_choice'], rest),
    ...formatIn(fields['output_config'], rest),
    ...known({
      maxTokens: asked.maybeNumber(fields['max_tokens'], 'max_tokens'),
      temperature: asked.maybeNumber(fields['temperature'], 'temperature'),
      topP: asked.maybeNumber(fields['top_p'], 'top_p'),
      stop:
        stop === undefined || stop === null
          ? undefined
          : asked.list(stop, 'stop_sequences').map((one) => asked.text(one, 'stop_sequences')),
    }),
    rest,
  };
};

const TOOL = new Set('name type description input_schema strict cache_control'.split(' '));

const offerIn = (value: unknown, at: number, rest: string[]): readonly ToolOffer[] => {
  const tool = asked.fields(value, `tools[${at}]`);
  if (tool['type'] !== undefined && tool['type'] !== null && tool['type'] !== 'custom') {
    rest.push(`tools[${at}].type`);
    return [];
  }
  rest.push(...others(tool, TOOL, `tools[${at}].`));
  const strict = tool['strict'] === true ? true : undefined;
  const description = asked.maybeText(tool['description'], `tools[${at}].description`);
  const name = asked.text(tool['name'], `tools[${at}].name`);
  return [
    { name, input: asked.fields(tool['input_schema'], `tools[${at}].input_schema`), ...known({ description, strict }) },
  ];
};

const choiceIn = (value: unknown, rest: string[]): Pick<Ask, 'choice'> => {
  if (value === undefined || value === null) return {};
  const { type, name, disable_parallel_tool_use: alone } = asked.fields(value, 'tool_choice');
  if (alone === true) rest.push('tool_choice.disable_parallel_tool_use');
  if (type === 'auto' || type === 'any' || type === 'none') return { choice: type };
  if (type === 'tool') return { choice: { name: asked.text(name, 'tool_choice.name') } };
  rest.push('tool_choice.type');
  return {};
};

const formatIn = (value: unknown, rest: string[]): Pick<Ask, 'answerSchema'> => {
  if (value === undefined || value === null) return {};
  const fields = asked.fields(value, 'output_config');
  rest.push(...others(fields, new Set(['format']), 'output_config.'));
  if (fields['format'] === undefined || fields['format'] === null) return {};
  const { type, schema } = asked.fields(fields['format'], 'output_config.format');
  if (type === 'json_schema') return { answerSchema: schema ?? {} };
  rest.push('output_config.format.type');
  return {};
};

const partsIn = (content: unknown, where: string, rest: string[]): readonly Part[] => {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  return asked.list(content, where).flatMap((value, at): Part[] => {
    const here = `${where}[${at}]`;
    const block = asked.fields(value, here);
    switch (block['type']) {
      case 'text':
        return [{ kind: 'text', text: asked.text(block['text'], `${here}.text`) }];
      case 'image':
      case 'document':
        return sourceIn(block, here, rest);
      case 'tool_use':
        return [
          {
            kind: 'call',
            id: asked.text(block['id'], `${here}.id`),
            name: asked.text(block['name'], `${here}.name`),
            input: block['input'] ?? {},
          },
        ];
      case 'tool_result':
        return [
          {
            kind: 'result',
            id: asked.text(block['tool_use_id'], `${here}.tool_use_id`),
            parts: partsIn(block['content'] ?? [], `${here}.content`, rest),
            isError: block['is_error'] === true,
          },
        ];
      default:
        rest.push(`${here}.type`);
        return [];
    }
  });
};

const BLOCK = new Set('type source title cache_control'.split(' '));

const sourceIn = (block: Fields, where: string, rest: string[]): Part[] => {
  rest.push(
    ...others(block, BLOCK, `${where}.`).filter((name) => !name.endsWith('.citations') || isOn(block['citations'])),
  );
  const source = asked.fields(block['source'], `${where}.source`);
  const name = asked.maybeText(block['title'], `${where}.title`);
  const isImage = block['type'] === 'image';
  switch (source['type']) {
    case 'base64': {
      const mediaType = asked.text(source['media_type'], `${where}.source.media_type`);
      return [
        { kind: 'file', mediaType, base64: asked.text(source['data'], `${where}.source.data`), ...known({ name }) },
      ];
    }
    case 'url': {
      const mediaType = isImage ? 'image/*' : 'application/pdf';
      return [{ kind: 'file', mediaType, url: asked.text(source['url'], `${where}.source.url`), ...known({ name }) }];
    }
    case 'text':
      return [{ kind: 'text', text: asked.text(source['data'], `${where}.source.data`) }];
    default:
      rest.push(`${where}.source.type`);
      return [];
  }
};

const isOn = (citations: unknown): boolean => (citations as Fields | null)?.['enabled'] === true;

/** The API wants to be told; callers of others need not say it. */
const DEFAULT_MAX_TOKENS = 4_096;

export const writeMessages = (ask: Ask, about: About): Readonly<Record<string, unknown>> => {
  const { tools, choice, maxTokens, temperature, topP, stop, answerSchema, stream } = ask;
  const turns: readonly Turn[] =
    ask.input === undefined ? ask.turns : [{ role: 'user', parts: [{ kind: 'data', data: ask.input }] }];
  const first = turns.findIndex(({ role }) => role !== 'system');
  const [system, conversation] = first < 0 ? [turns, []] : [turns.slice(0, first), turns.slice(first)];
  if (conversation.some(({ role }) => role === 'system'))
    throw lost(about.from ?? 'plain', 'anthropic-messages', ['a system message in the middle of the conversation']);
  return {
    model: about.model,
    max_tokens: maxTokens ?? DEFAULT_MAX_TOKENS,
    messages: joined(conversation).map(({ role, parts }) => ({ role, content: blocksOf(parts, about) })),
    ...known({
      system:
        system.length === 0
          ? undefined
          : blocksOf(
              system.flatMap(({ parts }) => parts),
              about,
            ),
      tools: tools?.map(({ name, description, input, strict }) => ({
        name,
        ...known({ description, strict: strict === true ? true : undefined }),
        input_schema: input,
      })),
      tool_choice:
        choice === undefined
          ? undefined
          : typeof choice === 'object'
            ? { type: 'tool', name: choice.name }
            : { type: choice },
      temperature,
      top_p: topP,
      stop_sequences: stop,
      output_config: answerSchema === undefined ? undefined : { format: { type: 'json_schema', schema: answerSchema } },
      ...(stream ? { stream: true } : {}),
    }),
  };
};

/** Results of several tools belong into one turn, before anything else that the user says. */
const joined = (turns: readonly Turn[]): readonly Turn[] => {
  const out: Turn[] = [];
  for (const turn of turns) {
    const last = out.at(-1);
    if (last?.role === turn.role) out[out.length - 1] = { role: turn.role, parts: [...last.parts, ...turn.parts] };
    else out.push(turn);
  }
  return out.map(({ role, parts }) => ({
    role,
    parts: [...parts.filter(({ kind }) => kind === 'result'), ...parts.filter(({ kind }) => kind !== 'result')],
  }));
};

const blocksOf = (parts: readonly Part[], about: About): readonly object[] =>
  parts.flatMap((part) => blockOf(part, about));

const blockOf = (part: Part, about: About): readonly object[] => {
  switch (part.kind) {
    case 'text':
      // An empty block is refused there, and says nothing.
      return part.text === '' ? [] : [{ type: 'text', text: part.text }];
    case 'data':
      return [{ type: 'text', text: JSON.stringify(part.data ?? null) }];
    case 'call':
      return [{ type: 'tool_use', id: part.id, name: part.name, input: part.input ?? {} }];
    case 'result':
      return [
        {
          type: 'tool_result',
          tool_use_id: part.id,
          content: blocksOf(part.parts, about),
          ...(part.isError ? { is_error: true } : {}),
        },
      ];
    case 'file':
      return [fileBlock(part, about)];
  }
};

const fileBlock = ({ mediaType, base64, url, name }: Extract<Part, { kind: 'file' }>, about: About): object => {
  const source = base64 === undefined ? { type: 'url', url } : { type: 'base64', media_type: mediaType, data: base64 };
  if (mediaType.startsWith('image/')) return { type: 'image', source };
  if (mediaType === 'application/pdf') return { type: 'document', source, ...known({ title: name }) };
  throw lost(about.from ?? 'plain', 'anthropic-messages', [`a file of type ${mediaType}`]);
};
