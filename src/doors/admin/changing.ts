/** Which kinds of resource each role may change: the part of the table of rights that no path can say. */
import { type AdminRole, Fault, KINDS, type Principal, type ResourceKind, type Rights } from '../../contract/index.ts';
import { administersAny, authorise, domainsOf } from './authorise.ts';

/** INVARIANT: every kind is here. Who may change people, keys or domains could give themselves the rest. */
const ROLE_FOR: Readonly<Record<ResourceKind, AdminRole>> = {
  Agent: 'developer',
  Tool: 'developer',
  Model: 'developer',
  Route: 'developer',
  Plan: 'developer',
  PolicyBundle: 'policy-admin',
  Fact: 'policy-admin',
  Budget: 'budget-admin',
  Alert: 'developer',
  TreeLimits: 'policy-admin',
  Staleness: 'policy-admin',
  Domain: 'admin',
  User: 'admin',
  Team: 'admin',
  Key: 'admin',
  IdentityProvider: 'admin',
};

/** Who may change anything at all. */
export const CHANGING: readonly AdminRole[] = [...new Set(Object.values(ROLE_FOR))];

/**
 * How far somebody reaches who wants to change such kinds. `rights` are those of the route. Who looks after domains is held against
 * every single change later, where domains are known. Throws `denied` for a kind that is not theirs to change.
 */
export const rightsToChange = (
  principal: Principal,
  rights: Rights,
  { kinds, prune = false }: { readonly kinds: readonly unknown[]; readonly prune?: boolean },
): Rights => {
  // Of whatever they may do, the key says how much: also of domains that they look after.
  throwIfNotTheirs({ ...principal, roles: ['admin'] }, kinds, false);
  if (rights.kind === 'domains') return rights;
  try {
    throwIfNotTheirs(principal, kinds, prune);
    return rights;
  } catch (thrown) {
    if (administersAny(principal)) return domainsOf(principal);
    throw thrown;
  }
};

/** What an apply of theirs would be held against: a diff says the same, also to those who may only look. */
export const rightsToCompare = (
  principal: Principal,
  rights: Rights,
  wish: Parameters<typeof rightsToChange>[2],
): Rights => {
  try {
    return rightsToChange(principal, authorise(principal, { least: CHANGING, domains: true }), wish);
  } catch {
    return rights;
  }
};

/** `prune` takes away what is not named, of any kind. */
const throwIfNotTheirs = (principal: Principal, kinds: readonly unknown[], prune: boolean): void => {
  if (prune) authorise(principal, { least: 'admin' });
  for (const kind of new Set(kinds)) {
    if (!isKind(kind)) continue; // no kind of ours: it is refused with better words where resources are checked
    try {
      authorise(principal, { least: ROLE_FOR[kind] });
    } catch (thrown) {
      throw new Fault('denied', `${KINDS[kind].plural}: ${thrown instanceof Fault ? thrown.message : ''}`, {
        cause: thrown,
      });
    }
  }
};

const isKind = (kind: unknown): kind is ResourceKind => typeof kind === 'string' && Object.hasOwn(KINDS, kind);

/** The kind that a resource nobody has checked yet says it has. */
export const claimedKind = (resource: unknown): unknown =>
  typeof resource === 'object' && resource !== null && 'kind' in resource ? resource.kind : undefined;
