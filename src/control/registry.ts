/** Which of the running instances somebody asks for: names, domains and operations are looked up in the snapshot. */
import {
  Fault,
  type InstanceEntry,
  type InstanceQuery,
  type JoinGrant,
  type Snapshot,
  type TargetEntry,
  type TargetKind,
  targetKey,
} from '../contract/index.ts';
import { knownNodes } from '../identity/index.ts';
import { didYouMean } from './problems.ts';

/** What the snapshot declares, by name. */
export class Registry {
  readonly #targets: ReadonlyMap<string, TargetEntry>;
  readonly #domains: Snapshot['domains'];
  readonly isWithin: (tenant: string, domain: string, ancestor: string) => boolean;

  constructor(snapshot: Pick<Snapshot, 'targets' | 'domains'>) {
    this.#targets = new Map(
      snapshot.targets.map((target) => [targetKey(target.tenant, target.kind, target.name), target]),
    );
    this.#domains = snapshot.domains;
    this.isWithin = knownNodes(snapshot, () => undefined).isWithin;
  }

  /** How many delegated domains stand one below the other under this one: so many hubs may sign below its hub. */
  levelsBelow(tenant: string, domain: string): number {
    const delegated = this.#domains.filter((one) => one.tenant === tenant && one.delegated && one.name !== domain);
    const below = delegated.filter(({ name }) => this.isWithin(tenant, name, domain));
    return Math.max(
      0,
      ...below.map(({ name }) => below.filter((above) => this.isWithin(tenant, name, above.name)).length),
    );
  }

  /** The calls of a domain stay with its hub. */
  tellsSumsOnly({ tenant, domain }: { readonly tenant: string; readonly domain: string }): boolean {
    return this.#domains.some((one) => one.tenant === tenant && one.name === domain && one.telemetry === 'sums');
  }

  target(tenant: string, kind: TargetKind, name: string): TargetEntry | undefined {
    return this.#targets.get(targetKey(tenant, kind, name));
  }

  /**
   * The grant with the domain that its agent or tool has. Throws `bad_request` for an agent, a tool or a domain that is not declared: a token
   * for a misspelt name would admit a node that nobody ever calls.
   */
  grantable(grant: JoinGrant): JoinGrant {
    const { tenant, agent, domain } = grant;
    const domains = this.#domains.filter((one) => one.tenant === tenant).map(({ name }) => name);
    if (domain !== '' && !domains.includes(domain)) throw undeclared('domain', domain, domains);
    if (grant.role !== 'sidecar') return grant;
    const [kind, name] = 'tool' in grant ? (['tool', grant.tool] as const) : (['agent', agent] as const);
    const target = this.target(tenant, kind, name);
    if (target === undefined) throw undeclared(kind, name, this.#namesOf(tenant, kind));
    if (domain !== '' && domain !== target.domain)
      throw new Fault(
        'bad_request',
        target.domain === ''
          ? `${kind} \`${name}\` belongs to no domain, so not to \`${domain}\``
          : `${kind} \`${name}\` belongs to domain \`${target.domain}\`, not to \`${domain}\``,
      );
    return { ...grant, domain: target.domain };
  }

  #namesOf(tenant: string, kind: TargetKind): readonly string[] {
    return [...this.#targets.values()]
      .filter((target) => target.tenant === tenant && target.kind === kind)
      .map(({ name }) => name);
  }
}

const undeclared = (what: string, name: string, known: readonly string[]): Fault =>
  new Fault('bad_request', `there is no ${what} \`${name}\`${didYouMean(name, known) || '; apply it first'}`);

export const matches = (instance: InstanceEntry, query: InstanceQuery, registry: Registry): boolean => {
  if (instance.tenant !== query.tenant) return false;
  if (query.kind !== undefined && instance.kind !== query.kind) return false;
  if (query.name !== undefined && instance.name !== query.name) return false;
  const labels = Object.entries(query.labels ?? {});
  if (!labels.every(([name, value]) => instance.labels[name] === value)) return false;
  if (query.operation === undefined && query.domain === undefined) return true;
  const target = registry.target(instance.tenant, instance.kind, instance.name);
  if (target === undefined) return false;
  const offers = query.operation === undefined || target.operations.some(({ name }) => name === query.operation);
  return offers && (query.domain === undefined || registry.isWithin(query.tenant, target.domain, query.domain));
};
