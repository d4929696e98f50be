/** Digests of secrets are for the node that checks them: nobody is shown one, in a resource or in what changed of it. */
import type { Resource, ResourceDiff } from '../../contract/index.ts';

export const withoutDigest = (resource: Resource): Resource => {
  if (resource.kind !== 'Key') return resource;
  const { secretHash: _, ...spec } = resource.spec;
  return { ...resource, spec };
};

const DIGEST = 'spec.secretHash';

/** That a digest is another one is no secret: it stands there as `set`, then `changed`. */
export const withoutDigests = <Diff extends ResourceDiff>(diffs: readonly Diff[]): readonly Diff[] =>
  diffs.map((diff) => ({
    ...diff,
    before: said(diff.before, diff.paths.includes(DIGEST) ? 'set' : undefined),
    after: said(diff.after, diff.paths.includes(DIGEST) ? 'changed' : undefined),
  }));

const said = (resource: Resource | null, word: string | undefined): Resource | null => {
  if (resource?.kind !== 'Key') return resource;
  const shown = withoutDigest(resource);
  return word === undefined ? shown : ({ ...shown, spec: { ...shown.spec, secretHash: word } } as Resource);
};
