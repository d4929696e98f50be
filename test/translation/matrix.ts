/** Every dialect that calls against every dialect that is called, over a real hub: what comes back, or what is refused and why. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deploy } from '../../src/cli/deploy.ts';
import { inProcess } from '../../src/cli/under-test.ts';
import { type Asked, CALLERS, type Heard } from './callers.ts';
import { startTargets, type Targets } from './targets.ts';

interface Called extends Pick<Asked, 'kind' | 'name' | 'operation'> {
  /** As the table names it. */
  readonly title: string;
  readonly path: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

const TOOL = { name: 'say', effect: 'read' };
const DEFINITION = {
  name: 'say',
  description: 'says it back',
  inputSchema: { type: 'object', properties: { text: { type: 'string' } } },
};

/** `path`: where the scripted target has it. */
export const CALLED: readonly Called[] = [
  {
    ...{ title: 'HTTP agent', kind: 'agent', name: 'plain-agent', operation: 'ask', path: '/agent' },
    spec: { operations: [{ name: 'ask', effect: 'read' }] },
  },
  {
    ...{ title: 'A2A 1.0 agent', kind: 'agent', name: 'new-agent', operation: 'message', path: '/a2a-1.0' },
    spec: { protocol: 'a2a', protocolVersion: '1.0', binding: 'JSONRPC' },
  },
  {
    ...{ title: 'A2A 0.3 agent', kind: 'agent', name: 'old-agent', operation: 'message', path: '/a2a-0.3' },
    spec: { protocol: 'a2a', protocolVersion: '0.3', binding: 'JSONRPC' },
  },
  {
    ...{ title: 'HTTP tool', kind: 'tool', name: 'plain-tool', operation: 'say', path: '/tool' },
    spec: { operations: [TOOL] },
  },
  {
    ...{ title: 'MCP 2026-07-28 tool', kind: 'tool', name: 'new-tool', operation: 'say', path: '/mcp-modern' },
    spec: { protocol: 'mcp', protocolVersion: '2026-07-28', operations: [{ ...TOOL, definition: DEFINITION }] },
  },
  {
    ...{ title: 'MCP 2025-11-25 tool', kind: 'tool', name: 'old-tool', operation: 'say', path: '/mcp-legacy' },
    spec: { protocol: 'mcp', protocolVersion: '2025-11-25', operations: [{ ...TOOL, definition: DEFINITION }] },
  },
  {
    ...{ title: 'HTTP model', kind: 'model', name: 'plain-model', operation: 'chat', path: '/model' },
    spec: { operations: [{ name: 'chat', effect: 'read' }] },
  },
  {
    ...{ title: 'OpenAI model', kind: 'model', name: 'openai-model', operation: 'chat', path: '/openai/v1' },
    spec: { protocol: 'openai' },
  },
  {
    ...{ title: 'Anthropic model', kind: 'model', name: 'anthropic-model', operation: 'chat', path: '/anthropic' },
    spec: { protocol: 'anthropic' },
  },
];

const API = 'airspace.dev/v1';
const KIND = { agent: 'Agent', tool: 'Tool', model: 'Model' } as const;

const resourcesAt = (url: string): readonly unknown[] => [
  { apiVersion: API, kind: 'Domain', metadata: { name: 'workshop' }, spec: {} },
  ...CALLED.map(({ kind, name, path, spec }) => ({
    apiVersion: API,
    kind: KIND[kind],
    metadata: { name },
    spec: { ...spec, endpoints: [{ url: `${url}${path}` }] },
  })),
  ...['echo', 'alice'].map((name) => ({
    apiVersion: API,
    kind: 'Agent',
    metadata: { name, domain: 'workshop' },
    spec: { operations: [{ name: 'noop', effect: 'read' }] },
  })),
  {
    apiVersion: API,
    kind: 'PolicyBundle',
    metadata: { name: 'org' },
    spec: {
      level: 'org',
      policies: { text: '@id("all") @reason("the matrix calls everything")\npermit (principal, action, resource);' },
    },
  },
];

export interface Cell {
  readonly caller: string;
  readonly target: string;
  readonly stream: boolean;
  readonly heard: Heard;
}

export interface Matrix {
  readonly cells: readonly Cell[];
  readonly seen: Targets['seen'];
}

/** Each pair twice: for one answer, and for one that comes as a stream where the caller's dialect has that. */
export const runMatrix = async (): Promise<Matrix> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-matrix-'));
  await using held = new AsyncDisposableStack();
  held.defer(() => rmSync(dir, { recursive: true, force: true }));
  const targets = held.use(await startTargets());
  const deployed = await deploy(inProcess(dir), {
    topology: 'hub',
    resources: resourcesAt(targets.url),
    target: { name: 'echo', domain: 'workshop', instances: [] },
    callers: [{ name: 'alice', domain: 'workshop' }],
  });
  held.defer(() => deployed.stop());
  const { url, key } = deployed.access.get('alice')!;
  const cells: Cell[] = [];
  for (const caller of CALLERS)
    for (const { kind, name, operation, title } of CALLED)
      for (const stream of [false, true]) {
        const heard = await caller.ask(url, key, { kind, name, operation, stream });
        if (heard !== undefined) cells.push({ caller: caller.name, target: title, stream, heard });
      }
  return { cells, seen: targets.seen };
};

/** Whether what was said came back; a refusal is its status. */
export const outcomeOf = ({ heard }: Cell): string =>
  heard.text.replaceAll(' ', '').includes('yousaidhello') ? 'ok' : `${heard.status}`;
