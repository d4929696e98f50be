import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentIn, type Reply, type TargetKind } from '../contract/index.ts';
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
const redactedIn = async (
  form: Parameters<typeof documentIn>[0],
  value: unknown,
  kind: TargetKind = 'tool',
): Promise<string> => {
  const { body } = await redactedReply(replyIn(form, value), ['/card'], kind);
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

test('the document of an agent or a tool is redacted also where it is the text of another protocol', async () => {
  const text = JSON.stringify({ card: '4111', ok: 'fine' });
  for (const [form, value] of [
    ['plain', { text }],
    ['plain', { text: 'the card is 4111' }],
    [
      'plain',
      {
        parts: [
          { kind: 'data', data: { card: '4111' } },
          { kind: 'text', text: '4111' },
        ],
      },
    ],
    ['plain', { parts: [{ kind: 'file', mediaType: 'text/plain', base64: 'NDExMQ', url: 'https://x.example/4111' }] }],
    ['openai-chat', { choices: [{ message: { role: 'assistant', content: text } }] }],
    ['openai-chat', { choices: [{ message: { role: 'assistant', content: 'the card is 4111' } }] }],
    ['mcp', { content: [{ type: 'text', text: JSON.stringify({ text }) }], structuredContent: { text } }],
    ['plain', { error: { message: 'no money on 4111', type: 'INVALID_REQUEST' } }],
    ['openai-chat', { error: { message: 'no money on 4111' } }],
    ['a2a', { error: { code: 500, message: 'no money on 4111' } }],
  ] as const)
    assert.ok(!(await redactedIn(form, value)).includes('4111'), `${form}: ${JSON.stringify(value)}`);
});

test('pointers into what a model answers are about its own words', async () => {
  const chat = { choices: [{ message: { content: '{"card":"4111"}' } }], card: '4111' };
  assert.equal(await redactedIn('openai-chat', chat, 'model'), JSON.stringify({ ...chat, card: '[redacted]' }));
  for (const form of ['a2a', 'mcp'] as const)
    await assert.rejects(redactedIn(form, { message: { parts: [] }, content: [] }, 'model'), /withheld/);
});

test('where nobody can say what a pointer means, the reply is withheld', async () => {
  for (const [form, value] of [
    ['anthropic-messages', { content: [{ type: 'text', text: '4111' }], card: '4111' }],
    ['openai-responses', { output: [], card: '4111' }],
    ['mcp', { messages: [{ role: 'user', content: { type: 'text', text: '4111' } }] }],
  ] as const)
    await assert.rejects(redactedIn(form, value), /withheld/);
});
