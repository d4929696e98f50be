import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Binding, Call, Endpoint, Reply, Scope } from '../../contract/index.ts';
import { readStream, type StreamResponse } from '../../dialects/a2a/index.ts';
import { httpUpstream } from '../http/index.ts';
import { endpointAt, makeCall, permitted, testScope, testWorld, textOf } from '../http/testing.ts';
import { a2aWay } from './index.ts';
import { type Agent, agent1, agent03 } from './testing.ts';

const upstream = httpUpstream({ world: testWorld, nodeId: 'test' });
const way = a2aWay(upstream);
let agents: readonly Agent[] = [];

before(async () => {
  agents = await Promise.all([
    agent1(),
    agent1(['HTTP+JSON', 'JSONRPC']),
    agent03(),
    agent03('HTTP+JSON'),
    agent03('JSONRPC', '0.2.0'),
  ]);
});
after(async () => {
  await upstream.close();
  await Promise.all(agents.map((agent) => agent.close()));
});

const asking = (operation: string, payload: unknown, stream = false): Call =>
  permitted(
    makeCall({
      target: { kind: 'agent', name: 'echo', operation },
      contentType: 'application/json;form=a2a',
      accept: stream ? 'text/event-stream;form=a2a' : 'application/json;form=a2a',
      body: { kind: 'bytes', bytes: Buffer.from(JSON.stringify(payload)) },
      stream,
    }),
  );

const saying = (text: string, more: object = {}) => ({
  message: { messageId: testWorld.ids.callId(), role: 'ROLE_USER', parts: [{ text }], ...more },
});

const at = (url: string, version: string, binding: Binding | ''): Endpoint =>
  endpointAt(url, { speech: { protocol: 'a2a', version, binding, model: '' } });

const send = (endpoint: Endpoint, call: Call, scope: Scope = testScope().scope): Promise<Reply> =>
  way.to(endpoint)(call, call, scope);

interface Task {
  readonly id: string;
  readonly contextId: string;
  readonly status: { readonly state: string; readonly message?: { readonly parts: readonly unknown[] } };
  readonly artifacts?: readonly { readonly parts: readonly Record<string, unknown>[] }[];
}
interface Told {
  readonly task?: Task;
  readonly message?: { readonly parts: readonly Record<string, unknown>[] };
  readonly error?: { readonly details: readonly { readonly reason: string }[] };
}

const jsonOf = async <T = Told>(reply: Reply): Promise<T> => JSON.parse(await textOf(reply.body)) as T;
const eventsOf = (reply: Reply): Promise<StreamResponse[]> => {
  assert.equal(reply.contentType, 'text/event-stream;form=a2a');
  assert.equal(reply.body.kind, 'stream');
  return Array.fromAsync(readStream((reply.body as { chunks: AsyncIterable<Uint8Array> }).chunks));
};
const kindsOf = (events: readonly StreamResponse[]): string =>
  events.map(({ statusUpdate, ...event }) => statusUpdate?.status.state.slice(11) ?? Object.keys(event)[0]).join(' ');

/** Every way to an agent: with everything configured, and with its card deciding. */
const WAYS: readonly [string, () => Endpoint][] = [
  ['1.0 JSON-RPC', () => at(`${agents[0]!.url}/rpc`, '1.0', 'JSONRPC')],
  ['1.0 HTTP+JSON', () => at(`${agents[0]!.url}/rest`, '1.0', 'HTTP+JSON')],
  ['1.0 gRPC', () => at(agents[0]!.grpc, '1.0', 'GRPC')],
  ['0.3 JSON-RPC', () => at(`${agents[2]!.url}/rpc`, '0.3', 'JSONRPC')],
  ['0.3 HTTP+JSON', () => at(`${agents[2]!.url}/rest`, '0.3', 'HTTP+JSON')],
  ['0.3 gRPC', () => at(agents[2]!.grpc, '0.3', 'GRPC')],
  ['a card of 1.0', () => at(agents[0]!.url, '', '')],
  ['a card of 1.0 that prefers HTTP+JSON', () => at(agents[1]!.url, '', '')],
  ['a card of 0.3', () => at(agents[2]!.url, '', '')],
  ['a card of 0.3 that prefers HTTP+JSON', () => at(agents[3]!.url, '', '')],
  ['a card of 0.2', () => at(agents[4]!.url, '', '')],
];

for (const [name, endpoint] of WAYS) {
  test(`${name}: a message becomes a task, which can be asked for`, async () => {
    const reply = await send(endpoint(), asking('message', saying('hello')));
    assert.equal(reply.contentType, 'application/json;form=a2a');
    assert.equal(reply.pin, 'orders@test');
    const { task } = await jsonOf(reply);
    assert.equal(task?.status.state, 'TASK_STATE_COMPLETED');
    assert.deepEqual(task?.artifacts?.[0]?.parts[0]?.['text'], 'echo: hello');
    const got = await jsonOf<Task>(await send(endpoint(), asking('task.get', { id: task!.id, historyLength: 0 })));
    assert.deepEqual([got.id, got.status.state], [task!.id, 'TASK_STATE_COMPLETED']);
  });

  test(`${name}: documents, files and direct messages arrive as they were`, async () => {
    const data = await jsonOf(await send(endpoint(), asking('message', saying('data'))));
    assert.deepEqual(data.task?.artifacts?.[0]?.parts[0]?.['data'], { n: [1, 'a'] });
    const file = (await jsonOf(await send(endpoint(), asking('message', saying('file'))))).task?.artifacts?.[0]
      ?.parts[0];
    assert.deepEqual([file?.['raw'], file?.['mediaType']], ['aGk=', 'text/csv']);
    const { message } = await jsonOf(await send(endpoint(), asking('message', saying('message'))));
    assert.equal(message?.parts[0]?.['text'], 'just so');
  });

  test(`${name}: a stream begins with a task and ends with its end`, async () => {
    const reply = await send(endpoint(), asking('message', saying('chunks'), true));
    assert.equal(kindsOf(await eventsOf(reply)), 'task WORKING artifactUpdate artifactUpdate COMPLETED');
    const direct = await send(endpoint(), asking('message', saying('message'), true));
    assert.equal(kindsOf(await eventsOf(direct)), 'message');
  });

  test(`${name}: a task that asks goes on with the answer`, async () => {
    const first = await jsonOf(await send(endpoint(), asking('message', saying('ask'))));
    assert.equal(first.task?.status.state, 'TASK_STATE_INPUT_REQUIRED');
    const { id: taskId, contextId } = first.task!;
    const next = await jsonOf(await send(endpoint(), asking('message', saying('ask 7', { taskId, contextId }))));
    assert.deepEqual([next.task?.id, next.task?.status.state], [taskId, 'TASK_STATE_COMPLETED']);
  });

  test(`${name}: a task is followed and cancelled`, async () => {
    const told = { ...saying('wait'), configuration: { returnImmediately: true } };
    const { task } = await jsonOf(await send(endpoint(), asking('message', told)));
    const following = await send(endpoint(), asking('task.subscribe', { id: task!.id }, true));
    const events = eventsOf(following);
    const cancelled = await jsonOf<Task>(await send(endpoint(), asking('task.cancel', { id: task!.id })));
    assert.equal(cancelled.status.state, 'TASK_STATE_CANCELED');
    const kinds = kindsOf(await events);
    assert.match(kinds, /^task .*CANCELED$/);
  });

  test(`${name}: what the agent refuses says why`, async () => {
    const reply = await send(endpoint(), asking('task.get', { id: 'nothing' }));
    assert.deepEqual([reply.outcome, reply.status], ['failed', 404]);
    assert.equal((await jsonOf(reply)).error?.details[0]?.reason, 'TASK_NOT_FOUND');
    const failed = await jsonOf(await send(endpoint(), asking('message', saying('fail'))));
    assert.equal(failed.task?.status.state, 'TASK_STATE_FAILED');
  });

  test(`${name}: the extended card is one of 1.0`, async () => {
    const card = await jsonOf<{ description: string; supportedInterfaces: unknown[] }>(
      await send(endpoint(), asking('card', {})),
    );
    // The 0.3 reference shows its extended card to whoever has logged in only.
    if (name.includes('1.0')) assert.equal(card.description, 'for those we know');
    assert.ok(card.supportedInterfaces.length > 0);
  });
}

test('tasks are listed by 1.0, and 0.3 says that it cannot', async () => {
  for (const binding of ['JSONRPC', 'HTTP+JSON'] as const) {
    const url = `${agents[0]!.url}/${binding === 'JSONRPC' ? 'rpc' : 'rest'}`;
    const listed = await jsonOf<{ tasks: unknown[] }>(
      await send(at(url, '1.0', binding), asking('task.list', { pageSize: 2, status: 'TASK_STATE_COMPLETED' })),
    );
    assert.equal(listed.tasks.length, 2);
  }
  const fault = await send(at(agents[2]!.url, '', ''), asking('task.list', {})).catch((thrown) => thrown);
  assert.deepEqual([fault.code, fault.executed], ['bad_request', 'no']);
  assert.match(fault.message, /0\.3, which has no `ListTasks`/);
});
