/** What changes, as clients hear of it: here, and at the server behind a place. And calls that go on without their request. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import {
  CreateMessageRequestSchema,
  PromptListChangedNotificationSchema,
  ToolListChangedNotificationSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { readEvents } from '../../src/dialects/index.ts';
import { resource } from './scene.ts';
import { house } from './shared.ts';

const VERSION = '2026-07-28';
const TASKS = 'io.modelcontextprotocol/tasks';
type Json = Readonly<Record<string, unknown>>;

const ask = (
  place: string,
  method: string,
  params: Json,
  capabilities: Json = {},
  init: RequestInit = {},
): Promise<Response> =>
  fetch(`${house.hub.url}${place}`, {
    method: 'POST',
    headers: {
      ...{ authorization: `Bearer ${house.keyOf('erin')}`, 'content-type': 'application/json' },
      ...{ accept: 'application/json, text/event-stream', 'mcp-protocol-version': VERSION, 'mcp-method': method },
      ...(params['name'] === undefined && params['taskId'] === undefined
        ? {}
        : { 'mcp-name': String(params['name'] ?? params['taskId']) }),
    },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 'mine', method },
      params: {
        ...params,
        _meta: {
          'io.modelcontextprotocol/protocolVersion': VERSION,
          'io.modelcontextprotocol/clientCapabilities': capabilities,
        },
      },
    }),
    ...init,
  });

const resultOf = async (answer: Response): Promise<Json> => ((await answer.json()) as { result: Json }).result;

interface Heard {
  readonly id?: unknown;
  readonly method?: string;
  readonly params?: { readonly _meta?: Json; readonly notifications?: Json };
}

/** The first message says what was promised; the others come as they are asked for. */
const listen = async (place: string, notifications: Json) => {
  const stop = new AbortController();
  const answer = await ask(place, 'subscriptions/listen', { notifications }, {}, { signal: stop.signal });
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  const events = readEvents(answer.body as never as AsyncIterable<Uint8Array>);
  const next = async (): Promise<Heard> => JSON.parse((await events.next()).value?.data ?? 'null') as Heard;
  return { promised: await next(), next, stop: () => stop.abort() };
};

let names = 0;
/** A new tool that everybody may call. */
const addTool = (): Promise<unknown> =>
  house.apply([resource('Tool', `new-${++names}`, { endpoints: [], operations: [{ name: 'look', effect: 'read' }] })]);

describe('each request by itself', () => {
  test('a new tool is announced to who may call it, and nothing that was not asked for', async () => {
    const all = await listen('/mcp', { toolsListChanged: true });
    assert.equal(all.promised.method, 'notifications/subscriptions/acknowledged');
    assert.deepEqual(all.promised.params?.notifications, { toolsListChanged: true });
    await addTool();
    const heard = await all.next();
    assert.equal(heard.method, 'notifications/tools/list_changed');
    assert.equal(heard.params?._meta?.['io.modelcontextprotocol/subscriptionId'], 'mine');
    all.stop();
  });

  for (const server of ['fixture', 'fresh'])
    test(`what ${server} announces is passed on, under the client's own id`, async () => {
      const stream = await listen(`/mcp/${server}`, { promptsListChanged: true });
      assert.deepEqual(stream.promised.params?.notifications, { promptsListChanged: true });
      (server === 'fixture' ? house.fixture : house.fresh).announce('prompts');
      const heard = await stream.next();
      assert.equal(heard.method, 'notifications/prompts/list_changed');
      assert.equal(heard.params?._meta?.['io.modelcontextprotocol/subscriptionId'], 'mine');
      stream.stop();
    });

  test('what is no filter is refused', async () => {
    for (const notifications of [undefined, 7, { toolsListChanged: 1 }, { resourceSubscriptions: 'all' }]) {
      const answer = await ask('/mcp', 'subscriptions/listen', { notifications });
      assert.equal(((await answer.json()) as { error: { code: number } }).error.code, -32602);
    }
  });
});

describe('sessions', () => {
  const begin = async (place: string): Promise<OldClient> => {
    const client = new OldClient({ name: 'test', version: '1' }, { capabilities: { sampling: {} } });
    const requestInit = { headers: { authorization: `Bearer ${house.keyOf('erin')}` } };
    await client.connect(new OldTransport(new URL(`${house.hub.url}${place}`), { requestInit }) as never);
    return client;
  };

  test('a new tool is announced on the standing stream', async () => {
    const client = await begin('/mcp');
    const heard = new Promise<void>((resolve) => {
      client.setNotificationHandler(ToolListChangedNotificationSchema, () => resolve());
    });
    const again = setInterval(() => void addTool(), 300);
    await heard;
    clearInterval(again);
    await client.close();
  });

  for (const server of ['fixture', 'old', 'fresh'] as const)
    test(`what ${server} announces, and asks, reaches a client with a session`, async () => {
      const client = await begin(`/mcp/${server}`);
      client.setRequestHandler(CreateMessageRequestSchema, async () => ({
        ...{ role: 'assistant' as const, model: 'none' },
        content: { type: 'text' as const, text: 'a thought' },
      }));
      const { content } = await client.callTool({ name: 'test_sampling', arguments: { prompt: 'think' } });
      assert.deepEqual(content, [{ type: 'text', text: 'LLM response: a thought' }]);
      const heard = new Promise<void>((resolve) => {
        client.setNotificationHandler(PromptListChangedNotificationSchema, () => resolve());
      });
      const again = setInterval(() => house[server].announce('prompts'), 100);
      await heard;
      clearInterval(again);
      await client.close();
    });
});

describe('tasks', () => {
  const capabilities = { extensions: { [TASKS]: {} } };
  const task = (id: unknown, method = 'tasks/get', as: Json = capabilities): Promise<Json> =>
    ask('/mcp/fixture', method, { taskId: id }, as).then(resultOf);
  const until = async (id: unknown, status: string): Promise<Json> => {
    for (;;) {
      const seen = await task(id);
      if (seen['status'] === status) return seen;
      await new Promise((next) => setImmediate(next));
    }
  };

  test('a call that waits for people is a task to who knows tasks', async () => {
    const begun = await resultOf(await ask('/mcp/fixture', 'tools/call', { name: 'test_image_content' }, capabilities));
    assert.deepEqual([begun['resultType'], begun['status']], ['task', 'working']);
    assert.match(String(begun['statusMessage']), /approval by somebody with role finance/);
    const held = await fetch(`${house.hub.url}/v1/approvals?state=pending`, {
      headers: { authorization: `Bearer ${house.keyOf('ann')}` },
    });
    const { items } = (await held.json()) as { items: readonly { id: string; caller: string }[] };
    const { id } = items.find(({ caller }) => caller === 'agent/erin')!;
    assert.equal((await house.vote(id, 'approve')).status, 200);
    const done = await until(begun['taskId'], 'completed');
    const { content } = done['result'] as { content: readonly { type: string }[] };
    assert.equal(content[0]?.type, 'image');
  });

  test('it can be taken back', async () => {
    const begun = await resultOf(
      await ask('/mcp/fixture', 'tools/call', { name: 'test_image_content', arguments: { n: 2 } }, capabilities),
    );
    assert.deepEqual((await task(begun['taskId'], 'tasks/cancel'))['resultType'], 'complete');
    await until(begun['taskId'], 'cancelled');
  });
});
