/** The sample fleet of `airspace up`: a domain hub and sidecars as processes, agents behind them, and traffic. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readSources } from '../../control/index.ts';
import type { Admin } from '../admin.ts';
import { EXIT, Failure } from '../failure.ts';
import { APP_FILE } from '../starting.ts';
import { type NodeProcess, spawnNode } from './child.ts';

/** One way into Airspace, and the key for it. */
export interface Way {
  readonly name: 'hub' | 'mesh' | 'hierarchy';
  readonly url: string;
  readonly key: string;
}

export interface Sample {
  /** The same caller, `concierge`, at the doors of the three topologies. */
  readonly ways: readonly Way[];
  stop(): Promise<void>;
}

export interface SampleOptions {
  readonly admin: Admin;
  readonly dir: string;
  readonly say: (line?: string) => void;
}

/** What `examples/fleet/start.ts` offers. It comes with the repository, not with this folder. */
interface FleetModule {
  readonly RESOURCES: string;
  readonly PRINCIPALS: readonly { readonly kind: 'agent' | 'user'; readonly name: string }[];
  startFleet(options: {
    readonly rootUrl: string;
    readonly domainUrl: string;
    readonly keys: Readonly<Record<string, string>>;
    readonly spawnSidecar: (request: {
      readonly id: string;
      readonly name: string;
      readonly domain: string;
      readonly agentUrl: string;
    }) => Promise<{
      readonly url: string;
      readonly key: string;
    }>;
    readonly log: (line: string) => void;
  }): Promise<{ readonly agents: Readonly<Record<string, FleetAgent>>; stop(): Promise<void> }>;
  modelsWithEndpoints(resources: readonly unknown[], agents: Readonly<Record<string, FleetAgent>>): readonly unknown[];
  startTraffic(options: {
    readonly rootUrl: string;
    readonly keys: Readonly<Record<string, string>>;
  }): Promise<{ stop(): Promise<void> }>;
}

interface FleetAgent {
  readonly id: string;
  readonly kind: 'agent' | 'model';
  readonly name: string;
  readonly domain: string;
  readonly version: string;
  readonly url: string;
  isUp(): boolean;
}

export const startSample = async ({ admin, dir, say }: SampleOptions): Promise<Sample> => {
  const fleetModule = await loadFleet();
  const { resources, origins } = await readSources([fleetModule.RESOURCES]);
  await admin.post('/v1/resources:apply', { resources, origins, reason: 'the sample fleet' });
  const keys = await mintKeys(admin, fleetModule.PRINCIPALS);
  const nodes: NodeProcess[] = [];
  const start = async (token: string, args: readonly string[]): Promise<NodeProcess> => {
    const node = await spawnNode({ args, token });
    nodes.push(node);
    return node;
  };

  const domainDir = join(dir, 'operations');
  const domain = await start(await joinToken(admin, { role: 'domain', domain: 'operations' }), [
    'serve',
    '--role',
    'domain',
    '--parent',
    admin.url,
    '--port',
    '0',
    '--data',
    domainDir,
  ]);
  const sidecars = new Map<string, { readonly url: string; readonly key: string }>();
  const fleet = await fleetModule.startFleet({
    rootUrl: admin.url,
    domainUrl: domain.url,
    keys,
    log: () => {},
    spawnSidecar: async ({ id, name, domain: home, agentUrl }) => {
      const own = join(dir, `sidecar-${id}`);
      const token = await joinToken(admin, { role: 'sidecar', agent: name, domain: home });
      await start(token, ['sidecar', 'run', '--hub', admin.url, '--data', own, '--agent-url', agentUrl]);
      const app = JSON.parse(await readFile(join(own, APP_FILE), 'utf8')) as { url: string; key: string };
      sidecars.set(id, app);
      return app;
    },
  });
  const agents = Object.values(fleet.agents);
  say(`  domain hub   ${domain.url}   operations, a process of its own below the hub`);
  say(`  sidecars     ${[...sidecars.keys()].join(', ')}`);
  say(`  agents       ${agents.map(({ id }) => id).join(', ')} (models are scripted; nothing here calls out)`);

  // Models have no key to announce themselves with: their endpoints are configuration.
  const models = fleetModule.modelsWithEndpoints(resources, fleet.agents);
  await admin.post('/v1/resources:apply', {
    resources: models,
    origins: models.map(() => 'the sample fleet'),
    reason: 'addresses of the scripted models',
  });
  const heart = new Heartbeats(admin, domain.url, keys, agents);
  await heart.start();
  const traffic = await fleetModule.startTraffic({ rootUrl: admin.url, keys });
  const mesh = sidecars.get('concierge')!;
  return {
    ways: [
      { name: 'hub', url: domain.url, key: keys['concierge']! },
      { name: 'mesh', ...mesh },
      { name: 'hierarchy', url: admin.url, key: keys['concierge']! },
    ],
    stop: async () => {
      heart.stop();
      await traffic.stop();
      await fleet.stop();
      await Promise.all(nodes.map((node) => node.kill()));
    },
  };
};

const loadFleet = async (): Promise<FleetModule> => {
  try {
    return (await import(new URL('../../../examples/fleet/start.ts', import.meta.url).href)) as FleetModule;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw thrown;
    throw new Failure(EXIT.usage, 'the sample fleet is not here', {
      because: 'it comes with the repository',
      try: 'airspace up --bare',
      code: 'no-fleet',
    });
  }
};

const mintKeys = async (
  admin: Admin,
  principals: FleetModule['PRINCIPALS'],
): Promise<Readonly<Record<string, string>>> => {
  const keys: Record<string, string> = {};
  for (const principal of principals)
    keys[principal.name] = (await admin.post<{ secret: string }>('/v1/keys', { principal, force: true })).secret;
  return keys;
};

const joinToken = async (admin: Admin, grant: object): Promise<string> =>
  (await admin.post<{ token: string }>('/v1/tokens', grant)).token;

const BEAT_MS = 2_000;

/** Says where the agents are, as they would themselves with our client: half of the fleet is plain HTTP and knows nothing of Airspace. */
class Heartbeats {
  readonly #admin: Admin;
  readonly #domainUrl: string;
  readonly #keys: Readonly<Record<string, string>>;
  readonly #agents: readonly FleetAgent[];
  #timer: NodeJS.Timeout | undefined;

  constructor(admin: Admin, domainUrl: string, keys: Readonly<Record<string, string>>, agents: readonly FleetAgent[]) {
    this.#admin = admin;
    this.#domainUrl = domainUrl;
    this.#keys = keys;
    this.#agents = agents;
  }

  async start(): Promise<void> {
    await this.#beat();
    this.#timer = setInterval(() => void this.#beat().catch(() => {}), BEAT_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #beat(): Promise<void> {
    for (const { id, kind, name, domain, version, url, isUp } of this.#agents) {
      if (kind !== 'agent' || !isUp()) continue;
      const hub = domain === 'operations' ? this.#domainUrl : this.#admin.url;
      const own = new AdminAs(hub, this.#keys[name]!);
      await own.announce({ id, kind, name, url, version, labels: {}, state: 'ready' });
    }
  }
}

class AdminAs {
  readonly #url: string;
  readonly #key: string;

  constructor(url: string, key: string) {
    this.#url = url;
    this.#key = key;
  }

  async announce(instance: object): Promise<void> {
    const response = await fetch(`${this.#url}/v1/instances`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.#key}`, 'content-type': 'application/json' },
      body: JSON.stringify(instance),
    });
    await response.arrayBuffer();
  }
}
