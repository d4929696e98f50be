/** All resources together: what each refers to must exist, and nothing may be said twice. Pure. */
import {
  FACT_READER,
  idOf,
  KINDS_OF,
  MCP_PREFIX,
  meshPercentOf,
  operationsOf,
  type Resource,
  type ResourceKind,
  type ResourceOf,
  resourceKey,
} from '../contract/index.ts';
import { scopeOf } from './budgets.ts';
import type { Checked, Configuration } from './configuration.ts';
import { didYouMean, refuseIfAny } from './problems.ts';
import { provisionConflicts } from './provisions/index.ts';
import { checkShape } from './shape.ts';
import type { Sources } from './source.ts';

/** Of a domain: what the levels above have may be named, though it is not here. */
export type ExistsAbove = (tenant: string, kind: ResourceKind, name: string) => boolean;

/** `originOf` names the place that a resource came from; for those that were there before it may be their key. */
export const checkConfiguration = (
  configuration: Configuration,
  originOf: (key: string) => string,
  wallMs: number,
  existsAbove: ExistsAbove = () => false,
): Checked => {
  const check = new Check(configuration, originOf, existsAbove);
  for (const resource of configuration.values()) check.one(resource, wallMs);
  check.cycles();
  check.levels();
  check.alerts();
  const provided = provisionConflicts(configuration, originOf);
  return {
    problems: [...check.problems, ...provided.problems],
    warnings: [...check.warnings, ...provided.warnings],
  };
};

/** Two resources of one request with the same identity. */
export const checkDuplicates = (
  resources: readonly { readonly resource: Resource; readonly origin: string }[],
): readonly string[] => {
  const first = new Map<string, string>();
  const problems: string[] = [];
  for (const { resource, origin } of resources) {
    const key = resourceKey(idOf(resource));
    const before = first.get(key);
    if (before === undefined) first.set(key, origin);
    else problems.push(`${origin}: ${label(resource)}: is already defined at ${before}; give one of them another name`);
  }
  return problems;
};

/**
 * What can be said about files before they are sent: the exact line of every wrong field and every double name.
 * Throws one `bad_request`. What refers to the rest of the configuration is checked where that is.
 */
export const checkSources = (sources: Sources): void => {
  const { resources, problems } = checkShape(sources, null);
  refuseIfAny([...problems, ...checkDuplicates(resources)]);
};

const label = (resource: Resource): string => `${resource.kind} \`${resource.metadata.name}\``;

const TARGET_KINDS = { agent: 'Agent', tool: 'Tool', model: 'Model' } as const;

const KIND_OF_TARGET = { Agent: 'agent', Tool: 'tool', Model: 'model' } as const;

const SCOPE_KINDS = {
  organisation: undefined,
  team: 'Team',
  domain: 'Domain',
  agent: 'Agent',
  user: 'User',
} as const;

const MOST_ALERTS = 100;

/** What a level has one of. */
const LEVEL_WORDS = { PolicyBundle: 'bundle', TreeLimits: 'limits', Staleness: 'staleness' } as const;

class Check implements Checked {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  readonly #all: Configuration;
  readonly #originOf: (key: string) => string;
  readonly #existsAbove: ExistsAbove;

  constructor(all: Configuration, originOf: (key: string) => string, existsAbove: ExistsAbove) {
    this.#all = all;
    this.#originOf = originOf;
    this.#existsAbove = existsAbove;
  }

  one(resource: Resource, wallMs: number): void {
    const { domain, owner } = resource.metadata;
    if (owner !== undefined) this.#mustExist(resource, 'metadata.owner', 'Team', owner);
    if (domain !== undefined) this.#mustExist(resource, 'metadata.domain', 'Domain', domain);
    switch (resource.kind) {
      case 'Agent':
      case 'Tool':
      case 'Model':
        this.#target(resource);
        break;
      case 'Route':
        this.#route(resource);
        break;
      case 'TreeLimits':
      case 'Staleness':
      case 'PolicyBundle':
        if (resource.spec.level !== 'org') this.#mustExist(resource, 'spec.level', 'Domain', resource.spec.level);
        break;
      case 'Alert':
        this.#alert(resource);
        break;
      case 'Budget':
        this.#budget(resource);
        break;
      case 'Domain':
        this.#domain(resource);
        break;
      case 'Key':
        this.#key(resource, wallMs);
        break;
      case 'Team':
        this.#team(resource);
        break;
      case 'IdentityProvider':
        this.#provider(resource);
        break;
      case 'User':
        for (const name of resource.spec.administers ?? [])
          this.#mustExist(resource, 'spec.administers', 'Domain', name);
        break;
      case 'Plan':
        this.#plan(resource);
        break;
      // Whom a fact asks is held against the operations when policy is compiled.
      case 'Fact':
        break;
    }
  }

  #target(resource: ResourceOf<'Agent' | 'Tool' | 'Model'>): void {
    if (resource.kind === 'Agent' && resource.metadata.name === FACT_READER)
      this.#problem(
        resource,
        `the name \`${FACT_READER}\` is taken: so Airspace itself is called when it asks for facts`,
      );
    const { protocol, operations: named, endpoints } = resource.spec;
    const kind = KIND_OF_TARGET[resource.kind];
    if (!KINDS_OF[protocol].includes(kind))
      this.#problem(
        resource,
        `\`protocol: ${protocol}\` is spoken by ${KINDS_OF[protocol].map((one) => `${one}s`).join(' and ')}; declare it as ${KINDS_OF[protocol].map((one) => TARGET_KINDS[one]).join(' or ')}`,
      );
    for (const { name, definition } of named)
      if (definition !== undefined && name.startsWith(MCP_PREFIX))
        this.#problem(
          resource,
          `the tool \`${name}\` is called as Airspace calls what servers do besides; leave it out`,
        );
    if (kind === 'model') this.#modelNames(resource);
    const operations = operationsOf(protocol, named);
    for (const { name, effect, sensitive } of operations)
      if (sensitive === true && effect !== 'read')
        this.#problem(
          resource,
          `\`sensitive\` of \`${name}\` is for reads, and its effect is \`${effect}\`; a \`${effect}\` stops earlier anyway, so leave it out`,
        );
    for (const name of repeated(operations.map((operation) => operation.name))) {
      this.#problem(resource, `the operation \`${name}\` is declared twice; keep one of them`);
    }
    for (const { name, reconcile } of operations) {
      if (reconcile === undefined || 'replay' in reconcile) continue;
      const asked = operations.find((operation) => operation.name === reconcile.ask);
      if (asked === undefined)
        this.#problem(
          resource,
          `\`reconcile.ask\` of \`${name}\` names the operation \`${reconcile.ask}\`, which it does not have${didYouMean(
            reconcile.ask,
            operations.map((operation) => operation.name),
          )}`,
        );
      else if (asked.effect !== 'read')
        this.#problem(
          resource,
          `\`reconcile.ask\` of \`${name}\` names \`${asked.name}\`, which has the effect \`${asked.effect}\`; asking must change nothing, so name one with \`read\``,
        );
    }
    for (const url of repeated(endpoints.map((endpoint) => endpoint.url))) {
      this.#problem(resource, `the endpoint \`${url}\` is listed twice; add up their weights`);
    }
  }

  /** What callers may say for a model must mean one of them, and what gets its calls must be another one. */
  #modelNames(resource: ResourceOf<'Agent' | 'Tool' | 'Model'>): void {
    const { tenant, name } = resource.metadata;
    const { aliases = [], fallback = [] } = resource.spec;
    for (const alias of repeated(aliases)) this.#problem(resource, `the alias \`${alias}\` is listed twice; keep one`);
    for (const other of this.#all.values()) {
      if (other.kind !== 'Model' || other.metadata.tenant !== tenant || other.metadata.name === name) continue;
      for (const alias of aliases)
        if (other.metadata.name === alias || (other.spec.aliases ?? []).includes(alias))
          this.#problem(
            resource,
            `the alias \`${alias}\` means model \`${other.metadata.name}\` too; keep one of them`,
          );
    }
    for (const next of fallback) {
      if (next === name) this.#problem(resource, '`fallback` names the model itself; name another one');
      else this.#shouldExist(resource, 'spec.fallback', 'Model', next);
    }
  }

  /** Routes may be written before what they route to. */
  #route(resource: ResourceOf<'Route'>): void {
    const { from, to, via, withoutPeer } = resource.spec;
    if (to.kind === 'model' && meshPercentOf(via) > 0 && withoutPeer === 'refuse')
      this.#warning(
        resource,
        'sends calls for models directly, and no sidecar stands in front of a model: they will be refused; say `via: hub`, or `withoutPeer: hub`',
      );
    if (withoutPeer === 'hub' && meshPercentOf(via) === 0)
      this.#warning(resource, 'has `withoutPeer: hub` and sends nothing directly, so it never applies');
    if (to.name !== '*') this.#shouldExist(resource, 'spec.to.name', TARGET_KINDS[to.kind], to.name);
    if (to.domain !== undefined) this.#shouldExist(resource, 'spec.to.domain', 'Domain', to.domain);
    for (const name of from.agents ?? []) this.#shouldExist(resource, 'spec.from.agents', 'Agent', name);
    for (const name of from.domains ?? []) this.#shouldExist(resource, 'spec.from.domains', 'Domain', name);
  }

  /** An alert about nothing would be silent for ever, and whoever wrote it would believe that all is well. */
  #alert(resource: ResourceOf<'Alert'>): void {
    const { target, budget } = resource.spec;
    const [kind, name = ''] = (target ?? '').split('/');
    if (target !== undefined)
      this.#mustExist(resource, 'spec.target', TARGET_KINDS[kind as keyof typeof TARGET_KINDS], name);
    if (budget !== undefined) this.#mustExist(resource, 'spec.budget', 'Budget', budget);
  }

  /** A budget for nobody would never be charged, and whoever wrote it would believe that it holds. */
  #budget(resource: ResourceOf<'Budget'>): void {
    const { scope: text, soft } = resource.spec;
    const scope = scopeOf(text);
    const kind = scope.kind === 'target' ? TARGET_KINDS[scope.target] : SCOPE_KINDS[scope.kind];
    if (kind !== undefined && scope.kind !== 'organisation') this.#mustExist(resource, 'spec.scope', kind, scope.name);
    const [deed, model = ''] = (soft?.do ?? '').split(' ');
    if (deed === 'model') this.#mustExist(resource, 'spec.soft.do', 'Model', model);
  }

  /** It is called by its name like an agent, so the name must be its own. What its steps say is held against it elsewhere. */
  #plan(resource: ResourceOf<'Plan'>): void {
    const { name } = resource.metadata;
    const agent = this.#find(resource, 'Agent', name);
    if (agent !== undefined || name === FACT_READER)
      this.#problem(
        resource,
        `the name \`${name}\` is taken by an agent${agent === undefined ? '' : ` (${this.#originOf(resourceKey(idOf(agent)))})`}; plans are called like agents, so choose another name`,
      );
  }

  #domain(resource: ResourceOf<'Domain'>): void {
    if (resource.metadata.name === 'org') {
      this.#problem(resource, 'the name `org` stands for the organisation itself; choose another');
    }
    const { parent, delegated, telemetry } = resource.spec;
    if (parent !== undefined) this.#mustExist(resource, 'spec.parent', 'Domain', parent);
    if (telemetry === 'sums' && !delegated)
      this.#problem(
        resource,
        '`spec.telemetry: sums` is about what a hub of its own tells, and it has none; add `delegated: true`, or leave it out',
      );
  }

  /** A member that does not exist would be in the team from the day on which somebody takes its name. */
  #team(resource: ResourceOf<'Team'>): void {
    const { users, agents } = resource.spec;
    for (const name of users) this.#mustExist(resource, 'spec.users', 'User', name);
    for (const name of agents) this.#mustExist(resource, 'spec.agents', 'Agent', name);
    for (const name of [...repeated(users), ...repeated(agents)])
      this.#problem(resource, `the member \`${name}\` is listed twice; keep one of them`);
  }

  /** Of two that say the same of themselves a token would be from both, and its bearer somebody in two places. */
  #provider(resource: ResourceOf<'IdentityProvider'>): void {
    const { issuer, audience, clientId, users, workloads, provision, groups } = resource.spec;
    for (const other of this.#all.values()) {
      if (other === resource || other.kind !== 'IdentityProvider' || other.spec.issuer !== issuer) continue;
      const both = audience.find((one) => other.spec.audience.includes(one));
      if (both !== undefined)
        this.#problem(resource, `another provider has the issuer \`${issuer}\` and the audience \`${both}\` too`);
    }
    for (const { agent } of workloads) this.#mustExist(resource, 'spec.workloads.agent', 'Agent', agent);
    for (const name of Object.values(users?.names ?? {})) this.#shouldExist(resource, 'spec.users.names', 'User', name);
    for (const name of new Set(Object.values(groups?.teams ?? {}).flat()))
      this.#mustExist(resource, 'spec.groups.teams', 'Team', name);
    if (clientId !== undefined && !audience.includes(clientId))
      this.#problem(resource, `logins are tokens for \`${clientId}\`; add it to \`spec.audience\``);
    if (users === undefined && workloads.length === 0)
      this.#problem(resource, 'says nothing about whom its tokens stand for; give it `users` or `workloads`');
    if (provision && groups === undefined)
      this.#warning(resource, 'lets in people without a User resource, and without `groups` none of them has a role');
  }

  #key(resource: ResourceOf<'Key'>, wallMs: number): void {
    const { principal, secretHash, expiresAt } = resource.spec;
    if (secretHash === undefined)
      this.#problem(
        resource,
        '`spec.secretHash` is missing, and there is no such key yet whose secret it could keep; make one with `airspace key create`',
      );
    this.#mustExist(resource, 'spec.principal.name', principal.kind === 'agent' ? 'Agent' : 'User', principal.name);
    if (expiresAt !== undefined && Date.parse(expiresAt) <= wallMs) {
      this.#warning(resource, `expired at ${expiresAt}; nobody can use it`);
    }
  }

  /** Each cycle once, told from its smallest name. */
  cycles(): void {
    for (const resource of this.#all.values()) {
      if (resource.kind !== 'Domain') continue;
      const way = this.#wayUp(resource);
      const { name } = resource.metadata;
      if (way.at(-1) !== name || way.some((step) => step < name)) continue;
      this.#problem(
        resource,
        `is its own ancestor: ${[name, ...way].map((step) => `\`${step}\``).join(' -> ')}; remove one parent`,
      );
    }
  }

  /** Parents of a domain up to the top, or until one repeats. */
  #wayUp(domain: ResourceOf<'Domain'>): readonly string[] {
    const way: string[] = [];
    const seen = new Set<string>();
    let at: Resource | undefined = domain;
    while (at?.kind === 'Domain' && at.spec.parent !== undefined && !seen.has(at.spec.parent)) {
      way.push(at.spec.parent);
      seen.add(at.spec.parent);
      if (at.spec.parent === domain.metadata.name) break;
      at = this.#find(domain, 'Domain', at.spec.parent);
    }
    return way;
  }

  /** Which of two bundles comes first would matter to people and not to policy: so there is one per level. */
  levels(): void {
    const first = new Map<string, Resource>();
    for (const resource of this.#all.values()) {
      if (resource.kind !== 'PolicyBundle' && resource.kind !== 'TreeLimits' && resource.kind !== 'Staleness') continue;
      const level = `${resource.kind}/${resource.metadata.tenant}/${resource.spec.level}`;
      const before = first.get(level);
      if (before === undefined) first.set(level, resource);
      else {
        const what = LEVEL_WORDS[resource.kind];
        this.#problem(
          resource,
          `level \`${resource.spec.level}\` already has the ${what} \`${before.metadata.name}\`; a level has one`,
        );
      }
    }
  }

  /** Each finished call is held against them. */
  alerts(): void {
    const counts = new Map<string, number>();
    for (const resource of this.#all.values()) {
      if (resource.kind !== 'Alert') continue;
      const { tenant } = resource.metadata;
      const count = (counts.get(tenant) ?? 0) + 1;
      counts.set(tenant, count);
      if (count === MOST_ALERTS + 1)
        this.#problem(
          resource,
          `is one too many: a tenant has ${MOST_ALERTS} alerts at most; delete those that nobody reads`,
        );
    }
  }

  #mustExist(resource: Resource, field: string, kind: ResourceKind, name: string): void {
    if (this.#isMissing(resource, kind, name)) this.#problem(resource, this.#unknown(resource, field, kind, name));
  }

  #shouldExist(resource: Resource, field: string, kind: ResourceKind, name: string): void {
    if (this.#isMissing(resource, kind, name)) this.#warning(resource, this.#unknown(resource, field, kind, name));
  }

  #isMissing(resource: Resource, kind: ResourceKind, name: string): boolean {
    return this.#find(resource, kind, name) === undefined && !this.#existsAbove(resource.metadata.tenant, kind, name);
  }

  #find(resource: Resource, kind: ResourceKind, name: string): Resource | undefined {
    return this.#all.get(resourceKey({ tenant: resource.metadata.tenant, kind, name }));
  }

  #unknown(resource: Resource, field: string, kind: ResourceKind, name: string): string {
    const names = [...this.#all.values()]
      .filter((other) => other.kind === kind && other.metadata.tenant === resource.metadata.tenant)
      .map((other) => other.metadata.name);
    const hint = didYouMean(name, names) || `; apply the ${kind} too, or correct the name`;
    return `\`${field}\` names the ${kind} \`${name}\`, which does not exist${hint}`;
  }

  #problem(resource: Resource, text: string): void {
    this.problems.push(this.#sentence(resource, text));
  }

  #warning(resource: Resource, text: string): void {
    this.warnings.push(this.#sentence(resource, text));
  }

  #sentence(resource: Resource, text: string): string {
    return `${this.#originOf(resourceKey(idOf(resource)))}: ${label(resource)}: ${text}`;
  }
}

const repeated = (words: readonly string[]): ReadonlySet<string> =>
  new Set(words.filter((word, at) => words.indexOf(word) !== at));
