/** A whole topology on this machine, driven only through the doors that users have: for conformance suites and evaluations. */
import { request } from 'undici';
import type { CallEvent } from '../contract/index.ts';

/** A node that was started, in this process or in another. */
export interface StartedNode {
  readonly url: string;
  stop(): Promise<void>;
  /** As `stop`, once the calls in the works have ended. */
  drain?(): Promise<void>;
}

export interface StartedSidecar extends StartedNode {
  /** For callers with keys; empty or absent: it has none. */
  readonly doorUrl?: string;
  readonly appUrl: string;
  readonly appKey: string;
}

/** How nodes come to life. Data directories outlive their nodes, so that one can be started again. `Node`: what it makes. */
export interface Starter<Node extends StartedNode = StartedNode> {
  hub(options: {
    readonly name: string;
    readonly port?: number;
  }): Promise<Node & { readonly bootstrapToken: () => Promise<string> }>;
  domain(options: {
    readonly name: string;
    readonly hubUrl: string;
    readonly token: string;
    readonly port?: number;
  }): Promise<Node>;
  sidecar(options: {
    readonly name: string;
    readonly hubUrl: string;
    readonly token: string;
    readonly agentUrl: string | null;
    readonly port?: number;
  }): Promise<Node & StartedSidecar>;
}

/** `hierarchy`: one domain hub below the root. `tree`: a hub for each domain that is delegated, in as many levels as those have. */
export type Topology = 'hub' | 'mesh' | 'hierarchy' | 'tree';
/** Those that need nothing but one agent and its callers. */
export const TOPOLOGIES: readonly Topology[] = ['hub', 'mesh', 'hierarchy'];

export interface Wanted {
  readonly topology: Topology;
  readonly resources: readonly unknown[];
  /** The agent that is called, its domain, and where its instances are. */
  readonly target: {
    readonly name: string;
    readonly domain: string;
    readonly instances: readonly { readonly name: string; readonly url: string }[];
  };
  /** Agents that call. Each gets a key, and in the mesh a sidecar. */
  readonly callers: readonly { readonly name: string; readonly domain: string }[];
}

/** Where a caller sends its calls, and with which key. */
export interface Access {
  readonly url: string;
  readonly key: string;
}

export class Deployed<Node extends StartedNode = StartedNode> {
  readonly topology: Topology;
  readonly adminKey: string;
  readonly access: Map<string, Access>;
  /** Keys of the callers and of the agent that is called, as hubs know them. */
  readonly keys: ReadonlyMap<string, string>;
  root: Node;
  /** Hubs of domains by the name of their domain, outer ones first. */
  readonly domains: Map<string, Node>;
  /** Whose hub serves the agent that is called. */
  readonly home: string;
  readonly sidecars: (Node & StartedSidecar)[];
  readonly #announcements: Announcer;

  constructor(parts: {
    topology: Topology;
    adminKey: string;
    access: Map<string, Access>;
    keys: ReadonlyMap<string, string>;
    root: Node;
    domains: Map<string, Node>;
    home: string;
    sidecars: (Node & StartedSidecar)[];
    announcements: Announcer;
  }) {
    this.topology = parts.topology;
    this.adminKey = parts.adminKey;
    this.access = parts.access;
    this.keys = parts.keys;
    this.root = parts.root;
    this.domains = parts.domains;
    this.home = parts.home;
    this.sidecars = parts.sidecars;
    this.#announcements = parts.announcements;
  }

  /** The hub of the agent that is called, in the hierarchy and in the tree. */
  get domain(): Node | undefined {
    return this.domains.get(this.home);
  }

  /** Asks the hub with the administrator's key. */
  ask(path: string, asking: Omit<Asking, 'key'> = {}): Promise<Record<string, unknown>> {
    return fetchJson(`${this.root.url}${path}`, { ...asking, key: this.adminKey });
  }

  apply(resources: readonly unknown[]): Promise<Record<string, unknown>> {
    return applyTo(this.root.url, this.adminKey, resources);
  }

  async events(id: string): Promise<readonly CallEvent[]> {
    const answer = await fetchJson(`${this.root.url}/v1/traces/${id}`, { key: this.adminKey, missing: { events: [] } });
    return answer['events'] as readonly CallEvent[];
  }

  /** Nodes with the sequence that each says it runs. */
  async nodes(): Promise<readonly { readonly id: string; readonly snapshotSeq: number }[]> {
    const answer = await fetchJson(`${this.root.url}/v1/nodes`, { key: this.adminKey });
    return (answer['items'] as { node: { id: string }; snapshotSeq: number }[]).map(({ node, snapshotSeq }) => ({
      id: node.id,
      snapshotSeq,
    }));
  }

  async stop(): Promise<void> {
    this.#announcements.stop();
    for (const node of [...this.sidecars, ...[...this.domains.values()].reverse(), this.root]) await node.stop();
  }
}

/** Starts the nodes, applies the resources, mints keys, joins, announces instances, and resolves when calls can flow. */
export const deploy = async <Node extends StartedNode>(
  starter: Starter<Node>,
  wanted: Wanted,
): Promise<Deployed<Node>> => {
  const root = await starter.hub({ name: 'root' });
  const { secret: adminKey } = (await fetchJson(`${root.url}/v1/bootstrap`, {
    body: { token: await root.bootstrapToken() },
  })) as { secret: string };
  await applyTo(root.url, adminKey, wanted.resources);
  const names = [...wanted.callers.map(({ name }) => name), wanted.target.name];
  const keys = new Map<string, string>();
  for (const name of names) keys.set(name, await mintKey(root.url, adminKey, name));
  const token = async (body: object): Promise<string> =>
    (await fetchJson(`${root.url}/v1/tokens`, { key: adminKey, body }))['token'] as string;

  const nest = nestOf(wanted);
  const domains = new Map<string, Node>();
  for (const name of nest.served) {
    const parent = domains.get(nest.above(name) ?? '') ?? root;
    const { token } = await fetchJson(`${parent.url}/v1/tokens`, {
      key: adminKey,
      body: { role: 'domain', domain: name },
    });
    const hub = await starter.domain({ name, hubUrl: parent.url, token: String(token) });
    domains.set(name, hub);
    await ready(hub.url);
  }
  const sidecarOf = async (
    agent: string,
    agentDomain: string,
    name: string,
    agentUrl: string | null,
  ): Promise<Node & StartedSidecar> =>
    starter.sidecar({
      name,
      hubUrl: root.url,
      agentUrl,
      token: await token({ role: 'sidecar', agent, domain: agentDomain }),
    });
  const outer: (Node & StartedSidecar)[] = [];
  const inner: (Node & StartedSidecar)[] = [];
  if (wanted.topology === 'mesh') {
    for (const { name, domain: home } of wanted.callers) outer.push(await sidecarOf(name, home, `out-${name}`, null));
    for (const { name, url } of wanted.target.instances)
      inner.push(await sidecarOf(wanted.target.name, wanted.target.domain, `in-${name}`, url));
  }

  const hubOf = (name: string): Node => domains.get(nest.servedBy(name) ?? '') ?? root;
  const announcements = new Announcer(hubOf(wanted.target.domain).url, keys.get(wanted.target.name)!, wanted.target);
  if (wanted.topology !== 'mesh') await announcements.start();
  const access = new Map(
    wanted.callers.map(({ name, domain }, at) => [
      name,
      wanted.topology === 'mesh'
        ? { url: outer[at]!.appUrl, key: outer[at]!.appKey }
        : { url: hubOf(domain).url, key: keys.get(name)! },
    ]),
  );
  return new Deployed({
    topology: wanted.topology,
    adminKey,
    access,
    keys,
    root,
    domains,
    home: nest.servedBy(wanted.target.domain) ?? '',
    sidecars: [...outer, ...inner],
    announcements,
  });
};

interface Nest {
  /** Domains that have a hub, outer ones first. */
  readonly served: readonly string[];
  /** The innermost of them that a domain is in; undefined: the root. */
  servedBy(domain: string): string | undefined;
  /** Whose hub is the parent of the hub of a domain; undefined: the root. */
  above(domain: string): string | undefined;
}

/** In the tree delegation says which domains have a hub of their own. */
const nestOf = ({ topology, resources, target }: Wanted): Nest => {
  const domains = new Map<string, { readonly parent?: string; readonly delegated?: boolean }>();
  for (const one of resources as readonly DomainLike[])
    if (one.kind === 'Domain') domains.set(one.metadata.name, one.spec);
  const chain = (name: string): readonly string[] => {
    const parent = domains.get(name)?.parent;
    return [name, ...(parent === undefined ? [] : chain(parent))];
  };
  const isServed = (name: string): boolean =>
    topology === 'tree' ? domains.get(name)?.delegated === true : topology === 'hierarchy' && name === target.domain;
  return {
    served: [...domains.keys()].filter(isServed).sort((a, b) => chain(a).length - chain(b).length),
    servedBy: (domain) => chain(domain).find(isServed),
    above: (domain) => chain(domain).slice(1).find(isServed),
  };
};

interface DomainLike {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: { readonly parent?: string; readonly delegated?: boolean };
}

/** Resolves when the node says that it can take calls. */
export const ready = async (url: string): Promise<void> => {
  for (const endMs = performance.now() + 15_000; ; ) {
    const { statusCode, body } = await request(`${url}/readyz`);
    await body.dump();
    if (statusCode === 200) return;
    if (performance.now() > endMs) throw new Error(`${url} did not become ready`);
    await new Promise((next) => setTimeout(next, 20));
  }
};

export const mintKey = async (url: string, adminKey: string, agent: string): Promise<string> =>
  (await fetchJson(`${url}/v1/keys`, { key: adminKey, body: { principal: { kind: 'agent', name: agent } } }))[
    'secret'
  ] as string;

export const applyTo = (url: string, key: string, resources: readonly unknown[]): Promise<Record<string, unknown>> =>
  fetchJson(`${url}/v1/resources:apply`, {
    key,
    body: { resources, origins: resources.map((_, at) => `resource ${at + 1}`), reason: 'deployed' },
  });

type Announced = Pick<Wanted['target'], 'name' | 'instances'>;

/** Says of agents that do not speak Airspace where they are, as an operator's script would. */
export class Announcer {
  readonly #url: string;
  readonly #key: string;
  readonly #target: Announced;
  #timer: NodeJS.Timeout | undefined;

  constructor(url: string, key: string, target: Announced) {
    this.#url = url;
    this.#key = key;
    this.#target = target;
  }

  async start(): Promise<void> {
    await this.#announce();
    this.#timer = setInterval(() => void this.#announce().catch(() => {}), 1_500).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #announce(): Promise<void> {
    for (const { name, url } of this.#target.instances) {
      await fetchJson(`${this.#url}/v1/instances`, {
        key: this.#key,
        body: { id: name, kind: 'agent', name: this.#target.name, url, version: '1', labels: {}, state: 'ready' },
      });
    }
  }
}

export interface Asking {
  readonly key?: string;
  /** Default: POST with a body, GET without. */
  readonly method?: 'DELETE';
  readonly body?: unknown;
  /** Besides those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What a 404 means. */
  readonly missing?: Record<string, unknown>;
}

export const fetchJson = async (
  url: string,
  { key, method, body, missing, headers }: Asking,
): Promise<Record<string, unknown>> => {
  const { statusCode, body: reply } = await request(url, {
    method: method ?? (body === undefined ? 'GET' : 'POST'),
    headers: {
      'content-type': 'application/json',
      ...headers,
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  if (statusCode === 404 && missing !== undefined) return missing;
  if (statusCode >= 300) throw new Error(`${url} answered ${statusCode}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
};
