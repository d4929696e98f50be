import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentIn, type Reply } from '../contract/index.ts';
import { redactedReply } from './redact-replies.ts';

const replyIn = (form: Parameters<typeof documentIn>[0], value: unknown): Reply => ({
  outcome: 'ok',
  status: 200,
  contentType: documentIn(form),
  headers: [],
  body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(value)) },
  endpoint: 'e',
  attempts: 1,
});
const redactedIn = async (form: Parameters<typeof documentIn>[0], value: unknown): Promise<string> => {
  const { body } = await redactedReply(replyIn(form, value), ['/card']);
  assert.equal(body.kind, 'bytes');
  return Buffer.from((body as { readonly bytes: Uint8Array }).bytes).toString();
};

test('a field is taken out wherever a protocol says it', async () => {
  const secret = { card: '4111-1111', total: 12345678901234567890n.toString() };
  const mcp = await redactedIn('mcp', {
    content: [
      { type: 'text', text: JSON.stringify(secret) },
      { type: 'text', text: 'the card is 4111-1111' },
      { type: 'resource', resource: { uri: 'card:4111-1111', text: '4111-1111' } },
    ],
    structuredContent: secret,
  });
  assert.ok(!mcp.includes('4111'), mcp);
  assert.ok(mcp.includes('12345678901234567890'));
  const a2a = await redactedIn('a2a', {
    task: {
      id: 't',
      status: { state: 'TASK_STATE_COMPLETED', message: { parts: [{ text: 'it is 4111-1111' }] } },
      artifacts: [{ parts: [{ data: secret }, { text: JSON.stringify(secret) }, { url: 'https://x.example/4111' }] }],
      history: [{ parts: [{ raw: 'NDExMQ', filename: '4111' }] }],
    },
  });
  assert.ok(!a2a.includes('4111') && !a2a.includes('NDEx'), a2a);
  assert.ok(a2a.includes('12345678901234567890'));
});

test('where nobody can say what a pointer means, the reply is withheld', async () => {
  for (const [form, value] of [
    ['anthropic-messages', { content: [{ type: 'text', text: '4111' }], card: '4111' }],
    ['openai-responses', { output: [], card: '4111' }],
    ['mcp', { messages: [{ role: 'user', content: { type: 'text', text: '4111' } }] }],
  ] as const)
    await assert.rejects(redactedIn(form, value), /withheld/);
});
