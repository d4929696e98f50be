/** What somebody wants released, before anything is compiled: PolicyBundles, Facts and nothing else, each knowing where it came from. */
import { Fault, idOf, type Resource, resourceKey, type StageRequest } from '../../contract/index.ts';
import { checkDuplicates } from '../check.ts';
import { isPolicy, policyIn, type TenantPolicy } from '../policy.ts';
import { refuseIfAny } from '../problems.ts';
import { checkShape } from '../shape.ts';

/** As far as it says what is to be. */
export type Given = Pick<StageRequest, 'tenant' | 'rights' | 'resources' | 'origins' | 'prune'>;

/** Throws one `bad_request` with every problem. */
export const proposalIn = (given: Given) => {
  const shaped = checkShape(given, given.tenant);
  const foreign = shaped.resources.filter(({ resource }) => !isPolicy(resource));
  refuseIfAny([
    ...shaped.problems,
    ...checkDuplicates(shaped.resources),
    ...foreign.map(
      ({ resource, origin }) => `${origin}: a release holds PolicyBundles and Facts only; apply ${resource.kind} first`,
    ),
  ]);
  const origins = new Map(shaped.resources.map(({ resource, origin }) => [resourceKey(idOf(resource)), origin]));
  return { wanted: policyIn(shaped.resources.map(({ resource }) => resource)), origins };
};

/**
 * What the tenant is to have: the given in the place of those with their names, and of the others those that stay. Throws
 * `bad_request` for a policy without any bundle: it would deny everything.
 */
export const turned = (
  present: TenantPolicy,
  given: TenantPolicy,
  stays: (resource: Resource) => boolean,
): TenantPolicy => {
  const next = {
    bundles: merged(present.bundles.filter(stays), given.bundles),
    facts: merged(present.facts.filter(stays), given.facts),
  };
  if (next.bundles.length === 0) throw new Fault('bad_request', 'there is no PolicyBundle in this release');
  return next;
};

const merged = <R extends Resource>(present: readonly R[], given: readonly R[]): readonly R[] => {
  const names = new Set(given.map(({ metadata: { name } }) => name));
  return [...present.filter(({ metadata: { name } }) => !names.has(name)), ...given];
};
