/** What the dialects of model APIs have in common: how answers end, and which parts a model API can say. */
import { Fault } from '../contract/index.ts';
import type { Answer, Delta, Failure, Part, Stop } from './ask.ts';
import { messageIn } from './plain.ts';

/** How a model's answer ends. An agent that did not come to an end is no answer of a model. Throws Fault. */
export const modelStop = (stop: Stop, said: string): 'end' | 'length' | 'calls' | 'filtered' => {
  switch (stop) {
    case 'end':
    case 'length':
    case 'calls':
    case 'filtered':
      return stop;
    // It asks for more, and the next turn of the conversation is where to say it.
    case 'input':
      return 'end';
    default:
      throw new Fault(
        'upstream_invalid',
        `the agent ended as \`${stop}\`${said === '' ? '' : `: ${said.slice(0, 500)}`}`,
        {
          executed: 'yes',
          facts: { stop },
        },
      );
  }
};

export const textIn = (parts: readonly Part[]): string =>
  parts.flatMap((part) => (part.kind === 'text' ? [part.text] : [])).join('');

/** A part that is no call, as text. Throws `upstream_invalid` for what has no text. */
export const partAsText = (part: Part): string => {
  if (part.kind === 'text') return part.text;
  if (part.kind === 'data') return JSON.stringify(part.data ?? null);
  throw new Fault(
    'upstream_invalid',
    `the answer has a part of kind \`${part.kind}\`, which models have no words for`,
    {
      executed: 'yes',
      facts: { part: part.kind },
    },
  );
};

export interface Calling {
  readonly id: string;
  readonly name: string;
  readonly input: unknown;
}

/** An answer as models give it: text, and tools that are to be called. */
export const spoken = ({ parts, stop }: Pick<Answer, 'parts' | 'stop'>) => {
  const calls = parts.filter((part): part is Extract<Part, { kind: 'call' }> => part.kind === 'call');
  const text = parts.filter((part) => part.kind !== 'call').map(partAsText);
  return { text: text.length === 0 ? undefined : text.join('\n'), calls, stop: modelStop(stop, textIn(parts)) };
};

/** Ends a stream that says itself that it failed. */
export const failedStream = (payload: unknown): Fault =>
  new Fault(
    'upstream_broken',
    `the target ended its stream with an error: ${messageIn(payload) || 'it does not say which'}`,
  );

export const brokenStream = (): Fault => new Fault('upstream_broken', 'the target closed its stream before the end');

export const readFailure = (payload: unknown, status: number): Failure => {
  const { error } = (typeof payload === 'object' && payload !== null ? payload : {}) as { readonly error?: unknown };
  const { type } = (typeof error === 'object' && error !== null ? error : {}) as { readonly type?: unknown };
  return {
    status,
    message: messageIn(payload) || `status ${status}`,
    type: typeof type === 'string' ? type.slice(0, 100) : '',
  };
};

/** Only events of a stream in a model API, as JSON. Throws `upstream_invalid`. */
export const eventJson = (data: string): Readonly<Record<string, unknown>> => {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    value = undefined;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Fault('upstream_invalid', 'the target sends an event that is no JSON object');
  return value as Readonly<Record<string, unknown>>;
};

/** Places of the parts of an answer, in the order in which they begin. */
export class Places {
  readonly #known = new Map<string, number>();

  /** `isNew`: it begins here. */
  of(key: string): { readonly at: number; readonly isNew: boolean } {
    const at = this.#known.get(key);
    if (at !== undefined) return { at, isNew: false };
    this.#known.set(key, this.#known.size);
    return { at: this.#known.size - 1, isNew: true };
  }
}

export type End = Extract<Delta, { kind: 'end' }>;
