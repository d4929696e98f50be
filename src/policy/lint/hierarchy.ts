/** Who belongs to whom in each tenant, as a comparison of scopes needs it. */
import { EntityStore } from '../entities.ts';
import { type PolicyWorld, preparePolicy } from '../prepare.ts';

const NOBODY = new EntityStore([]);

/** Throws Fault `bad_request` like `preparePolicy`. */
export const hierarchyOf = (world: PolicyWorld): ((tenant: string) => EntityStore) => {
  const { tenants } = preparePolicy(world);
  return (tenant) => tenants.get(tenant)?.entities ?? NOBODY;
};
