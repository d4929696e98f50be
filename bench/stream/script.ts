/** What a scripted stream says: each event carries its number and the time it was made, so that whoever reads it can tell what a hop did. */
import { monotonicMs } from '../load/clock.ts';

export interface Script {
  readonly chunks: number;
  /** Between one chunk and the next; the first one comes at once. */
  readonly everyMs: number;
}

/** Microseconds of the kernel's monotonic clock, which all processes of this machine share. */
export const nowUs = (): number => Math.round(monotonicMs() * 1_000);

/** A chat request: agents take any JSON, models this. */
export const bodyOf = ({ chunks, everyMs }: Script): string =>
  JSON.stringify({
    model: 'bench',
    stream: true,
    messages: [{ role: 'user', content: `${chunks} chunks, one every ${everyMs} ms` }],
  });

/** Undefined for a request that wants no stream. */
export const scriptIn = (body: string): Script | undefined => {
  const [, chunks, everyMs] = /"stream":true.*"(\d+) chunks, one every (\d+) ms"/.exec(body) ?? [];
  return chunks === undefined ? undefined : { chunks: Number(chunks), everyMs: Number(everyMs) };
};

const event = (delta: object, finish: string | null): string =>
  `data: ${JSON.stringify({
    id: 'chatcmpl-bench',
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'bench',
    choices: [{ index: 0, delta, finish_reason: finish }],
  })}\n\n`;

const [BEFORE, AFTER] = event({ content: '#' }, null).split('#') as [string, string];

export const eventOf = (n: number, atUs: number): string => `${BEFORE}${n} ${atUs}${AFTER}`;

/** As one piece: the last words of a stream, after all its chunks. */
export const endOf = ({ chunks }: Script, withUsage: boolean): string => {
  const usage = { prompt_tokens: 10, completion_tokens: chunks, total_tokens: chunks + 10 };
  const told = withUsage
    ? `data: ${JSON.stringify({ id: 'chatcmpl-bench', object: 'chat.completion.chunk', created: 1_790_000_000, model: 'bench', choices: [], usage })}\n\n`
    : '';
  return `${event({}, 'stop')}${told}data: [DONE]\n\n`;
};

export type Heard =
  | { readonly kind: 'chunk'; readonly n: number; readonly atUs: number }
  | { readonly kind: 'stop' | 'done' | 'strange' };

/** One event without its empty line. */
export const heardIn = (text: string): Heard => {
  if (text === 'data: [DONE]') return { kind: 'done' };
  const [, n, atUs] = /^data: \{.*"content":"(\d+) (\d+)"/.exec(text) ?? [];
  if (n !== undefined) return { kind: 'chunk', n: Number(n), atUs: Number(atUs) };
  return { kind: text.startsWith('data: {') && text.includes('"finish_reason":"stop"') ? 'stop' : 'strange' };
};
