/** Every field that takes a URL: who writes it, what it takes, and how to put one there. */
import { join } from 'node:path';
import { type RunningHub, startHub } from '../../src/cli/node/hub.ts';
import { webhookTo } from '../../src/cli/node/webhook.ts';
import { DEFAULT_TENANT, Fault, WHOLE_TENANT } from '../../src/contract/index.ts';
import { guardedFetch } from '../../src/egress/index.ts';
import { mintKey } from '../../src/identity/index.ts';
import { systemWorld } from '../../src/kernel/index.ts';
import { type HostileUrl, LEADS_TO } from './urls.ts';

export type Outcome = 'taken' | 'refused';

export interface Scene {
  readonly hub: RunningHub;
  readonly agentKey: string;
  /** Issuers that were taken, for the tokens that make us ask them. */
  readonly issuers: string[];
  /** One call to an agent at this address. */
  callAt(url: string): Promise<Response>;
  close(): Promise<void>;
}

interface Tested {
  readonly name: string;
  /** Throws nothing: what is refused is an outcome. */
  readonly put: (scene: Scene, url: string) => Promise<Outcome>;
  readonly takes: (entry: HostileUrl) => boolean;
  /** Not for this field. */
  readonly skips?: (entry: HostileUrl) => boolean;
  /** Makes us use what was taken. */
  readonly settle?: (scene: Scene) => Promise<void>;
}

/** Of a door that may not be there yet. */
interface Announced {
  readonly name: string;
  readonly comesWith: string;
  readonly put?: undefined;
}

export type Field = Tested | Announced;

const nothing = (): boolean => false;
const operators = ({ operator }: HostileUrl): boolean => operator === 'may';

const isRefusal = (thrown: unknown): Outcome => {
  if (thrown instanceof Fault) return 'refused';
  throw thrown;
};

const resource = (kind: string, name: string, spec: unknown, domain?: string): object => ({
  apiVersion: 'airspace.dev/v1',
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

const applyTo = (hub: RunningHub, resources: readonly unknown[], dryRun = false): Promise<unknown> =>
  hub.control.apply({
    ...{ tenant: DEFAULT_TENANT, resources, origins: resources.map(() => 'test'), by: 'test', rights: WHOLE_TENANT },
    ...{ reason: '', dryRun, prune: false },
  });

/** Whether the configuration would take it; nothing is in force afterwards. */
const configured =
  (of: (url: string) => object): Tested['put'] =>
  async ({ hub }, url) =>
    applyTo(hub, [of(url)], true).then(() => 'taken' as const, isRefusal);

const endpoint = (kind: string) =>
  configured((url) =>
    resource(kind, 'aimed', { endpoints: [{ url }], operations: [{ name: 'go', effect: 'read' }] }, 'work'),
  );

const provider = (issuer: string, jwks?: string): object => ({
  issuer,
  audience: ['airspace'],
  users: {},
  ...(jwks === undefined ? {} : { jwks: { url: jwks } }),
});

/** Whoever holds a token can make us ask its issuer for keys, as far as the issuer is configured. */
const askAll = async ({ hub, issuers }: Scene): Promise<void> => {
  const specs = issuers.map((issuer, at) => resource('IdentityProvider', `p${at}`, provider(issuer)));
  await applyTo(hub, specs);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  for (const iss of issuers) {
    const claims = { iss, aud: 'airspace', sub: 'ann', exp: 4_000_000_000, iat: 1 };
    const token = `${part({ alg: 'RS256', kid: 'k' })}.${part(claims)}.${'A'.repeat(342)}`;
    const reply = await fetch(`${hub.url}/v1/whoami`, { headers: { authorization: `Bearer ${token}` } });
    if (reply.status !== 401) throw new Error(`a token of \`${iss}\` was answered with ${reply.status}`);
  }
};

const isLoopback = ({ url }: HostileUrl): boolean =>
  /^(localhost|127(\.\d+){3}|\[::1\]|\[::ffff:7f00:1\])$/.test(URL.parse(url)?.hostname ?? '');

export const FIELDS: readonly Field[] = [
  { name: 'endpoint of an Agent', put: endpoint('Agent'), takes: operators },
  { name: 'endpoint of a Tool', put: endpoint('Tool'), takes: operators },
  { name: 'endpoint of a Model', put: endpoint('Model'), takes: operators },
  {
    name: 'keys of an IdentityProvider',
    put: configured((url) => resource('IdentityProvider', 'p', provider('https://issuer.example', url))),
    takes: operators,
  },
  {
    name: 'issuer of an IdentityProvider',
    put: async (scene, url) => {
      const outcome = await configured((issuer) => resource('IdentityProvider', 'p', provider(issuer)))(scene, url);
      if (outcome === 'taken') scene.issuers.push(url);
      return outcome;
    },
    takes: operators,
    // Real resolvers are asked for those, and they are elsewhere.
    skips: ({ url }) => (URL.parse(url)?.hostname ?? '') in LEADS_TO,
    settle: askAll,
  },
  {
    name: 'address that an instance announces',
    put: async ({ hub, agentKey }, url) => {
      const reply = await fetch(`${hub.url}/v1/instances`, {
        method: 'POST',
        headers: { authorization: `Bearer ${agentKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ id: 'one', kind: 'agent', name: 'shop', url, version: '1', labels: {}, state: 'ready' }),
      });
      if (reply.status >= 500) throw new Error(`an announcement was answered with ${reply.status}`);
      return reply.ok ? 'taken' : 'refused';
    },
    // We are asked from this machine, and an agent may say where it is itself.
    takes: (entry) => entry.operator === 'may' && isLoopback(entry),
  },
  {
    name: 'approval webhook',
    put: async (_, url) => {
      const { clock } = systemWorld();
      const fetch = guardedFetch({ clock, resolve: async (name) => LEADS_TO[name] ?? ['127.0.0.1'] });
      return webhookTo(url, fetch)({ body: '{}', headers: {} }).then(() => 'taken' as const, isRefusal);
    },
    takes: nothing,
  },
  { name: 'push notification config of an A2A task', comesWith: 'src/doors/a2a/index.ts' },
  { name: 'interfaces of an agent card', comesWith: 'src/upstreams/a2a/index.ts' },
  { name: 'file parts of an A2A message', comesWith: 'src/doors/a2a/index.ts' },
  { name: 'resource links of an MCP tool', comesWith: 'src/doors/mcp/index.ts' },
  { name: 'resources/read of an MCP server', comesWith: 'src/doors/mcp/index.ts' },
  { name: 'image URLs of a chat', comesWith: 'src/doors/openai/index.ts' },
  { name: 'image URLs of messages', comesWith: 'src/doors/anthropic/index.ts' },
  { name: 'register <url>', comesWith: 'src/discovery/index.ts' },
];

const POLICY = '@id("all") @reason("everybody may call") permit (principal, action, resource);';

export const openScene = async (dir: string): Promise<Scene> => {
  const hub = await startHub({
    ...{ host: '127.0.0.1', port: 0, level: 'error', log: () => {}, oracle: 0 },
    dir: join(dir, 'hub'),
  });
  const key = mintKey('shop-1');
  const agent = (endpoints: readonly object[]): object =>
    resource('Agent', 'aimed', { endpoints, operations: [{ name: 'go', effect: 'write' }] }, 'work');
  await applyTo(hub, [
    resource('Domain', 'work', {}),
    resource('Agent', 'shop', { operations: [{ name: 'go', effect: 'read' }] }, 'work'),
    agent([]),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
    resource('Key', 'shop-1', { principal: { kind: 'agent', name: 'shop' }, secretHash: key.secretHash }),
  ]);
  return {
    hub,
    agentKey: key.secret,
    issuers: [],
    callAt: async (url) => {
      await applyTo(hub, [agent([{ url }])]);
      return fetch(`${hub.url}/v1/agents/aimed/go`, {
        method: 'POST',
        redirect: 'manual',
        headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
        body: '{}',
      });
    },
    close: () => hub.stop(false),
  };
};
