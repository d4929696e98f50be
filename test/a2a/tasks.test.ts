/** Whose tasks are whose, and what becomes of them whoever leaves, restarts, says no, or wants to hear of it. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { flattenedVerify, importJWK, type JWK } from 'jose';
import { readEvents } from '../../src/dialects/index.ts';
import { APPROVAL_URI } from '../../src/doors/a2a/index.ts';
import { type ReferenceAgent, startReference } from './reference-agent.ts';
import { listening, message, openScene, POLICY, resource, rpc, type Scene } from './scene.ts';
import type { Json } from './speakers.ts';

let scene: Scene;
let agent: ReferenceAgent;

before(async () => {
  scene = await openScene();
  agent = await startReference();
  const speaking = { protocol: 'a2a', endpoints: [{ url: agent.url }] };
  await scene.apply([
    resource('Agent', 'ref', speaking),
    resource('Agent', 'guarded', speaking, { labels: { guarded: 'yes' } }),
  ]);
});
after(async () => {
  await scene[Symbol.asyncDispose]();
  await agent.close();
});

const ask = async (path: string, method: string, params: unknown, more = {}): Promise<Json> =>
  (await rpc(scene, path, method, params, more)).body;
const result = async (...args: Parameters<typeof ask>): Promise<Json> => {
  const body = await ask(...args);
  assert.ok(body.result !== undefined, JSON.stringify(body));
  return body.result;
};
const reason = (body: Json): string => body.error?.data?.[0]?.reason ?? JSON.stringify(body);
const running = async (prefix = 'wait'): Promise<Json> =>
  (
    await result('/a2a/ref', 'SendMessage', {
      ...message('hello', { messageId: `${prefix}-${Math.random()}` }),
      configuration: { returnImmediately: true },
    })
  ).task;

/** What a stream of answers has, as long as somebody reads. */
async function* streamed(path: string, method: string, params: unknown, signal?: AbortSignal): AsyncGenerator<Json> {
  const response = await fetch(`${scene.hub.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'a2a-version': '1.0',
      authorization: `Bearer ${scene.keys.alice.secret}`,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    ...(signal === undefined ? {} : { signal }),
  });
  for await (const { data } of readEvents(response.body as unknown as AsyncIterable<Uint8Array>))
    yield JSON.parse(data).result ?? JSON.parse(data);
}
const stateOf = (event: Json): string => (event.task ?? event.statusUpdate)?.status.state;
/** The state in which the stream of a task ends. */
const endOf = async (id: string): Promise<string> => {
  let state = '';
  for await (const event of streamed('/a2a', 'SubscribeToTask', { id })) state = stateOf(event) ?? state;
  return state;
};

describe('a task belongs to who made it', () => {
  test('for everybody else it is not there, whatever they ask', async () => {
    const { id, contextId } = await running();
    const foreign = [
      ['GetTask', { id }],
      ['CancelTask', { id }],
      ['SubscribeToTask', { id }],
      ['SendMessage', message('mine', { taskId: id })],
      ['SendMessage', message('mine', { referenceTaskIds: [id] })],
      ['CreateTaskPushNotificationConfig', { taskId: id, url: 'https://example.com/' }],
      ['ListTaskPushNotificationConfigs', { taskId: id }],
    ] as const;
    for (const [method, params] of foreign) {
      const theirs = await ask('/a2a/ref', method, params, { as: 'bob' });
      const nobodys = await ask('/a2a/ref', method, JSON.parse(JSON.stringify(params).replaceAll(id, 'f'.repeat(32))), {
        as: 'bob',
      });
      assert.equal(reason(theirs), 'TASK_NOT_FOUND', method);
      assert.deepEqual(theirs, JSON.parse(JSON.stringify(nobodys).replaceAll('f'.repeat(32), id)), method);
    }
    const { tasks } = await result('/a2a/ref', 'ListTasks', { contextId }, { as: 'bob' });
    assert.deepEqual(tasks, []);
    assert.equal(reason(await ask('/a2a/plain', 'GetTask', { id })), 'TASK_NOT_FOUND', 'it is of another agent');
    agent.release();
    assert.equal(await endOf(id), 'TASK_STATE_COMPLETED');
  });

  test('two callers who name the same context do not meet in it', async () => {
    const contextId = 'our-trip';
    const mine = (await result('/a2a/ref', 'SendMessage', message('a', { contextId }))).task;
    const theirs = (await result('/a2a/ref', 'SendMessage', message('b', { contextId }), { as: 'bob' })).task;
    assert.deepEqual([mine.contextId, theirs.contextId], [contextId, contextId]);
    const again = (await result('/a2a/ref', 'SendMessage', message('c', { contextId }))).task;
    const [first, other, third] = agent.contexts.slice(-3);
    assert.equal(third, first, 'the agent goes on with what it knows');
    assert.notEqual(other, first, 'and mixes nobody up');
    const stored = async (as: 'alice' | 'bob'): Promise<Json> =>
      (await result('/a2a/ref', 'ListTasks', { contextId }, { as })).tasks.map(({ id }: Json) => id);
    assert.deepEqual([await stored('alice'), await stored('bob')], [[again.id, mine.id], [theirs.id]]);
  });
});

describe('a task does not depend on who waits for it', () => {
  for (const method of ['SendMessage', 'SendStreamingMessage'])
    test(`${method}: a caller that goes away finds its task, and its end`, async () => {
      const leaving = new AbortController();
      const heard = agent.heard.length;
      const asked = Array.fromAsync(
        streamed('/a2a/ref', method, message('hello', { messageId: `wait-left-${method}` }), leaving.signal),
      ).catch(() => {});
      while (agent.heard.length === heard) await new Promise((next) => setImmediate(next));
      leaving.abort();
      await asked;
      const found = async (): Promise<Json> =>
        (await result('/a2a/ref', 'ListTasks', { pageSize: 1 })).tasks.find(
          ({ history = [] }: Json) => history[0]?.messageId === `wait-left-${method}`,
        );
      let task = await found();
      while (task === undefined) task = await found();
      agent.release();
      let state = task.status.state;
      while (state !== 'TASK_STATE_COMPLETED')
        state = (await result('/a2a/ref', 'GetTask', { id: task.id })).status.state;
      assert.deepEqual(agent.cancelled, []);
    });

  test('a call that only this node works on goes on too, and is cancelled when its caller says so', async () => {
    const call = { ...message('x', { metadata: { skill: 'hang' } }), configuration: { returnImmediately: true } };
    const done = (await result('/a2a/plain', 'SendMessage', call)).task;
    assert.equal(done.status.state, 'TASK_STATE_WORKING');
    await scene.plain.hanging();
    scene.plain.release();
    assert.equal(await endOf(done.id), 'TASK_STATE_COMPLETED');
    const other = (
      await result('/a2a/plain', 'SendMessage', { ...call, ...message('y', { metadata: { skill: 'hang' } }) })
    ).task;
    const cancelled = await result('/a2a/plain', 'CancelTask', { id: other.id });
    assert.equal(cancelled.status.state, 'TASK_STATE_CANCELED');
    scene.plain.release();
  });

  test('cancelling reaches the agent', async () => {
    const { id } = await running();
    const before = agent.cancelled.length;
    assert.equal((await result('/a2a/ref', 'CancelTask', { id })).status.state, 'TASK_STATE_CANCELED');
    assert.equal(agent.cancelled.length, before + 1);
  });

  test('a restart of the node loses no task, and hears how those ended that went on without it', async () => {
    const { id } = await running();
    const over = (await result('/a2a/ref', 'SendMessage', message('hello'))).task;
    const made = { taskId: id, id: 'hook', url: 'https://example.com/hook' };
    await result('/a2a/ref', 'CreateTaskPushNotificationConfig', made);
    await scene.restart();
    assert.deepEqual((await result('/a2a/ref', 'GetTask', { id: over.id })).artifacts, over.artifacts);
    assert.equal(
      (await result('/a2a/ref', 'ListTaskPushNotificationConfigs', { taskId: id })).configs[0].url,
      made.url,
    );
    agent.release();
    assert.equal(await endOf(id), 'TASK_STATE_COMPLETED');
  });
});

describe('a call that waits for people', () => {
  const pay = (more: object = {}) => message('money', { metadata: { skill: 'pay' }, ...more });
  const vote = async (id: string, verdict: 'approve' | 'deny'): Promise<void> => {
    const headers = { authorization: `Bearer ${scene.keys.ann.secret}`, 'content-type': 'application/json' };
    const view = (await (await fetch(`${scene.hub.url}/v1/approvals/${id}`, { headers })).json()) as Json;
    const body = JSON.stringify({ digest: view.digest, comment: 'because' });
    const { status } = await fetch(`${scene.hub.url}/v1/approvals/${id}:${verdict}`, { method: 'POST', headers, body });
    assert.equal(status, 200);
  };

  test('is a task at once, which says what it waits for, and goes on when they approve', async () => {
    const { task } = await result('/a2a/plain', 'SendMessage', pay());
    assert.equal(task.status.state, 'TASK_STATE_INPUT_REQUIRED');
    assert.match(task.status.message.parts[0].text, /approval of people: payments need a person of finance/);
    assert.equal(task.metadata[APPROVAL_URI].id, task.id);
    assert.equal(
      reason(await ask('/a2a/plain', 'SendMessage', message('please', { taskId: task.id }))),
      'UNSUPPORTED_OPERATION',
    );
    const asked = scene.plain.asked.length;
    const following = endOf(task.id);
    await vote(task.id, 'approve');
    assert.equal(await following, 'TASK_STATE_COMPLETED');
    assert.equal(scene.plain.asked.length, asked + 1);
    const after = await result('/a2a/plain', 'GetTask', { id: task.id });
    assert.deepEqual(after.status.message.parts[0].data.operation, 'pay');
  });

  test('is one task, however often it is sent', async () => {
    const asked = message('twice', { metadata: { skill: 'pay' } });
    const { task } = await result('/a2a/plain', 'SendMessage', asked);
    const again = (await result('/a2a/plain', 'SendMessage', asked)).task;
    const events = await Array.fromAsync(streamed('/a2a/plain', 'SendStreamingMessage', asked));
    assert.deepEqual([again.id, events.map((event) => event.task?.id)], [task.id, [task.id]]);
    await vote(task.id, 'deny');
    assert.equal(await endOf(task.id), 'TASK_STATE_REJECTED');
  });

  test('is rejected when they say no', async () => {
    const { task } = await result('/a2a/plain', 'SendMessage', message('no money', { metadata: { skill: 'pay' } }));
    const following = endOf(task.id);
    await vote(task.id, 'deny');
    assert.equal(await following, 'TASK_STATE_REJECTED');
    const { status } = await result('/a2a/plain', 'GetTask', { id: task.id });
    assert.match(status.message.parts[0].text, /an approver denied this call: because/);
  });

  test('to an agent of A2A goes on as the task of that agent, turn by turn', async () => {
    const say = async (params: unknown): Promise<Json> => (await result('/a2a/guarded', 'SendMessage', params)).task;
    const waiting = async (id: string): Promise<Json> => {
      for (;;) {
        const { status, metadata } = await result('/a2a/guarded', 'GetTask', { id });
        if (status.message?.parts[0]?.text === 'which one?' || status.state === 'TASK_STATE_COMPLETED') return status;
        assert.ok(metadata[APPROVAL_URI] !== undefined);
      }
    };
    const task = await say(message('first', { messageId: 'tck-input-required-guarded' }));
    assert.match(task.status.message.parts[0].text, /words to it need a person/);
    await vote(task.id, 'approve');
    assert.equal((await waiting(task.id)).state, 'TASK_STATE_INPUT_REQUIRED');
    const again = await say(message('that one', { taskId: task.id }));
    assert.equal(again.id, task.id);
    assert.match(again.status.message.parts[0].text, /words to it need a person/);
    const approval = again.metadata[APPROVAL_URI].id;
    assert.notEqual(approval, task.id, 'each message is a call of its own');
    await vote(approval, 'approve');
    assert.equal(await endOf(task.id), 'TASK_STATE_COMPLETED');
  });

  test('is taken back by its caller, and survives a restart', async () => {
    const { task } = await result('/a2a/plain', 'SendMessage', message('back', { metadata: { skill: 'pay' } }));
    const { task: other } = await result('/a2a/plain', 'SendMessage', message('stays', { metadata: { skill: 'pay' } }));
    await scene.restart();
    assert.equal((await result('/a2a/plain', 'CancelTask', { id: task.id })).status.state, 'TASK_STATE_CANCELED');
    await vote(other.id, 'approve');
    assert.equal(await endOf(other.id), 'TASK_STATE_COMPLETED');
  });
});

describe('push notifications', () => {
  test('come signed and in order, with the token where nobody wants other credentials', async () => {
    const seen: { headers: Json; body: string }[] = [];
    const ended = Promise.withResolvers<void>();
    let refusals = 1;
    const hook = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      // The first one fails, and comes again.
      if (refusals-- > 0) return void response.writeHead(503).end();
      seen.push({ headers: request.headers, body });
      response.end();
      if (body.includes('TASK_STATE_COMPLETED')) ended.resolve();
    });
    const url = await listening(hook);
    const { task } = await result('/a2a/ref', 'SendMessage', {
      ...message('hello', { messageId: 'wait-push' }),
      configuration: { returnImmediately: true, taskPushNotificationConfig: { url, token: 'tok' } },
    });
    agent.release();
    await ended.promise;
    hook.close();
    const { keys } = (await (await fetch(`${scene.hub.url}/a2a/.well-known/jwks.json`)).json()) as { keys: JWK[] };
    for (const { headers, body } of seen) {
      assert.equal(headers['x-a2a-notification-token'], 'tok');
      assert.equal(headers['content-type'], 'application/a2a+json');
      const [header, , signature] = headers['x-airspace-signature'].split('.');
      const payload = Buffer.from(body).toString('base64url');
      await flattenedVerify({ protected: header, payload, signature }, await importJWK(keys[0]!, 'ES256'));
    }
    const ids = seen
      .map(({ body }) => JSON.parse(body))
      .map((one: Json) => one.task?.id ?? one.statusUpdate?.taskId ?? one.artifactUpdate?.taskId);
    assert.deepEqual(new Set(ids), new Set([task.id]));
    assert.equal(stateOf(JSON.parse(seen.at(-1)!.body)), 'TASK_STATE_COMPLETED');
  });

  test('do not go where they would do harm', async () => {
    const { id: taskId } = (await result('/a2a/ref', 'SendMessage', message('hello'))).task;
    for (const url of ['file:///etc/passwd', 'not a url', 'http://user:secret@example.com/', 'gopher://x/'])
      assert.equal(
        reason(await ask('/a2a/ref', 'CreateTaskPushNotificationConfig', { taskId, url })),
        'INVALID_PARAMS',
        url,
      );
    const header = {
      taskId,
      url: 'https://example.com/',
      authentication: { scheme: 'Bearer\r\nx: y', credentials: 'a' },
    };
    assert.equal(reason(await ask('/a2a/ref', 'CreateTaskPushNotificationConfig', header)), 'INVALID_PARAMS');
  });
});

test('what policy refuses is an error of A2A that has our code', async () => {
  const body = await ask('/a2a/plain', 'SendMessage', message('x', { metadata: { skill: 'say' } }), { as: 'mallory' });
  assert.equal(body.error.message, 'mallory has lost its rights');
  const [info] = body.error.data;
  assert.deepEqual([info.reason, info.domain, info.metadata.rules], ['REVOKED', 'airspace.dev', 'org/not-mallory']);
});

test('the tool, the agent and the node answer in turn', async () => {
  const said = async (path: string, params: unknown): Promise<Json> =>
    (await result(path, 'SendMessage', params)).message.parts[0].data;
  const data = { parts: [{ data: { a: 1 } }] };
  assert.deepEqual(await said('/a2a/tools/adder', message('', data)), { operation: 'add', body: { a: 1 } });
  assert.deepEqual(await said('/a2a', { ...message('', data), tenant: 'tools/adder' }), {
    operation: 'add',
    body: { a: 1 },
  });
  assert.equal((await said('/a2a', message('hi', { metadata: { skill: 'agent/plain/look' } }))).operation, 'look');
  const failed = (await result('/a2a/ref', 'SendMessage', message('hello', { messageId: 'fail-1' }))).task;
  assert.equal(failed.status.state, 'TASK_STATE_FAILED');
});

test('what policy says about tasks of an agent holds for whoever owns them', async () => {
  const { id } = await running();
  const hidden = (text: string) => resource('PolicyBundle', 'org', { level: 'org', policies: { text } });
  await scene.apply([
    hidden(`${POLICY}
@id("no-looking") @reason("nobody looks at tasks today") @code("NO_LOOKING")
forbid (principal == Agent::"alice", action, resource) when { context.operation like "task.*" };`),
  ]);
  for (const [method, params] of [
    ['GetTask', { id }],
    ['CancelTask', { id }],
    ['SubscribeToTask', { id }],
    ['ListTasks', {}],
  ] as const)
    assert.match(JSON.stringify(await ask('/a2a/ref', method, params)), /"code":-32021/, method);
  await scene.apply([hidden(POLICY)]);
  agent.release();
  let { state } = (await result('/a2a/ref', 'GetTask', { id })).status;
  while (state !== 'TASK_STATE_COMPLETED') ({ state } = (await result('/a2a/ref', 'GetTask', { id })).status);
});

test('a budget that has nothing left refuses in the words of A2A', async () => {
  await scene.apply([resource('Budget', 'one', { scope: 'agent bob', unit: 'calls', limit: 1 })]);
  await result('/a2a/solo', 'SendMessage', message('x'), { as: 'bob' });
  const { error } = await ask('/a2a/solo', 'SendMessage', message('x'), { as: 'bob' });
  assert.deepEqual(
    [error.code, error.data[0].domain, error.data[0].metadata.code],
    [-32029, 'airspace.dev', 'budget_exhausted'],
  );
});
