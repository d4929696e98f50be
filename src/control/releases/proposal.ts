/** What somebody wants released, before anything is compiled: PolicyBundles and nothing else, each knowing where it came from. */
import { Fault, type ResourceOf, type StageRequest } from '../../contract/index.ts';
import { checkDuplicates } from '../check.ts';
import { refuseIfAny } from '../problems.ts';
import { checkShape } from '../shape.ts';

type Bundle = ResourceOf<'PolicyBundle'>;

/** Throws one `bad_request` with every problem. */
export const bundlesIn = (request: Pick<StageRequest, 'resources' | 'origins' | 'tenant'>) => {
  const shaped = checkShape(request, request.tenant);
  const foreign = shaped.resources.filter(({ resource }) => resource.kind !== 'PolicyBundle');
  refuseIfAny([
    ...shaped.problems,
    ...checkDuplicates(shaped.resources),
    ...foreign.map(
      ({ resource, origin }) => `${origin}: a release holds PolicyBundles only; apply ${resource.kind} first`,
    ),
  ]);
  const bundles = shaped.resources.map(({ resource }) => resource as Bundle);
  if (bundles.length === 0) throw new Fault('bad_request', 'there is no PolicyBundle in this release');
  const origins = new Map(
    shaped.resources.map(({ resource, origin }) => [
      `${request.tenant}/PolicyBundle/${resource.metadata.name}`,
      origin,
    ]),
  );
  return { bundles, origins };
};

/** The given ones in the place of those with their names. */
export const merged = (present: readonly Bundle[], given: readonly Bundle[]): readonly Bundle[] => {
  const names = new Set(given.map(({ metadata: { name } }) => name));
  return [...present.filter(({ metadata: { name } }) => !names.has(name)), ...given];
};
