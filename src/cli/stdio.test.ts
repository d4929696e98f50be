/** MCP servers on stdio inside the mesh: a sidecar starts them, answers for them, and speaks for nobody. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { DEFAULT_TENANT, WHOLE_TENANT } from '../contract/index.ts';
import { mintKey } from '../identity/index.ts';
import { type RunningHub, startHub } from './node/hub.ts';
import { type RunningSidecar, startSidecar } from './node/sidecar.ts';
import { line } from './testing/line.ts';

const scratch = mkdtempSync(join(tmpdir(), 'airspace-stdio-'));
const admin = mintKey('ada-1');
const caller = mintKey('a-1');
let hub: RunningHub;
const sidecars: RunningSidecar[] = [];

const at = (name: string): string => JSON.stringify(import.meta.resolve(name));

/** The official servers of both lines, as somebody would write them. */
const MODERN = `
import { McpServer } from ${at('@modelcontextprotocol/server')};
import { serveStdio } from ${at('@modelcontextprotocol/server/stdio')};
import * as z from ${at('zod')};
serveStdio(() => {
  const server = new McpServer({ name: 'new', version: '1' });
  server.registerTool('add', { inputSchema: z.object({ a: z.number(), b: z.number() }) }, async ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }));
  return server;
});`;
const LEGACY = `
import { McpServer } from ${at('@modelcontextprotocol/sdk/server/mcp.js')};
import { StdioServerTransport } from ${at('@modelcontextprotocol/sdk/server/stdio.js')};
import * as z from ${at('zod')};
const server = new McpServer({ name: 'old', version: '1' });
server.registerTool('add', { inputSchema: { a: z.number(), b: z.number() } }, async ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }));
server.registerTool('die', {}, async () => process.exit(1));
await server.connect(new StdioServerTransport());`;

const resource = (kind: string, name: string, spec: unknown) => ({
  ...{ apiVersion: 'airspace.dev/v1', kind, metadata: { name }, spec },
});

before(async () => {
  hub = await startHub({
    ...{ dir: join(scratch, 'hub'), host: '127.0.0.1', port: 0, level: 'error', log: () => {}, oracle: 0 },
  });
  const operations = [{ name: 'add', effect: 'read' }, { name: 'die' }];
  const text = '@id("all") @reason("agents may call") permit (principal, action, resource);';
  await hub.control.apply({
    tenant: DEFAULT_TENANT,
    resources: [
      resource('User', 'ada', { roles: ['admin'] }),
      resource('Agent', 'a', { operations: [{ name: 'x' }] }),
      resource('Tool', 'modern', { protocol: 'mcp', operations }),
      resource('Tool', 'legacy', { protocol: 'mcp', operations }),
      resource('Key', 'ada-1', { principal: { kind: 'user', name: 'ada' }, secretHash: admin.secretHash }),
      resource('Key', 'a-1', { principal: { kind: 'agent', name: 'a' }, secretHash: caller.secretHash }),
      resource('PolicyBundle', 'org', { level: 'org', policies: { text } }),
    ],
    ...{ origins: Array(7).fill('test'), by: 'test', rights: WHOLE_TENANT, reason: '', dryRun: false, prune: false },
  });
});

after(async () => {
  for (const sidecar of sidecars) await sidecar.stop(true);
  await hub?.stop(true);
  rmSync(scratch, { recursive: true, force: true });
});

const tokenFor = async (...words: readonly string[]): Promise<string> => {
  const made = await line(['token', 'create', '--role', 'sidecar', ...words, '--url', hub.url, '--key', admin.secret]);
  assert.equal(made.exit, 0, made.stderr);
  return made.stdout.trim();
};

const beside = async (name: string, program: string, token: string): Promise<RunningSidecar> => {
  const sidecar = await startSidecar({
    ...{ dir: join(scratch, name), host: '127.0.0.1', port: 0, level: 'error', log: () => {} },
    hubUrl: hub.url,
    token,
    agentUrl: null,
    agentVersion: '1',
    stdio: {
      command: [process.execPath, '--input-type=module', '-e', program],
      env: { PATH: process.env['PATH'] ?? '' },
    },
  });
  sidecars.push(sidecar);
  return sidecar;
};

const call = async (tool: string, operation: string, body: object) => {
  const response = await fetch(`${hub.url}/v1/tools/${tool}/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${caller.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

/** Until the hub has heard that it is there. */
const whenThere = async (tool: string, operation: string, body: object) => {
  for (const endMs = performance.now() + 30_000; ; ) {
    const answer = await call(tool, operation, body);
    if (answer.status !== 503) return answer;
    assert.ok(performance.now() < endMs, `${tool} is there in 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

test('servers of both lines on stdio are tools like others', async () => {
  for (const [name, program] of [
    ['modern', MODERN],
    ['legacy', LEGACY],
  ] as const) {
    await beside(name, program, await tokenFor('--tool', name));
    assert.deepEqual(await whenThere(name, 'add', { a: 1, b: 2 }), { status: 200, body: { text: '3' } });
  }
  const nodes = await line(['get', 'nodes', '--url', hub.url, '--key', admin.secret]);
  assert.match(nodes.stdout, /sidecar-modern-[0-9a-f]+/);
});

test('a server that ends takes its calls with it, and the next ones find another', async () => {
  const died = await call('legacy', 'die', {});
  assert.deepEqual([died.status, died.body['code']], [502, 'upstream_broken']);
  assert.equal((await whenThere('legacy', 'add', { a: 2, b: 2 })).status, 200);
});

test('a sidecar beside an agent starts no MCP server, and a token for a tool that is not there is refused', async () => {
  const token = await tokenFor('--agent', 'a');
  await assert.rejects(beside('agent', LEGACY, token), { code: 'bad_request' });
  const words = ['token', 'create', '--role', 'sidecar', '--url', hub.url, '--key', admin.secret];
  assert.equal((await line([...words, '--tool', 'nothing'])).exit, 2);
  assert.equal((await line([...words, '--tool', 'modern', '--agent', 'a'])).exit, 2);
});
