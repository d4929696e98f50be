/** Official clients of MCP and A2A start a plan that knows nothing of either protocol, and see how far it is. */
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { SendMessageRequest, TaskState } from '@a2a-js/sdk';
import { ClientFactory, DefaultAgentCardResolver, JsonRpcTransportFactory } from '@a2a-js/sdk/client';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { apply, type House, house, plan } from './scene.ts';

interface Progress {
  readonly progress: number;
  readonly total?: number | undefined;
  readonly message?: string | undefined;
}

interface Speaker {
  list(): Promise<readonly string[]>;
  call(name: string, args: object, heard?: (progress: Progress) => void): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

let home: House;
/** What each step waits for before it answers. */
let gates: ReadonlyMap<string, PromiseWithResolvers<void>>;

before(async () => {
  home = await house([
    { name: 'find', effect: 'read' },
    { name: 'fly', effect: 'write' },
  ]);
  await apply(home.hub, [
    plan('trip', {
      description: 'books a trip',
      steps: [
        { id: 'find', call: 'agent/office/find', input: { to: '${input.to}' } },
        { id: 'fly', call: 'agent/office/fly', needs: ['find'] },
        { id: 'sure', approve: { question: 'sure?' }, when: 'input.to == "nowhere"' },
      ],
      output: { flight: '${steps.fly.result}' },
    }),
  ]);
});
beforeEach(() => {
  gates = new Map(['find', 'fly'].map((name) => [name, Promise.withResolvers<void>()]));
  for (const [name, gate] of gates)
    home.answers.set(name, async () => {
      await gate.promise;
      return { seat: '1A' };
    });
});
after(() => home.scene[Symbol.asyncDispose]());

/** A step goes on as soon as its client has heard that it is under way. */
const goOn = (text: string): void => {
  for (const [name, gate] of gates) if (text.includes(`\`${name}\` is under way`)) gate.resolve();
};
const goOnAtOnce = (): void => {
  for (const gate of gates.values()) gate.resolve();
};

const requestInit = () => ({ headers: { authorization: `Bearer ${home.secrets.desk}` } });
const url = () => new URL(`${home.hub.url}/mcp`);

const modern = async (): Promise<Speaker> => {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } } as never);
  await client.connect(new StreamableHTTPClientTransport(url(), { requestInit: requestInit() }));
  return {
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args, onprogress) =>
      (await client.callTool({ name, arguments: args } as never, onprogress && ({ onprogress } as never))) as Record<
        string,
        unknown
      >,
    close: () => client.close(),
  };
};

const old = async (): Promise<Speaker> => {
  const client = new OldClient({ name: 'test', version: '1' });
  const transport = new OldTransport(url(), { requestInit: requestInit() });
  await client.connect(transport as never);
  return {
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args, onprogress) =>
      (await client.callTool(
        { name, arguments: args as Record<string, unknown> },
        undefined,
        onprogress && { onprogress },
      )) as Record<string, unknown>,
    close: async () => {
      await transport.terminateSession();
      await client.close();
    },
  };
};

for (const [manner, speak] of [
  ['new', modern],
  ['old', old],
] as const) {
  test(`MCP: a ${manner} client that gives a token hears how far its run is, in numbers that grow`, async () => {
    const speaker = await speak();
    const tools = (await speaker.list()).filter((name) => name.includes('trip'));
    assert.deepEqual(tools, ['agent__trip__run'], 'its questions are no tools');
    const heard: Progress[] = [];
    const result = await speaker.call('agent__trip__run', { to: 'Rome' }, (progress) => {
      heard.push(progress);
      goOn(progress.message ?? '');
    });
    assert.match(JSON.stringify(result), /1A/);
    const counts = heard.map(({ progress }) => progress);
    assert.ok(counts.length >= 2, JSON.stringify(heard));
    assert.deepEqual(counts, [...new Set(counts)].sort(), JSON.stringify(heard));
    assert.ok(heard.every(({ total }) => total === 3));
    await speaker.close();
  });

  test(`MCP: a ${manner} client without a token gets the answer and nothing before it`, async () => {
    const speaker = await speak();
    goOnAtOnce();
    assert.match(JSON.stringify(await speaker.call('agent__trip__run', { to: 'Oslo' })), /1A/);
    await speaker.close();
  });
}

const a2a = () => {
  const fetchImpl: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('authorization', `Bearer ${home.secrets.desk}`);
    return fetch(input, { ...init, headers });
  };
  return new ClientFactory({
    transports: [new JsonRpcTransportFactory({ fetchImpl })],
    cardResolver: new DefaultAgentCardResolver({ fetchImpl }),
  }).createFromUrl(`${home.hub.url}/a2a/trip/.well-known/agent-card.json`, '');
};

const message = (messageId: string): SendMessageRequest =>
  SendMessageRequest.fromJSON({
    message: { messageId, role: 'ROLE_USER', parts: [{ data: { to: 'Rome' } }] },
  });

test('A2A: who follows a message to a plan sees a task that works, step by step, and its end', async () => {
  const client = await a2a();
  const states: string[] = [];
  const words: string[] = [];
  let answer = '';
  for await (const { payload } of client.sendMessageStream(message('one'))) {
    if (payload?.$case === 'artifactUpdate') answer += JSON.stringify(payload.value.artifact?.parts);
    if (payload?.$case !== 'statusUpdate' && payload?.$case !== 'task') continue;
    const { status } = payload.value;
    states.push(TaskState[status?.state ?? 0] ?? '');
    const text = JSON.stringify(status?.message?.parts ?? []);
    words.push(text);
    goOn(text);
  }
  assert.match(
    words.join('\n'),
    /1 of 3 steps are over; `find` is under way.*\n.*2 of 3 steps are over; `fly` is under way/,
  );
  assert.match(answer, /1A/);
  assert.equal(states.at(-1), 'TASK_STATE_COMPLETED');
  assert.ok(
    states.slice(0, -1).every((state) => state === 'TASK_STATE_WORKING'),
    states.join(),
  );
});

test('A2A: who only waits gets the answer of the run as one message', async () => {
  const client = await a2a();
  goOnAtOnce();
  assert.match(JSON.stringify(await client.sendMessage(message('two'))), /1A/);
});
