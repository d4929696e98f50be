/** A fleet on this machine: a hub, real sidecars, and crowds of simulated ones, each a process of its own, over loopback. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, request } from 'undici';
import type { StartedSidecar } from '../../src/cli/deploy.ts';
import { type ProcessNode, processes } from '../../src/cli/up/starter.ts';
import type { CrowdOrder, CrowdSaid } from './crowd.ts';
import type { Counters } from './simnode.ts';
import { POOL, type Size, type World, worldOf } from './world.ts';

export interface FleetOptions extends Size {
  readonly crowds: number;
  readonly churnMs: number;
  readonly say: (line: string) => void;
}

type Sidecar = ProcessNode & StartedSidecar;

export interface NodeSeen {
  readonly id: string;
  readonly state: string;
  readonly snapshotSeq: number;
  readonly killsSeq: number;
  readonly killsAtMs: number | null;
}

/** Asks over connections of its own, so that what is measured waits for nobody. */
export class Fleet {
  readonly world: World;
  readonly hub: ProcessNode;
  readonly callers: readonly Sidecar[];
  readonly sidecars: readonly Sidecar[];
  readonly #key: string;
  readonly #crowds: readonly ChildProcess[];
  readonly #agent = new Agent({ connections: 8 });
  readonly #clear: () => Promise<void>;

  constructor(parts: {
    world: World;
    hub: ProcessNode;
    callers: readonly Sidecar[];
    sidecars: readonly Sidecar[];
    key: string;
    crowds: readonly ChildProcess[];
    clear: () => Promise<void>;
  }) {
    this.world = parts.world;
    this.hub = parts.hub;
    this.callers = parts.callers;
    this.sidecars = parts.sidecars;
    this.#key = parts.key;
    this.#crowds = parts.crowds;
    this.#clear = parts.clear;
  }

  ask(path: string, body?: unknown, method?: 'DELETE'): Promise<Record<string, unknown>> {
    return ask(this.#agent, `${this.hub.url}${path}`, this.#key, body, method);
  }

  /** Sequence of the snapshot that it made. */
  async apply(...resources: readonly unknown[]): Promise<number> {
    const origins = resources.map((_, at) => `resource ${at + 1}`);
    const { snapshotSeq } = await this.ask('/v1/resources:apply', { resources, origins, reason: 'measured' });
    return Number(snapshotSeq);
  }

  async nodes(): Promise<readonly NodeSeen[]> {
    const { items } = (await this.ask('/v1/nodes')) as { items: (NodeSeen & { node: { id: string } })[] };
    return items.map(({ node, ...seen }) => ({ ...seen, id: node.id }));
  }

  /** One call of a caller's agent through its sidecar; its status, 0 when it got none. */
  async call(caller: Sidecar): Promise<number> {
    try {
      const { statusCode, body } = await request(`${caller.appUrl}/v1/agents/${POOL}/ask`, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: { authorization: `Bearer ${caller.appKey}`, 'content-type': 'application/json' },
        body: '{}',
      });
      await body.dump();
      return statusCode;
    } catch {
      return 0;
    }
  }

  counters(): Promise<readonly Counters[]> {
    return Promise.all(
      this.#crowds.map((crowd) => {
        crowd.send({ ask: 'counters' });
        return answer(crowd).then((said) => (said as { counters: Counters }).counters);
      }),
    );
  }

  get crowdPids(): readonly number[] {
    return this.#crowds.map(({ pid }) => pid!);
  }

  async stop(): Promise<void> {
    await this.#clear();
    await this.#agent.destroy();
  }
}

export const startFleet = async (options: FleetOptions): Promise<Fleet> => {
  const dir = mkdtempSync(join(tmpdir(), 'airspace-fleet-'));
  const starter = processes(dir);
  const crowds: ChildProcess[] = [];
  const server = await startAgent();
  const reap = (): void => {
    for (const crowd of crowds) crowd.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  };
  process.once('exit', reap);
  const clear = async (): Promise<void> => {
    for (const crowd of crowds) crowd.kill('SIGKILL');
    await starter.killAll();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
    reap();
    process.off('exit', reap);
  };
  try {
    return await raise(options, { starter, crowds, clear, agentUrl: urlOf(server) });
  } catch (thrown) {
    await clear();
    throw thrown;
  }
};

interface Ground {
  readonly starter: ReturnType<typeof processes>;
  readonly crowds: ChildProcess[];
  readonly agentUrl: string;
  readonly clear: () => Promise<void>;
}

const raise = async (options: FleetOptions, { starter, crowds, agentUrl, clear }: Ground): Promise<Fleet> => {
  const { say } = options;
  const hub = await starter.hub({ name: 'hub' });
  const dispatcher = new Agent({ connections: 8 });
  const { secret } = await ask(dispatcher, `${hub.url}/v1/bootstrap`, '', { token: await hub.bootstrapToken() });
  const key = String(secret);
  const world = worldOf(options);
  const parts = { world, hub, callers: [] as Sidecar[], sidecars: [] as Sidecar[], key, crowds, clear };
  const fleet = new Fleet(parts);
  await fleet.apply(...world.resources);
  say(`${options.agents} agents declared`);
  const token = async (agent: string): Promise<string> =>
    String((await fleet.ask('/v1/tokens', { role: 'sidecar', agent }))['token']);
  const one = async (agent: string, name: string, at: string | null): Promise<Sidecar> => {
    const sidecar = await starter.sidecar({ name, hubUrl: hub.url, agentUrl: at, token: await token(agent) });
    parts.sidecars.push(sidecar);
    return sidecar;
  };
  for (let at = 0; at < options.real - world.callers.length; at++) await one(POOL, `pool-${at}`, agentUrl);
  for (const { name } of world.callers) parts.callers.push(await one(name, name, null));
  say(`${parts.sidecars.length} sidecars run`);
  for (let at = 0; at < options.crowds; at++) {
    const mine = <T>(all: readonly T[]): T[] => all.filter((_, index) => index % options.crowds === at);
    const nodes = await Promise.all(
      mine(world.simulated).map(async ({ name }) => ({ name, token: await token(name), url: agentUrl })),
    );
    const direct = mine(world.direct).map(({ name, key: own }) => ({ name, key: own, url: agentUrl }));
    crowds.push(await startCrowd({ hubUrl: hub.url, nodes, direct, churnMs: options.churnMs * options.crowds }));
  }
  await dispatcher.destroy();
  say(`${world.simulated.length} simulated sidecars and ${world.direct.length} agents without one are there`);
  return fleet;
};

const startCrowd = async (order: CrowdOrder): Promise<ChildProcess> => {
  const crowd = fork(fileURLToPath(new URL('./crowd.ts', import.meta.url)), { stdio: 'inherit' });
  const ready = answer(crowd);
  crowd.send(order);
  await ready;
  return crowd;
};

/** A hundred joins on a machine that others keep busy. */
const ANSWER_MS = 180_000;

const answer = (crowd: ChildProcess): Promise<CrowdSaid> =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error('a crowd does not answer')), ANSWER_MS);
    const gone = (): void => reject(new Error('a crowd ended'));
    crowd.once('exit', gone);
    crowd.once('message', (said) => {
      clearTimeout(late);
      crowd.off('exit', gone);
      resolve(said as CrowdSaid);
    });
  });

/** What stands behind the sidecars that are called. */
const startAgent = async (): Promise<Server> => {
  const server = createServer((req, res) => {
    req.resume();
    res.setHeader('content-type', 'application/json');
    res.end('{"ok":true}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return server;
};

const urlOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

const ask = async (
  dispatcher: Agent,
  url: string,
  key: string,
  body?: unknown,
  method?: 'DELETE',
): Promise<Record<string, unknown>> => {
  const reply = await request(url, {
    dispatcher,
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: { 'content-type': 'application/json', ...(key === '' ? {} : { authorization: `Bearer ${key}` }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.body.text();
  if (reply.statusCode >= 300) throw new Error(`${url} answered ${reply.statusCode}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as Record<string, unknown>;
};
