/** Who provides which capability in which version: made once per snapshot, so that a call only has to choose. */
import { compare, parse, type SemVer } from 'semver';
import type { OperationEntry, Snapshot, Target, TargetEntry } from '../contract/index.ts';
import { type DomainTree, domainTree } from './domains.ts';

/** One operation that provides a capability in one version. */
export interface Provider {
  readonly target: Target;
  readonly entry: TargetEntry;
  readonly operation: OperationEntry;
  readonly version: SemVer;
}

export interface CapabilityIndex {
  /** Highest version first, and within one in the order of kinds, names and operations. */
  providers(tenant: string, capability: string): readonly Provider[];
  /** In the order of the alphabet. */
  names(tenant: string): readonly string[];
  readonly domains: DomainTree;
  /** Does a hub of its own serve this domain? */
  isDelegated(tenant: string, domain: string): boolean;
}

/** `reaches`: what can be called from where the index is used. Default: everything. */
export const capabilityIndex = (
  snapshot: Pick<Snapshot, 'targets' | 'domains'>,
  reaches: (target: TargetEntry) => boolean = () => true,
): CapabilityIndex => {
  const byTenant = new Map<string, Map<string, Provider[]>>();
  for (const entry of snapshot.targets) {
    if (!reaches(entry)) continue;
    for (const [capability, provider] of providersIn(entry)) {
      const own = byTenant.get(entry.tenant) ?? new Map<string, Provider[]>();
      byTenant.set(entry.tenant, own);
      own.set(capability, [...(own.get(capability) ?? []), provider]);
    }
  }
  for (const own of byTenant.values()) for (const providers of own.values()) providers.sort(inOrder);
  const names = new Map([...byTenant].map(([tenant, own]) => [tenant, [...own.keys()].sort()]));
  const delegated = new Set(
    snapshot.domains.filter((one) => one.delegated).map(({ tenant, name }) => `${tenant}/${name}`),
  );
  return {
    providers: (tenant, capability) => byTenant.get(tenant)?.get(capability) ?? [],
    names: (tenant) => names.get(tenant) ?? [],
    domains: domainTree(snapshot.domains),
    isDelegated: (tenant, domain) => delegated.has(`${tenant}/${domain}`),
  };
};

/** A version that is none comes from no checked configuration, and nobody can ask for it. */
const providersIn = (entry: TargetEntry): readonly (readonly [string, Provider])[] =>
  entry.operations.flatMap((operation) =>
    (operation.provides ?? []).flatMap(({ capability, version: text }): (readonly [string, Provider])[] => {
      const version = parse(text);
      const target = { kind: entry.kind, name: entry.name, operation: operation.name };
      return version === null ? [] : [[capability, { target, entry, operation, version }]];
    }),
  );

const KINDS = { tool: 0, agent: 1, model: 2 } as const;

const inOrder = (a: Provider, b: Provider): number =>
  compare(b.version, a.version) ||
  KINDS[a.target.kind] - KINDS[b.target.kind] ||
  byText(a.target.name, b.target.name) ||
  byText(a.target.operation, b.target.operation);

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
