/** A topology of real processes over many rounds: its configuration, who calls in it, and what watches it from outside. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Access, type Deployed, deploy, type Topology } from '../../src/cli/deploy.ts';
import { type ProcessNode, processes } from '../../src/cli/up/starter.ts';
import { API_VERSION } from '../../src/contract/index.ts';
import { Changes } from './changes.ts';
import { type LedgerAgent, startLedgerAgent } from './ledger.ts';
import { send } from './load.ts';
import { Orders } from './orders.ts';
import { Sequences } from './sequences.ts';
import { eventually } from './wire.ts';

/** `callee`: the sidecars in front of the two instances. */
export type Part = 'hub' | 'domain' | 'caller' | 'callee-a' | 'callee-b';
type Nodes = ReadonlyMap<Part, ProcessNode>;

export interface Scene {
  readonly topology: Topology;
  readonly nodes: Nodes;
  readonly agent: LedgerAgent;
  readonly changes: Changes;
  readonly orders: Orders;
  readonly sequences: Sequences;
  /** Where the caller sends its calls now. */
  access(): Access;
  stop(): Promise<void>;
}

const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

const resources = (topology: Topology): readonly unknown[] => [
  resource('Domain', 'office', {}),
  resource('Domain', 'workshop', { delegated: topology === 'hierarchy' }),
  resource('Agent', 'caller', { operations: [{ name: 'noop', effect: 'read' }] }, 'office'),
  resource(
    'Agent',
    'ledger',
    { operations: ['read', 'write'].map((name) => ({ name, effect: name })), timeoutMs: 10_000 },
    'workshop',
  ),
  resource('Route', 'to-the-ledger', {
    to: { kind: 'agent', name: 'ledger' },
    via: topology === 'mesh' ? 'mesh' : 'hub',
  }),
  resource('PolicyBundle', 'org', {
    level: 'org',
    policies: {
      text: '@id("work") @reason("the office may call everybody") permit (principal in Domain::"office", action, resource);',
    },
  }),
];

/** Between two changes of the configuration. */
const CHANGE_MS = 300;

/** Resolves when calls flow. `store`: the database of the hub, when it is not its directory. */
export const openScene = async (topology: Topology, store?: string): Promise<Scene> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-crash-'));
  const agent = await startLedgerAgent(dir);
  const starter = processes(join(dir, 'nodes'), store === undefined ? {} : { hub: ['--store', store] });
  const clear = async (): Promise<void> => {
    await starter.killAll();
    await agent.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const deployed = await deploy(starter, {
      topology,
      resources: resources(topology),
      target: { name: 'ledger', domain: 'workshop', instances: agent.instances },
      callers: [{ name: 'caller', domain: 'office' }],
    });
    return await sceneOf(deployed, { topology, agent, clear });
  } catch (thrown) {
    await clear();
    throw thrown;
  }
};

interface Parts extends Pick<Scene, 'topology' | 'agent'> {
  readonly clear: () => Promise<void>;
}

const sceneOf = async (deployed: Deployed<ProcessNode>, { topology, agent, clear }: Parts): Promise<Scene> => {
  const [outer] = deployed.sidecars;
  // The application side of a sidecar is new in each of its lives.
  const access = (): Access =>
    outer === undefined ? deployed.access.get('caller')! : { url: outer.appUrl, key: outer.appKey };
  const { url } = deployed.root;
  const key = deployed.adminKey;
  const changes = new Changes({ url, key, everyMs: CHANGE_MS });
  const orders = new Orders({ url, key, everyMs: CHANGE_MS });
  const sequences = new Sequences({
    urls: [url, ...(deployed.domain === undefined ? [] : [deployed.domain.url])],
    key,
  });
  const flows = await eventually(async () => {
    const { status } = await send(access(), { id: 'first', style: 'read' });
    return status === 200 ? true : undefined;
  }, 20_000);
  if (flows === undefined) throw new Error(`no call gets through the ${topology}`);
  sequences.start();
  return {
    topology,
    agent,
    nodes: nodesOf(deployed),
    changes,
    orders,
    sequences,
    access,
    stop: async () => {
      await sequences.stop();
      // The processes first: they leave nothing behind that is needed, and an orderly end takes its time.
      await clear();
      await deployed.stop();
    },
  };
};

const nodesOf = ({ root, domain, sidecars }: Deployed<ProcessNode>): Nodes => {
  const [caller, a, b] = sidecars;
  const parts: Readonly<Record<Part, ProcessNode | undefined>> = {
    hub: root,
    domain,
    caller,
    'callee-a': a,
    'callee-b': b,
  };
  return new Map(Object.entries(parts).flatMap(([part, node]) => (node === undefined ? [] : [[part as Part, node]])));
};
