/**
 * Uses everything that a server offers, as an application would: what the official suite runs for its client scenarios. With `VIA=hub`
 * the client is not connected to the server but to a hub that has it as a target, so that the suite sees what our upstream says.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import { DEFAULT_TENANT, documentIn, type Reply, WHOLE_TENANT } from '../../src/contract/index.ts';
import { mintKey } from '../../src/identity/index.ts';
import { rootScope, silentSpan, systemWorld } from '../../src/kernel/index.ts';
import { resource } from './scene.ts';

interface Reached {
  readonly url: string;
  readonly key?: string;
  stop(): Promise<void>;
}

const CAPABILITIES = { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} };
type Json = Readonly<Record<string, unknown>>;

/** A hub whose one tool is that server, registered with what it lists to our upstream. */
const behindHub = async (server: string): Promise<Reached> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-mcp-client-'));
  const hub = await startHub({ host: '127.0.0.1', port: 0, level: 'error', log: () => {}, dir, oracle: 0 });
  const key = mintKey('app-1');
  const apply = (resources: readonly unknown[]): Promise<unknown> =>
    hub.control.apply({
      ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'test', rights: WHOLE_TENANT },
      ...{ reason: '', dryRun: false, prune: false },
    });
  const tool = (operations: readonly unknown[]): unknown =>
    resource('Tool', 'suite', { protocol: 'mcp', endpoints: [{ url: server }], operations });
  await apply([
    resource('Agent', 'app', { operations: [{ name: 'noop', effect: 'read' }] }),
    resource('Key', 'app-1', { principal: { kind: 'agent', name: 'app' }, secretHash: key.secretHash }),
    resource('PolicyBundle', 'org', {
      level: 'org',
      policies: { text: '@id("all") @reason("everybody may call") permit (principal, action, resource);' },
    }),
    tool([]),
  ]);
  const tools = await listedBy(hub, key.secret);
  await apply([tool(tools.map((definition) => ({ name: definition['name'], effect: 'read', definition })))]);
  return {
    url: `${hub.url}/mcp/suite`,
    key: key.secret,
    stop: async () => {
      await hub.stop(false);
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

/** As an operator's tools ask: through the pipeline, in the form of the protocol. */
const listedBy = async (hub: RunningHub, token: string): Promise<readonly Json[]> => {
  const world = systemWorld();
  const id = world.ids.callId();
  const { scope } = rootScope(world, silentSpan(world.ids.spanId()));
  const reply = await hub.live.handler(
    {
      ...{ id, credential: { kind: 'bearer', token }, principal: null, priority: 2, stream: false },
      target: { kind: 'tool', name: 'suite', operation: 'mcp.list' },
      ...{ contentType: documentIn('mcp'), accept: documentIn('mcp'), headers: [], via: [], retriedElsewhere: false },
      body: { kind: 'bytes', bytes: Buffer.from('{"method":"tools/list","params":{}}') },
      ...{ trace: { trace: world.ids.traceId(), sampled: true }, lineage: { root: id, depth: 0 } },
    },
    scope,
  );
  const { tools = [] } = (await jsonIn(reply)) as { tools?: readonly Json[] };
  return tools;
};

const jsonIn = async ({ body }: Reply): Promise<unknown> => {
  const parts = body.kind === 'bytes' ? [body.bytes] : await Array.fromAsync(body.chunks);
  return JSON.parse(Buffer.concat(parts).toString());
};

const sampleOf = (schema: Json): unknown => {
  if (schema['default'] !== undefined) return schema['default'];
  const { type } = schema;
  if (type === 'number' || type === 'integer') return 5;
  return type === 'boolean' ? true : 'Seattle';
};

const argumentsFor = (schema: Json | undefined): Json =>
  Object.fromEntries(
    Object.entries((schema?.['properties'] ?? {}) as Record<string, Json>).map(([name, one]) => [name, sampleOf(one)]),
  );

const connected = async ({ url, key }: Reached): Promise<Client> => {
  const client = new Client(
    { name: 'airspace-driver', version: '1.0.0' },
    { capabilities: CAPABILITIES, versionNegotiation: { mode: 'auto' } },
  );
  client.setRequestHandler('elicitation/create', (async ({ params }: { params: { requestedSchema?: Json } }) => ({
    action: 'accept',
    content: Object.fromEntries(
      Object.entries((params.requestedSchema?.['properties'] ?? {}) as Record<string, Json>)
        .filter(([, one]) => one['default'] === undefined)
        .map(([name, one]) => [name, sampleOf(one)]),
    ),
  })) as never);
  client.setRequestHandler('sampling/createMessage', (async () => ({
    ...{ role: 'assistant', model: 'none' },
    content: { type: 'text', text: 'Paris' },
  })) as never);
  client.setRequestHandler('roots/list', (async () => ({ roots: [{ uri: 'file:///work', name: 'work' }] })) as never);
  const requestInit = key === undefined ? {} : { headers: { authorization: `Bearer ${key}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
  return client;
};

/** What is not offered, or fails, is the server's business: the suite looks at what it was sent. */
const tried = async (work: () => Promise<unknown>): Promise<void> => {
  try {
    await work();
  } catch (thrown) {
    console.error(String(thrown));
  }
};

/** Some scenarios say what is to be called. */
const { toolCalls: wantedCalls } = JSON.parse(process.env['MCP_CONFORMANCE_CONTEXT'] ?? '{}') as {
  readonly toolCalls?: readonly { readonly name: string; readonly arguments: Json }[];
};

const use = async (client: Client): Promise<void> => {
  await tried(async () => {
    const { tools } = await client.listTools();
    const sampled = tools.map(({ name, inputSchema }) => ({ name, arguments: argumentsFor(inputSchema as Json) }));
    for (const call of wantedCalls ?? sampled) await tried(() => client.callTool(call as never));
  });
  await tried(async () => {
    const { resources } = await client.listResources();
    for (const { uri } of resources.slice(0, 1)) await client.readResource({ uri });
  });
  await tried(async () => {
    const { prompts } = await client.listPrompts();
    for (const { name } of prompts.slice(0, 1)) await client.getPrompt({ name });
  });
};

const server = process.argv.at(-1)!;
const reached: Reached = process.env['VIA'] === 'hub' ? await behindHub(server) : { url: server, stop: async () => {} };
const client = await connected(reached);
await use(client);
await client.close();
await reached.stop();
process.exit(0);
