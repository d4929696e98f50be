/** A question in the words of responses, read and written. */
import type { Ask, Part, ToolOffer, Turn } from '../ask.ts';
import { type About, lost } from '../dialect.ts';
import { asked, type Fields, fileAt, known, others } from '../reading.ts';
import { turnsOf } from './chat-ask.ts';
import { CHOICES, HINTS, offerIn, without } from './common.ts';

const KNOWN = new Set<string>([
  ...HINTS,
  ...'model input instructions stream tools tool_choice max_output_tokens temperature top_p text include'.split(' '),
]);

/** What holds without them. */
const DEFAULTS: Fields = { background: false, parallel_tool_calls: true, truncation: 'disabled', top_logprobs: 0 };
/** Sealed thoughts of a model are for that model. */
const INCLUDED: ReadonlySet<unknown> = new Set(['reasoning.encrypted_content']);

export const readResponses = (payload: unknown): Ask => {
  const fields = asked.fields(payload, 'the payload');
  const rest = [...others(without(fields, DEFAULTS), KNOWN)];
  const { input, instructions, include, tool_choice: choice, tools } = fields;
  if (Array.isArray(include) && include.some((one) => !INCLUDED.has(one))) rest.push('include');
  const turns = typeof input === 'string' ? [said(input)] : itemsIn(input, rest);
  const system = asked.maybeText(instructions, 'instructions');
  const offers =
    tools === undefined || tools === null
      ? []
      : asked.list(tools, 'tools').flatMap((value, at): ToolOffer[] => {
          const tool = asked.fields(value, `tools[${at}]`);
          if (tool['type'] === 'function') return [offerIn(tool, `tools[${at}]`)];
          rest.push(`tools[${at}].type`);
          return [];
        });
  return {
    turns: system === undefined ? turns : [{ role: 'system', parts: [{ kind: 'text', text: system }] }, ...turns],
    stream: fields['stream'] === true,
    ...(offers.length === 0 ? {} : { tools: offers }),
    ...choiceIn(choice, rest),
    ...formatIn(fields['text'], rest),
    ...known({
      maxTokens: asked.maybeNumber(fields['max_output_tokens'], 'max_output_tokens'),
      temperature: asked.maybeNumber(fields['temperature'], 'temperature'),
      topP: asked.maybeNumber(fields['top_p'], 'top_p'),
    }),
    rest,
  };
};

const said = (text: string): Turn => ({ role: 'user', parts: [{ kind: 'text', text }] });

const ITEM = new Set('type role content id status call_id name arguments output phase'.split(' '));

const itemsIn = (input: unknown, rest: string[]): readonly Turn[] =>
  asked.list(input, 'input').map((value, at): Turn => {
    const where = `input[${at}]`;
    const item = asked.fields(value, where);
    rest.push(...others(item, ITEM, `${where}.`));
    switch (item['type'] ?? 'message') {
      case 'message':
        return {
          role: roleIn(item['role'], `${where}.role`, rest),
          parts: partsIn(item['content'], `${where}.content`, rest),
        };
      case 'function_call':
        return {
          role: 'assistant',
          parts: [
            {
              kind: 'call',
              id: asked.text(item['call_id'], `${where}.call_id`),
              name: asked.text(item['name'], `${where}.name`),
              input: asked.json(item['arguments'], `${where}.arguments`),
            },
          ],
        };
      case 'function_call_output': {
        const id = asked.text(item['call_id'], `${where}.call_id`);
        const parts = partsIn(item['output'], `${where}.output`, rest);
        return { role: 'user', parts: [{ kind: 'result', id, parts, isError: false }] };
      }
      default:
        rest.push(`${where}.type`);
        return { role: 'user', parts: [] };
    }
  });

const roleIn = (value: unknown, where: string, rest: string[]): Turn['role'] => {
  if (value === 'system' || value === 'developer') return 'system';
  if (value === 'user' || value === 'assistant') return value;
  rest.push(where);
  return 'user';
};

const partsIn = (content: unknown, where: string, rest: string[]): readonly Part[] => {
  if (typeof content === 'string') return content === '' ? [] : [{ kind: 'text', text: content }];
  return asked.list(content, where).flatMap((value, at): Part[] => {
    const here = `${where}[${at}]`;
    const part = asked.fields(value, here);
    switch (part['type']) {
      case 'input_text':
      case 'output_text':
      case 'text':
        return [{ kind: 'text', text: asked.text(part['text'], `${here}.text`) }];
      case 'refusal':
        return [{ kind: 'text', text: asked.text(part['refusal'], `${here}.refusal`) }];
      case 'input_image':
        if (part['detail'] !== undefined && part['detail'] !== 'auto') rest.push(`${here}.detail`);
        return file(part['image_url'], undefined, 'image/*', `${here}.image_url`, rest);
      case 'input_file':
        return file(
          part['file_data'] ?? part['file_url'],
          part['filename'],
          'application/pdf',
          `${here}.file_data`,
          rest,
        );
      default:
        rest.push(`${here}.type`);
        return [];
    }
  });
};

/** Of a provider that keeps the file, nobody else has it. */
const file = (url: unknown, filename: unknown, mediaType: string, where: string, rest: string[]): Part[] => {
  if (url === undefined || url === null) {
    rest.push(where);
    return [];
  }
  const name = asked.maybeText(filename, where);
  return [{ kind: 'file', ...fileAt(asked.text(url, where), mediaType), ...known({ name }) }];
};

const choiceIn = (choice: unknown, rest: string[]): Pick<Ask, 'choice'> => {
  if (choice === undefined || choice === null) return {};
  if (typeof choice === 'string' && Object.hasOwn(CHOICES, choice)) return { choice: CHOICES[choice]! };
  const { type, name } = typeof choice === 'object' ? (choice as Fields) : {};
  if (type === 'function') return { choice: { name: asked.text(name, 'tool_choice.name') } };
  rest.push('tool_choice');
  return {};
};

const formatIn = (text: unknown, rest: string[]): Pick<Ask, 'answerSchema'> => {
  if (text === undefined || text === null) return {};
  const fields = asked.fields(text, 'text');
  rest.push(...others(fields, new Set(['format']), 'text.'));
  if (fields['format'] === undefined || fields['format'] === null) return {};
  const { type, schema } = asked.fields(fields['format'], 'text.format');
  if (type === 'text') return {};
  if (type === 'json_schema') return { answerSchema: schema ?? {} };
  rest.push('text.format');
  return {};
};

export const writeResponses = (ask: Ask, about: About): object => {
  const { tools, choice, maxTokens, temperature, topP, stop, answerSchema, stream } = ask;
  if (stop !== undefined && stop.length > 0) throw lost(about.from ?? 'plain', 'openai-responses', ['stop']);
  return {
    model: about.model,
    input: turnsOf(ask).flatMap((turn) => itemsOf(turn, about)),
    ...known({
      tools: tools?.map(({ name, description, input, strict = false }) => ({
        type: 'function',
        name,
        ...known({ description }),
        parameters: input,
        strict,
      })),
      tool_choice:
        choice === undefined
          ? undefined
          : typeof choice === 'object'
            ? { type: 'function', name: choice.name }
            : choice === 'any'
              ? 'required'
              : choice,
      // Nobody here could ask for it again, or delete it. Whoever only counts gets no answer that these are about.
      ...(about.operation === 'count' ? {} : { store: false, max_output_tokens: maxTokens, temperature, top_p: topP }),
      text:
        answerSchema === undefined
          ? undefined
          : { format: { type: 'json_schema', name: 'answer', schema: answerSchema, strict: true } },
      ...(stream ? { stream: true } : {}),
    }),
  };
};

const itemsOf = ({ role, parts }: Turn, about: About): readonly object[] => {
  const items: object[] = [];
  let content: object[] = [];
  const flush = (): void => {
    if (content.length > 0) items.push({ type: 'message', role, content });
    content = [];
  };
  for (const part of parts) {
    if (part.kind === 'call') {
      flush();
      const { id, name, input } = part;
      items.push({ type: 'function_call', call_id: id, name, arguments: JSON.stringify(input ?? {}) });
    } else if (part.kind === 'result') {
      flush();
      items.push({ type: 'function_call_output', call_id: part.id, output: outputOf(part, about) });
    } else content.push(contentOf(part, role === 'assistant' ? 'output_text' : 'input_text', about));
  }
  flush();
  return items;
};

/** There is no field that says that a tool failed, so its text says it. */
const outputOf = ({ parts, isError }: Extract<Part, { kind: 'result' }>, about: About): unknown => {
  const [first] = parts;
  if (parts.length === 1 && first?.kind === 'text') return `${isError ? 'Error: ' : ''}${first.text}`;
  const content = parts.map((part) => contentOf(part, 'input_text', about));
  return isError ? [{ type: 'input_text', text: 'Error:' }, ...content] : content;
};

const contentOf = (part: Part, type: 'input_text' | 'output_text', about: About): object => {
  if (part.kind === 'text') return { type, text: part.text };
  if (part.kind === 'data') return { type, text: JSON.stringify(part.data ?? null) };
  if (part.kind !== 'file' || type === 'output_text')
    throw lost(about.from ?? 'plain', 'openai-responses', [part.kind]);
  const { mediaType, base64, url, name } = part;
  const inline = `data:${mediaType};base64,${base64 ?? ''}`;
  if (mediaType.startsWith('image/')) return { type: 'input_image', image_url: url ?? inline, detail: 'auto' };
  return base64 === undefined
    ? { type: 'input_file', file_url: url }
    : { type: 'input_file', filename: name ?? 'file', file_data: inline };
};
