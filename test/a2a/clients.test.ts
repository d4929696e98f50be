/** Clients of the reference SDKs, unmodified, of both versions and three bindings, in front of a hub with agents of both behind it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ListTasksRequest, SendMessageRequest, type StreamResponse, type Task, TaskState } from '@a2a-js/sdk';
import {
  type Client,
  ClientFactory,
  DefaultAgentCardResolver,
  JsonRpcTransportFactory,
  RestTransportFactory,
} from '@a2a-js/sdk/client';
import { GrpcTransportFactory } from '@a2a-js/sdk/client/grpc';
import * as grpc from '@grpc/grpc-js';
import {
  ClientFactory as OldFactory,
  DefaultAgentCardResolver as OldResolver,
  RestTransportFactory as OldRest,
  JsonRpcTransportFactory as OldRpc,
} from 'a2a-sdk-v0.3/client';
import { GrpcTransport as OldGrpc, GrpcTransportFactory as OldGrpcFactory } from 'a2a-sdk-v0.3/client/grpc';
import { importJWK, type JWK } from 'jose';
import { type AgentCard, protobuf03, verifyCard } from '../../src/dialects/a2a/index.ts';
import { type ReferenceAgent, startReference } from './reference-agent.ts';
import { openScene, resource, type Scene } from './scene.ts';

let scene: Scene;
const agents: ReferenceAgent[] = [];

before(async () => {
  scene = await openScene({ grpc: { host: '127.0.0.1', port: 0 } });
  agents.push(await startReference(), await startReference({ old: true }), await startReference({ streaming: false }));
  await scene.apply(
    ['new', 'old', 'still'].map((name, at) =>
      resource('Agent', name, { protocol: 'a2a', endpoints: [{ url: agents[at]!.url }] }),
    ),
  );
});
after(async () => {
  await scene[Symbol.asyncDispose]();
  for (const agent of agents) await agent.close();
});

const bearer = (): string => `Bearer ${scene.keys.alice.secret}`;
const fetchImpl: typeof fetch = (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('authorization', bearer());
  return fetch(input, { ...init, headers });
};
const cardOf = (name: string): string => `${scene.hub.url}/a2a/${name}/.well-known/agent-card.json`;

const clientOf = (name: string, binding: 'JSONRPC' | 'HTTP+JSON' | 'GRPC'): Promise<Client> =>
  new ClientFactory({
    transports: [
      new JsonRpcTransportFactory({ fetchImpl }),
      new RestTransportFactory({ fetchImpl }),
      new GrpcTransportFactory(),
    ],
    preferredTransports: [binding],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  }).createFromUrl(cardOf(name), '');

let counted = 0;
const asking = (prefix: string, more: object = {}): SendMessageRequest =>
  SendMessageRequest.fromJSON({
    message: { messageId: `${prefix}-${++counted}`, role: 'ROLE_USER', parts: [{ text: 'hello' }], ...more },
  });
const withKey = () => ({ serviceParameters: { authorization: bearer() } });

const oldMessage = (prefix: string, more: object = {}) => ({
  message: {
    kind: 'message' as const,
    messageId: `${prefix}-${++counted}`,
    role: 'user' as const,
    parts: [{ kind: 'text' as const, text: 'hello' }],
    ...more,
  },
});

for (const binding of ['JSONRPC', 'HTTP+JSON', 'GRPC'] as const)
  for (const name of ['new', 'old', 'still'])
    describe(`a client of 1.0 over ${binding} and the agent \`${name}\``, () => {
      test('send, ask, list, and are told what there is none of', async () => {
        const client = await clientOf(name, binding);
        const task = (await client.sendMessage(asking('say'), withKey())) as Task;
        assert.equal(task.status?.state, TaskState.TASK_STATE_COMPLETED);
        assert.deepEqual(task.artifacts[0]?.parts[0]?.content, { $case: 'text', value: 'echo: hello' });
        const got = await client.getTask({ id: task.id, historyLength: 1, tenant: '' }, withKey());
        assert.deepEqual([got.id, got.history.length], [task.id, 1]);
        const list = await client.listTasks(ListTasksRequest.fromJSON({ contextId: task.contextId }), withKey());
        assert.deepEqual(
          list.tasks.map(({ id }) => id),
          [task.id],
        );
        await assert.rejects(client.getTask({ id: 'nothing', historyLength: 0, tenant: '' }, withKey()), {
          name: 'TaskNotFoundError',
        });
        await assert.rejects(client.cancelTask({ id: task.id, tenant: '', metadata: undefined }, withKey()), {
          name: 'TaskNotCancelableError',
        });
        assert.ok((await client.getAgentCard(withKey())).skills.length > 0);
      });

      test('streams an artifact in its pieces, and ends', async () => {
        const client = await clientOf(name, binding);
        const events: StreamResponse[] = await Array.fromAsync(
          client.sendMessageStream(asking('tck-stream-artifact-chunked'), withKey()),
        );
        const [first] = events;
        assert.equal(first?.payload?.$case, 'task');
        const last = events.at(-1)?.payload;
        const state = last?.$case === 'statusUpdate' || last?.$case === 'task' ? last.value.status?.state : undefined;
        assert.equal(state, TaskState.TASK_STATE_COMPLETED);
        if (name !== 'still')
          assert.deepEqual(
            events.flatMap(({ payload }) =>
              payload?.$case === 'artifactUpdate' ? [payload.value.artifact?.parts[0]?.content?.value] : [],
            ),
            ['chunk-1 ', 'chunk-2'],
          );
      });
    });

for (const binding of ['JSONRPC', 'HTTP+JSON'] as const)
  for (const name of ['new', 'old'])
    test(`a client of 0.3 over ${binding} speaks with the agent \`${name}\`, and knows nothing of 1.0`, async () => {
      const client = await new OldFactory({
        transports: [new OldRpc({ fetchImpl }), new OldRest({ fetchImpl })],
        preferredTransports: [binding],
        cardResolver: new OldResolver({ fetchImpl }),
      }).createFromUrl(cardOf(name), '');
      const task = await client.sendMessage(oldMessage('say'));
      assert.ok(task.kind === 'task');
      assert.equal(task.status.state, 'completed');
      assert.deepEqual(
        task.artifacts?.[0]?.parts.map((part) => (part as { text?: string }).text),
        ['echo: hello'],
      );
      const direct = await client.sendMessage(oldMessage('answer'));
      assert.equal(direct.kind, 'message');
      assert.equal((await client.getTask({ id: task.id })).id, task.id);
      const kinds: string[] = [];
      for await (const event of client.sendMessageStream(oldMessage('tck-stream-artifact-chunked')))
        kinds.push(event.kind);
      assert.deepEqual(kinds, ['task', 'status-update', 'artifact-update', 'artifact-update', 'status-update']);
      const waiting = await client.sendMessage(oldMessage('tck-input-required'));
      assert.ok(waiting.kind === 'task');
      assert.equal(waiting.status.state, 'input-required');
      const set = await client.setTaskPushNotificationConfig({
        taskId: waiting.id,
        pushNotificationConfig: { id: 'hook', url: 'http://127.0.0.1:9/' },
      });
      assert.equal(set.pushNotificationConfig.url, 'http://127.0.0.1:9/');
      const after = await client.sendMessage(oldMessage('say', { taskId: waiting.id }));
      assert.ok(after.kind === 'task');
      assert.deepEqual([after.id, after.status.state], [waiting.id, 'completed']);
      await assert.rejects(client.getTask({ id: 'nothing' }));
    });

for (const name of ['new', 'old'])
  test(`a client of 0.3 over GRPC speaks with the agent \`${name}\`, whom its metadata names`, async () => {
    const client = new OldGrpc({ endpoint: scene.hub.grpc });
    const withName = { serviceParameters: { authorization: bearer(), 'airspace-target': name } };
    const task = await client.sendMessage(oldMessage('say'), withName);
    assert.ok(task.kind === 'task');
    assert.deepEqual(
      [task.status.state, task.artifacts?.[0]?.parts[0]],
      ['completed', { kind: 'text', text: 'echo: hello' }],
    );
    assert.equal((await client.sendMessage(oldMessage('answer'), withName)).kind, 'message');
    assert.equal((await client.getTask({ id: task.id, historyLength: 1 }, withName)).history?.length, 1);
    const kinds: string[] = [];
    for await (const event of client.sendMessageStream(oldMessage('tck-stream-artifact-chunked'), withName))
      kinds.push(event.kind);
    assert.deepEqual(kinds, ['task', 'status-update', 'artifact-update', 'artifact-update', 'status-update']);
    const waiting = await client.sendMessage(oldMessage('tck-input-required'), withName);
    assert.ok(waiting.kind === 'task');
    const { id: taskId } = waiting;
    const hook = { taskId, pushNotificationConfig: { id: 'hook', url: 'http://127.0.0.1:9/', token: 't' } };
    assert.equal((await client.setTaskPushNotificationConfig(hook, withName)).pushNotificationConfig.token, 't');
    const asked = { id: taskId, pushNotificationConfigId: 'hook' };
    assert.equal((await client.getTaskPushNotificationConfig(asked, withName)).taskId, taskId);
    assert.equal((await client.listTaskPushNotificationConfig({ id: taskId }, withName)).length, 1);
    await client.deleteTaskPushNotificationConfig(asked, withName);
    assert.deepEqual(await client.listTaskPushNotificationConfig({ id: taskId }, withName), []);
    assert.equal((await client.cancelTask({ id: taskId }, withName)).status.state, 'canceled');
    await assert.rejects(client.cancelTask({ id: taskId }, withName), { name: 'TaskNotCancelableError' });
    await assert.rejects(client.getTask({ id: 'nothing' }, withName), { name: 'TaskNotFoundError' });
    assert.ok((await client.getExtendedAgentCard(withName)).skills.length > 0);
  });

test('a client of 0.3 finds gRPC in the card of the node, and there the skill of a message says for whom it is', async () => {
  const read = async (url: string) =>
    (await (await fetchImpl(url, { headers: { 'a2a-version': '0.3' } })).json()) as {
      readonly additionalInterfaces: readonly { readonly transport: string }[];
    };
  const bindings = async (url: string): Promise<readonly string[]> =>
    (await read(url)).additionalInterfaces.map(({ transport }) => transport);
  const node = `${scene.hub.url}/.well-known/agent-card.json`;
  assert.ok((await bindings(node)).includes('GRPC'));
  assert.ok(!(await bindings(cardOf('new'))).includes('GRPC'), 'it could not say for whom');
  const client = await new OldFactory({
    transports: [new OldGrpcFactory()],
    preferredTransports: ['GRPC'],
    cardResolver: new OldResolver({ fetchImpl }),
  }).createFromUrl(node, '');
  const key = { serviceParameters: { authorization: bearer() } };
  const task = await client.sendMessage(oldMessage('say', { metadata: { skill: 'agent/new' } }), key);
  assert.ok(task.kind === 'task' && task.status.state === 'completed');
  await assert.rejects(client.sendMessage(oldMessage('say'), key), /say for whom this is/);
});

test('messages of our own codec, sent by gRPC that is not ours, are answered, in either version of the service', async () => {
  const client = new grpc.Client(scene.hub.grpc, grpc.credentials.createInsecure());
  const call = async (
    service: string,
    metadata: Readonly<Record<string, string>>,
  ): Promise<grpc.ServiceError | object> => {
    const said = new grpc.Metadata();
    for (const [name, value] of Object.entries({ authorization: bearer(), ...metadata })) said.set(name, value);
    const { promise, resolve } = Promise.withResolvers<grpc.ServiceError | object>();
    client.makeUnaryRequest(
      `/${service}/GetTask`,
      (value: object) => Buffer.from(protobuf03.encode('GetTaskRequest', value)),
      (bytes) => protobuf03.decode('Task', bytes, 'answer') as object,
      { name: 'tasks/nothing' },
      said,
      (error, value) => resolve(error ?? value ?? {}),
    );
    return promise;
  };
  const { NOT_FOUND, FAILED_PRECONDITION, UNIMPLEMENTED, INVALID_ARGUMENT, UNAUTHENTICATED } = grpc.status;
  for (const [service, metadata, code] of [
    ['a2a.v1.A2AService', {}, NOT_FOUND],
    ['a2a.v1.A2AService', { 'a2a-version': '0.3' }, NOT_FOUND],
    ['a2a.v1.A2AService', { 'a2a-version': '1.0' }, FAILED_PRECONDITION],
    ['a2a.v1.A2AService', { 'airspace-target': 'no/such/place' }, INVALID_ARGUMENT],
    ['a2a.v1.A2AService', { authorization: 'Bearer nobody' }, UNAUTHENTICATED],
    ['lf.a2a.v1.A2AService', {}, FAILED_PRECONDITION],
    ['lf.a2a.v1.A2AService', { 'a2a-version': '0.3' }, FAILED_PRECONDITION],
    // The first field is the tenant there.
    ['lf.a2a.v1.A2AService', { 'a2a-version': '1.0' }, INVALID_ARGUMENT],
    ['a2a.v2.A2AService', {}, UNIMPLEMENTED],
  ] as const)
    assert.equal(
      ((await call(service, metadata)) as grpc.ServiceError).code,
      code,
      `${service} ${JSON.stringify(metadata)}`,
    );
  client.close();
});

test('a card is signed by the node, shows nothing of where its agent is, and is one for a reader of either version', async () => {
  const read = async (headers: Readonly<Record<string, string>>) =>
    (await (await fetchImpl(cardOf('new'), { headers })).json()) as AgentCard & Readonly<Record<string, unknown>>;
  const card = await read({ 'a2a-version': '1.0' });
  const { keys } = (await (await fetch(`${scene.hub.url}/a2a/.well-known/jwks.json`)).json()) as { keys: JWK[] };
  const keyOf = async () => importJWK(keys[0]!, 'ES256');
  assert.equal(await verifyCard(card, keyOf), 'good');
  assert.equal(await verifyCard({ ...card, description: 'another one' }, keyOf), 'wrong');
  assert.ok(!JSON.stringify(card).includes(`:${new URL(agents[0]!.url).port}`));
  assert.equal(card['url'], undefined);
  assert.equal((await read({ 'a2a-version': '0.3' })).supportedInterfaces, undefined);
  const both = await read({});
  assert.ok(both.supportedInterfaces.length > 0 && both['url'] === both.supportedInterfaces[0]?.url);
});
