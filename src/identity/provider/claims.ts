/** From the claims of a token that holds to the principal that they mean, as the provider's resource says. Pure. */
import type { JWTPayload } from 'jose';
import { Name, type Principal, type ProviderEntry, type UserEntry } from '../../contract/index.ts';

/** What a snapshot knows of the people and agents of all tenants. */
export interface Known {
  user(tenant: string, name: string): UserEntry | undefined;
  /** Domain of a declared agent: empty for the organisation itself, undefined when nobody declared it. */
  domainOfAgent(tenant: string, agent: string): string | undefined;
}

/** Nodes take no longer lists from each other. */
const MOST = 100;

/** Undefined when the token stands for nobody here. */
export const principalFrom = (provider: ProviderEntry, claims: JWTPayload, known: Known): Principal | undefined =>
  workloadOf(provider, claims, known) ?? userOf(provider, claims, known);

const workloadOf = ({ tenant, workloads }: ProviderEntry, { sub }: JWTPayload, known: Known): Principal | undefined => {
  const found = sub === undefined ? undefined : workloads.find((one) => patternOf(one.sub).test(sub));
  const domain = found === undefined ? undefined : known.domainOfAgent(tenant, found.agent);
  if (found === undefined || domain === undefined) return undefined;
  return { kind: 'agent', tenant, id: found.agent, ...(domain === '' ? {} : { domain }), roles: [] };
};

const patterns = new Map<string, RegExp>();

/** Resources name them, so there are few; tokens are held against them and add none. */
const patternOf = (text: string): RegExp => {
  let pattern = patterns.get(text);
  if (pattern === undefined) {
    pattern = new RegExp(`^${text.split('*').map(RegExp.escape).join('[^/:]+')}$`);
    patterns.set(text, pattern);
  }
  return pattern;
};

const userOf = (provider: ProviderEntry, claims: JWTPayload, known: Known): Principal | undefined => {
  const { tenant, provision } = provider;
  const name = nameIn(provider, claims);
  const user = name === undefined ? undefined : known.user(tenant, name);
  if (name === undefined || (user === undefined && !provision)) return undefined;
  const groups = groupsIn(provider, claims);
  const roles = [...new Set([...(user?.roles ?? []), ...granted(provider.groups?.roles, groups)])];
  const teams = granted(provider.groups?.teams, groups);
  if (roles.length > MOST || teams.length > MOST) return undefined;
  return {
    kind: 'user',
    tenant,
    id: name,
    ...(user === undefined || user.domain === '' ? {} : { domain: user.domain }),
    roles,
    ...(user?.administers === undefined ? {} : { administers: user.administers }),
    ...(teams.length === 0 ? {} : { teams }),
  };
};

const nameIn = ({ users }: ProviderEntry, claims: JWTPayload): string | undefined => {
  if (users === undefined || !Object.hasOwn(claims, users.claim)) return undefined;
  const value = claims[users.claim];
  if (typeof value !== 'string' || value === '') return undefined;
  // Anybody can write somebody else's address into a form.
  if (users.claim === 'email' && claims['email_verified'] !== true) return undefined;
  if (Object.hasOwn(users.names, value)) return users.names[value];
  if (!value.endsWith(users.suffix)) return undefined;
  const name = Name.safeParse(value.slice(0, value.length - users.suffix.length));
  return name.success ? name.data : undefined;
};

const groupsIn = ({ groups }: ProviderEntry, claims: JWTPayload): readonly string[] => {
  const value = groups === undefined || !Object.hasOwn(claims, groups.claim) ? [] : claims[groups.claim];
  return Array.isArray(value)
    ? value.filter((one) => typeof one === 'string')
    : typeof value === 'string'
      ? [value]
      : [];
};

const granted = (
  table: Readonly<Record<string, readonly string[]>> = {},
  groups: readonly string[],
): readonly string[] => [...new Set(groups.flatMap((group) => (Object.hasOwn(table, group) ? table[group]! : [])))];
