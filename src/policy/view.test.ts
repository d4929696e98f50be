/** What rules see is what the target gets, in whatever words it is said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Call, documentIn, type Form } from '../contract/index.ts';
import { argumentsSeen } from './view.ts';

const seen = (form: Form, payload: unknown, target: Partial<Call['target']> = {}) =>
  argumentsSeen({
    id: '0'.repeat(32),
    target: { kind: 'model', name: 'gpt', operation: 'chat', ...target },
    contentType: documentIn(form),
    body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(payload)) },
  });
const problemOf = (...asked: Parameters<typeof seen>): string => {
  const found = seen(...asked);
  return 'problem' in found ? found.problem : '';
};

test('what the words of the rules have no place for is a problem, and never left out', () => {
  const responses = { model: 'gpt', input: 'hi' };
  assert.match(problemOf('openai-responses', { ...responses, tools: [{ type: 'web_search' }] }), /tools\[0\]\.type/);
  assert.match(problemOf('openai-responses', { ...responses, previous_response_id: 'r' }), /previous_response_id/);
  const messages = { model: 'claude', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] };
  assert.match(problemOf('anthropic-messages', { ...messages, thinking: { type: 'enabled' } }), /thinking/);
});

test('hints that mean the same in another API are seen', () => {
  const found = seen('openai-responses', { model: 'gpt', input: 'hi', service_tier: 'priority', user: 'ann' });
  assert.ok('data' in found);
  const { service_tier, user } = found.data as Readonly<Record<string, unknown>>;
  assert.deepEqual([service_tier, user], ['priority', 'ann']);
});

test('a client that must name a cap wants nothing of an agent by that', () => {
  const found = seen(
    'anthropic-messages',
    { model: 'x', max_tokens: 5, messages: [{ role: 'user', content: 'hi' }] },
    { kind: 'agent', name: 'clerk', operation: 'ask' },
  );
  assert.deepEqual(found, { data: { text: 'hi' } });
});

test('a tool that is called without arguments is seen without arguments', () => {
  const tool = { kind: 'tool', name: 'bank', operation: 'pay' } as const;
  assert.deepEqual(seen('mcp', { amount: 5 }, tool), { data: {} });
  assert.deepEqual(seen('mcp', { arguments: { amount: 5 }, requestState: 'x' }, tool), { data: { amount: 5 } });
});

test('what is no tool of an MCP server shows rules nothing else than the server reads', () => {
  const read = { kind: 'tool', name: 'bank', operation: 'mcp.resources.read' } as const;
  const payload = { method: 'resources/read', params: { uri: 'secret:1' } };
  assert.deepEqual(seen('mcp', payload, read), { data: payload });
  assert.match(problemOf('mcp', { ...payload, arguments: { params: { uri: 'open:1' } } }, read), /calls no tool/);
});
