/** The target's own words: arguments of a tool or an operation, and whatever it answers. */
import type { Answer, Ask, Delta, Failure, Part } from './ask.ts';
import { type About, type Dialect, lost, saidToModels } from './dialect.ts';
import { readEvents, writeEvent } from './events.ts';

/** A conversation of one text is that text; of one document, that document. */
const inputOf = (ask: Ask, about: About): unknown => {
  const [turn, ...more] = ask.turns;
  const unsaid = [...saidToModels(ask, about), ...ask.rest];
  if (more.length > 0) unsaid.push('a conversation of several turns');
  if (turn !== undefined && turn.role !== 'user') unsaid.push(`a turn of ${turn.role}`);
  const parts = turn?.parts ?? [];
  const data = parts.filter((part) => part.kind === 'data');
  const texts = parts.filter((part) => part.kind === 'text');
  for (const { kind } of parts) if (kind !== 'data' && kind !== 'text') unsaid.push(kind);
  if (data.length > 1 || (data.length === 1 && texts.length > 0)) unsaid.push('data together with other parts');
  if (unsaid.length > 0) throw lost(about.from ?? 'a2a', 'plain', [...new Set(unsaid)]);
  if (ask.input !== undefined) return ask.input;
  return data.length === 1 ? data[0]!.data : { text: texts.map(({ text }) => text).join('\n') };
};

/** What is answered as one value: a document, or text that stands alone. */
export const valueIn = (parts: readonly Part[]): unknown => {
  const data = parts.filter((part) => part.kind === 'data');
  if (data.length === 1) return data[0]!.data;
  if (data.length === 0 && parts.every((part) => part.kind === 'text'))
    return { text: parts.map((part) => part.text).join('\n') };
  return { parts };
};

/** A document with nothing but text is text. */
const partOf = (payload: unknown): Part => {
  if (typeof payload === 'string') return { kind: 'text', text: payload };
  const keys = typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? Object.keys(payload) : [];
  const text = keys.length === 1 && keys[0] === 'text' ? (payload as { readonly text: unknown }).text : undefined;
  return typeof text === 'string' ? { kind: 'text', text } : { kind: 'data', data: payload };
};

export const plain: Dialect = {
  form: 'plain',
  readAsk: (payload): Ask => ({ input: payload, turns: [], stream: false, rest: [] }),
  writeAsk: inputOf,
  readAnswer: (payload): Answer => ({ parts: [partOf(payload)], stop: 'end', rest: [] }),
  writeAnswer: ({ parts }) => valueIn(parts),
  readEvents: async function* (chunks): AsyncGenerator<Delta> {
    let at = 0;
    yield { kind: 'begin' };
    for await (const { data } of readEvents(chunks)) yield { kind: 'part', at: at++, part: partOf(parsed(data)) };
    yield { kind: 'end', stop: 'end' };
  },
  writeEvents: async function* (deltas): AsyncGenerator<Uint8Array> {
    for await (const delta of deltas) {
      if (delta.kind === 'text') yield writeEvent(JSON.stringify({ text: delta.text }));
      else if (delta.kind === 'part') yield writeEvent(JSON.stringify(valueIn([delta.part])));
    }
  },
  readFailure: (payload, status): Failure => ({ status, message: messageIn(payload) || `status ${status}`, type: '' }),
  writeFailure: ({ message, type }) => ({ error: type === '' ? { message } : { message, type } }),
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

/** Problem documents, the errors of model APIs, and plain words. */
export const messageIn = (payload: unknown): string => {
  if (typeof payload === 'string') return payload.slice(0, 2_000);
  if (typeof payload !== 'object' || payload === null) return '';
  const { error, detail, message, title } = payload as Readonly<Record<string, unknown>>;
  for (const found of [detail, message, title]) if (typeof found === 'string') return found.slice(0, 2_000);
  return error === undefined || error === payload ? '' : messageIn(error);
};
