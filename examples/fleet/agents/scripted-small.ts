/** `scripted-small`: a model that is a script and says so in every reply; whole, or token by token as server-sent events. */
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { operation, readFlags, runAgent } from './process.ts';
import { MODEL, replyTo, tokensOf } from './script.ts';

const Message = z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string().max(8_000) });
const ChatInput = z.strictObject({
  messages: z.array(Message).min(1).max(50),
  stream: z.boolean().default(false),
  // A limit of policy may add it to what the caller sent.
  max_tokens: z.int().min(1).optional(),
});
type ChatInput = z.output<typeof ChatInput>;

/** The pace at which a small model speaks. */
const TOKEN_MS = 20;

const WHO = { model: MODEL, scripted: true } as const;

const usageOf = ({ messages }: ChatInput, reply: string) => ({
  inputTokens: messages.reduce((sum, { content }) => sum + tokensOf(content).length, 0),
  outputTokens: tokensOf(reply).length,
});

/** Events `{token}`, and at the end one with what a whole reply says about itself. */
async function* spoken(input: ChatInput, content: string, signal: AbortSignal): AsyncGenerator<unknown> {
  for (const token of tokensOf(content)) {
    yield { token };
    await wait(TOKEN_MS, undefined, { signal });
  }
  yield { ...WHO, done: true, usage: usageOf(input, content) };
}

await runAgent(readFlags(MODEL), {
  chat: operation(ChatInput, (input, { signal }) => {
    const content = tokensOf(replyTo(input.messages)).slice(0, input.max_tokens).join('');
    if (input.stream) return spoken(input, content, signal);
    return { ...WHO, message: { role: 'assistant', content }, usage: usageOf(input, content) };
  }),
});
