/** What the specification of A2A says that servers must do, as data: an id, the requirement in our words, and a check over the wire. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Json, type Place, Refused, type Said, type Speaker } from './speakers.ts';

export interface Bench {
  readonly place: Place;
  readonly speaker: Speaker;
  /** Lets waiting tasks of the reference agent go on. */
  release(): void;
}

export interface Requirement {
  readonly id: string;
  readonly must: string;
  /** Absent: of every version and binding. */
  readonly of?: { readonly version?: '1.0' | '0.3'; readonly binding?: Speaker['binding'] };
  readonly check: (bench: Bench) => Promise<void>;
}

let counted = 0;
const request = (prefix = 'say', more: object = {}, others: object = {}): Json => ({
  message: {
    messageId: `${prefix}-${process.pid}-${++counted}`,
    role: 'ROLE_USER',
    parts: [{ text: 'hello' }],
    ...more,
  },
  ...others,
});

const ok = (said: Said): Json => {
  assert.ok(said.ok, `refused: ${JSON.stringify(said)}`);
  return said.value;
};
const refusedAs = (said: Said, ...reasons: readonly string[]): void => {
  assert.ok(!said.ok, `it went through: ${JSON.stringify(said)}`);
  assert.ok(reasons.includes(said.reason), `${said.reason}: ${JSON.stringify(said.raw)}`);
};
const refusedStream = async (events: AsyncGenerator<Json>, ...reasons: readonly string[]): Promise<void> => {
  try {
    for await (const event of events) assert.fail(`it began: ${JSON.stringify(event)}`);
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    return refusedAs(thrown.said, ...reasons);
  }
  assert.fail('it began and ended');
};

const send = async ({ speaker }: Bench, ...args: Parameters<typeof request>): Promise<Json> =>
  ok(await speaker.ask('SendMessage', request(...args)));
const taskOf = async (bench: Bench, ...args: Parameters<typeof request>): Promise<Json> => {
  const { task } = await send(bench, ...args);
  assert.ok(task !== undefined, 'no task');
  return task;
};
const eventsOf = async ({ speaker }: Bench, prefix: string): Promise<Json[]> =>
  Array.fromAsync(speaker.follow('SendStreamingMessage', request(prefix)));
const stateOf = (event: Json): string | undefined => (event.task ?? event.statusUpdate)?.status.state;
const running = (bench: Bench): Promise<Json> =>
  taskOf(bench, 'wait', {}, { configuration: { returnImmediately: true } });
const TERMINAL = /TASK_STATE_(COMPLETED|FAILED|CANCELED|REJECTED)/;

/** Where a `historyLength` of 0 in a message cannot be told from none. */
const ZERO_IS_NOTHING: ReadonlySet<string> = new Set(['REST 0.3', 'gRPC 0.3']);

const V1 = { version: '1.0' } as const;
const RPC = { binding: 'JSONRPC' } as const;
const REST = { binding: 'HTTP+JSON', version: '1.0' } as const;

const SENDING: readonly Requirement[] = [
  {
    id: 'SEND-ONE',
    must: 'answer a message with exactly one task or message',
    check: async (bench) => assert.equal(Object.keys(await send(bench)).length, 1),
  },
  {
    id: 'SEND-IDS',
    must: 'give a new task an id and a context of the server',
    check: async (bench) => {
      const [one, other] = [await taskOf(bench), await taskOf(bench)];
      assert.ok(one.id && one.contextId && one.id !== other.id && one.contextId !== other.contextId);
    },
  },
  {
    id: 'SEND-WAITS',
    must: 'wait for the end of a task unless told otherwise',
    check: async (bench) => assert.equal((await taskOf(bench)).status.state, 'TASK_STATE_COMPLETED'),
  },
  {
    id: 'SEND-ARTIFACT',
    must: 'give what the agent made, part by part',
    check: async (bench) => {
      assert.equal((await taskOf(bench, 'tck-artifact-text')).artifacts[0].parts[0].text, 'Generated text content');
      const { parts } = (await taskOf(bench, 'tck-artifact-data')).artifacts[0];
      assert.deepEqual(parts[0].data, { key: 'value', count: 42 });
      const file = (await taskOf(bench, 'tck-artifact-file')).artifacts[0].parts[0];
      assert.equal(Buffer.from(file.raw, 'base64').toString(), 'file body');
      assert.equal(file.filename, 'output.txt');
      const link = (await taskOf(bench, 'tck-artifact-file-url')).artifacts[0].parts[0];
      assert.equal(link.url, 'https://example.com/output.txt');
    },
  },
  {
    id: 'SEND-MESSAGE',
    must: 'pass a direct message on as a message of the agent',
    check: async (bench) => {
      const { message } = await send(bench, 'tck-message-response');
      assert.equal(message.role, 'ROLE_AGENT');
      assert.equal(message.parts[0].text, 'Direct message response');
    },
  },
  {
    id: 'SEND-REJECTED',
    must: 'tell of a task that the agent rejected',
    check: async (bench) => assert.equal((await taskOf(bench, 'tck-reject-task')).status.state, 'TASK_STATE_REJECTED'),
  },
  {
    id: 'SEND-INTERRUPTED',
    must: 'answer at once when the task waits for its caller',
    check: async (bench) =>
      assert.equal((await taskOf(bench, 'tck-input-required')).status.state, 'TASK_STATE_INPUT_REQUIRED'),
  },
  {
    id: 'SEND-IMMEDIATELY',
    must: 'answer before the end when the caller does not want to wait',
    check: async (bench) => {
      const task = await running(bench);
      assert.doesNotMatch(task.status.state, TERMINAL);
      bench.release();
    },
  },
  {
    id: 'SEND-HISTORY',
    must: 'show no more of the history than is wanted',
    check: async (bench) => {
      const none = await taskOf(bench, 'say', {}, { configuration: { historyLength: 0 } });
      if (!ZERO_IS_NOTHING.has(bench.speaker.name)) assert.equal(none.history?.length ?? 0, 0);
      const one = await taskOf(bench, 'say', {}, { configuration: { historyLength: 1 } });
      assert.ok((one.history?.length ?? 0) <= 1);
    },
  },
  {
    id: 'SEND-UNKNOWN-TASK',
    must: 'refuse a message to a task that there is none of',
    check: async ({ speaker }) =>
      refusedAs(await speaker.ask('SendMessage', request('say', { taskId: 'no-such-task' })), 'TASK_NOT_FOUND'),
  },
  {
    id: 'SEND-OVER',
    must: 'refuse a message to a task that is over',
    check: async (bench) => {
      const { id } = await taskOf(bench);
      refusedAs(
        await bench.speaker.ask('SendMessage', request('say', { taskId: id })),
        'UNSUPPORTED_OPERATION',
        'INVALID_REQUEST',
      );
    },
  },
  {
    id: 'SEND-TURNS',
    must: 'go on with a task, in its own context, when the caller says what was missing',
    check: async (bench) => {
      const before = await taskOf(bench, 'tck-input-required');
      const after = await taskOf(bench, 'say', { taskId: before.id });
      assert.deepEqual([after.id, after.contextId], [before.id, before.contextId]);
      assert.equal(after.status.state, 'TASK_STATE_COMPLETED');
    },
  },
  {
    id: 'SEND-CONTEXT',
    must: 'keep tasks of one context in it',
    check: async (bench) => {
      const first = await taskOf(bench);
      const second = await taskOf(bench, 'say', { contextId: first.contextId });
      assert.equal(second.contextId, first.contextId);
      assert.notEqual(second.id, first.id);
    },
  },
  {
    id: 'SEND-MISMATCH',
    must: 'refuse a message whose context is not that of its task',
    check: async (bench) => {
      const { id } = await taskOf(bench, 'tck-input-required');
      const wrong = request('say', { taskId: id, contextId: 'another-context' });
      assert.ok(!(await bench.speaker.ask('SendMessage', wrong)).ok);
    },
  },
  {
    id: 'SEND-NO-MESSAGE',
    must: 'refuse a request without message',
    check: async ({ speaker }) => {
      const said = await speaker.ask('SendMessage', {}).catch(() => ({ ok: false }) as Said);
      assert.ok(!said.ok);
    },
  },
  {
    id: 'SEND-NO-PARTS',
    must: 'refuse a message without parts',
    check: async ({ speaker }) => assert.ok(!(await speaker.ask('SendMessage', request('say', { parts: [] }))).ok),
  },
  {
    id: 'SEND-MODES',
    must: 'refuse a media type that the agent does not take',
    of: V1,
    check: async ({ speaker }) =>
      refusedAs(
        await speaker.ask('SendMessage', request('say', { parts: [{ raw: 'AAAA', mediaType: 'image/png' }] })),
        'CONTENT_TYPE_NOT_SUPPORTED',
      ),
  },
];

const TASKS: readonly Requirement[] = [
  {
    id: 'GET-TASK',
    must: 'tell how a task stands',
    check: async (bench) => {
      const task = await taskOf(bench);
      const got = ok(await bench.speaker.ask('GetTask', { id: task.id }));
      assert.deepEqual([got.id, got.contextId, got.status.state], [task.id, task.contextId, 'TASK_STATE_COMPLETED']);
    },
  },
  {
    id: 'GET-HISTORY',
    must: 'show of the history as many messages as are wanted, none for 0',
    check: async (bench) => {
      const { id } = await taskOf(bench);
      const none = ok(await bench.speaker.ask('GetTask', { id, historyLength: 0 }));
      if (bench.speaker.name !== 'gRPC 0.3') assert.equal(none.history?.length ?? 0, 0);
      assert.ok((ok(await bench.speaker.ask('GetTask', { id, historyLength: 1 })).history?.length ?? 0) <= 1);
    },
  },
  {
    id: 'GET-UNKNOWN',
    must: 'know nothing of a task that is not there',
    check: async ({ speaker }) => refusedAs(await speaker.ask('GetTask', { id: 'no-such-task' }), 'TASK_NOT_FOUND'),
  },
  {
    id: 'CANCEL',
    must: 'cancel a task that runs',
    check: async (bench) => {
      const { id } = await running(bench);
      const task = ok(await bench.speaker.ask('CancelTask', { id }));
      assert.equal(task.status.state, 'TASK_STATE_CANCELED');
      assert.equal(ok(await bench.speaker.ask('GetTask', { id })).status.state, 'TASK_STATE_CANCELED');
    },
  },
  {
    id: 'CANCEL-OVER',
    must: 'refuse to cancel a task that is over',
    check: async (bench) => {
      const { id } = await taskOf(bench);
      refusedAs(await bench.speaker.ask('CancelTask', { id }), 'TASK_NOT_CANCELABLE');
    },
  },
  {
    id: 'CANCEL-UNKNOWN',
    must: 'not cancel what is not there',
    check: async ({ speaker }) => refusedAs(await speaker.ask('CancelTask', { id: 'no-such-task' }), 'TASK_NOT_FOUND'),
  },
  {
    id: 'LIST',
    must: 'list the tasks of the caller, newest state first, and say whether there are more',
    of: V1,
    check: async (bench) => {
      const [one, two] = [await taskOf(bench), await taskOf(bench)];
      const all = ok(await bench.speaker.ask('ListTasks', {}));
      const ids: string[] = all.tasks.map(({ id }: Json) => id);
      assert.ok(ids.indexOf(two.id) >= 0 && ids.indexOf(two.id) < ids.indexOf(one.id));
      if (bench.speaker.binding !== 'GRPC') assert.equal(typeof all.nextPageToken, 'string');
    },
  },
  {
    id: 'LIST-CONTEXT',
    must: 'list tasks of one context, or in one state',
    of: V1,
    check: async (bench) => {
      const { id, contextId } = await taskOf(bench);
      const { tasks } = ok(await bench.speaker.ask('ListTasks', { contextId, status: 'TASK_STATE_COMPLETED' }));
      assert.deepEqual(
        tasks.map((task: Json) => task.id),
        [id],
      );
      const none = ok(await bench.speaker.ask('ListTasks', { contextId, status: 'TASK_STATE_FAILED' }));
      assert.equal(none.tasks?.length ?? 0, 0);
    },
  },
  {
    id: 'LIST-PAGES',
    must: 'give a list page by page, each task once',
    of: V1,
    check: async (bench) => {
      const { contextId } = await taskOf(bench);
      for (let more = 0; more < 2; more++) await taskOf(bench, 'say', { contextId });
      const seen: string[] = [];
      for (let pageToken = ''; ; ) {
        const page = ok(
          await bench.speaker.ask('ListTasks', { contextId, pageSize: 2, ...(pageToken === '' ? {} : { pageToken }) }),
        );
        seen.push(...page.tasks.map(({ id }: Json) => id));
        pageToken = page.nextPageToken ?? '';
        if (pageToken === '') break;
        assert.ok(seen.length <= 3, 'it does not end');
      }
      assert.equal(new Set(seen).size, 3);
      assert.equal(seen.length, 3);
    },
  },
  {
    id: 'LIST-ARTIFACTS',
    must: 'leave artifacts out of a list unless they are wanted',
    of: V1,
    check: async (bench) => {
      const { contextId } = await taskOf(bench);
      const [without] = ok(await bench.speaker.ask('ListTasks', { contextId })).tasks;
      assert.equal(without.artifacts?.length ?? 0, 0);
      const [having] = ok(await bench.speaker.ask('ListTasks', { contextId, includeArtifacts: true })).tasks;
      assert.equal(having.artifacts.length, 1);
    },
  },
  {
    id: 'LIST-SIZE',
    must: 'refuse a page of more than 100 tasks',
    of: V1,
    check: async ({ speaker }) => assert.ok(!(await speaker.ask('ListTasks', { pageSize: 101 })).ok),
  },
];

const STREAMS: readonly Requirement[] = [
  {
    id: 'STREAM-FIRST',
    must: 'begin a stream with the task, and tell of nothing but that task',
    check: async (bench) => {
      const [first, ...rest] = await eventsOf(bench, 'say');
      assert.ok(first.task !== undefined, JSON.stringify(first));
      for (const event of rest)
        assert.equal((event.statusUpdate ?? event.artifactUpdate)?.taskId ?? event.task?.id, first.task.id);
    },
  },
  {
    id: 'STREAM-END',
    must: 'end a stream with the end of the task, and say nothing after it',
    check: async (bench) => {
      const states = (await eventsOf(bench, 'say')).map(stateOf);
      assert.equal(states.at(-1), 'TASK_STATE_COMPLETED');
      assert.equal(states.filter((state) => TERMINAL.test(state ?? '')).length, 1);
    },
  },
  {
    id: 'STREAM-MESSAGE',
    must: 'stream a direct message as the only event',
    check: async (bench) => {
      const events = await eventsOf(bench, 'tck-message-response');
      assert.deepEqual(
        events.map((event) => Object.keys(event)),
        [['message']],
      );
    },
  },
  {
    id: 'STREAM-CHUNKS',
    must: 'stream an artifact in pieces, in order',
    check: async (bench) => {
      const pieces = (await eventsOf(bench, 'tck-stream-artifact-chunked')).flatMap(
        ({ artifactUpdate }) => artifactUpdate ?? [],
      );
      assert.deepEqual(
        pieces.map(({ artifact }) => artifact.parts[0].text),
        ['chunk-1 ', 'chunk-2'],
      );
      assert.deepEqual(
        pieces.map(({ append }) => append === true),
        [false, true],
      );
      assert.equal(pieces[0].artifact.artifactId, pieces[1].artifact.artifactId);
    },
  },
  {
    id: 'STREAM-KEPT',
    must: 'keep for GetTask what was streamed',
    check: async (bench) => {
      const [first] = await eventsOf(bench, 'tck-stream-artifact-chunked');
      const task = ok(await bench.speaker.ask('GetTask', { id: first.task.id }));
      assert.equal(task.artifacts[0].parts.map(({ text }: Json) => text).join(''), 'chunk-1 chunk-2');
    },
  },
  {
    id: 'STREAM-LEFT',
    must: 'go on with a task when the reader of its stream leaves',
    check: async (bench) => {
      const leaving = new AbortController();
      const events = bench.speaker.follow('SendStreamingMessage', request('wait'), { signal: leaving.signal });
      const { value } = await events.next();
      leaving.abort();
      await events.return(undefined).catch(() => {});
      const { id } = value.task;
      assert.doesNotMatch(ok(await bench.speaker.ask('GetTask', { id })).status.state, TERMINAL);
      const following = bench.speaker.follow('SubscribeToTask', { id });
      await following.next();
      bench.release();
      for await (const _ of following);
      assert.equal(ok(await bench.speaker.ask('GetTask', { id })).status.state, 'TASK_STATE_COMPLETED');
    },
  },
  {
    id: 'SUBSCRIBE',
    must: 'begin with how the task stands, and go on to its end',
    check: async (bench) => {
      const { id } = await running(bench);
      const events = bench.speaker.follow('SubscribeToTask', { id });
      const first = (await events.next()).value;
      if (bench.speaker.version === '1.0') assert.equal(first.task.id, id);
      bench.release();
      const rest: Json[] = [];
      for await (const event of events) rest.push(event);
      assert.equal(stateOf(rest.at(-1)), 'TASK_STATE_COMPLETED');
    },
  },
  {
    id: 'SUBSCRIBE-ALIKE',
    must: 'tell all who follow a task the same in the same order',
    check: async (bench) => {
      const { id } = await running(bench);
      const readers = [0, 1].map(() => bench.speaker.follow('SubscribeToTask', { id }));
      for (const reader of readers) await reader.next();
      bench.release();
      const [one = [], other = []] = (await Promise.all(readers.map((reader) => Array.fromAsync(reader)))).map(
        (events) => events.map(stateOf),
      );
      // Who came later may have missed what was told before.
      const shared = Math.min(one.length, other.length);
      assert.ok(shared > 0);
      assert.deepEqual(one.slice(-shared), other.slice(-shared));
      assert.equal(one.at(-1), 'TASK_STATE_COMPLETED');
    },
  },
  {
    id: 'SUBSCRIBE-OVER',
    must: 'refuse to follow a task that is over',
    of: V1,
    check: async (bench) => {
      const { id } = await taskOf(bench);
      await refusedStream(bench.speaker.follow('SubscribeToTask', { id }), 'UNSUPPORTED_OPERATION');
    },
  },
  {
    id: 'SUBSCRIBE-UNKNOWN',
    must: 'refuse to follow a task that is not there',
    check: async ({ speaker }) =>
      refusedStream(speaker.follow('SubscribeToTask', { id: 'no-such-task' }), 'TASK_NOT_FOUND'),
  },
];

const HOOK = { url: 'http://127.0.0.1:9/hook', token: 'secret-token' };

const PUSH: readonly Requirement[] = [
  {
    id: 'PUSH-KEPT',
    must: 'keep a push configuration under an id, show it, list it, and delete it, twice without harm',
    check: async (bench) => {
      const { id: taskId } = await taskOf(bench, 'tck-input-required');
      const { speaker } = bench;
      const made = ok(await speaker.ask('CreateTaskPushNotificationConfig', { taskId, id: 'hook-1', ...HOOK }));
      assert.equal(made.url, HOOK.url);
      const { id } = made;
      assert.equal(ok(await speaker.ask('GetTaskPushNotificationConfig', { taskId, id })).url, HOOK.url);
      assert.equal(ok(await speaker.ask('ListTaskPushNotificationConfigs', { taskId })).configs.length, 1);
      for (const _ of [1, 2]) ok(await speaker.ask('DeleteTaskPushNotificationConfig', { taskId, id }));
      assert.ok(!(await speaker.ask('GetTaskPushNotificationConfig', { taskId, id })).ok);
    },
  },
  {
    id: 'PUSH-UNKNOWN',
    must: 'refuse a push configuration for a task that is not there',
    check: async ({ speaker }) =>
      refusedAs(
        await speaker.ask('CreateTaskPushNotificationConfig', { taskId: 'no-such-task', id: 'hook-1', ...HOOK }),
        'TASK_NOT_FOUND',
      ),
  },
  {
    id: 'PUSH-SENT',
    must: 'tell the receiver of the end of a task, with the credentials that it wants',
    check: async (bench) => {
      const got = Promise.withResolvers<void>();
      const seen: { headers: Json; body: Json }[] = [];
      const hook = createServer(async (req, res) => {
        let body = '';
        for await (const chunk of req) body += String(chunk);
        seen.push({ headers: req.headers, body: JSON.parse(body) });
        res.end();
        if (body.includes('COMPLETED') || body.includes('"completed"')) got.resolve();
      });
      hook.listen(0, '127.0.0.1');
      await once(hook, 'listening');
      try {
        const { id: taskId } = await running(bench);
        const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
        const authentication = { scheme: 'Bearer', credentials: 'for-the-hook' };
        ok(await bench.speaker.ask('CreateTaskPushNotificationConfig', { taskId, id: 'hook', url, authentication }));
        bench.release();
        await Promise.race([
          got.promise,
          new Promise((_, late) =>
            AbortSignal.timeout(8_000).addEventListener('abort', () => late(new Error(`only ${JSON.stringify(seen)}`))),
          ),
        ]);
        assert.ok(seen.every(({ headers }) => headers.authorization === 'Bearer for-the-hook'));
      } finally {
        hook.closeAllConnections();
        hook.close();
      }
    },
  },
];

const post = (bench: Bench, body: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(bench.place.rpc, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(bench.speaker.version === '1.0' ? { 'a2a-version': '1.0' } : {}),
      ...(bench.place.key === '' ? {} : { authorization: `Bearer ${bench.place.key}` }),
      ...headers,
    },
    body,
  });
const codeOf = async (response: Response): Promise<number> => ((await response.json()) as Json).error.code;

const BINDINGS: readonly Requirement[] = [
  {
    id: 'VERSION-UNKNOWN',
    must: 'refuse a version that is not spoken',
    of: V1,
    check: async ({ speaker }) =>
      refusedAs(
        await speaker.ask('GetTask', { id: 'x' }, { headers: { 'a2a-version': '99.0' } }),
        'VERSION_NOT_SUPPORTED',
      ),
  },
  {
    id: 'RPC-PARSE',
    must: 'answer what is no JSON with -32700',
    of: RPC,
    check: async (bench) => assert.equal(await codeOf(await post(bench, '{"jsonrpc":')), -32700),
  },
  {
    id: 'RPC-INVALID',
    must: 'answer what is no request with -32600',
    of: RPC,
    check: async (bench) =>
      assert.equal(await codeOf(await post(bench, '{"jsonrpc":"1.0","id":1,"method":"GetTask"}')), -32600),
  },
  {
    id: 'RPC-METHOD',
    must: 'answer a method that there is none of with -32601',
    of: RPC,
    check: async (bench) =>
      assert.equal(await codeOf(await post(bench, '{"jsonrpc":"2.0","id":1,"method":"no/such"}')), -32601),
  },
  {
    id: 'RPC-PARAMS',
    must: 'answer parameters that do not fit with -32602',
    of: { ...RPC, ...V1 },
    check: async (bench) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params: { message: { role: 7 } } });
      assert.equal(await codeOf(await post(bench, body)), -32602);
    },
  },
  {
    id: 'RPC-ID',
    must: 'answer with the id of the request',
    of: RPC,
    check: async (bench) => {
      const method = bench.speaker.version === '1.0' ? 'GetTask' : 'tasks/get';
      for (const id of ['a-text', 42]) {
        const response = await post(bench, JSON.stringify({ jsonrpc: '2.0', id, method, params: { id: 'x' } }));
        assert.equal(((await response.json()) as Json).id, id);
      }
    },
  },
  {
    id: 'RPC-INFO',
    must: 'say why in google.rpc.ErrorInfo',
    of: { ...RPC, ...V1 },
    check: async ({ speaker }) => {
      const said = await speaker.ask('GetTask', { id: 'no-such-task' });
      assert.ok(!said.ok);
      const [info] = said.raw.error.data;
      assert.deepEqual(
        [said.raw.error.code, info['@type'], info.reason, info.domain],
        [-32001, 'type.googleapis.com/google.rpc.ErrorInfo', 'TASK_NOT_FOUND', 'a2a-protocol.org'],
      );
    },
  },
  {
    id: 'REST-ERROR',
    must: 'answer errors as google.rpc.Status with the status of HTTP',
    of: REST,
    check: async ({ speaker }) => {
      const said = await speaker.ask('GetTask', { id: 'no-such-task' });
      assert.ok(!said.ok);
      assert.deepEqual([said.status, said.raw.error.code, said.raw.error.status], [404, 404, 'NOT_FOUND']);
    },
  },
  {
    id: 'REST-TYPE',
    must: 'answer in application/a2a+json',
    of: REST,
    check: async (bench) => {
      const said = await bench.speaker.ask('SendMessage', request());
      assert.ok(said.ok && said.type.startsWith('application/a2a+json'), JSON.stringify(said));
    },
  },
  {
    id: 'REST-SUBSCRIBE',
    must: 'take a subscription as GET and as POST',
    of: REST,
    check: async (bench) => {
      const { id } = await running(bench);
      const headers = {
        'a2a-version': '1.0',
        ...(bench.place.key === '' ? {} : { authorization: `Bearer ${bench.place.key}` }),
      };
      for (const method of ['GET', 'POST']) {
        const leaving = new AbortController();
        const response = await fetch(`${bench.place.rest}/tasks/${id}:subscribe`, {
          method,
          headers,
          signal: leaving.signal,
        });
        assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/, method);
        leaving.abort();
      }
      bench.release();
    },
  },
];

const card = async ({ place }: Bench, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(place.card, { headers: { ...(place.key === '' ? {} : { authorization: `Bearer ${place.key}` }), ...headers } });

const CARDS: readonly Requirement[] = [
  {
    id: 'CARD',
    must: 'publish a card with everything that a card must have',
    of: { ...RPC, ...V1 },
    check: async (bench) => {
      const found = (await (await card(bench, { 'a2a-version': '1.0' })).json()) as Json;
      for (const name of [
        'name',
        'description',
        'version',
        'capabilities',
        'defaultInputModes',
        'defaultOutputModes',
        'skills',
      ])
        assert.ok(found[name] !== undefined, name);
      assert.ok(found.supportedInterfaces.length > 0);
      for (const one of found.supportedInterfaces) assert.ok(one.url && one.protocolBinding && one.protocolVersion);
    },
  },
  {
    id: 'CARD-03',
    must: 'publish a card that readers of 0.3 understand',
    of: { binding: 'JSONRPC', version: '0.3' },
    check: async (bench) => {
      const found = (await (await card(bench, { 'a2a-version': '0.3' })).json()) as Json;
      assert.ok(found.url && found.preferredTransport && /^0\.3/.test(found.protocolVersion), JSON.stringify(found));
    },
  },
  {
    id: 'CARD-CACHE',
    must: 'say how long a card may be kept, and answer 304 to who has it already',
    of: { ...RPC, ...V1 },
    check: async (bench) => {
      const first = await card(bench);
      const etag = first.headers.get('etag') ?? '';
      assert.ok(etag !== '' && /max-age=\d+/.test(first.headers.get('cache-control') ?? ''));
      await first.body?.cancel();
      assert.equal((await card(bench, { 'if-none-match': etag })).status, 304);
    },
  },
  {
    id: 'CARD-EXTENDED',
    must: 'give the extended card when the card says that there is one',
    check: async ({ speaker }) => assert.ok(ok(await speaker.ask('GetExtendedAgentCard', {})).name),
  },
];

export const REQUIREMENTS: readonly Requirement[] = [...SENDING, ...TASKS, ...STREAMS, ...PUSH, ...BINDINGS, ...CARDS];

export const appliesTo = ({ of = {} }: Requirement, { version, binding }: Speaker): boolean =>
  (of.version === undefined || of.version === version) && (of.binding === undefined || of.binding === binding);
