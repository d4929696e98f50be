/** A model that is a script and speaks the words of OpenAI: one sentence, whole or word by word, and what it says it used. */
import type { ServerResponse } from 'node:http';

/** Tokens of each answer, and what they cost at two and ten dollars for a million. */
export const USED = { read: 30, written: 60, micros: 30 * 2 + 60 * 10 } as const;

export const WORDS = ['All ', 'is ', 'well.'] as const;

/** Who asks this gets the words as a stream, and no end: the connection breaks when the script is told so. */
export const BREAK_OFF = 'break off';

interface Asked {
  readonly messages: readonly { readonly content: string }[];
  readonly stream?: boolean;
}

const USAGE = { prompt_tokens: USED.read, completion_tokens: USED.written, total_tokens: USED.read + USED.written };
const COMMON = { id: 'chat-1', created: 1, model: 'scripted' };

export const completion = async (
  { body, released }: { readonly body: Buffer; readonly released: Promise<void> },
  response: ServerResponse,
): Promise<void> => {
  const { messages, stream } = JSON.parse(String(body)) as Asked;
  if (stream !== true) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(whole());
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const content of WORDS) response.write(part([{ index: 0, delta: { content }, finish_reason: null }]));
  if (messages.at(-1)?.content === BREAK_OFF) {
    await released;
    response.socket?.destroy();
    return;
  }
  response.write(part([{ index: 0, delta: {}, finish_reason: 'stop' }]));
  response.write(part([], USAGE));
  response.end('data: [DONE]\n\n');
};

const whole = (): string => {
  const message = { role: 'assistant', content: WORDS.join('') };
  const choices = [{ index: 0, finish_reason: 'stop', message }];
  return JSON.stringify({ ...COMMON, object: 'chat.completion', choices, usage: USAGE });
};

const part = (choices: readonly object[], usage: object | null = null): string =>
  `data: ${JSON.stringify({ ...COMMON, object: 'chat.completion.chunk', choices, usage })}\n\n`;
