/** One deployment with the same agent, tool and model behind every protocol, for tests that call it in every dialect. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Access, type Deployed, deploy, type Topology } from '../../src/cli/deploy.ts';
import { inProcess } from '../../src/cli/under-test.ts';
import { API_VERSION, type CallEvent } from '../../src/contract/index.ts';
import { type Asked, CALLERS, type Heard } from './callers.ts';
import { definitionOf, INPUT, OPERATIONS, startTargets, type Targets } from './targets.ts';

export interface Called extends Pick<Asked, 'kind' | 'name'> {
  readonly title: string;
  readonly path: string;
  readonly spec: (operations: readonly string[]) => object;
}

const declared = (names: readonly string[]): object => ({
  operations: names.map((name) => ({ name, effect: 'read', input: INPUT })),
});
const defined = (names: readonly string[]): object => ({
  operations: names.map((name) => ({ name, effect: 'read', definition: definitionOf(name) })),
});

/** What takes arguments. */
export const TAKING: readonly Called[] = [
  { title: 'HTTP tool', kind: 'tool', name: 'till', path: '/tool', spec: declared },
  { title: 'HTTP agent', kind: 'agent', name: 'clerk', path: '/agent', spec: declared },
  {
    ...{ title: 'MCP tool', kind: 'tool', name: 'bank', path: '/mcp' },
    spec: (names) => ({ protocol: 'mcp', protocolVersion: '2026-07-28', ...defined(names) }),
  },
];

/** Takes messages, and those have arguments. */
export const AGENT: Called = {
  ...{ title: 'A2A agent', kind: 'agent', name: 'payer', path: '/a2a' },
  spec: () => ({
    ...{ protocol: 'a2a', protocolVersion: '1.0', binding: 'JSONRPC' },
    operations: [{ name: 'message', effect: 'read', input: INPUT }],
  }),
};

export const PRICE = { inputPerMTok: '1 USD', outputPerMTok: '2 USD' } as const;

export const MODELS: readonly Called[] = [
  {
    ...{ title: 'HTTP model', kind: 'model', name: 'plain-model', path: '/model' },
    spec: () => ({ operations: [{ name: 'chat', effect: 'read' }], price: PRICE }),
  },
  {
    ...{ title: 'OpenAI model', kind: 'model', name: 'gpt', path: '/openai/v1' },
    spec: () => ({ protocol: 'openai', price: PRICE }),
  },
  {
    ...{ title: 'Anthropic model', kind: 'model', name: 'claude', path: '/anthropic' },
    spec: () => ({ protocol: 'anthropic', price: PRICE }),
  },
];

const KIND = { agent: 'Agent', tool: 'Tool', model: 'Model' } as const;

export const resource = (kind: string, name: string, spec: object, more: object = {}): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...more },
  spec,
});

/** `limits`: rules of a bundle of limits. */
export const policy = (text: string, limits?: string): readonly unknown[] => [
  resource('PolicyBundle', 'org', {
    level: 'org',
    policies: { text },
    ...(limits === undefined ? {} : { limits: { text: limits } }),
  }),
];

export interface Scene extends AsyncDisposable {
  readonly targets: Targets;
  readonly deployed: Deployed;
  readonly access: Access;
  accessOf(name: string): Access;
  /** What comes before this is forgotten. */
  begin(): void;
  /** What reached a target since then, or since the last time. */
  taken(): readonly unknown[];
  /** Records of calls to a target of this name since then, in order, once there are as many. */
  records(target: string, count: number): Promise<readonly CallEvent[]>;
  /** Parts of the nodes that a call passed, once as many have told of it. */
  roles(callId: string, count: number): Promise<readonly string[]>;
}

export const ALL = '@id("all") @reason("everybody may") permit (principal, action, resource);';

export const startScene = async (
  text: string,
  limits?: string,
  { topology = 'hub', more = [] }: { readonly topology?: Topology; readonly more?: readonly unknown[] } = {},
): Promise<Scene> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-parity-'));
  await using held = new AsyncDisposableStack();
  held.defer(() => rmSync(dir, { recursive: true, force: true }));
  const targets = held.use(await startTargets());
  const domain = topology === 'hub' ? {} : { domain: 'workshop' };
  const callers = ['alice', 'mallory'];
  const deployed = await deploy(inProcess(dir), {
    topology,
    resources: [
      ...['workshop', 'office'].map((name) =>
        resource('Domain', name, topology === 'hierarchy' && name === 'workshop' ? { delegated: true } : {}),
      ),
      ...[...TAKING, AGENT, ...MODELS].map(({ kind, name, path, spec }) =>
        resource(KIND[kind], name, { ...spec(OPERATIONS), endpoints: [{ url: `${targets.url}${path}` }] }, domain),
      ),
      ...[...callers, 'echo'].map((name) =>
        resource(
          'Agent',
          name,
          { operations: [{ name: 'noop', effect: 'read' }] },
          {
            domain: name === 'echo' ? 'workshop' : 'office',
          },
        ),
      ),
      ...policy(text, limits),
      ...more,
    ],
    target: { name: 'echo', domain: 'workshop', instances: [] },
    callers: callers.map((name) => ({ name, domain: 'office' })),
  });
  held.defer(() => deployed.stop());
  const release = held.move();
  let taken = 0;
  let markMs = 0;
  return {
    targets,
    deployed,
    access: deployed.access.get('alice')!,
    accessOf: (name) => deployed.access.get(name)!,
    begin: () => {
      taken = targets.seen.length;
      markMs = Date.now();
    },
    taken: () => {
      const fresh = targets.seen.slice(taken);
      taken = targets.seen.length;
      return fresh.map(({ asked }) => asked).filter((asked) => asked !== undefined);
    },
    records: async (target, count) => {
      for (const endMs = performance.now() + 10_000; ; ) {
        const { events } = (await deployed.ask(`/v1/calls?limit=100&target=${target}`)) as {
          events: readonly CallEvent[];
        };
        const since = events.filter(({ startedAtMs }) => startedAtMs >= markMs);
        // The newest come first; turned round, those of one instant are in order too.
        if (since.length >= count) return since.toReversed().sort((a, b) => a.startedAtMs - b.startedAtMs);
        if (performance.now() > endMs) throw new Error(`${since.length} records of ${target}, not ${count}`);
        await new Promise((next) => setTimeout(next, 20));
      }
    },
    roles: async (callId, count) => {
      for (const endMs = performance.now() + 10_000; ; ) {
        const events = await deployed.events(callId);
        if (events.length >= count) return events.map(({ role }) => role).sort();
        if (performance.now() > endMs) throw new Error(`${events.length} nodes tell of ${callId}, not ${count}`);
        await new Promise((next) => setTimeout(next, 20));
      }
    },
    [Symbol.asyncDispose]: () => release.disposeAsync(),
  };
};

/** Every dialect that can address it, one after the other. */
export const inEveryDialect = async (
  scene: Scene,
  asked: Asked,
  look: (dialect: string, heard: Heard, taken: readonly unknown[]) => void | Promise<void>,
): Promise<void> => {
  for (const caller of CALLERS) {
    scene.taken();
    const heard = await caller.ask(scene.access, asked);
    if (heard !== undefined) await look(caller.name, heard, scene.taken());
  }
};
