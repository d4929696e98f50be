/**
 * The documents inside of an answer that pointers of limits are about. Protocols wrap them: a tool of MCP says the same twice, as
 * structure and as text, and an agent of A2A spreads it over parts.
 */
import { Buffer } from 'node:buffer';
import type { Form, TargetKind } from '../contract/index.ts';
import { exactJson } from '../kernel/index.ts';
import { REDACTED, redact } from './redact.ts';

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Redacts in place. False: nobody can say where in these words the fields are. What is no document may say the same in other words, so
 * it is taken out whole. Pointers are about what the target answers: the words of a model API hold that of a model as it is, and that
 * of an agent or a tool as text.
 */
export const redactAnswer = (json: unknown, form: Form, pointers: readonly string[], kind: TargetKind): boolean => {
  if (kind === 'model') {
    if (form !== 'plain' && form !== 'openai-chat' && form !== 'openai-embeddings') return false;
    redact(json, pointers);
    return true;
  }
  if (isFields(json) && isFields(json['error']) && form !== 'plain') return redactError(json['error'], pointers);
  switch (form) {
    case 'plain':
      redactPlain(json, pointers);
      return true;
    case 'openai-chat':
      return isFields(json) && redactChoices(json['choices'], pointers);
    case 'mcp':
      return isFields(json) && redactResult(json, pointers);
    case 'a2a':
      redactParts(json, pointers);
      return true;
    default:
      return false;
  }
};

/** The target's own sentence, in the words of whoever asked. */
const redactError = (error: Fields, pointers: readonly string[]): boolean => {
  error['message'] = textWithout(error['message'], pointers) ?? REDACTED;
  return true;
};

/** A document with nothing but a text is text, and may hold a document in turn. */
const redactDocument = (json: unknown, pointers: readonly string[]): unknown => {
  redact(json, pointers);
  if (isFields(json) && typeof json['text'] === 'string' && Object.keys(json).length === 1)
    json['text'] = textWithout(json['text'], pointers) ?? REDACTED;
  return json;
};

/** Of a target that speaks another protocol, a mixture is a list of parts. */
const redactPlain = (json: unknown, pointers: readonly string[]): void => {
  redactDocument(json, pointers);
  if (isFields(json) && isSaidFailure(json)) redactError(json['error'], pointers);
  if (isFields(json) && Array.isArray(json['parts']) && Object.keys(json).length === 1)
    json['parts'] = json['parts'].map((part) => wordWithout(part, pointers));
};

/** As a failure in another protocol is told to whoever asked in the target's own words. */
const isSaidFailure = (json: Fields): json is { error: Fields } => {
  const { error, ...more } = json;
  return (
    isFields(error) &&
    Object.keys(more).length === 0 &&
    Object.keys(error).every((name) => name === 'message' || name === 'type')
  );
};

/** A part in the words that all dialects share. */
const wordWithout = (part: unknown, pointers: readonly string[]): unknown => {
  if (!isFields(part) || part['kind'] === undefined) return part;
  const { kind, text } = partWithout(part, pointers) as Fields;
  return kind === undefined ? { kind: 'text', text } : partWithout(part, pointers);
};

/** What an agent or a tool answers a client of models: its text. */
const redactChoices = (choices: unknown, pointers: readonly string[]): boolean => {
  if (!Array.isArray(choices)) return false;
  for (const choice of choices) {
    const message = isFields(choice) ? choice['message'] : undefined;
    if (!isFields(message)) return false;
    for (const name of ['content', 'refusal'])
      if (message[name] !== null && message[name] !== undefined)
        message[name] = textWithout(message[name], pointers) ?? REDACTED;
  }
  return true;
};

/** A result of a tool. Everything else that a server answers has no place that a pointer could mean. */
const redactResult = (result: Fields, pointers: readonly string[]): boolean => {
  const { content, structuredContent } = result;
  if (!Array.isArray(content) && structuredContent === undefined) return false;
  redactDocument(structuredContent, pointers);
  if (Array.isArray(content)) result['content'] = content.map((block) => blockWithout(block, pointers));
  return true;
};

/** Parts are wherever somebody says something: in messages, artifacts, the status and the history of a task. */
const redactParts = (value: unknown, pointers: readonly string[]): void => {
  if (Array.isArray(value)) {
    for (const each of value) redactParts(each, pointers);
  } else if (isFields(value)) {
    const { parts } = value;
    if (Array.isArray(parts)) value['parts'] = parts.map((part) => partWithout(part, pointers));
    for (const [name, each] of Object.entries(value)) if (name !== 'parts') redactParts(each, pointers);
  }
};

/** A block of MCP, or undefined when nothing in it is sure to be a document. */
const blockWithout = (block: unknown, pointers: readonly string[]): unknown => {
  const text = isFields(block) && block['type'] === 'text' ? textWithout(block['text'], pointers) : undefined;
  return text === undefined ? { type: 'text', text: REDACTED } : { ...(block as Fields), text };
};

/** A part of A2A. */
const partWithout = (part: unknown, pointers: readonly string[]): unknown => {
  if (isFields(part) && Object.hasOwn(part, 'data')) return { ...part, data: redactDocument(part['data'], pointers) };
  const text = isFields(part) ? textWithout(part['text'], pointers) : undefined;
  return text === undefined ? { text: REDACTED } : { ...(part as Fields), text };
};

const textWithout = (text: unknown, pointers: readonly string[]): string | undefined => {
  const document = typeof text === 'string' ? documentIn(text) : undefined;
  return document === undefined ? undefined : JSON.stringify(redactDocument(document, pointers));
};

/** Numbers keep their digits. */
const documentIn = (text: string): unknown => {
  try {
    const json = exactJson(Buffer.from(text));
    return typeof json === 'object' && json !== null ? json : undefined;
  } catch {
    return undefined;
  }
};
