import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Call, Endpoint, Reply, TargetKind } from '../../contract/index.ts';
import { readStream, type SendMessageResponse } from '../../dialects/a2a/index.ts';
import { httpUpstream, httpWay } from '../http/index.ts';
import { endpointAt, faultOf, makeCall, permitted, testScope, testWorld, textOf } from '../http/testing.ts';
import { speaking, type Way } from '../index.ts';
import { a2aWay } from './index.ts';
import { type Agent, agent1, agent03, agentThat } from './testing.ts';

const upstream = httpUpstream({ world: testWorld, nodeId: 'test' });
const none: Way = { forms: () => [], to: () => () => Promise.reject(new Error('not asked')) };
const handlerOf = speaking({
  http: httpWay(upstream),
  a2a: a2aWay(upstream),
  mcp: none,
  openai: none,
  anthropic: none,
});
const open: { close(): Promise<void> }[] = [];
after(async () => {
  await upstream.close();
  await Promise.all(open.map((one) => one.close()));
});
const opened = async <T extends { close(): Promise<void> }>(one: Promise<T>): Promise<T> => {
  open.push(await one);
  return one;
};

const call = (kind: TargetKind, operation: string, form: string, payload: unknown, stream = false): Call => {
  const suffix = form === 'plain' ? '' : `;form=${form}`;
  return permitted(
    makeCall({
      target: { kind, name: 'echo', operation },
      contentType: `application/json${suffix}`,
      accept: stream ? `text/event-stream${suffix}` : `application/json${suffix}`,
      body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(payload)) },
      stream,
    }),
  );
};
const send = (endpoint: Endpoint, one: Call): Promise<Reply> => handlerOf(endpoint)(one, testScope().scope);
const agentAt = ({ url }: Agent): Endpoint =>
  endpointAt(url, { speech: { protocol: 'a2a', version: '', binding: '', model: '' } });
const said = (text: string) => ({ message: { messageId: 'm', role: 'ROLE_USER', parts: [{ text }] } });
const jsonOf = async <T>(reply: Reply): Promise<T> => JSON.parse(await textOf(reply.body)) as T;

test('whoever knows nothing of A2A sends a document to an agent of either version and gets one back', async () => {
  for (const agent of [await opened(agent1()), await opened(agent03())]) {
    const reply = await send(agentAt(agent), call('agent', 'message', 'plain', { text: 'hello' }));
    assert.equal(reply.contentType, 'application/json');
    assert.deepEqual(await jsonOf(reply), { text: 'echo: hello' });
    const data = await send(agentAt(agent), call('agent', 'message', 'plain', { text: 'data' }));
    assert.deepEqual(await jsonOf(data), { n: [1, 'a'] });
    const events = await send(agentAt(agent), call('agent', 'message', 'plain', { text: 'chunks' }, true));
    assert.equal(await textOf(events.body), 'data: {"text":"one "}\n\ndata: {"text":"two"}\n\n');
    const failed = await send(agentAt(agent), call('agent', 'task.get', 'plain', { id: 'nothing' }));
    assert.deepEqual([failed.outcome, failed.status], ['failed', 404]);
    assert.equal((await jsonOf<{ error: { type: string } }>(failed)).error.type, 'TASK_NOT_FOUND');
  }
});

test('whoever speaks A2A calls a tool and an agent that do not', async () => {
  const target = await opened(
    agentThat(({ path, body }, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify(path === '/where' ? { heard: JSON.parse(body), at: 'dock' } : { text: 'plainly' }));
    }),
  );
  const asked = { message: { messageId: 'm', contextId: 'c', role: 'ROLE_USER', parts: [{ data: { order: 4 } }] } };
  const reply = await send(endpointAt(target.url), call('agent', 'where', 'a2a', asked));
  assert.equal(reply.contentType, 'application/json;form=a2a');
  const { message } = await jsonOf<SendMessageResponse>(reply);
  assert.deepEqual(message?.parts, [{ data: { heard: { order: 4 }, at: 'dock' } }]);
  const streamed = await send(endpointAt(target.url), call('tool', 'search', 'a2a', said('q'), true));
  const chunks = (streamed.body as { chunks: AsyncIterable<Uint8Array> }).chunks;
  const events = await Array.fromAsync(readStream(chunks));
  assert.deepEqual(
    events.map((event) => Object.keys(event)[0]),
    ['task', 'artifactUpdate', 'statusUpdate'],
  );
  assert.deepEqual(events[1]?.artifactUpdate?.artifact.parts, [{ text: 'plainly' }]);
});

test('what is no operation of A2A is refused before anything is sent', async () => {
  const agent = await opened(agentThat((_, response) => response.end()));
  const endpoint = endpointAt(agent.url, { speech: { protocol: 'a2a', version: '', binding: '', model: '' } });
  const fault = await faultOf(send(endpoint, call('agent', 'dance', 'a2a', said('x'))));
  assert.equal(fault.code, 'bad_request');
  assert.deepEqual(agent.heard, []);
});
