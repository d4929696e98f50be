/** The three topologies as the conformance suite drives them: nodes in this process, everything between them over real HTTP. */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Dispatcher, request } from 'undici';
import {
  type Answer,
  type Asked,
  type CallerName,
  type CallRequest,
  type Deploy,
  type Deployment,
  type Entrance,
  lastingPort,
  type NodePlace,
  type topologySuite,
} from '../conformance/index.ts';
import type { OverloadLevel } from '../kernel/index.ts';
import { type Deployed, deploy, type StartedNode, type Starter, TOPOLOGIES, type Topology } from './deploy.ts';
import { startDomainHub } from './node/domain.ts';
import { startHub } from './node/hub.ts';
import { startSidecar } from './node/sidecar.ts';

/**
 * Nodes in this process, each with a data directory below `dir`. `store`: the database that all hubs share. `door`: sidecars have one for
 * callers with keys. `overload`: of all of them; default: what each reads about this process.
 */
export const inProcess = (dir: string, store?: string, door = false, overload?: () => OverloadLevel): Starter => {
  const options = async (name: string, port?: number) => {
    const own = join(dir, name);
    mkdirSync(own, { recursive: true });
    return {
      dir: own,
      host: '127.0.0.1',
      port: port ?? (await lastingPort()),
      level: 'error' as const,
      log: (line: string) => process.stderr.write(line),
      ...(overload === undefined ? {} : { overload }),
    };
  };
  return {
    hub: async ({ name, port }) => {
      const own = await options(name, port);
      const node = await startHub(store === undefined ? own : { ...own, store });
      return {
        url: node.url,
        ...ends(node),
        bootstrapToken: async () => (await readFile(join(own.dir, 'bootstrap-token'), 'utf8')).trim(),
      };
    },
    domain: async ({ name, port, ...member }) => {
      const node = await startDomainHub({ ...(await options(name, port)), ...member });
      return { url: node.url, ...ends(node) };
    },
    sidecar: async ({ name, port, agentUrl, ...member }) => {
      const own = { ...(await options(name, port)), ...member, agentUrl, agentVersion: '1' };
      const node = await startSidecar(door ? { ...own, door: { host: '127.0.0.1', port: 0 } } : own);
      return {
        url: node.url,
        doorUrl: node.doorUrl,
        appUrl: node.appUrl,
        appKey: node.appKey,
        ...ends(node),
      };
    },
  };
};

const ends = (node: { stop(graceful: boolean): Promise<void> }): Pick<Required<StartedNode>, 'stop' | 'drain'> => ({
  stop: () => node.stop(false),
  drain: () => node.stop(true),
});

/** In the tree alice is in a leaf beside the one that she calls: up to the root, and two levels down. */
const HOPS: Readonly<Record<Topology, number>> = { hub: 1, mesh: 2, hierarchy: 2, tree: 4 };

/** Every topology that the suite is asked of. */
export const UNDER_TEST: readonly Topology[] = [...TOPOLOGIES, 'tree'];

const PEOPLE = ['ann', 'ben'] as const;

/** What a suite has to know of a topology to set its configuration up. */
export const shapeOf = (topology: Topology): Parameters<typeof topologySuite>[2] => ({
  via: topology === 'mesh' ? 'mesh' : 'hub',
  delegated: { hub: [], mesh: [], hierarchy: ['workshop'], tree: ['office', 'plant', 'workshop'] }[topology],
});

/** `dir` holds the data directories of the nodes. `store`: the database of the hub, when it is not its directory. */
export const topologyUnderTest =
  (topology: Topology, dir: string, store?: string): Deploy =>
  async ({ resources, instances, executions }) => {
    // Nodes of several topologies share this process: how busy it is says nothing about one of them.
    let overload: OverloadLevel = 0;
    const starter = inProcess(dir, store, false, () => overload);
    const deployed = await deploy(starter, {
      topology,
      resources,
      target: { name: 'echo', domain: 'workshop', instances },
      callers: [
        { name: 'alice', domain: 'office' },
        { name: 'mallory', domain: 'office' },
        { name: 'bob', domain: 'plant' },
      ],
    });
    const keys = new Map<string, string>([...deployed.keys, ['admin', deployed.adminKey]]);
    for (const name of ['scribe', ...PEOPLE]) {
      const kind = name === 'scribe' ? 'agent' : 'user';
      const { secret } = await deployed.ask('/v1/keys', { body: { principal: { kind, name } } });
      keys.set(name, String(secret));
    }
    const entrance = (caller: CallerName, atHub = false): Entrance => entranceOf(deployed, keys, caller, atHub);
    await flowing(deployed, entrance);
    const back = async (restarted: Promise<boolean>): Promise<boolean> => {
      if (await restarted) await reached(entrance);
      return restarted;
    };
    return {
      hops: HOPS[topology],
      entrance,
      call: (wanted) => {
        const at = entrance(wanted.caller, wanted.atHub);
        return send(wanted.key === undefined ? at : { ...at, key: wanted.key }, wanted);
      },
      ask: (path, asked) => ask(`${deployed.root.url}${path}`, keys.get(asked?.as ?? 'admin')!, asked),
      executions: () => executions().filter(({ body }) => body !== PROBE),
      events: (callId, atLeast) =>
        eventually(
          () => deployed.events(callId),
          (events) => events.length >= atLeast,
        ),
      apply: async (changed) => {
        const { snapshotSeq } = (await deployed.apply(changed)) as { snapshotSeq: number };
        await settled(deployed, snapshotSeq);
      },
      settled: () => settled(deployed),
      kills: killsOf(deployed),
      overload: (level) => {
        overload = level;
      },
      restart: (which, meanwhile) => back(restart(deployed, starter, which, (node) => stopped(node, meanwhile))),
      drain: (which, closing) => back(restart(deployed, starter, which, (node) => drained(node, closing))),
      centre: topology === 'mesh' ? centreOf(deployed, starter) : null,
      stop: () => deployed.stop(),
    };
  };

/** Agents that are called call on from where they are: through their sidecar, or through the hub of their domain. */
const entranceOf = (
  deployed: Deployed,
  keys: ReadonlyMap<string, string>,
  caller: CallerName,
  atHub: boolean,
): Entrance => {
  const { root, domain, sidecars, access } = deployed;
  if (caller === 'stranger') return { url: entranceOf(deployed, keys, 'alice', atHub).url, key: STRANGE };
  if (atHub) return { url: root.url, key: keys.get(caller)! };
  if (caller === 'scribe') return { url: (domain ?? root).url, key: keys.get(caller)! };
  if (caller !== 'echo') return access.get(caller)!;
  const beside = sidecars.at(-1);
  return beside === undefined
    ? { url: (domain ?? root).url, key: keys.get(caller)! }
    : { url: beside.appUrl, key: beside.appKey };
};

const STRANGE = `air_stranger_${'A'.repeat(43)}_00000000`;

/** From the top down: a hub makes a snapshot of its own of what its parent says, and acknowledges when that is in force. */
const settled = async (deployed: Deployed, published?: number): Promise<void> => {
  const { root, domains, adminKey } = deployed;
  const read = async ({ url }: StartedNode, path: string): Promise<Record<string, unknown>> =>
    (await ask(`${url}${path}`, adminKey)).json();
  for (const hub of [root, domains.get('plant')]) {
    if (hub === undefined) return;
    const seq = hub === root && published !== undefined ? published : (await read(hub, '/v1/status'))['snapshotSeq'];
    await eventually(
      async () => (await read(hub, '/v1/nodes'))['items'] as readonly { readonly snapshotSeq: number }[],
      (nodes) => nodes.every((node) => node.snapshotSeq >= Number(seq)),
      `a node does not run snapshot ${seq} of ${hub.url}`,
    );
  }
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
    await eventually(
      async () => (await deployed.ask('/v1/kills')) as unknown as KillsAnswer,
      (kills) => kills.nodes.every((node) => node.state === 'alive' && node.seq >= kills.seq),
      'a node does not confirm the newest list of orders to stop',
    );
  },
});

const stopped = async (node: StartedNode, meanwhile: () => Promise<void> = async () => {}): Promise<void> => {
  await node.stop();
  await meanwhile();
};

const drained = async (node: StartedNode, closing: () => void): Promise<void> => {
  const ended = node.drain!();
  closing();
  await ended;
};

/** The member is the hub of the domain that is called, or the sidecar of the first caller: whoever else is there stays. */
const restart = async (
  deployed: Deployed,
  starter: Starter,
  which: NodePlace,
  end: (node: StartedNode) => Promise<void>,
): Promise<boolean> => {
  const { domains, home, root } = deployed;
  const [first] = deployed.sidecars;
  const portOf = ({ url }: StartedNode): number => Number(new URL(url).port);
  const joined = { hubUrl: root.url, token: '' };
  if (which === 'hub') {
    await end(root);
    deployed.root = await again(() => starter.hub({ name: 'root', port: portOf(root) }));
    return true;
  }
  const name = which === 'between' ? 'plant' : home;
  const hub = domains.get(name);
  if (hub !== undefined) {
    const hubUrl = (which === 'member' ? (domains.get('plant') ?? root) : root).url;
    await end(hub);
    domains.set(name, await again(() => starter.domain({ ...joined, hubUrl, name, port: portOf(hub) })));
    return true;
  }
  if (which === 'between' || first === undefined) return false;
  await end(first);
  const sidecar = await again(() =>
    starter.sidecar({ ...joined, name: 'out-alice', agentUrl: null, port: portOf(first) }),
  );
  deployed.sidecars[0] = sidecar;
  deployed.access.set('alice', { url: sidecar.appUrl, key: sidecar.appKey });
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
const flowing = async ({ access }: Deployed, entrance: Deployment['entrance']): Promise<void> => {
  for (const caller of [...access.keys(), 'echo', 'scribe'] as CallerName[]) {
    await eventually(
      async () => (await send(entrance(caller), { caller, operation: 'echo', body: '' })).status,
      (status) => status === 200,
      `no call of ${caller} gets through`,
    );
  }
};

/** Nodes on the way that were started again are found again: until then callers hear that nobody is there, and that nothing ran. */
const reached = async (entrance: Deployment['entrance']): Promise<void> => {
  for (const caller of ['alice', 'bob'] as const)
    await eventually(
      async () => (await send(entrance(caller), { caller, operation: 'echo', body: PROBE })).status,
      (status) => status < 500,
      `no call of ${caller} gets through again`,
    );
};

/** What nobody counts. */
const PROBE = '{"probe":"back"}';

/** Nodes of several topologies start and come back at the same time. */
const PATIENCE_MS = 30_000;

/** `missing`: what it means when that does not come about. Default: nothing, and what was seen last is the answer. */
const eventually = async <T>(look: () => Promise<T>, enough: (seen: T) => boolean, missing?: string): Promise<T> => {
  for (const endMs = performance.now() + PATIENCE_MS; ; ) {
    const seen = await look();
    if (enough(seen)) return seen;
    if (performance.now() > endMs) {
      assert.equal(missing, undefined, `${missing} after ${PATIENCE_MS} ms: ${JSON.stringify(seen)}`);
      return seen;
    }
    await new Promise((next) => setTimeout(next, 20));
  }
};

const send = async (
  { url, key }: Entrance,
  { target = 'agent/echo', operation, capability, body, headers, signal }: CallRequest,
): Promise<Answer> => {
  const [kind, name] = target.split('/');
  const path = capability === undefined ? `${kind}s/${name}/${operation}` : `capabilities/${encodeURI(capability)}`;
  return answered(
    await request(`${url}/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'text/plain', ...headers },
      body: body ?? '',
      ...(signal === undefined ? {} : { signal }),
    }),
  );
};

const ask = async (url: string, key: string, { method, body }: Asked = {}): Promise<Answer> =>
  answered(
    await request(url, {
      method: method ?? (body === undefined ? 'GET' : 'POST'),
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );

const answered = ({ statusCode, headers, body }: Dispatcher.ResponseData): Answer => {
  let read: Promise<Uint8Array> | undefined;
  const bytes = (): Promise<Uint8Array> => {
    read ??= body.bytes();
    return read;
  };
  return {
    status: statusCode,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    chunks: body,
    bytes,
    json: async () => JSON.parse(Buffer.from(await bytes()).toString()) as Record<string, unknown>,
  };
};
