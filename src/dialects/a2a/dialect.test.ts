import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Delta } from '../ask.ts';
import type { About } from '../dialect.ts';
import { plain } from '../plain.ts';
import { a2a } from './dialect.ts';
import { readStream, writeStreamEvent } from './events.ts';
import type { SendMessageRequest, StreamResponse, TaskState } from './types.ts';

const about = (kind: About['kind'], operation: string): About => ({
  kind,
  operation,
  model: '',
  callId: 'c0ffee',
  atS: 0,
});
const agent = about('agent', 'message');
const asking = (...parts: SendMessageRequest['message']['parts']): SendMessageRequest => ({
  message: { messageId: 'm', contextId: 'c', role: 'ROLE_USER', parts },
  configuration: { acceptedOutputModes: ['text/plain'], historyLength: 1 },
});

test('a message to a tool is its arguments: one document as it is, text as text', () => {
  const tool = about('tool', 'search');
  const said = (...parts: SendMessageRequest['message']['parts']) =>
    plain.writeAsk(a2a.readAsk(asking(...parts), tool), tool);
  assert.deepEqual(said({ data: { q: 1 } }), { q: 1 });
  assert.deepEqual(said({ text: 'a' }, { text: 'b' }), { text: 'a\nb' });
  assert.throws(() => said({ data: {} }, { data: {} }), { code: 'bad_request', message: /data together/ });
});

test('a message to a model is what a user says', () => {
  const ask = a2a.readAsk(
    asking({ text: 'a' }, { url: 'https://a/f', mediaType: 'image/png' }),
    about('model', 'chat'),
  );
  assert.deepEqual(ask.turns, [
    {
      role: 'user',
      parts: [
        { kind: 'text', text: 'a' },
        { kind: 'file', mediaType: 'image/png', url: 'https://a/f' },
      ],
    },
  ]);
  assert.deepEqual(ask.rest, []);
});

test('what the shared words have no place for is named', () => {
  const request = asking({ text: 'a', mediaType: 'text/markdown', metadata: { x: 1 } });
  const message = { ...request.message, metadata: { skill: 's', y: 1 }, extensions: ['urn:e'] };
  assert.deepEqual(a2a.readAsk({ ...request, message, metadata: { z: 1 } }, about('model', 'chat')).rest, [
    'metadata.z',
    'message.metadata.y',
    'message.extensions',
    'message.parts[0].metadata.x',
    'message.parts[0].mediaType',
  ]);
});

test('what an agent cannot be told is refused', () => {
  const chat = { turns: [], stream: false, rest: [] };
  assert.throws(() => a2a.writeAsk({ ...chat, maxTokens: 3, rest: ['seed'] }, agent), /`maxTokens`, `seed`/);
  const turn = (role: 'system' | 'user') => ({ role, parts: [{ kind: 'text' as const, text: 'a' }] });
  assert.throws(() => a2a.writeAsk({ ...chat, turns: [turn('system'), turn('user')] }, agent), /several turns/);
  assert.deepEqual(a2a.writeAsk({ ...chat, turns: [turn('user')] }, agent), {
    message: { messageId: 'c0ffee', role: 'ROLE_USER', parts: [{ text: 'a' }] },
  });
  assert.deepEqual(a2a.writeAsk({ ...chat, input: { id: 't' } }, about('agent', 'task.get')), { id: 't' });
  assert.throws(() => a2a.writeAsk({ ...chat, input: {} }, about('agent', 'task.get')), { code: 'bad_request' });
});

test('tasks and their states come back as they were', () => {
  for (const stop of ['failed', 'canceled', 'rejected', 'working', 'input', 'login'] as const) {
    const answer = { parts: [{ kind: 'text' as const, text: 'why' }], stop, rest: [], task: 't', context: 'c' };
    assert.deepEqual(a2a.readAnswer(a2a.writeAnswer(answer, agent), agent), { ...answer, id: 't' });
  }
  const done = {
    parts: [{ kind: 'data' as const, data: [1] }],
    stop: 'end' as const,
    rest: [],
    task: 't',
    context: 'c',
  };
  assert.deepEqual(a2a.readAnswer(a2a.writeAnswer(done, agent), agent), { ...done, id: 't' });
});

test('what ends at once is a message, and says when it was cut short and what it used', () => {
  const answer = a2a.writeAnswer(
    { parts: [{ kind: 'text', text: 'a' }], stop: 'length', use: { input: 1 }, rest: [] },
    agent,
  );
  assert.deepEqual(answer, {
    message: {
      messageId: 'c0ffee-1',
      role: 'ROLE_AGENT',
      parts: [{ text: 'a' }],
      metadata: { stop: 'length', usage: { input: 1 } },
    },
  });
});

async function* streamOf(...events: StreamResponse[]): AsyncGenerator<Uint8Array> {
  for (const event of events) yield writeStreamEvent(event);
}
const status = (state: TaskState, text?: string): StreamResponse => ({
  statusUpdate: {
    taskId: 't',
    status: {
      state,
      ...(text === undefined ? {} : { message: { messageId: 'n', role: 'ROLE_AGENT', parts: [{ text }] } }),
    },
  },
});
const artifact = (artifactId: string, text: string, append = false): StreamResponse => ({
  artifactUpdate: { taskId: 't', artifact: { artifactId, parts: [{ text }] }, append },
});
const task: StreamResponse = { task: { id: 't', contextId: 'c', status: { state: 'TASK_STATE_SUBMITTED' } } };

test('a stream is read: what is appended goes on, what is said on the way is a note', async () => {
  const stream = streamOf(
    task,
    status('TASK_STATE_WORKING', 'looking'),
    artifact('x', 'on'),
    artifact('y', 'other'),
    artifact('x', 'e', true),
    status('TASK_STATE_COMPLETED', 'bye'),
  );
  assert.deepEqual(await Array.fromAsync(a2a.readEvents(stream, agent)), [
    { kind: 'begin', id: 't', task: 't', context: 'c' },
    { kind: 'note', text: 'looking' },
    { kind: 'text', at: 0, text: 'on' },
    { kind: 'text', at: 1, text: 'other' },
    { kind: 'text', at: 0, text: 'e' },
    { kind: 'end', stop: 'end' },
  ] satisfies Delta[]);
});

test('a stream that only says something at its end says that', async () => {
  const stream = streamOf(task, status('TASK_STATE_INPUT_REQUIRED', 'which?'));
  assert.deepEqual((await Array.fromAsync(a2a.readEvents(stream, agent))).slice(1), [
    { kind: 'text', at: 0, text: 'which?' },
    { kind: 'end', stop: 'input' },
  ]);
});

test('a stream is written: a task first, its end last, and it is read as it was', async () => {
  const deltas: Delta[] = [
    { kind: 'begin', task: 't', context: 'c', id: 't' },
    { kind: 'text', at: 0, text: 'on' },
    { kind: 'text', at: 0, text: 'e' },
    { kind: 'part', at: 1, part: { kind: 'data', data: { a: 1 } } },
    { kind: 'note', text: 'n' },
    { kind: 'end', stop: 'failed' },
  ];
  async function* all(): AsyncGenerator<Delta> {
    yield* deltas;
  }
  const events = await Array.fromAsync(readStream(a2a.writeEvents(all(), agent)));
  assert.deepEqual(
    events.map((event) => Object.keys(event)[0]),
    ['task', 'artifactUpdate', 'artifactUpdate', 'artifactUpdate', 'statusUpdate', 'statusUpdate'],
  );
  assert.deepEqual(await Array.fromAsync(a2a.readEvents(streamOf(...events), agent)), deltas);
});

test('failures keep their reason', () => {
  const failure = a2a.readFailure(a2a.writeFailure({ status: 404, message: 'no', type: '' }), 404);
  assert.deepEqual(failure, { status: 404, message: 'no', type: 'TASK_NOT_FOUND' });
});
