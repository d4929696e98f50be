/**
 * Uses everything that a server offers, as an application would: what the official suite runs for its client scenarios. With `VIA=hub`
 * (`mesh`, `hierarchy`) the client is not connected to the server but to a node that has it as a target, so that the suite sees what our
 * upstream says.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type Deployed, TOPOLOGIES, type Topology } from '../../src/cli/deploy.ts';
import { resource, startScene } from './scene.ts';

interface Reached {
  readonly url: string;
  readonly key?: string;
  stop(): Promise<void>;
}

const CAPABILITIES = { elicitation: { form: { applyDefaults: true } }, sampling: {}, roots: {} };
type Json = Readonly<Record<string, unknown>>;

const EVERYBODY = '@id("all") @reason("everybody may call") permit (principal, action, resource);';

/** Nodes whose one tool is that server, registered with what it lists to our upstream. */
const behind = async (topology: Topology, server: string): Promise<Reached> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-mcp-client-'));
  const tool = (operations: readonly unknown[]): unknown =>
    resource('Tool', 'suite', { protocol: 'mcp', endpoints: [{ url: server }], operations }, 'workshop');
  const { alice, deployed, stop } = await startScene(topology, dir, [tool([])], EVERYBODY);
  const tools = await listedBy(deployed);
  const registered = tools.map((definition) => ({ name: definition['name'], effect: 'read', definition }));
  const { snapshotSeq } = (await deployed.apply([tool(registered)])) as { snapshotSeq: number };
  while (!(await deployed.nodes()).every((node) => node.snapshotSeq >= snapshotSeq))
    await new Promise((next) => setImmediate(next));
  return {
    url: `${alice.url}/mcp/suite`,
    key: alice.key,
    stop: async () => {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

interface Seen {
  readonly problem: string;
  readonly operations: readonly { readonly now: readonly Json[] }[];
}

const PATIENCE_MS = 5_000;

/** As operators look at a server, as soon as the nodes have heard of each other. What cannot be looked at lists nothing. */
const listedBy = async (deployed: Deployed): Promise<readonly Json[]> => {
  for (const endMs = performance.now() + PATIENCE_MS; ; ) {
    const { problem, operations } = (await deployed.ask('/v1/definitions/suite')) as unknown as Seen;
    if (problem === '' || performance.now() > endMs) return operations.flatMap(({ now }) => now.slice(0, 1));
    await new Promise((next) => setTimeout(next, 20));
  }
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
    const [first] = tools;
    // One tool wants to be told how another one is defined, as it came through.
    const told = tools.filter(({ name }) => name === 'json_schema_echo');
    for (const { name } of told)
      await tried(() => client.callTool({ name, arguments: { schema: first?.inputSchema } } as never));
    for (const call of wantedCalls ?? sampled.filter(({ name }) => name !== 'json_schema_echo'))
      await tried(() => client.callTool(call as never));
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
const via = TOPOLOGIES.find((topology) => topology === process.env['VIA']);
const reached: Reached = via === undefined ? { url: server, stop: async () => {} } : await behind(via, server);
const client = await connected(reached);
await use(client);
await client.close();
await reached.stop();
process.exit(0);
