/** What a domain hub may not say itself, because rules of the levels above read it; and the names that it may use because they exist there. */
import type { PolicyCandidate, PolicySet, ResourceKind, Snapshot } from '../contract/index.ts';
import { resourceKey } from '../contract/index.ts';
import type { CompilePolicy, PolicyWorld } from './compile.ts';

export interface NamedAbove {
  readonly roles: ReadonlySet<string>;
  readonly teams: ReadonlySet<string>;
  readonly users: ReadonlySet<string>;
  readonly labels: ReadonlySet<string>;
  /** A rule reads a label whose name it works out: any may be meant. */
  readonly anyLabel: boolean;
}

/** Roles, teams and labels that rules of a tenant mention, on trial or not. */
export const namedAbove = (
  policy: PolicySet,
  candidates: readonly Pick<PolicyCandidate, 'tenant' | 'policy'>[],
  tenant: string,
): NamedAbove => {
  const roles = new Set<string>();
  const teams = new Set<string>();
  const users = new Set<string>();
  const labels = new Set<string>();
  let anyLabel = false;
  const look = (at: unknown): void => {
    if (typeof at !== 'object' || at === null) return;
    const { type, id } = at as { readonly type?: unknown; readonly id?: unknown };
    if (typeof id === 'string' && type === 'Role') roles.add(id);
    if (typeof id === 'string' && type === 'Team') teams.add(id);
    if (typeof id === 'string' && type === 'User') users.add(id);
    for (const [operator, inner] of Object.entries(at)) {
      if (operator === 'getTag' || operator === 'hasTag') {
        const name = literalIn(inner);
        if (name === undefined) anyLabel = true;
        else labels.add(name);
      }
      look(inner);
    }
  };
  for (const set of [policy, ...candidates.filter((one) => one.tenant === tenant).map((one) => one.policy)])
    for (const level of set.levels)
      if (level.tenant === tenant) for (const { est } of [...level.policies, ...level.limits]) look(est);
  return { roles, teams, users, labels, anyLabel };
};

/** The right side of `getTag` and `hasTag`, where it is written down. */
const literalIn = (operands: unknown): string | undefined => {
  const right = (operands as { readonly right?: { readonly Value?: unknown } } | null)?.right?.Value;
  return typeof right === 'string' ? right : undefined;
};

const KIND_OF = { agent: 'Agent', tool: 'Tool', model: 'Model' } as const;

/** Does something of this name exist above? For references of the own configuration. */
export const existsAbove = (above: Snapshot): ((tenant: string, kind: ResourceKind, name: string) => boolean) => {
  const keys = new Set<string>();
  const add = (kind: ResourceKind, all: readonly { readonly tenant: string; readonly name: string }[]): void => {
    for (const { tenant, name } of all) keys.add(resourceKey({ tenant, kind, name }));
  };
  for (const target of above.targets) add(KIND_OF[target.kind], [target]);
  add('Domain', above.domains);
  add('Team', above.teams ?? []);
  add('User', usersOf(above));
  return (tenant, kind, name) => keys.has(resourceKey({ tenant, kind, name }));
};

/** Rules of the own levels may name everybody above, and everybody here. */
export const compilingBelow =
  (compilePolicy: CompilePolicy, widened: (world: PolicyWorld) => PolicyWorld): CompilePolicy =>
  (bundles, world) =>
    compilePolicy(bundles, widened(world));

/** `node`: what it exported is known better here. */
export const widenedBy = (own: PolicyWorld, above: Snapshot, node: string): PolicyWorld => {
  const targets = above.targets.filter(({ exportedBy }) => exportedBy !== node);
  const domains = above.domains.filter(({ exportedBy }) => exportedBy !== node);
  const tenants = new Set([...own.targets, ...own.facts].map(({ tenant }) => tenant));
  const isOurs = ({ tenant }: { readonly tenant: string }): boolean => tenants.size === 0 || tenants.has(tenant);
  return {
    targets: joined(
      targets
        .filter(isOurs)
        .map(({ tenant, kind, name, domain, operations }) => ({ tenant, kind, name, domain, operations })),
      own.targets,
      ({ tenant, kind, name }) => `${tenant}/${kind}/${name}`,
    ),
    domains: joined(domains.filter(isOurs), own.domains, nameOf),
    users: joined(usersOf(above).filter(isOurs), own.users, nameOf),
    teams: joined((above.teams ?? []).filter(isOurs), own.teams, nameOf),
    facts: own.facts,
  };
};

const nameOf = ({ tenant, name }: { readonly tenant: string; readonly name: string }): string => `${tenant}/${name}`;

/** Those above come first, and of two with one name they count. */
const joined = <T>(above: readonly T[], own: readonly T[], keyOf: (one: T) => string): readonly T[] => {
  const there = new Set(above.map(keyOf));
  return [...above, ...own.filter((one) => !there.has(keyOf(one)))];
};

/** People that a snapshot knows: all of them where tokens name them, and those with a key. */
const usersOf = ({ users = [], keys }: Snapshot): PolicyWorld['users'] => {
  const known = new Map<string, PolicyWorld['users'][number]>();
  for (const { tenant, principal } of keys)
    if (principal.kind === 'user') known.set(`${tenant}/${principal.name}`, { tenant, ...principal });
  for (const user of users) known.set(`${user.tenant}/${user.name}`, user);
  return [...known.values()].map(({ tenant, name, domain, roles }) => ({ tenant, name, domain, roles }));
};
