/** A hub of production with everything behind it that it can speak to, and ways to say something to it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import { DEFAULT_TENANT, WHOLE_TENANT } from '../../src/contract/index.ts';
import { mintKey } from '../../src/identity/index.ts';
import { openSink, type Sink, TOOLS } from './sink.ts';

export type Outcome = 'taken' | 'refused';

export interface Scene {
  readonly hub: RunningHub;
  readonly agentKey: string;
  /** Issuers that were taken, for the tokens that make us ask them. */
  readonly issuers: string[];
  readonly developerKey: string;
  /** What stands behind the hub. */
  readonly sink: Sink;
  /** Another number each time. */
  next(): number;
  /** One call to an agent at this address. */
  callAt(url: string): Promise<Response>;
  close(): Promise<void>;
}

export const resource = (kind: string, name: string, spec: unknown, domain?: string): object => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

export const applyTo = (hub: RunningHub, resources: readonly unknown[], dryRun = false): Promise<unknown> =>
  hub.control.apply({
    ...{
      tenant: DEFAULT_TENANT,
      resources,
      origins: resources.map((_, at) => `r${at}`),
      by: 'test',
      rights: WHOLE_TENANT,
    },
    ...{ reason: '', dryRun, prune: false },
  });
/** As an agent says something to the hub. An answer of ours that is no answer would hide what it is about. */
export const post = async (
  { hub, agentKey }: Scene,
  path: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Outcome> => {
  const reply = await fetch(`${hub.url}/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${agentKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await reply.text();
  if (reply.status === 500) throw new Error(`${path} was answered with ${reply.status}: ${text}`);
  return reply.ok && !text.includes('"error"') ? 'taken' : 'refused';
};

export const rpc = (scene: Scene, path: string, method: string, params: object): Promise<Outcome> =>
  post(scene, path, { jsonrpc: '2.0', id: 1, method, params }, { 'a2a-version': '1.0' });

const MCP_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientCapabilities': {},
};

export const mcp = (scene: Scene, method: string, params: { readonly uri: string }): Promise<Outcome> => {
  // What cannot stand in a header is not for it to carry.
  const name = /^[\x21-\x7e]{1,2000}$/.test(params.uri) ? params.uri : 'x';
  const headers = {
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    'mcp-name': name,
  };
  return post(
    scene,
    'mcp/linker',
    { jsonrpc: '2.0', id: 1, method, params: { ...params, uri: name, _meta: MCP_META } },
    headers,
  );
};

const POLICY = '@id("all") @reason("everybody may call") permit (principal, action, resource);';

/** Cards are kept, so each is that of another agent. */
const CARDED = 20;

const has = (door: string): boolean => existsSync(join(import.meta.dirname, '../../src', door, 'index.ts'));

/** Targets of protocols that this checkout speaks. */
const spoken = ({ url }: Sink): readonly object[] => [
  resource('Agent', 'hearer', { endpoints: [{ url }], operations: [{ name: 'go', effect: 'write' }] }, 'work'),
  ...(has('upstreams/a2a')
    ? Array.from({ length: CARDED }, (_, at) =>
        resource('Agent', `carded-${at}`, { protocol: 'a2a', endpoints: [{ url: `${url}/${at}` }] }, 'work'),
      )
    : []),
  ...(has('upstreams/mcp')
    ? [resource('Tool', 'linker', { protocol: 'mcp', endpoints: [{ url: `${url}/mcp` }], operations: TOOLS }, 'work')]
    : []),
  ...(has('upstreams/openai')
    ? [
        resource('Model', 'seer', { protocol: 'openai', endpoints: [{ url: `${url}/v1` }] }, 'work'),
        resource('Model', 'reader', { protocol: 'anthropic', endpoints: [{ url }] }, 'work'),
      ]
    : []),
];

const agentAt = (endpoints: readonly object[]): object =>
  resource('Agent', 'aimed', { endpoints, operations: [{ name: 'go', effect: 'write' }] }, 'work');

export const openScene = async (dir: string): Promise<Scene> => {
  const sink = await openSink();
  const hub = await startHub({
    ...{ host: '127.0.0.1', port: 0, level: 'error', log: () => {}, oracle: 0 },
    dir: join(dir, 'hub'),
  });
  const [agent, developer] = [mintKey('shop-1'), mintKey('dev-1')];
  await applyTo(hub, [
    resource('Domain', 'work', {}),
    resource('Agent', 'shop', { operations: [{ name: 'go', effect: 'read' }] }, 'work'),
    agentAt([]),
    ...spoken(sink),
    resource('User', 'dev', { roles: ['admin'] }),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
    resource('Key', 'shop-1', { principal: { kind: 'agent', name: 'shop' }, secretHash: agent.secretHash }),
    resource('Key', 'dev-1', { principal: { kind: 'user', name: 'dev' }, secretHash: developer.secretHash }),
  ]);
  let numbers = 0;
  return {
    ...{ hub, sink, agentKey: agent.secret, developerKey: developer.secret, issuers: [] },
    next: () => ++numbers,
    callAt: async (url) => {
      await applyTo(hub, [agentAt([{ url }])]);
      return fetch(`${hub.url}/v1/agents/aimed/go`, {
        method: 'POST',
        redirect: 'manual',
        headers: { authorization: `Bearer ${agent.secret}`, 'content-type': 'application/json' },
        body: '{}',
      });
    },
    close: async () => {
      await hub.stop(false);
      sink.close();
    },
  };
};
