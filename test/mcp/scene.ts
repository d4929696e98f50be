/** Nodes with MCP servers behind them, as clients meet them: a hub, a sidecar, a tree of two hubs. */

import { type Access, type Deployed, deploy, type Topology } from '../../src/cli/deploy.ts';
import { inProcess } from '../../src/cli/under-test.ts';
import { API_VERSION } from '../../src/contract/index.ts';

export interface Scene {
  /** Of who may call everything. */
  readonly alice: Access;
  readonly mallory: Access;
  readonly deployed: Deployed;
  stop(): Promise<void>;
}

export const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

export const POLICY = `
@id("work-is-allowed")
@reason("agents of the office may use everything")
permit (principal in Domain::"office", action, resource);

@id("mallory-may-echo-only")
@reason("mallory may echo, and nothing else")
forbid (principal == Agent::"mallory", action, resource)
unless { action == Action::"tool/fixture/test_echo" };
`;

interface Definition {
  readonly name: string;
  readonly description?: string;
}

/** As an operator registers a server: what it lists, operation by operation. */
export const toolOf = async (name: string, url: string, more: object = {}, domain = 'workshop'): Promise<unknown> => {
  const definitions = await definitionsAt(`${url}/mcp`);
  const operations = definitions.map((definition) => ({ name: definition.name, effect: 'read', definition }));
  return resource('Tool', name, { protocol: 'mcp', endpoints: [{ url: `${url}/mcp` }], operations, ...more }, domain);
};

const definitionsAt = async (url: string): Promise<readonly Definition[]> => {
  const version = '2026-07-28';
  const answer = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
      'mcp-method': 'tools/list',
    },
    body: JSON.stringify({
      ...{ jsonrpc: '2.0', id: 1, method: 'tools/list' },
      params: {
        _meta: {
          'io.modelcontextprotocol/protocolVersion': version,
          'io.modelcontextprotocol/clientCapabilities': {},
        },
      },
    }),
  });
  const { result } = (await answer.json()) as { result: { tools: readonly Definition[] } };
  return result.tools;
};

/** Resolves when calls can reach the tools. */
export const startScene = async (
  topology: Topology,
  dir: string,
  tools: readonly unknown[],
  policy = POLICY,
): Promise<Scene> => {
  const deployed = await deploy(inProcess(dir), {
    topology,
    resources: [
      resource('Domain', 'office', {}),
      resource('Domain', 'workshop', { delegated: topology === 'hierarchy' }),
      resource('Agent', 'alice', { operations: [{ name: 'noop', effect: 'read' }] }, 'office'),
      resource('Agent', 'mallory', { operations: [{ name: 'noop', effect: 'read' }] }, 'office'),
      resource('Agent', 'nobody', { operations: [{ name: 'noop', effect: 'read' }] }, 'workshop'),
      ...tools,
      resource('PolicyBundle', 'org', { level: 'org', policies: { text: policy } }),
    ],
    target: { name: 'nobody', domain: 'workshop', instances: [] },
    callers: [
      { name: 'alice', domain: 'office' },
      { name: 'mallory', domain: 'office' },
    ],
  });
  return {
    alice: deployed.access.get('alice')!,
    mallory: deployed.access.get('mallory')!,
    deployed,
    stop: () => deployed.stop(),
  };
};

/** Asks until the answer is the expected one: nodes of a tree hear of each other's tools a moment after they start. */
export const untilReached = async ({ url, key }: Access, path: string, operation: string): Promise<void> => {
  for (const endMs = performance.now() + 20_000; ; ) {
    const answer = await fetch(`${url}/v1/tools/${path}/${operation}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body: '{}',
    });
    const text = await answer.text();
    if (answer.ok) return;
    if (performance.now() > endMs) throw new Error(`${operation} was not reached: ${answer.status} ${text}`);
    await new Promise((next) => setTimeout(next, 50));
  }
};
