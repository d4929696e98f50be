/** Three domains below a root, or below two roots over one database: real processes, and a hand on each to kill it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchJson } from '../../../src/cli/deploy.ts';
import { deployTree } from '../../../src/cli/deploy-tree.ts';
import { processes } from '../../../src/cli/up/starter.ts';
import { ask, eventually } from '../wire.ts';
import { AgentUnit, type Execution, type Killable, type Lie, type Refusal } from './ledger.ts';
import { APPROVER, CALLER, DOMAINS, resources } from './shapes.ts';

export interface Scene {
  /** By a name for people: `root`, `hub of payments`, `agent payments`. */
  readonly victims: ReadonlyMap<string, Killable>;
  readonly roots: readonly string[];
  readonly adminKey: string;
  readonly callerKey: string;
  readonly approverKey: string;
  /** Of every agent. */
  executions(): readonly Execution[];
  refusals(): readonly Refusal[];
  readonly dir: string;
  stop(options?: { readonly keep: boolean }): Promise<void>;
}

export interface SceneOptions {
  /** Two roots share it. Absent: one root, over SQLite. */
  readonly store?: string;
  readonly lie?: Lie;
  /** Planted: what may run once only is said to be repeatable. */
  readonly twice?: boolean;
}

export const openScene = async ({ store, lie = '', twice = false }: SceneOptions): Promise<Scene> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-crash-plans-'));
  const nodes = join(dir, 'nodes');
  const starter = processes(nodes, store === undefined ? {} : { hub: ['--store', store] });
  const agents = new Map<string, AgentUnit>();
  const clear = async (keep: boolean): Promise<void> => {
    await starter.killAll();
    for (const agent of agents.values()) await agent.kill();
    if (!keep) rmSync(dir, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    for (const domain of DOMAINS) agents.set(domain, await AgentUnit.start(join(dir, `${domain}.jsonl`), lie));
    const tree = await deployTree(starter, {
      resources: resources({ twice }),
      members: [...agents].map(([name, { url }]) => ({ name, domain: name, url })),
      caller: CALLER,
      ...(store === undefined ? {} : { second: { dir: nodes } }),
    });
    const roots = tree.roots.map(({ url }) => url);
    for (const domain of DOMAINS) await reached(roots[0]!, tree.callerKey, domain);
    const { adminKey, callerKey } = tree;
    const { secret } = await fetchJson(`${roots[0]}/v1/keys`, {
      key: adminKey,
      body: { principal: { kind: 'user', name: APPROVER } },
    });
    return {
      ...{ adminKey, callerKey, approverKey: secret as string, roots, dir },
      victims: new Map<string, Killable>([
        ...tree.roots.map((node, at) => [at === 0 ? 'root' : 'second root', node] as const),
        ...[...tree.domains].map(([domain, node]) => [`hub of ${domain}`, node] as const),
        ...[...agents].map(([domain, agent]) => [`agent ${domain}`, agent] as const),
      ]),
      refusals: () => [...agents.values()].flatMap((agent) => agent.refusals()),
      executions: () => [...agents.values()].flatMap((agent) => agent.executions()),
      stop: async ({ keep } = { keep: false }) => {
        tree.quiet();
        await clear(keep);
      },
    };
  } catch (thrown) {
    await clear(true);
    throw new Error(`the scene in ${dir} did not come up`, { cause: thrown });
  }
};

const READ = { customers: 'look', bookings: 'quote', payments: 'rate' } as const;

const reached = async (root: string, key: string, domain: (typeof DOMAINS)[number]): Promise<void> => {
  const url = `${root}/v1/agents/${domain}/${READ[domain]}`;
  const headers = { 'content-type': 'application/json' };
  const through = await eventually(async () => {
    const { status } = await ask(url, { method: 'POST', key, headers, body: '{"order":"first"}' });
    return status === 200 ? true : undefined;
  }, 30_000);
  if (through === undefined)
    throw new Error(
      `no call gets through to ${domain}: ${JSON.stringify(await ask(url, { method: 'POST', key, headers, body: '{}' }))}`,
    );
};

/** With the administrator's key, at whichever root answers. */
export const askRoots = async <T>({ roots, adminKey }: Pick<Scene, 'roots' | 'adminKey'>, path: string): Promise<T> => {
  let last: unknown;
  for (let tries = 0; tries < 200; tries++) {
    try {
      return (await fetchJson(`${roots[tries % roots.length]}${path}`, { key: adminKey })) as T;
    } catch (thrown) {
      last = thrown;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw last;
};
