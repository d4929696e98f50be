/** The organisation of the fleet: who is declared, who may call whom, and the one policy that each measured change replaces. */
import { API_VERSION } from '../../src/contract/index.ts';
import { mintKey } from '../../src/identity/index.ts';

export interface Size {
  /** All agents, those with a sidecar among them. */
  readonly agents: number;
  /** Sidecars as processes of their own: half call, half are called. */
  readonly real: number;
  /** Sidecars that only speak the protocol of nodes. */
  readonly simulated: number;
}

/** What is called through the mesh. All real sidecars that are called stand in front of instances of it. */
export const POOL = 'pool';
const DOMAINS = 50;

export interface World {
  readonly resources: readonly unknown[];
  /** Agents of the real sidecars that call. */
  readonly callers: readonly Named[];
  readonly simulated: readonly Named[];
  /** Agents without a sidecar, with the keys that they announce themselves with. */
  readonly direct: readonly (Named & { readonly key: string })[];
}

export interface Named {
  readonly name: string;
  readonly domain: string;
}

const resource = (kind: string, name: string, spec: unknown, domain?: string): unknown => ({
  apiVersion: API_VERSION,
  kind,
  metadata: { name, ...(domain === undefined ? {} : { domain }) },
  spec,
});

const OPERATIONS = [{ name: 'ask', effect: 'read' }];

export const worldOf = ({ agents, real, simulated }: Size): World => {
  const callers = named('caller', Math.ceil(real / 2));
  const sims = named('sim', simulated);
  const direct = named('direct', Math.max(0, agents - 1 - callers.length - simulated)).map((one) => ({
    ...one,
    ...mintKey(one.name),
  }));
  const all = [...callers, ...sims, ...direct, { name: POOL, domain: domainOf(0) }];
  return {
    callers,
    simulated: sims,
    direct: direct.map(({ name, domain, secret }) => ({ name, domain, key: secret })),
    resources: [
      ...Array.from({ length: DOMAINS }, (_, at) => resource('Domain', domainOf(at), {})),
      ...all.map(({ name, domain }) => resource('Agent', name, { operations: OPERATIONS }, domain)),
      ...direct.map(({ name, secretHash }) =>
        resource('Key', name, { principal: { kind: 'agent', name }, secretHash, scopes: ['call'] }),
      ),
      // Everybody may reach everybody directly: the largest view that a sidecar can have.
      resource('Route', 'mesh', { to: { kind: 'agent', name: '*' }, via: 'mesh' }),
      policy(0),
    ],
  };
};

/** Another text each time, and the same rules: calls go on. */
export const policy = (turn: number): unknown =>
  resource('PolicyBundle', 'org', {
    level: 'org',
    policies: {
      text: `@id("all") @reason("turn ${turn}") permit (principal, action, resource);
@id("never-${turn}") @reason("nobody asks for this") forbid (principal == Agent::"sim-0", action, resource) when { resource.effect == "irreversible" };`,
    },
  });

const domainOf = (at: number): string => `team-${String(at % DOMAINS).padStart(2, '0')}`;

const named = (kind: string, count: number): Named[] =>
  Array.from({ length: count }, (_, at) => ({ name: `${kind}-${at}`, domain: domainOf(at) }));
