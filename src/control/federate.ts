/**
 * One snapshot out of two: what the levels above say, and what a domain says for itself and for domains below it. Pure, so that
 * what it promises can be tried on random trees.
 *
 * INVARIANT: everything of the parent is in the result as it is; what is added lies in the own domain or below. Every level of
 * both is there, so a call needs all of them (policy 5), and where both say something about one thing, both hold.
 */
import { createHash } from 'node:crypto';
import type {
  BudgetScope,
  DomainEntry,
  KeyEntry,
  PolicyCandidate,
  PolicyLevel,
  PolicySet,
  Snapshot,
  StalenessEntry,
  TargetEntry,
  TreeLimitsEntry,
} from '../contract/index.ts';
import { Fault, resourceKey } from '../contract/index.ts';
import { type NamedAbove, namedAbove } from './above.ts';
import type { Draft } from './compile.ts';

/** Where a domain hub stands. */
export interface DomainPlace {
  readonly tenant: string;
  readonly domain: string;
  /** Its id at its parent: what it exported comes back from there under this name. */
  readonly node: string;
}

/** Something of the domain's own that what is above leaves no room for: it is left out. */
export interface Conflict {
  /** By `resourceKey`. */
  readonly key: string;
  readonly why: string;
}

export interface Federated {
  readonly draft: Draft;
  readonly conflicts: readonly Conflict[];
}

/** Throws `bad_request` for policy in another version of Cedar. */
export const federate = (parent: Draft, own: Draft, place: DomainPlace): Federated => {
  if (isNothing(own)) return { draft: withoutEcho(parent, place), conflicts: [] };
  if (own.policy.cedar !== parent.policy.cedar)
    throw new Fault('bad_request', `the parent speaks cedar ${parent.policy.cedar}, and this hub ${own.policy.cedar}`);
  const merge = new Merge(parent, place);
  const draft = merge.with(own);
  return { draft, conflicts: merge.conflicts };
};

/** Does it say anything at all? Facts and arguments come from what else there is. */
const isNothing = (own: Draft): boolean =>
  [
    own.targets,
    own.routes,
    own.domains,
    own.keys,
    own.teams,
    own.trees,
    own.staleness,
    own.budgets,
    own.candidates,
    own.providers,
  ].every((entries) => (entries ?? []).length === 0) && own.policy.levels.length === 0;

/** What this hub exported is known better here. */
const withoutEcho = (parent: Draft, { node }: DomainPlace): Draft =>
  [...parent.targets, ...parent.domains].some(({ exportedBy }) => exportedBy === node)
    ? {
        ...parent,
        targets: parent.targets.filter(({ exportedBy }) => exportedBy !== node),
        domains: parent.domains.filter(({ exportedBy }) => exportedBy !== node),
      }
    : parent;

class Merge {
  readonly conflicts: Conflict[] = [];
  readonly #parent: Draft;
  readonly #place: DomainPlace;
  /** What the parent's administrators have labelled of what was exported. */
  readonly #labels: ReadonlyMap<string, TargetEntry['labels']>;
  readonly #named: NamedAbove;
  #domains: readonly DomainEntry[];
  #targets: readonly TargetEntry[] = [];

  constructor(parent: Draft, place: DomainPlace) {
    this.#parent = withoutEcho(parent, place);
    this.#place = place;
    this.#domains = this.#parent.domains;
    this.#labels = new Map(parent.targets.map((target) => [targetId(target), target.labels]));
    this.#named = namedAbove(parent.policy, parent.candidates ?? [], place.tenant);
  }

  with(own: Draft): Draft {
    const parent = this.#parent;
    const domains = this.#ownDomains(own.domains);
    this.#domains = [...parent.domains, ...domains];
    this.#targets = own.targets.flatMap((target) => this.#target(target));
    const keys = own.keys.flatMap((key) => this.#key(key));
    const teams = (own.teams ?? []).filter((team) => this.#isOwnTeam(team, keys));
    const budgets = (own.budgets ?? []).filter((budget) => this.#isOwnBudget(budget));
    const trees = this.#trees(own.trees ?? []);
    const staleness = this.#staleness(own.staleness ?? []);
    const candidates = this.#candidates(own);
    const { providers: _, users: __, ...rest } = parent;
    for (const { tenant, name } of own.providers ?? [])
      this.#conflict(tenant, 'IdentityProvider', name, 'who else is believed about people is said at the root');
    return {
      ...rest,
      ...(parent.providers === undefined ? {} : { providers: parent.providers }),
      ...(parent.users === undefined ? {} : { users: parent.users }),
      targets: [...parent.targets, ...this.#targets],
      routes: [...parent.routes, ...own.routes.flatMap((route) => this.#route(route))],
      domains: this.#domains,
      keys: [...parent.keys, ...keys],
      ...some('teams', [...(parent.teams ?? []), ...teams]),
      ...some('budgets', [...(parent.budgets ?? []), ...budgets]),
      // A plan is called by the target of its name: without that it is nobody's.
      ...some('plans', [...(parent.plans ?? []), ...(own.plans ?? []).filter((plan) => this.#isOwnPlan(plan))]),
      ...some('trees', trees),
      ...some('staleness', staleness),
      ...some('candidates', candidates),
      policy: this.#policy(parent.policy, own.policy),
    };
  }

  /** Parents first: a domain below one that is left out is left out too. */
  #ownDomains(own: readonly DomainEntry[]): readonly DomainEntry[] {
    const taken: DomainEntry[] = [];
    const isThere = new Set(this.#parent.domains.map(({ tenant, name }) => `${tenant}/${name}`));
    const free = own.filter((domain) => {
      const owner = this.#parent.domains.find((one) => isSame(one, domain));
      if (owner !== undefined) this.#taken(domain.tenant, 'Domain', domain.name, owner);
      return owner === undefined && this.#isOwnTenant(domain.tenant, 'Domain', domain.name);
    });
    for (let size = -1; size !== taken.length; ) {
      size = taken.length;
      for (const domain of free) {
        if (taken.includes(domain)) continue;
        const under = domain.parent === this.#place.domain || taken.some(({ name }) => name === domain.parent);
        const declared = isThere.has(`${domain.tenant}/${domain.parent}`) && this.#isWithin(domain.parent);
        if (under || declared) taken.push(domain);
      }
    }
    for (const { tenant, name, parent } of free.filter((one) => !taken.includes(one)))
      this.#conflict(
        tenant,
        'Domain',
        name,
        `its parent ${parent === '' ? 'is the organisation' : `\`${parent}\``}, which is not \`${this.#place.domain}\` or below it`,
      );
    return taken;
  }

  #target(target: TargetEntry): readonly TargetEntry[] {
    const { tenant, kind, name, domain } = target;
    const resourceKind = target.speech?.protocol === 'plan' ? 'Plan' : KINDS[kind];
    if (!this.#isOwnTenant(tenant, resourceKind, name)) return [];
    if (!this.#isWithin(domain)) return this.#outside(tenant, resourceKind, name, domain);
    const owner = this.#parent.targets.find((one) => targetId(one) === targetId(target));
    if (owner !== undefined) return this.#taken(tenant, resourceKind, name, owner);
    const other = kind === 'model' ? this.#modelCalled([name, ...(target.aliases ?? [])], tenant) : undefined;
    if (other !== undefined)
      return this.#conflict(tenant, resourceKind, name, `it is called as model \`${other}\` of the levels above is`);
    const own = this.#unread(target);
    const labels = { ...own, ...this.#labels.get(targetId(target)) };
    return [{ ...target, labels }];
  }

  /** Labels that rules above read say what a target is; that is theirs to say. */
  #unread({ tenant, kind, name, labels }: TargetEntry): TargetEntry['labels'] {
    const given = this.#labels.get(`${tenant}/${kind}/${name}`) ?? {};
    const read = Object.keys(labels).filter(
      (label) => (this.#named.anyLabel || this.#named.labels.has(label)) && given[label] !== labels[label],
    );
    if (read.length === 0) return labels;
    this.#conflict(
      tenant,
      KINDS[kind],
      name,
      `the label ${quoted(read)} is read by rules of the levels above, so only they can give it`,
    );
    return Object.fromEntries(Object.entries(labels).filter(([label]) => !read.includes(label)));
  }

  #modelCalled(names: readonly string[], tenant: string): string | undefined {
    return this.#parent.targets.find(
      (one) =>
        one.tenant === tenant &&
        one.kind === 'model' &&
        [one.name, ...(one.aliases ?? [])].some((name) => names.includes(name)),
    )?.name;
  }

  /** Whoever has nothing to say about a target has nothing to say about the way to it. */
  #route(route: Draft['routes'][number]): Draft['routes'] {
    const { tenant, name, toKind, toName, toDomain } = route;
    if (!this.#isOwnTenant(tenant, 'Route', name)) return [];
    const owner = this.#parent.routes.find((one) => isSame(one, route));
    if (owner !== undefined) return this.#taken(tenant, 'Route', name, {});
    const isOwn = toName === '*' || this.#targets.some((target) => target.kind === toKind && target.name === toName);
    if (!isOwn) return this.#conflict(tenant, 'Route', name, `${toKind} \`${toName}\` is not of this domain`);
    if (toDomain !== '' && !this.#isWithin(toDomain)) return this.#outside(tenant, 'Route', name, toDomain);
    return [toDomain === '' ? { ...route, toDomain: this.#place.domain } : route];
  }

  #key(key: KeyEntry): readonly KeyEntry[] {
    const { tenant, id, principal } = key;
    if (!this.#isOwnTenant(tenant, 'Key', id)) return [];
    const owner = this.#parent.keys.find((one) => one.tenant === tenant && one.id === id);
    if (owner !== undefined) return this.#taken(tenant, 'Key', id, {});
    const { kind, name } = principal;
    if (kind === 'agent')
      return this.#isOwnAgent(name)
        ? [key]
        : this.#conflict(tenant, 'Key', id, `agent \`${name}\` is not of this domain`);
    if (this.#userAbove(name))
      return this.#conflict(tenant, 'Key', id, `user \`${name}\` is of the levels above; take another name`);
    return [{ ...key, principal: { ...principal, ...this.#home(key), ...this.#may(key) } }];
  }

  /** People of a domain are of that domain, so that its levels decide what they call. */
  #home({ principal: { domain } }: KeyEntry): Pick<KeyEntry['principal'], 'domain'> {
    return { domain: this.#isWithin(domain) ? domain : this.#place.domain };
  }

  #may({ tenant, id, principal }: KeyEntry): Partial<KeyEntry['principal']> {
    const read = principal.roles.filter((role) => this.#named.roles.has(role));
    if (read.length > 0)
      this.#conflict(
        tenant,
        'User',
        principal.name,
        `the role ${quoted(read)} is read by rules of the levels above, so only they can give it (key \`${id}\`)`,
      );
    const { administers } = principal;
    return {
      roles: principal.roles.filter((role) => !read.includes(role)),
      ...(administers === undefined ? {} : { administers: administers.filter((domain) => this.#isWithin(domain)) }),
    };
  }

  #userAbove(name: string): boolean {
    const { tenant } = this.#place;
    return (
      this.#named.users.has(name) ||
      (this.#parent.users ?? []).some((user) => user.tenant === tenant && user.name === name) ||
      this.#parent.keys.some(
        (key) => key.tenant === tenant && key.principal.kind === 'user' && key.principal.name === name,
      )
    );
  }

  #isOwnTeam(team: NonNullable<Draft['teams']>[number], keys: readonly KeyEntry[]): boolean {
    const { tenant, name, users, agents } = team;
    if (!this.#isOwnTenant(tenant, 'Team', name)) return false;
    const owner = (this.#parent.teams ?? []).find((one) => isSame(one, team));
    const isNamed = owner !== undefined || this.#named.teams.has(name);
    const stranger =
      agents.find((agent) => !this.#isOwnAgent(agent)) ??
      users.find((user) => !keys.some(({ principal }) => principal.kind === 'user' && principal.name === user));
    if (isNamed) this.#taken(tenant, 'Team', name, {});
    else if (stranger !== undefined && (agents.includes(stranger) || this.#userAbove(stranger)))
      this.#conflict(tenant, 'Team', name, `\`${stranger}\` is not of this domain`);
    else return true;
    return false;
  }

  #isOwnBudget(budget: NonNullable<Draft['budgets']>[number]): boolean {
    const { tenant, name, scope } = budget;
    if (!this.#isOwnTenant(tenant, 'Budget', name)) return false;
    const owner = (this.#parent.budgets ?? []).find((one) => isSame(one, budget));
    if (owner !== undefined) return this.#taken(tenant, 'Budget', name, {}).length > 0;
    if (this.#isOwnScope(scope)) return true;
    this.#conflict(tenant, 'Budget', name, `its scope \`${scopeText(scope)}\` is not of this domain`);
    return false;
  }

  #isOwnScope(scope: BudgetScope): boolean {
    if (scope.kind === 'organisation') return false;
    if (scope.kind === 'target')
      return this.#targets.some(({ kind, name }) => kind === scope.target && name === scope.name);
    if (scope.kind === 'domain') return this.#isWithin(scope.name);
    if (scope.kind === 'agent') return this.#isOwnAgent(scope.name);
    if (scope.kind === 'user') return !this.#userAbove(scope.name);
    return !(this.#parent.teams ?? []).some((one) => one.tenant === this.#place.tenant && one.name === scope.name);
  }

  /** Of two about one level the tighter of each number holds. */
  #trees(own: readonly TreeLimitsEntry[]): readonly TreeLimitsEntry[] {
    const merged = new Map((this.#parent.trees ?? []).map((entry) => [`${entry.tenant}/${entry.level}`, entry]));
    for (const entry of own) {
      const { tenant, level } = entry;
      if (!this.#isOwnTenant(tenant, 'TreeLimits', level)) continue;
      if (!this.#isWithin(level)) this.#outside(tenant, 'TreeLimits', level, level);
      else {
        const key = `${tenant}/${level}`;
        const before = merged.get(key);
        merged.set(key, before === undefined ? entry : tightest(before, entry));
      }
    }
    return [...merged.values()];
  }

  /** The same for how long nodes go on without their hub. */
  #staleness(own: readonly StalenessEntry[]): readonly StalenessEntry[] {
    const merged = new Map((this.#parent.staleness ?? []).map((entry) => [`${entry.tenant}/${entry.level}`, entry]));
    for (const entry of own) {
      const { tenant, level } = entry;
      if (!this.#isOwnTenant(tenant, 'Staleness', level)) continue;
      if (!this.#isWithin(level)) this.#outside(tenant, 'Staleness', level, level);
      else {
        const before = merged.get(`${tenant}/${level}`);
        const bounds = before === undefined ? entry.bounds : lowest(before.bounds, entry.bounds);
        merged.set(`${tenant}/${level}`, { ...entry, bounds });
      }
    }
    return [...merged.values()];
  }

  /** Theirs with our levels, and ours with theirs. A tenant tries one thing at a time, so the one above goes first. */
  #candidates({ candidates = [], policy }: Draft): readonly PolicyCandidate[] {
    const above = this.#parent.candidates ?? [];
    const [own] = candidates.filter(({ tenant }) => tenant === this.#place.tenant);
    const taken = above.find(({ tenant }) => tenant === this.#place.tenant);
    if (own !== undefined && taken !== undefined)
      this.conflicts.push({
        key: `${own.tenant}/release/${own.release}`,
        why: `a release of the levels above, \`${taken.release}\`, is on trial; this one waits`,
      });
    return [
      ...above.map((one) =>
        one.tenant === this.#place.tenant ? { ...one, policy: this.#policy(one.policy, policy, true) } : one,
      ),
      ...(own === undefined || taken !== undefined
        ? []
        : [{ ...own, policy: this.#policy(ofTenant(this.#parent.policy, own.tenant), own.policy, true) }]),
    ];
  }

  /** INVARIANT: every level of either side, each whole. */
  #policy(above: PolicySet, own: PolicySet, isAgain = false): PolicySet {
    const levels = own.levels.filter(({ tenant, level }) => {
      const fits = tenant === this.#place.tenant && this.#isWithin(level);
      if (!fits && !isAgain) this.#outside(tenant, 'PolicyBundle', level, level);
      return fits;
    });
    const names = new Set(above.levels.filter(({ tenant }) => tenant === this.#place.tenant).map(({ level }) => level));
    const added = levels.map(
      (level): PolicyLevel =>
        names.has(level.level)
          ? { ...level, level: `${level.level}@${this.#place.domain}`, of: level.of ?? level.level }
          : level,
    );
    const known = new Set(above.arguments.map(({ tenant, operation }) => `${tenant}/${operation}`));
    const args = own.arguments.filter(({ tenant, operation }) => !known.has(`${tenant}/${operation}`));
    const facts = [
      ...(above.facts ?? []),
      ...(own.facts ?? []).filter((fact) => {
        const isTaken = (above.facts ?? []).some((one) => isSame(one, fact));
        if (isTaken && !isAgain) this.#taken(fact.tenant, 'Fact', fact.name, {});
        return !isTaken && fact.tenant === this.#place.tenant;
      }),
    ];
    const whole = {
      cedar: above.cedar,
      actionParents: { ...own.actionParents, ...above.actionParents },
      arguments: [...above.arguments, ...args],
      ...(facts.length === 0 ? {} : { facts }),
      levels: [...above.levels, ...added],
    };
    return { version: versionOf(above, whole), ...whole };
  }

  #isOwnPlan({ name }: NonNullable<Draft['plans']>[number]): boolean {
    return this.#targets.some((target) => target.name === name && target.speech?.protocol === 'plan');
  }

  #isOwnAgent(name: string): boolean {
    return this.#targets.some((target) => target.kind === 'agent' && target.name === name);
  }

  #isWithin(domain: string): boolean {
    const { tenant, domain: own } = this.#place;
    const seen = new Set<string>();
    for (let at = domain; at !== '' && !seen.has(at); ) {
      if (at === own) return true;
      seen.add(at);
      at = this.#domains.find((one) => one.tenant === tenant && one.name === at)?.parent ?? '';
    }
    return false;
  }

  #isOwnTenant(tenant: string, kind: Kind, name: string): boolean {
    if (tenant === this.#place.tenant) return true;
    this.#conflict(tenant, kind, name, `this hub is of tenant \`${this.#place.tenant}\``);
    return false;
  }

  #outside(tenant: string, kind: Kind, name: string, domain: string): readonly never[] {
    const where = domain === '' || domain === 'org' ? 'the organisation' : `domain \`${domain}\``;
    return this.#conflict(tenant, kind, name, `it is of ${where}, which is not \`${this.#place.domain}\` or below it`);
  }

  #taken(tenant: string, kind: Kind, name: string, owner: Partial<Pick<TargetEntry, 'domain' | 'exportedBy'>>) {
    const by = owner.exportedBy === undefined ? '' : `, exported by \`${owner.exportedBy}\``;
    const of = owner.domain === undefined || owner.domain === '' ? 'the levels above' : `domain \`${owner.domain}\``;
    return this.#conflict(tenant, kind, name, `the name is taken by ${of}${by}; take another one`);
  }

  #conflict(tenant: string, kind: Kind, name: string, why: string): readonly never[] {
    this.conflicts.push({ key: resourceKey({ tenant, kind, name }), why });
    return [];
  }
}

type Kind = Parameters<typeof resourceKey>[0]['kind'];

const KINDS = { agent: 'Agent', tool: 'Tool', model: 'Model' } as const;

const targetId = ({ tenant, kind, name }: Pick<TargetEntry, 'tenant' | 'kind' | 'name'>): string =>
  `${tenant}/${kind}/${name}`;

const isSame = (
  a: { readonly tenant: string; readonly name: string },
  b: { readonly tenant: string; readonly name: string },
): boolean => a.tenant === b.tenant && a.name === b.name;

const quoted = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ');

const scopeText = (scope: BudgetScope): string =>
  scope.kind === 'organisation' ? scope.kind : `${scope.kind} ${scope.name}`;

/** A field that says nothing is not there, so that a snapshot without it is the same as ever. */
const some = <K extends string, T>(name: K, entries: readonly T[]): { readonly [P in K]?: readonly T[] } =>
  (entries.length === 0 ? {} : { [name]: entries }) as { readonly [P in K]?: readonly T[] };

const lowest = <K extends string>(
  a: { readonly [N in K]?: number | undefined },
  b: { readonly [N in K]?: number | undefined },
): { [N in K]?: number } =>
  Object.fromEntries(
    ([...new Set([...Object.keys(a), ...Object.keys(b)])] as K[]).map((name) => [
      name,
      Math.min(a[name] ?? Number.POSITIVE_INFINITY, b[name] ?? Number.POSITIVE_INFINITY),
    ]),
  ) as { [N in K]?: number };

const tightest = (a: TreeLimitsEntry, b: TreeLimitsEntry): TreeLimitsEntry => {
  const limits = lowest(a.limits, b.limits);
  const delegation = [a, b].some((one) => one.delegation === 'intersection') ? 'intersection' : 'caller';
  return { ...a, limits, delegation };
};

const ofTenant = (policy: PolicySet, tenant: string): PolicySet => ({
  ...policy,
  arguments: policy.arguments.filter((one) => one.tenant === tenant),
  levels: policy.levels.filter((one) => one.tenant === tenant),
  ...(policy.facts === undefined ? {} : { facts: policy.facts.filter((one) => one.tenant === tenant) }),
});

/** Content address again: two hubs that run the same rules say so, and a hub that adds nothing runs its parent's. */
const versionOf = (above: PolicySet, whole: Omit<PolicySet, 'version'>): string => {
  if (whole.levels.length === above.levels.length && (whole.facts ?? []).length === (above.facts ?? []).length)
    return whole.arguments.length === above.arguments.length ? above.version : hash([above.version, whole.arguments]);
  return hash([above.version, whole.cedar, whole.arguments, whole.facts ?? [], whole.levels]);
};

const hash = (content: unknown): string =>
  `sha256:${createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)}`;

/** A snapshot as what stands on it sees it: without its number. */
export const draftOf = ({ seq: _, revision: __, createdAtMs: ___, above: ____, ...draft }: Snapshot): Draft => draft;
