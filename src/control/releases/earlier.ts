/** Which policy was active before the present one: read from history, so that it also works for policy that no release brought. */
import { Fault, type ResourceOf, type ResourceStore, type Revision } from '../../contract/index.ts';

export interface Earlier {
  /** Revision that had it. */
  readonly revision: number;
  /** Revision that brought the policy which is active now. */
  readonly undone: number;
  readonly bundles: readonly ResourceOf<'PolicyBundle'>[];
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
  const own = `${tenant}/PolicyBundle/`;
  const touching = (await resources.history(MOST_REVISIONS)).filter(({ put, deleted }) =>
    [...put, ...deleted].some((key) => key.startsWith(own)),
  );
  const brought = broughtBy(touching);
  const revision = (brought?.revision ?? 0) - 1;
  const bundles = revision < 1 ? [] : bundlesOf(await resources.list(revision), tenant);
  if (brought === undefined || bundles.length === 0)
    throw new Fault('not_found', 'there is no earlier policy to go back to; apply one instead');
  return { revision, undone: brought.revision, bundles };
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

const bundlesOf = ({ resources }: Awaited<ReturnType<ResourceStore['list']>>, tenant: string): Earlier['bundles'] =>
  resources.flatMap(({ resource }) =>
    resource.kind === 'PolicyBundle' && resource.metadata.tenant === tenant ? [resource] : [],
  );
