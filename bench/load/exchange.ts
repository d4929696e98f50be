/** The bytes of the benchmark's one call, the same for every target, so that no row is flattered by a smaller body. */

const sentence = 'the quick brown agent jumps over a lazy hub ';
const words = (length: number): string => sentence.repeat(Math.ceil(length / sentence.length)).slice(0, length);

/** 1.5 KB of JSON: an OpenAI chat request, which an agent takes as well as a model gateway does. */
export const requestBody = JSON.stringify({
  model: 'bench-1',
  messages: [
    { role: 'system', content: words(400) },
    { role: 'user', content: words(980) },
  ],
  temperature: 0,
});

/** 1.5 KB of JSON: the completion that the upstream answers to everything. */
export const replyBody = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  created: 1_790_000_000,
  model: 'bench-1',
  choices: [{ index: 0, message: { role: 'assistant', content: words(1_240) }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 312, completion_tokens: 204, total_tokens: 516 },
});

/** A whole POST of the body, ready to be written to a keep-alive connection. */
export function serializeRequest(path: string, headers: Readonly<Record<string, string>> = {}): string {
  const all = {
    host: '127.0.0.1',
    'content-type': 'application/json',
    ...headers,
    'content-length': String(Buffer.byteLength(requestBody)),
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`);
  return `POST ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${requestBody}`;
}

/** A whole reply with the completion. */
export function serializeReply(): string {
  return `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(replyBody)}\r\n\r\n${replyBody}`;
}
