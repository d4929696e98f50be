/** How Airspace itself is started for the benchmark: processes with the product's defaults, set up through the doors that users have. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Access, deploy, type Starter } from '../../src/cli/deploy.ts';
import { APP_FILE } from '../../src/cli/starting.ts';
import { API_VERSION } from '../../src/contract/index.ts';
import type { Child, ChildOptions, Children } from '../children.ts';
import { requestBody, serializeRequest } from '../load/exchange.ts';
import { type Running, type Site, type Target, Unavailable } from './target.ts';

/** One hub between a caller with an API key and an agent that was announced to it. */
export const hub: Target = {
  name: 'hub',
  start: (site) => startAirspace('hub', site),
};

/** The same hub with everything that waits for the disk: four accounts are charged for each call, and the audit has it before it is sent. */
export const paid: Target = {
  name: 'paid',
  start: (site) => startAirspace('hub', site, { resources: budgets, words: ['--audit-reads'] }),
};

/**
 * The caller's sidecar, on the way to the sidecar of the agent. The caller's one is measured; the agent's one and the hub,
 * which takes the traces of both, run beside the load.
 */
export const sidecar: Target = {
  name: 'sidecar',
  start: (site) => startAirspace('mesh', site),
};

const PATH = '/v1/agents/bench/echo';
const CALLER = 'caller';
const HOME = 'work';

/** What a hub has besides. */
interface Extra {
  readonly resources: readonly object[];
  readonly words: readonly string[];
}

async function startAirspace(
  topology: 'hub' | 'mesh',
  { children, dir, upstream }: Site,
  extra: Extra = { resources: [], words: [] },
): Promise<Running> {
  const nodes = new Nodes(children, dir, topology === 'hub' ? 'root' : `out-${CALLER}`, extra.words);
  const deployed = await deploy(nodes, {
    topology,
    resources: [...resources(topology), ...extra.resources],
    target: { name: 'bench', domain: HOME, instances: [{ name: 'one', url: `http://127.0.0.1:${upstream.port}` }] },
    callers: [{ name: CALLER, domain: HOME }],
  });
  const access = deployed.access.get(CALLER)!;
  await untilAnswered(access);
  return {
    ...nodes.pids(),
    port: Number(new URL(access.url).port),
    request: serializeRequest(PATH, { authorization: `Bearer ${access.key}` }),
    version: await readVersion(),
  };
}

export const resource = (kind: string, name: string, spec: object, domain?: string): object => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

/** A policy that has to look at who calls, what is called and what it does: a bare `permit` would flatter the decision. */
const POLICY = `
@id("caller-may-read")
@reason("the caller of the benchmark may read from its agent")
permit (principal == Agent::"${CALLER}", action, resource in Agent::"bench")
when { resource.effect == "read" };
`;

const resources = (topology: 'hub' | 'mesh'): readonly object[] => [
  resource('Domain', HOME, {}),
  resource('Agent', CALLER, { operations: [{ name: 'noop', effect: 'read' }] }, HOME),
  resource('Agent', 'bench', { operations: [{ name: 'echo', effect: 'read' }] }, HOME),
  resource('Route', 'to-bench', { to: { kind: 'agent', name: 'bench' }, via: topology }),
  resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
];

/** Four levels, none of which runs out. */
const budgets: readonly object[] = ['organisation', `domain ${HOME}`, `agent ${CALLER}`, 'target agent/bench'].map(
  (scope, level) =>
    resource('Budget', `level-${level}`, { scope, unit: 'calls', limit: 1_000_000_000, window: { every: 'day' } }),
);

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const READY_MS = 15_000;

/** Starts nodes as a user would, and knows which one of them is the hop that is measured. */
export class Nodes implements Starter {
  readonly #children: Children;
  readonly #dir: string;
  readonly #hop: string | null;
  readonly #words: readonly string[];
  readonly #pids = new Map<string, number>();

  /** `hop`: the one that is measured; null: all of them are. */
  constructor(children: Children, dir: string, hop: string | null, words: readonly string[]) {
    this.#children = children;
    this.#dir = dir;
    this.#hop = hop;
    this.#words = words;
  }

  pids(): Pick<Running, 'pids' | 'beside'> {
    const named = [...this.#pids];
    return {
      pids: named.filter(([name]) => this.#isHop(name)).map(([, pid]) => pid),
      beside: named.filter(([name]) => !this.#isHop(name)).map(([, pid]) => pid),
    };
  }

  readonly hub: Starter['hub'] = async ({ name }) => {
    const data = join(this.#dir, name);
    return {
      ...(await this.#start(name, ['serve', '--port', '0', '--data', data, ...this.#words])),
      bootstrapToken: async () => (await readFile(join(data, 'bootstrap-token'), 'utf8')).trim(),
    };
  };

  readonly domain: Starter['domain'] = async () => {
    throw new Unavailable('the benchmark has no hierarchy');
  };

  readonly sidecar: Starter['sidecar'] = async ({ name, hubUrl, token, agentUrl }) => {
    const data = join(this.#dir, name);
    const agent = agentUrl === null ? [] : ['--agent-url', agentUrl];
    const args = ['sidecar', 'run', '--hub', hubUrl, '--token', token, '--port', '0', '--data', data, ...agent];
    const node = await this.#start(name, args);
    const app = JSON.parse(await readFile(join(data, APP_FILE), 'utf8')) as Access;
    return { ...node, appUrl: app.url, appKey: app.key };
  };

  #isHop(name: string): boolean {
    return this.#hop === null || name === this.#hop;
  }

  /** They are ended with all children of the benchmark. */
  async #start(name: string, args: readonly string[]) {
    const on: ChildOptions['on'] = this.#isHop(name) ? 'hop' : 'load';
    const child = this.#children.start([process.execPath, MAIN, ...args], { on, cwd: this.#dir });
    this.#pids.set(name, child.pid);
    return { url: await listeningUrl(child, name), stop: async () => {} };
  }
}

/** The address in the line that a node prints when it is ready. */
function listeningUrl(child: Child, name: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const late = setTimeout(() => reject(new Unavailable(`\`${name}\` was not ready in ${READY_MS} ms`)), READY_MS);
    child.process.stdout?.on('data', (text: Buffer) => {
      said += text.toString('utf8');
      const url = /listening on (https?:\/\/[^\s,]+)/.exec(said)?.[1];
      if (url === undefined) return;
      clearTimeout(late);
      resolve(url);
    });
    void child.ended.then((reason) => {
      clearTimeout(late);
      reject(new Unavailable(`\`${name}\` did not start: ${reason}`));
    });
  });
}

/** Nodes join and learn of each other in the background: calls flow when the first one came through. */
export async function untilAnswered({ url, key }: Access, path = PATH): Promise<void> {
  let last = '';
  for (const until = performance.now() + READY_MS; performance.now() < until; await after(50)) {
    const reply = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: requestBody,
    });
    last = `${reply.status} ${await reply.text()}`;
    if (reply.status === 200) return;
  }
  throw new Unavailable(`no call came through in ${READY_MS} ms; the last answer: ${last}`);
}

export async function readVersion(): Promise<string> {
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
