/** The three topologies as the conformance suite drives them: nodes in this process, everything between them over real HTTP. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import type { Answer, CallRequest, Deploy, Deployment } from '../conformance/index.ts';
import { type Access, type Deployed, deploy, type StartedNode, type Starter, type Topology } from './deploy.ts';
import { startDomainHub } from './node/domain.ts';
import { startHub } from './node/hub.ts';
import { startSidecar } from './node/sidecar.ts';

/** Nodes in this process, each with a data directory below `dir`. `store`: the database that all hubs share. */
export const inProcess = (dir: string, store?: string): Starter => {
  const options = (name: string, port = 0) => {
    const own = join(dir, name);
    mkdirSync(own, { recursive: true });
    return {
      dir: own,
      host: '127.0.0.1',
      port,
      level: 'error' as const,
      log: (line: string) => process.stderr.write(line),
    };
  };
  return {
    hub: async ({ name, port }) => {
      const own = options(name, port);
      const node = await startHub(store === undefined ? own : { ...own, store });
      return {
        url: node.url,
        stop: () => node.stop(false),
        bootstrapToken: async () => (await readFile(join(own.dir, 'bootstrap-token'), 'utf8')).trim(),
      };
    },
    domain: async ({ name, port, ...member }) => {
      const node = await startDomainHub({ ...options(name, port), ...member });
      return { url: node.url, stop: () => node.stop(false) };
    },
    sidecar: async ({ name, port, agentUrl, ...member }) => {
      const node = await startSidecar({ ...options(name, port), ...member, agentUrl, agentVersion: '1' });
      return { url: node.url, appUrl: node.appUrl, appKey: node.appKey, stop: () => node.stop(false) };
    },
  };
};

const HOPS: Readonly<Record<Topology, number>> = { hub: 1, mesh: 2, hierarchy: 2 };

/** `dir` holds the data directories of the nodes. `store`: the database of the hub, when it is not its directory. */
export const topologyUnderTest =
  (topology: Topology, dir: string, store?: string): Deploy =>
  async ({ resources, instances, executions }) => {
    const starter = inProcess(dir, store);
    const deployed = await deploy(starter, {
      topology,
      resources,
      target: { name: 'echo', domain: 'workshop', instances },
      callers: [
        { name: 'alice', domain: 'office' },
        { name: 'mallory', domain: 'office' },
      ],
    });
    const stranger = { url: deployed.access.get('alice')!.url, key: `air_stranger_${'A'.repeat(43)}_00000000` };
    const accessOf = ({ caller, key }: CallRequest): Access => {
      const access = caller === 'stranger' ? stranger : deployed.access.get(caller)!;
      return key === undefined ? access : { ...access, key };
    };
    await flowing(deployed);
    return {
      hops: HOPS[topology],
      call: (wanted) => send(accessOf(wanted), wanted),
      executions,
      events: (callId, atLeast) =>
        eventually(
          () => deployed.events(callId),
          (events) => events.length >= atLeast,
        ),
      apply: async (changed) => {
        const { snapshotSeq } = (await deployed.apply(changed)) as { snapshotSeq: number };
        await eventually(
          () => deployed.nodes(),
          (nodes) => nodes.every((node) => node.snapshotSeq >= snapshotSeq),
        );
      },
      kills: killsOf(deployed),
      restart: (which, meanwhile) => restart(deployed, starter, which, meanwhile),
      centre: topology === 'mesh' ? centreOf(deployed, starter) : null,
      stop: () => deployed.stop(),
    };
  };

interface KillsAnswer {
  readonly seq: number;
  readonly nodes: readonly { readonly state: string; readonly seq: number }[];
}

const killsOf = (deployed: Deployed): Deployment['kills'] => ({
  order: async (kind, name, reason) => {
    const { order } = await deployed.ask('/v1/kills', { body: { kind, name, reason } });
    return (order as { id: string }).id;
  },
  lift: async (id) => void (await deployed.ask(`/v1/kills/${id}`, { method: 'DELETE' })),
  spread: async () => {
    const { seq, nodes } = await eventually(
      async () => (await deployed.ask('/v1/kills')) as unknown as KillsAnswer,
      (kills) => kills.nodes.every((node) => node.state === 'alive' && node.seq >= kills.seq),
    );
    assert.ok(
      nodes.every((node) => node.seq >= seq),
      'every node confirms the newest list',
    );
  },
});

/** The member is the domain hub, or the sidecar of the first caller: whoever else is there stays. */
const restart = async (
  deployed: Deployed,
  starter: Starter,
  which: 'hub' | 'member',
  meanwhile: () => Promise<void> = async () => {},
): Promise<boolean> => {
  const { domain, root } = deployed;
  const [first] = deployed.sidecars;
  const portOf = ({ url }: StartedNode): number => Number(new URL(url).port);
  const joined = { hubUrl: root.url, token: '' };
  if (which === 'hub') {
    await root.stop();
    await meanwhile();
    deployed.root = await again(() => starter.hub({ name: 'root', port: portOf(root) }));
  } else if (domain !== undefined) {
    await domain.stop();
    await meanwhile();
    deployed.domain = await again(() => starter.domain({ ...joined, name: 'workshop', port: portOf(domain) }));
  } else if (first !== undefined) {
    await first.stop();
    await meanwhile();
    const sidecar = await again(() =>
      starter.sidecar({ ...joined, name: 'out-alice', agentUrl: null, port: portOf(first) }),
    );
    deployed.sidecars[0] = sidecar;
    deployed.access.set('alice', { url: sidecar.appUrl, key: sidecar.appKey });
  } else return false;
  return true;
};

/** The hub of the mesh, taken away and brought back on the same address with the same data. */
const centreOf = (deployed: Deployed, starter: Starter) => ({
  lose: () => deployed.root.stop(),
  regain: async () => {
    deployed.root = await again(() => starter.hub({ name: 'root', port: Number(new URL(deployed.root.url).port) }));
  },
});

/** The port may still be closing. */
const again = async <Node extends StartedNode>(start: () => Promise<Node>): Promise<Node> => {
  for (;;) {
    try {
      return await start();
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw thrown;
    }
  }
};

/** Resolves when a call of each caller gets through: everybody has joined and knows of everybody. */
const flowing = async ({ access }: Deployed): Promise<void> => {
  for (const one of access.values()) {
    await eventually(
      async () => (await send(one, { caller: 'alice', operation: 'echo', body: '' })).status,
      (status) => status === 200,
    );
  }
};

const eventually = async <T>(look: () => Promise<T>, enough: (seen: T) => boolean): Promise<T> => {
  const endMs = performance.now() + 15_000;
  for (;;) {
    const seen = await look();
    if (enough(seen)) return seen;
    if (performance.now() > endMs) return seen;
    await new Promise((next) => setTimeout(next, 20));
  }
};

const send = async (
  { url, key }: Access,
  { target = 'agent/echo', operation, body, headers, signal }: CallRequest,
): Promise<Answer> => {
  const [kind, name] = target.split('/');
  const reply = await request(`${url}/v1/${kind}s/${name}/${operation}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'text/plain', ...headers },
    body: body ?? '',
    ...(signal === undefined ? {} : { signal }),
  });
  let read: Promise<Uint8Array> | undefined;
  const bytes = (): Promise<Uint8Array> => {
    read ??= reply.body.bytes();
    return read;
  };
  return {
    status: reply.statusCode,
    headers: Object.fromEntries(Object.entries(reply.headers).map(([name, value]) => [name, String(value)])),
    chunks: reply.body,
    bytes,
    json: async () => JSON.parse(Buffer.from(await bytes()).toString()) as Record<string, unknown>,
  };
};
