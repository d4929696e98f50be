/** One hub with everything behind it that MCP clients can meet, and people who approve. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import { DEFAULT_TENANT, WHOLE_TENANT } from '../../src/contract/index.ts';
import { type MintedKey, mintKey } from '../../src/identity/index.ts';
import { type Fixture, startFixture } from './fixture.ts';
import { resource, toolOf } from './scene.ts';

export const HOUSE_POLICY = `
@id("all") @reason("everybody may call") permit (principal, action, resource);
@id("images") @reason("images need a person of finance") @remedy("approval") @approval("roles=finance; ttl=1h")
forbid (principal, action == Action::"tool/fixture/test_image_content", resource);
@id("narrow") @reason("bob may use two tools") @code("NARROW")
forbid (principal == Agent::"bob", action, resource)
unless { action == Action::"tool/fixture/test_echo" || action == Action::"tool/plain/look" };
@id("careful") @reason("arguments decide") @code("FORBIDDEN_WORD")
forbid (principal, action == Action::"tool/plain/look", resource) when { context.args has word && context.args.word == "forbidden" };
`;

export interface House {
  readonly hub: RunningHub;
  /** Of both manners. */
  readonly fixture: Fixture;
  /** Of the old manner only; of the new one only. */
  readonly old: Fixture;
  readonly fresh: Fixture;
  /** What the target that speaks no MCP was sent. */
  readonly looked: readonly string[];
  keyOf(name: string): string;
  apply(resources: readonly unknown[]): Promise<unknown>;
  vote(id: string, verdict: 'approve' | 'deny'): Promise<Response>;
  stop(): Promise<void>;
}

const AGENTS = ['alice', 'bob', 'carl', 'dora', 'erin', 'fay', 'gus'] as const;
const look = {
  name: 'look',
  effect: 'read',
  description: 'looks at a word',
  input: { type: 'object', properties: { word: { type: 'string' } } },
};

export const startHouse = async (): Promise<House> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-mcp-'));
  const [fixture, old, fresh] = await Promise.all([startFixture(), startFixture('legacy'), startFixture('modern')]);
  const looked: string[] = [];
  const plain = createServer(async (req, res) => {
    let body = '';
    for await (const chunk of req) body += String(chunk);
    looked.push(body);
    res.setHeader('content-type', 'application/json').end(JSON.stringify({ path: req.url, got: JSON.parse(body) }));
  });
  const hub = await startHub({ host: '127.0.0.1', port: 0, level: 'error', log: () => {}, dir, oracle: 0 });
  const keys = new Map<string, MintedKey>([...AGENTS, 'ann'].map((name) => [name, mintKey(`${name}-1`)]));
  const apply = (resources: readonly unknown[]): Promise<unknown> =>
    hub.control.apply({
      ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'test', rights: WHOLE_TENANT },
      ...{ reason: '', dryRun: false, prune: false },
    });
  const key = (kind: string, name: string): unknown =>
    resource('Key', `${name}-1`, { principal: { kind, name }, secretHash: keys.get(name)?.secretHash });
  const url = await listening(plain);
  await apply([
    resource('Domain', 'workshop', {}),
    resource('User', 'ann', { roles: ['finance', 'admin'] }),
    ...AGENTS.map((name) => resource('Agent', name, { operations: [{ name: 'noop', effect: 'read' }] })),
    ...AGENTS.map((name) => key('agent', name)),
    key('user', 'ann'),
    await toolOf('fixture', fixture.url),
    await toolOf('fresh', fresh.url),
    // It lists the same, in its own manner.
    { ...((await toolOf('old', fixture.url)) as object), ...pointedTo(await toolOf('old', fixture.url), old.url) },
    resource('Tool', 'plain', { endpoints: [{ url }], operations: [look] }),
    resource('Agent', 'helper', { endpoints: [{ url }], operations: [{ ...look, name: 'help' }] }),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: HOUSE_POLICY } }),
  ]);
  const bearer = (name: string) => ({
    authorization: `Bearer ${keys.get(name)!.secret}`,
    'content-type': 'application/json',
  });
  return {
    ...{ hub, fixture, old, fresh, looked, apply },
    keyOf: (name) => keys.get(name)!.secret,
    vote: async (id, verdict) => {
      const seen = await fetch(`${hub.url}/v1/approvals/${id}`, { headers: bearer('ann') });
      const { digest } = (await seen.json()) as { digest: string };
      const body = JSON.stringify({ digest, comment: 'looked at it' });
      return fetch(`${hub.url}/v1/approvals/${id}:${verdict}`, { method: 'POST', headers: bearer('ann'), body });
    },
    stop: async () => {
      await hub.stop(false);
      await Promise.all([fixture.stop(), old.stop(), fresh.stop()]);
      plain.closeAllConnections();
      plain.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
};

const pointedTo = (tool: unknown, url: string): object => {
  const { spec } = tool as { readonly spec: object };
  return { spec: { ...spec, endpoints: [{ url: `${url}/mcp` }] } };
};

const listening = async (server: Server): Promise<string> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
