/** The policy of one tenant as people write it: its bundles, and the facts that they may read. What a release holds. */
import { idOf, type Resource, type ResourceOf, resourceKey } from '../contract/index.ts';
import type { Configuration } from './configuration.ts';

export interface TenantPolicy {
  readonly bundles: readonly ResourceOf<'PolicyBundle'>[];
  readonly facts: readonly ResourceOf<'Fact'>[];
}

type PolicyResource = ResourceOf<'PolicyBundle' | 'Fact'>;

export const isPolicy = (resource: Resource): resource is PolicyResource =>
  resource.kind === 'PolicyBundle' || resource.kind === 'Fact';

/** Each by name. */
export const policyOf = (configuration: Configuration, tenant: string): TenantPolicy =>
  policyIn(
    [...configuration.keys()]
      .sort()
      .map((key) => configuration.get(key)!)
      .filter(({ metadata }) => metadata.tenant === tenant),
  );

/** In the order in which they come. What is no policy is left out. */
export const policyIn = (resources: readonly Resource[]): TenantPolicy => ({
  bundles: resources.filter((resource) => resource.kind === 'PolicyBundle'),
  facts: resources.filter((resource) => resource.kind === 'Fact'),
});

/** The same configuration with this policy in the place of the tenant's own. */
export const withPolicy = (
  configuration: Configuration,
  tenant: string,
  { bundles, facts }: TenantPolicy,
): Configuration =>
  new Map([
    ...[...configuration].filter(([, resource]) => !isPolicy(resource) || resource.metadata.tenant !== tenant),
    ...[...bundles, ...facts].map((resource): [string, Resource] => [resourceKey(idOf(resource)), resource]),
  ]);
