/** A user and a few relays behind a hub, behind sidecars, or below a domain hub: everything over real HTTP on this machine. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { inProcess } from '../../src/cli/under-test.ts';
import type { CallEvent } from '../../src/contract/index.ts';
import { type Ledger, newLedger, type Relay, startRelay } from './relay.ts';

export type Shape = 'hub' | 'mesh' | 'hierarchy';

export interface Fleet {
  readonly ledger: Ledger;
  readonly relays: ReadonlyMap<string, Relay>;
  /** The user `ann`, at the hub. */
  readonly ann: { readonly url: string; readonly key: string };
  /** The hub, with the key that each agent could use there. */
  readonly atHub: ReadonlyMap<string, { readonly url: string; readonly key: string }>;
  apply(resources: readonly unknown[]): Promise<void>;
  events(trace: string): Promise<readonly CallEvent[]>;
  /** Forgets what ran so far. */
  fresh(): void;
  stop(): Promise<void>;
}

export interface FleetOptions {
  readonly dir: string;
  readonly shape: Shape;
  readonly agents: readonly string[];
  readonly policy?: string;
  /** Further resources. */
  readonly resources?: readonly unknown[];
}

export const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

export const agentResource = (name: string, url?: string): unknown =>
  resource(
    'Agent',
    name,
    { operations: [{ name: 'ask', effect: 'write' }], endpoints: url === undefined ? [] : [{ url }] },
    'team',
  );

export const PERMIT_ALL = '@id("all") @reason("everybody may") permit (principal, action, resource);';

export const startFleet = async ({
  dir,
  shape,
  agents,
  policy = PERMIT_ALL,
  resources = [],
}: FleetOptions): Promise<Fleet> => {
  const own = join(dir, shape);
  mkdirSync(own, { recursive: true });
  const ledger = newLedger();
  const relays = new Map<string, Relay>();
  for (const name of agents) relays.set(name, await startRelay(name, ledger));
  const starter = inProcess(own);
  const hub = await starter.hub({ name: 'root' });
  const stops: (() => Promise<void>)[] = [() => hub.stop()];
  const { secret: admin } = await ask(hub.url, '/v1/bootstrap', undefined, { token: await hub.bootstrapToken() });
  const adminKey = String(admin);
  let applied = 0;
  const apply = async (wanted: readonly unknown[]): Promise<void> => {
    const origins = wanted.map((_, at) => `resource ${at + 1}`);
    const answer = await ask(hub.url, '/v1/resources:apply', adminKey, {
      resources: wanted,
      origins,
      reason: 'scenario',
    });
    applied = Number(answer['snapshotSeq']);
  };
  await apply([
    resource('Domain', 'team', { delegated: shape === 'hierarchy' }),
    ...agents.map((name) => agentResource(name, shape === 'mesh' ? undefined : relays.get(name)?.url)),
    resource('User', 'ann', { roles: [] }),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: policy } }),
    ...(shape === 'mesh' ? [resource('Route', 'mesh', { to: { kind: 'agent', name: '*' }, via: 'mesh' })] : []),
    ...resources,
  ]);
  const mint = async (kind: string, name: string): Promise<string> =>
    String((await ask(hub.url, '/v1/keys', adminKey, { principal: { kind, name } }))['secret']);
  const token = async (body: object): Promise<string> =>
    String((await ask(hub.url, '/v1/tokens', adminKey, body))['token']);
  const atHub = new Map<string, { url: string; key: string }>();
  for (const name of agents) atHub.set(name, { url: hub.url, key: await mint('agent', name) });
  const ann = { url: hub.url, key: await mint('user', 'ann') };
  for (const [name, relay] of relays) relay.base = atHub.get(name)!;
  if (shape === 'mesh')
    for (const [name, relay] of relays) {
      const sidecar = await starter.sidecar({
        name: `side-${name}`,
        hubUrl: hub.url,
        token: await token({ role: 'sidecar', agent: name, domain: 'team' }),
        agentUrl: relay.url,
      });
      stops.unshift(() => sidecar.stop());
      relay.base = { url: sidecar.appUrl, key: sidecar.appKey };
    }
  if (shape === 'hierarchy') {
    const domain = await starter.domain({
      name: 'team',
      hubUrl: hub.url,
      token: await token({ role: 'domain', domain: 'team' }),
    });
    stops.unshift(() => domain.stop());
    // They run in the domain and call its hub; and the hub above is reached by the key that they have.
    for (const [name, relay] of relays) relay.base = { url: domain.url, key: atHub.get(name)!.key };
  }
  const fleet: Fleet = {
    ledger,
    relays,
    ann,
    atHub,
    apply: async (wanted) => {
      await apply(wanted);
      await everywhere(hub.url, adminKey, applied);
    },
    events: async (trace) => (await ask(hub.url, `/v1/traces/${trace}`, adminKey))['events'] as readonly CallEvent[],
    fresh: () => {
      ledger.ran.length = 0;
      ledger.refusals.length = 0;
    },
    stop: async () => {
      for (const stop of stops) await stop();
      for (const relay of relays.values()) await relay.stop();
    },
  };
  await everywhere(hub.url, adminKey, applied);
  await reachable(fleet, agents);
  return fleet;
};

/** Resolves when every node that joined runs this snapshot. */
const everywhere = (url: string, key: string, seq: number): Promise<void> =>
  until(async () => {
    const { items } = await ask(url, '/v1/nodes', key);
    return (items as readonly { readonly snapshotSeq: number }[]).every(({ snapshotSeq }) => snapshotSeq >= seq);
  });

/** Resolves when every agent reaches every other, or is kept from it: all have joined and know of each other. */
const reachable = async ({ ann, relays, ledger }: Fleet, agents: readonly string[]): Promise<void> => {
  for (const from of [ann, ...[...relays.values()].map(({ base }) => base)])
    for (const name of agents)
      if (relays.get(name)?.base !== from) await until(async () => [200, 403].includes(await reaches(from, name)));
  ledger.ran.length = 0;
};

const reaches = async ({ url, key }: Relay['base'], agent: string): Promise<number> => {
  const { statusCode, body } = await request(`${url}/v1/agents/${agent}/ask`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: '{"next":{}}',
  });
  await body.dump();
  return statusCode;
};

const until = async (condition: () => Promise<boolean>): Promise<void> => {
  for (const endMs = performance.now() + 15_000; performance.now() < endMs; ) {
    if (await condition()) return;
    await new Promise((next) => setTimeout(next, 20));
  }
  throw new Error('the fleet did not come up within 15 s');
};

const ask = async (
  url: string,
  path: string,
  key?: string,
  body?: unknown,
): Promise<Readonly<Record<string, unknown>>> => {
  const reply = await request(url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await reply.body.text();
  if (reply.statusCode >= 300) throw new Error(`${path} answered ${reply.statusCode}: ${text}`);
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
};
