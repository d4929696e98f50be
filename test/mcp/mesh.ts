/** A sidecar speaks MCP on both of its listeners: to its own agent, and to whoever comes with a key. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { type Access, type Deployed, deploy } from '../../src/cli/deploy.ts';
import { inProcess } from '../../src/cli/under-test.ts';
import { resource } from './scene.ts';

const dir = mkdtempSync(join(tmpdir(), 'airspace-mcp-mesh-'));
let worker: Server;
let deployed: Deployed;
let key: string;

before(async () => {
  worker = createServer((_, res) => res.setHeader('content-type', 'application/json').end('{"done":true}'));
  await new Promise<void>((resolve) => worker.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(worker.address() as AddressInfo).port}`;
  deployed = await deploy(inProcess(dir, undefined, true), {
    topology: 'mesh',
    resources: [
      resource('Domain', 'office', {}),
      resource('Agent', 'alice', { operations: [{ name: 'noop', effect: 'read' }] }, 'office'),
      resource('Agent', 'worker', { operations: [{ name: 'work', effect: 'read' }] }, 'office'),
      resource('Route', 'direct', { to: { kind: 'agent', name: 'worker' }, via: 'mesh' }),
      resource('PolicyBundle', 'org', {
        level: 'org',
        policies: { text: '@id("all") @reason("everybody may call") permit (principal, action, resource);' },
      }),
    ],
    target: { name: 'worker', domain: 'office', instances: [{ name: 'one', url }] },
    callers: [{ name: 'alice', domain: 'office' }],
  });
  const made = await deployed.ask('/v1/keys', { body: { principal: { kind: 'agent', name: 'alice' } } });
  key = String(made['secret']);
});
after(async () => {
  await deployed.stop();
  worker.closeAllConnections();
  worker.close();
  rmSync(dir, { recursive: true, force: true });
});

const connected = async ({ url, key: token }: Access): Promise<Client> => {
  const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode: 'auto' } });
  const requestInit = { headers: { authorization: `Bearer ${token}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }));
  return client;
};

/** Asks until the sidecars have heard of each other. */
const worked = async (access: Access): Promise<unknown> => {
  const client = await connected(access);
  for (const endMs = performance.now() + 15_000; ; ) {
    const result = await client.callTool({ name: 'agent__worker__work', arguments: {} });
    if (result.isError !== true || performance.now() > endMs) {
      await client.close();
      return result.structuredContent;
    }
  }
};

const ready = async (url: string): Promise<void> => {
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise((next) => setImmediate(next));
};

test('to its own agent, with the key of its process', async () => {
  const app = deployed.access.get('alice')!;
  await ready(app.url);
  assert.deepEqual(await worked(app), { done: true });
});

test('to others, with their own keys, and not with that of a process', async () => {
  const url = deployed.sidecars.at(-1)!.doorUrl!;
  await ready(url);
  assert.deepEqual(await worked({ url, key }), { done: true });
  await assert.rejects(worked({ url, key: deployed.access.get('alice')!.key }));
});

test('others see what stands there, and its own agent sees everything', async () => {
  const names = async (access: Access): Promise<readonly string[]> => {
    const client = await connected(access);
    const { tools } = await client.listTools();
    await client.close();
    return tools.map(({ name }) => name);
  };
  const [before, behind] = [deployed.sidecars[0]!, deployed.sidecars.at(-1)!];
  assert.deepEqual(await names({ url: behind.doorUrl!, key }), ['agent__worker__work']);
  assert.deepEqual(await names({ url: before.doorUrl!, key }), []);
  assert.deepEqual(await names(deployed.access.get('alice')!), ['agent__alice__noop', 'agent__worker__work']);
});
