/** Everybody who may come, of two tenants, and what one of them may call. */
import type { RunningHub } from '../../src/cli/node/hub.ts';
import { API_VERSION, type KeyScope, WHOLE_TENANT } from '../../src/contract/index.ts';
import { mintKey } from '../../src/identity/index.ts';

/** Of the tenant that runs the hub unless they are strangers. Only `alice` may call, and only what `TARGETS` says. */
export const WHO = [
  'nobody',
  'garbage',
  'expired',
  'revoked',
  'halted',
  'alice',
  'alice-reading',
  'bob',
  'ursula',
  'vera-viewer',
  'olga-operator',
  'dora-developer',
  'adam-admin',
  'adam-reading',
  'adam-at-a-browser',
  'adam-at-another-page',
  'stranger-agent',
  'stranger-admin',
  'node',
  'node-for-bob',
] as const;
export type Who = (typeof WHO)[number];

/** Only who may call sees this word. */
export const MARKER = 'crown-jewels';

export const TARGETS = {
  agent: { name: 'orders', operation: 'where' },
  tool: { name: 'crm', operation: 'look' },
  model: { name: 'mini', operation: 'chat' },
} as const;

/** Provided by the agent. */
export const CAPABILITY = 'find_orders';

/** Labelled `public`. */
export const PUBLISHED = 'brochure';

const KIND = { agent: 'Agent', tool: 'Tool', model: 'Model' } as const;

const resource = (kind: string, name: string, spec: object, more: object = {}) => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...more },
  spec,
});

const POLICY = `@id("alice") @reason("alice may call what there is")
permit (principal == Agent::"alice", action, resource);`;

/** Everybody of both tenants. Answers the secrets of their keys. */
export const configure = async (hub: RunningHub, url: string): Promise<ReadonlyMap<string, string>> => {
  const secrets = new Map<string, string>();
  const key = (name: string, principal: object, more: { scopes?: KeyScope[]; expiresAt?: string } = {}) => {
    const { secret, secretHash } = mintKey(name);
    secrets.set(name, secret);
    return resource('Key', name, { principal, secretHash, ...more });
  };
  const agent = (name: string) => ({ kind: 'agent', name });
  const user = (name: string) => ({ kind: 'user', name });
  const caller = (name: string) => resource('Agent', name, { operations: [{ name: 'run' }] });
  const called = (Object.keys(TARGETS) as (keyof typeof TARGETS)[]).map((kind) =>
    resource(
      KIND[kind],
      TARGETS[kind].name,
      {
        description: MARKER,
        endpoints: [{ url }],
        operations: [
          {
            name: TARGETS[kind].operation,
            effect: 'read',
            ...(kind === 'agent' ? { provides: [{ capability: CAPABILITY, version: '1.0.0' }] } : {}),
          },
        ],
      },
      { labels: { inside: MARKER } },
    ),
  );
  const people = {
    ursula: [],
    'vera-viewer': ['viewer'],
    'olga-operator': ['operator'],
    'dora-developer': ['developer'],
    'adam-admin': ['admin'],
  };
  await apply(hub, 'default', [
    resource('Domain', 'branch', { delegated: true }),
    ...called,
    resource(
      'Agent',
      PUBLISHED,
      { endpoints: [{ url }], operations: [{ name: 'read' }] },
      { labels: { public: 'true' } },
    ),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
    ...['alice', 'bob', 'halted'].map(caller),
    ...Object.entries(people).map(([name, roles]) => resource('User', name, { roles })),
    ...Object.keys(people).map((name) => key(name, user(name))),
    ...['alice', 'bob', 'halted'].map((name) => key(name, agent(name))),
    key('alice-reading', agent('alice'), { scopes: ['read'] }),
    key('adam-reading', user('adam-admin'), { scopes: ['read'] }),
    key('revoked', agent('alice')),
    key('expired', agent('alice'), { expiresAt: '2020-01-01T00:00:00Z' }),
  ]);
  await apply(hub, 'acme', [
    caller('alice'),
    // Called the same, and policy of its own lets its own alice call it.
    resource('Agent', TARGETS.agent.name, { operations: [{ name: TARGETS.agent.operation }] }),
    key('stranger-agent', agent('alice')),
    resource('User', 'root', { roles: ['admin'] }),
    key('stranger-admin', user('root')),
    resource('PolicyBundle', 'org', { level: 'org', policies: { text: POLICY } }),
  ]);
  return secrets;
};

const apply = async (
  hub: RunningHub,
  tenant: string,
  resources: readonly ReturnType<typeof resource>[],
): Promise<void> => {
  await hub.control.apply({
    tenant,
    resources: resources.map((one) => ({ ...one, metadata: { ...one.metadata, tenant } })),
    origins: resources.map(({ metadata: { name } }) => name),
    by: 'test',
    rights: WHOLE_TENANT,
    reason: '',
    dryRun: false,
    prune: false,
  });
};
