/** `scripted-small`: a model that is a script and says so in every reply; whole, or token by token as server-sent events. */
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { MODEL, replyTo, tokensOf } from './script.ts';
import { type Context, operation, readFlags, runAgent, type ServerEvent } from './serve.ts';

const Message = z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string().max(8_000) });
const ChatInput = z.strictObject({ messages: z.array(Message).min(1).max(50), stream: z.boolean().default(false) });
type ChatInput = z.output<typeof ChatInput>;

/** The pace at which a small model speaks. */
const TOKEN_MS = 20;

const WHO = { model: MODEL, scripted: true } as const;

const usageOf = ({ messages }: ChatInput, reply: string) => ({
  inputTokens: messages.reduce((sum, { content }) => sum + tokensOf(content).length, 0),
  outputTokens: tokensOf(reply).length,
});

const chat = (input: ChatInput, { eventStream, signal }: Context): unknown => {
  const content = replyTo(input.messages);
  if (input.stream || eventStream) return spoken(input, content, signal);
  return { ...WHO, message: { role: 'assistant', content }, usage: usageOf(input, content) };
};

async function* spoken(input: ChatInput, content: string, signal: AbortSignal): AsyncGenerator<ServerEvent> {
  for (const text of tokensOf(content)) {
    yield { event: 'token', data: { text } };
    await wait(TOKEN_MS, undefined, { signal });
  }
  yield { event: 'done', data: { ...WHO, usage: usageOf(input, content) } };
}

await runAgent({ ...readFlags(MODEL), operations: { chat: operation(ChatInput, chat) } });
