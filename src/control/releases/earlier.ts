/** Which policy was active before the present one: read from history, so that it also works for policy that no release brought. */
import { Fault, type ResourceStore, type Revision } from '../../contract/index.ts';
import { policyIn, type TenantPolicy } from '../policy.ts';

export interface Earlier {
  /** Revision that had it. */
  readonly revision: number;
  /** Revision that brought the policy which is active now. */
  readonly undone: number;
  readonly policy: TenantPolicy;
}

const MOST_REVISIONS = 10_000;

/**
 * A rollback stands for the revision that it brought back, so a second one goes further back instead of returning to what was
 * just rolled back. Throws `not_found` when there is none.
 */
export const earlierPolicy = async (
  resources: Pick<ResourceStore, 'list' | 'history'>,
  tenant: string,
): Promise<Earlier> => {
  const own = [`${tenant}/PolicyBundle/`, `${tenant}/Fact/`];
  const touching = (await resources.history(MOST_REVISIONS)).filter(({ put, deleted }) =>
    [...put, ...deleted].some((key) => own.some((prefix) => key.startsWith(prefix))),
  );
  const brought = broughtBy(touching);
  const revision = (brought?.revision ?? 0) - 1;
  const policy = revision < 1 ? NONE : policyAt(await resources.list(revision), tenant);
  if (brought === undefined || policy.bundles.length === 0)
    throw new Fault('not_found', 'there is no earlier policy to go back to; apply one instead');
  return { revision, undone: brought.revision, policy };
};

/** The revision that wrote the present policy first, through any number of rollbacks. `touching`: newest first. */
const broughtBy = (touching: readonly Revision[]): Revision | undefined => {
  let at = touching[0];
  while (at !== undefined && at.rollbackOf !== null) {
    const { rollbackOf } = at;
    at = touching.find(({ revision }) => revision <= rollbackOf);
  }
  return at;
};

const NONE: TenantPolicy = { bundles: [], facts: [] };

const policyAt = ({ resources }: Awaited<ReturnType<ResourceStore['list']>>, tenant: string): TenantPolicy =>
  policyIn(resources.map(({ resource }) => resource).filter(({ metadata }) => metadata.tenant === tenant));
