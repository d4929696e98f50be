/** Starts the sample fleet: agents as processes in three domains, and the traffic that keeps them busy. Who runs Airspace calls this. */
import { fileURLToPath } from 'node:url';
import { type ResourceOf, SCHEMAS } from '../../src/contract/index.ts';
import { freePort } from './free-port.ts';
import { type Log, type Program, type Supervised, supervise } from './supervise.ts';

/** A process of the fleet, and what it is an instance of. */
interface Member {
  /** Name of the process; instances of one agent differ in it. */
  readonly id: string;
  readonly kind: 'agent' | 'model';
  /** Name of the resource. */
  readonly name: string;
  readonly domain: 'storefront' | 'operations' | 'knowledge';
  readonly version: string;
  readonly args?: readonly string[];
  /** It takes part in a mesh route, so it gets a sidecar where there are sidecars. */
  readonly meshed?: true;
}

export const MEMBERS: readonly Member[] = [
  { id: 'concierge', kind: 'agent', name: 'concierge', domain: 'storefront', version: '1.4', meshed: true },
  { id: 'porter', kind: 'agent', name: 'porter', domain: 'storefront', version: '1.0' },
  { id: 'orders-a', kind: 'agent', name: 'orders', domain: 'operations', version: '2.3', meshed: true },
  {
    id: 'orders-b',
    kind: 'agent',
    name: 'orders',
    domain: 'operations',
    version: '2.3',
    args: ['--flaps', 'deaf,ill'],
    meshed: true,
  },
  { id: 'refunds', kind: 'agent', name: 'refunds', domain: 'operations', version: '1.1' },
  { id: 'kb', kind: 'agent', name: 'kb', domain: 'knowledge', version: '3.0' },
  { id: 'scripted-small', kind: 'model', name: 'scripted-small', domain: 'knowledge', version: '1.0' },
];

/** Who needs a key, as `principal` of a Key resource. A model calls nobody. */
export const PRINCIPALS: readonly { readonly kind: 'agent' | 'user'; readonly name: string }[] = [
  ...new Map(
    MEMBERS.filter(({ kind }) => kind === 'agent').map(({ name }) => [name, { kind: 'agent', name } as const]),
  ).values(),
  { kind: 'user', name: 'visitor' },
  { kind: 'user', name: 'clara' },
];

/** Folder to apply before the start: resources and policy. */
export const RESOURCES = fileURLToPath(new URL('airspace', import.meta.url));

export interface SidecarRequest {
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  /** Where the agent will listen. */
  readonly agentUrl: string;
  /** The agent's key; empty when there is none. */
  readonly key: string;
}

export interface Sidecar {
  /** What the agent gets as its Airspace. */
  readonly url: string;
  /** What it authenticates with there. */
  readonly key: string;
}

export interface FleetOptions {
  /** Hub of the organisation. */
  readonly rootUrl: string;
  /** Hub of the domain `operations`. */
  readonly domainUrl: string;
  /** Secrets by name of principal; see `PRINCIPALS`. */
  readonly keys: Readonly<Record<string, string>>;
  /** Asked before a meshed member starts. Default: none, they call through their hub. Ending it is the caller's. */
  readonly spawnSidecar?: (request: SidecarRequest) => Promise<Sidecar>;
  /** Default: silent. */
  readonly log?: Log;
}

/** What Airspace has to know of an instance to register it. */
export interface FleetAgent extends Omit<Member, 'args' | 'meshed'> {
  /** The agent itself. It keeps its address when it is started again. */
  readonly url: string;
  /** False between a crash and the next start: no reason to send heartbeats for it. */
  isUp(): boolean;
  pid(): number | undefined;
}

export interface Fleet {
  /** By process: `orders-a`, `orders-b`, `kb`, ... */
  readonly agents: Readonly<Record<string, FleetAgent>>;
  /** Ends every process and waits for that. */
  stop(): Promise<void>;
}

/** All or nothing: when one does not start, the others are ended and the promise rejects. They also end when this process does. */
export const startFleet = async (options: FleetOptions): Promise<Fleet> => {
  const starts = await Promise.allSettled(MEMBERS.map((member) => startMember(member, options)));
  const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
  const stop = async (): Promise<void> => void (await Promise.all(started.map(({ process }) => process.stop())));
  const failed = starts.find((start) => start.status === 'rejected');
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  return { agents: Object.fromEntries(started.map(({ agent }) => [agent.id, agent])), stop };
};

interface Started {
  readonly agent: FleetAgent;
  readonly process: Supervised;
}

const startMember = async (member: Member, options: FleetOptions): Promise<Started> => {
  const { id, kind, name, domain, version, args = [] } = member;
  const { port, url, key } = await placeOf(member, options);
  const process = await supervise(
    {
      name: id,
      script: scriptOf(`agents/${name}.ts`),
      argsFor: (before) => ['--name', id, '--port', String(before || port), ...args],
      env: { ...OFFLINE, AIRSPACE_URL: url, AIRSPACE_KEY: key },
    },
    options.log ?? (() => {}),
  );
  const { isUp, pid } = process;
  return { process, agent: { id, kind, name, domain, version, url: process.url, isUp, pid } };
};

/** Nothing of the fleet reports to anybody's cloud, whatever the environment says. */
const OFFLINE = { LANGSMITH_TRACING: 'false', LANGCHAIN_TRACING_V2: 'false' };

const scriptOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Where it listens (0: anywhere), and where its Airspace is: its sidecar, or the hub of its domain. */
const placeOf = async (
  { id, name, domain, meshed }: Member,
  { rootUrl, domainUrl, keys, spawnSidecar }: FleetOptions,
) => {
  const key = keys[name] ?? '';
  const hub = domain === 'operations' ? domainUrl : rootUrl;
  if (meshed !== true || spawnSidecar === undefined) return { port: 0, url: hub, key };
  const port = await freePort();
  return { port, ...(await spawnSidecar({ id, name, domain, key, agentUrl: `http://127.0.0.1:${port}` })) };
};

/**
 * The models among these resources with the addresses of their processes. A model calls nobody, so it has no key to announce
 * itself with: its address is configuration. Apply them once the fleet is up.
 */
export const modelsWithEndpoints = (
  resources: readonly unknown[],
  agents: Fleet['agents'],
): readonly ResourceOf<'Model'>[] =>
  resources.flatMap((resource) => {
    const { data: model } = SCHEMAS.Model.safeParse(resource);
    const running = Object.values(agents).find(({ kind, name }) => kind === 'model' && name === model?.metadata.name);
    if (model === undefined || running === undefined) return [];
    const endpoint = { url: running.url, version: running.version, weight: 100, labels: {} };
    return [{ ...model, spec: { ...model.spec, endpoints: [endpoint] } }];
  });

export interface TrafficOptions {
  readonly rootUrl: string;
  /** Those of `visitor` and `clara`. */
  readonly keys: Readonly<Record<string, string>>;
  /** Conversations begun per second; default 3. */
  readonly perSecond?: number;
  readonly log?: Log;
}

/** Begin when the fleet is registered: what is called before that is refused, and looks like a fault in the demo. */
export const startTraffic = async ({
  rootUrl,
  keys,
  perSecond = 3,
  log = () => {},
}: TrafficOptions): Promise<Pick<Supervised, 'stop'>> => {
  const program: Program = {
    name: 'traffic',
    script: scriptOf('traffic.ts'),
    argsFor: () => ['--per-second', String(perSecond)],
    env: { AIRSPACE_URL: rootUrl, AIRSPACE_KEY: keys['visitor'] ?? '', AIRSPACE_CLERK_KEY: keys['clara'] ?? '' },
  };
  return supervise(program, log);
};
