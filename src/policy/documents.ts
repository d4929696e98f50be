/**
 * The documents inside of an answer that pointers of limits are about. Protocols wrap them: a tool of MCP says the same twice, as
 * structure and as text, and an agent of A2A spreads it over parts.
 */
import { Buffer } from 'node:buffer';
import type { Form } from '../contract/index.ts';
import { exactJson } from '../kernel/index.ts';
import { REDACTED, redact } from './redact.ts';

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Redacts in place. False: nobody can say where in these words the fields are. What is no document may say the same in other words, so
 * it is taken out whole.
 */
export const redactAnswer = (json: unknown, form: Form, pointers: readonly string[]): boolean => {
  switch (form) {
    case 'plain':
    case 'openai-chat':
    case 'openai-embeddings':
      redact(json, pointers);
      return true;
    case 'mcp':
      return isFields(json) && redactResult(json, pointers);
    case 'a2a':
      redactParts(json, pointers);
      return true;
    default:
      return false;
  }
};

/** A result of a tool. Everything else that a server answers has no place that a pointer could mean. */
const redactResult = (result: Fields, pointers: readonly string[]): boolean => {
  const { content, structuredContent } = result;
  if (!Array.isArray(content) && structuredContent === undefined) return false;
  redact(structuredContent, pointers);
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
  if (isFields(part) && Object.hasOwn(part, 'data')) return { ...part, data: redact(part['data'], pointers) };
  const text = isFields(part) ? textWithout(part['text'], pointers) : undefined;
  return text === undefined ? { text: REDACTED } : { ...(part as Fields), text };
};

const textWithout = (text: unknown, pointers: readonly string[]): string | undefined => {
  const document = typeof text === 'string' ? documentIn(text) : undefined;
  return document === undefined ? undefined : JSON.stringify(redact(document, pointers));
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
