/** Both official clients, unmodified: the new one as it likes and pinned, the old one with its sessions. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { house } from './shared.ts';

interface Result {
  readonly content?: readonly { readonly type: string; readonly text?: string }[];
  readonly isError?: boolean;
  readonly structuredContent?: unknown;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

/** What the tests need of either client. */
interface Speaker {
  readonly manner: string;
  list(): Promise<readonly string[]>;
  call(name: string, args?: object, options?: object): Promise<Result>;
  readonly client: Client | OldClient;
  close(): Promise<void>;
}

const FACTS = { name: 'ada', username: 'ada', email: 'ada@example.com' };
const CAPABILITIES = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };

const fresh = async (
  place: string,
  who: string,
  mode: unknown,
  capabilities: object = CAPABILITIES,
): Promise<Speaker> => {
  const client = new Client({ name: 'test', version: '1' }, { capabilities, versionNegotiation: { mode } } as never);
  if ('elicitation' in capabilities)
    client.setRequestHandler('elicitation/create', async () => ({ action: 'accept', content: FACTS }) as never);
  const requestInit = { headers: { authorization: `Bearer ${house.keyOf(who)}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${house.hub.url}${place}`), { requestInit }));
  return {
    manner: `new client, ${JSON.stringify(mode)}`,
    client,
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: args } as never, options)) as Result,
    close: () => client.close(),
  };
};

const old = async (place: string, who: string, capabilities: object = CAPABILITIES): Promise<Speaker> => {
  const client = new OldClient({ name: 'test', version: '1' }, { capabilities });
  if ('elicitation' in capabilities)
    client.setRequestHandler(ElicitRequestSchema, async () => ({ action: 'accept' as const, content: FACTS }));
  const requestInit = { headers: { authorization: `Bearer ${house.keyOf(who)}` } };
  const transport = new OldTransport(new URL(`${house.hub.url}${place}`), { requestInit });
  await client.connect(transport as never);
  return {
    manner: 'old client',
    client,
    list: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, args = {}, options = {}) =>
      (await client.callTool({ name, arguments: args } as never, undefined, options)) as Result,
    close: async () => {
      await transport.terminateSession();
      await client.close();
    },
  };
};

const SPEAKERS: readonly ((place: string, who: string, capabilities?: object) => Promise<Speaker>)[] = [
  (place, who, capabilities) => fresh(place, who, 'auto', capabilities),
  (place, who, capabilities) => fresh(place, who, { pin: '2026-07-28' }, capabilities),
  (place, who, capabilities) => fresh(place, who, 'legacy', capabilities),
  old,
];

const textOf = ({ content }: Result): string => content?.map(({ text }) => text ?? '').join('\n') ?? '';

for (const speak of SPEAKERS)
  for (const server of ['fixture', 'old', 'fresh'])
    test(`a client of any manner uses a server of any manner: ${SPEAKERS.indexOf(speak)} to ${server}`, async () => {
      const speaker = await speak(`/mcp/${server}`, 'alice');
      assert.ok((await speaker.list()).includes('test_simple_text'));
      assert.equal(textOf(await speaker.call('test_echo', { text: 'é' })), '{"text":"é"}');
      const failed = await speaker.call('test_error_handling');
      assert.equal(failed.isError, true);
      const progress: unknown[] = [];
      const said = await speaker.call(
        'test_tool_with_progress',
        {},
        { onprogress: (one: unknown) => progress.push(one) },
      );
      assert.equal(textOf(said), 'progress was made');
      assert.equal(progress.length, 3);
      assert.match(textOf(await speaker.call('test_elicitation', { message: 'who?' })), /action=accept.*ada@example/);
      assert.equal(textOf(await speaker.call('test_input_required_result_elicitation')), 'Hello, ada!');
      await assert.rejects(speaker.call('no_such_tool'), /unknown tool/i);
      await speaker.close();
    });

for (const speak of SPEAKERS)
  describe(`everything at once, ${SPEAKERS.indexOf(speak)}`, () => {
    test('tools of all targets under names that say whose they are', async () => {
      const speaker = await speak('/mcp', 'alice');
      const names = await speaker.list();
      for (const name of ['fixture__test_echo', 'old__test_echo', 'plain__look', 'agent__helper__help'])
        assert.ok(names.includes(name), name);
      assert.ok(!names.some((name) => name.includes('mcp.')));
      assert.equal(textOf(await speaker.call('old__test_echo', { text: 'x' })), '{"text":"x"}');
      const looked = await speaker.call('plain__look', { word: 'sky' });
      assert.deepEqual(looked.structuredContent, { path: '/look', got: { word: 'sky' } });
      assert.equal(textOf(await speaker.call('fixture__test_input_required_result_elicitation')), 'Hello, ada!');
      assert.equal(textOf(await speaker.call('old__test_input_required_result_elicitation')), 'Hello, ada!');
      await speaker.close();
    });

    test('prompts and resources of all servers, and what is filled in for them', async () => {
      const speaker = await speak('/mcp', 'alice');
      const client = speaker.client as Client;
      const { prompts } = await client.listPrompts();
      const { resources } = await client.listResources();
      const { resourceTemplates } = await client.listResourceTemplates();
      for (const server of ['fixture', 'old', 'fresh']) {
        const name = `${server}__test_simple_prompt`;
        assert.ok(prompts.some((prompt) => prompt.name === name));
        const { messages } = await client.getPrompt({ name });
        assert.match(JSON.stringify(messages), /a simple prompt/);
        const uri = `airspace:${server}/test://static-text`;
        assert.ok(resources.some((one) => one.uri === uri));
        assert.deepEqual((await client.readResource({ uri })).contents[0]?.uri, uri);
        const template = `airspace:${server}/test://template/{id}/data`;
        assert.ok(resourceTemplates.some(({ uriTemplate }) => uriTemplate === template));
        const filled = await client.readResource({ uri: template.replace('{id}', '7') });
        assert.match(JSON.stringify(filled.contents[0]), /Data for ID: 7/);
        const ref = { type: 'ref/prompt' as const, name: `${server}__test_prompt_with_arguments` };
        const { completion } = await client.complete({ ref, argument: { name: 'arg1', value: 'par' } });
        assert.deepEqual(completion.values, ['paris', 'park', 'party']);
      }
      await assert.rejects(client.getPrompt({ name: 'plain__look' }), /unknown prompt/);
      await assert.rejects(client.readResource({ uri: 'test://static-text' }), /unknown resource/);
      await speaker.close();
    });

    test('what a caller may not call is not listed, and not there', async () => {
      const speaker = await speak('/mcp', 'bob');
      const { prompts, resources } = (speaker.client as Client).getServerCapabilities() ?? {};
      assert.deepEqual([prompts, resources], [undefined, undefined]);
      assert.deepEqual(await speaker.list(), ['fixture__test_echo', 'plain__look']);
      await assert.rejects(speaker.call('fixture__test_simple_text'), /unknown tool/i);
      await speaker.close();
    });

    test('a refusal is a result that the model reads, with the reason', async () => {
      const speaker = await speak('/mcp', 'alice');
      const refused = await speaker.call('plain__look', { word: 'forbidden' });
      assert.equal(refused.isError, true);
      assert.match(textOf(refused), /arguments decide/);
      const fault = refused._meta?.['dev.airspace/fault'] as {
        code: string;
        executed: string;
        facts: { code: string };
      };
      assert.deepEqual([fault.code, fault.executed, fault.facts.code], ['denied', 'no', 'FORBIDDEN_WORD']);
      await speaker.close();
    });
  });

// Each waits for seconds, as clients do that look after a call.
describe('approvals', { concurrency: true }, () => {
  const heldBy = async (who: string): Promise<string> => {
    for (;;) {
      const answer = await fetch(`${house.hub.url}/v1/approvals?state=pending`, {
        headers: { authorization: `Bearer ${house.keyOf('ann')}` },
      });
      const { items } = (await answer.json()) as { items: readonly { id: string; caller: string }[] };
      const found = items.find(({ caller }) => caller === `agent/${who}`);
      if (found !== undefined) return found.id;
      await new Promise((next) => setImmediate(next));
    }
  };

  for (const [verdict, who] of [
    ['approve', 'alice'],
    ['deny', 'carl'],
  ] as const)
    test(`a client that can ask is sent to the page, and comes back for what became of it: ${verdict}`, async () => {
      const asked: { mode?: string; url?: string }[] = [];
      const speaker = await fresh('/mcp/fixture', who, 'auto');
      (speaker.client as Client).setRequestHandler(
        'elicitation/create' as never,
        (async ({ params }: { params: { url?: string } }) => {
          asked.push(params);
          const id = params.url?.split('/').at(-1) ?? '';
          if (asked.length === 2) assert.equal((await house.vote(id, verdict)).status, 200);
          return { action: 'accept' };
        }) as never,
      );
      const result = await speaker.call('test_image_content');
      assert.ok(asked.length >= 2, 'while it waits, the client is asked again');
      assert.equal(asked[0]!.mode, 'url');
      assert.match(asked[0]!.url!, new RegExp(`^${house.hub.url}/approvals/[0-9a-f]{32}$`));
      if (verdict === 'approve') assert.equal(result.content?.[0]?.type, 'image');
      else assert.match(textOf(result), /an approver denied this call/);
      assert.equal(result.isError === true, verdict === 'deny');
      await speaker.close();
    });

  for (const [who, speak] of [
    ['fay', SPEAKERS[0]!],
    ['gus', old],
  ] as const)
    test(`a client that cannot ask waits, and hears of it: ${who}`, async () => {
      const speaker = await speak('/mcp/fixture', who, {});
      const heard: { message?: string }[] = [];
      const result = speaker.call(
        'test_image_content',
        {},
        { onprogress: (one: { message?: string }) => heard.push(one) },
      );
      assert.equal((await house.vote(await heldBy(who), 'approve')).status, 200);
      assert.equal((await result).content?.[0]?.type, 'image');
      assert.match(heard[0]?.message ?? '', /waits for an approval by somebody with role finance/);
      await speaker.close();
    });
});

test('closing or cancelling reaches the server', async () => {
  for (const speak of [SPEAKERS[0]!, old]) {
    const speaker = await speak('/mcp/fixture', 'alice');
    const cancel = new AbortController();
    const from = house.fixture.seen.length;
    const waiting = speaker.call('test_waits', {}, { signal: cancel.signal });
    while (!house.fixture.seen.slice(from).some(({ body }) => body.includes('test_waits')))
      await new Promise((next) => setImmediate(next));
    cancel.abort();
    await assert.rejects(waiting);
    await house.fixture.aborted();
    await speaker.close();
  }
});

test('no key of a caller reaches a server', () => {
  for (const { headers } of [...house.fixture.seen, ...house.old.seen, ...house.fresh.seen])
    assert.equal(headers.authorization, undefined);
});
