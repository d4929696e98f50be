/** A draft as the hub wants it: the resource that it would become, the case file beside it, and the texts that an editor asks about. */
import type { CaseFile, Resource, ResourceOf, TextFile } from '../../../src/contract/index.ts';
import type { Draft, Part, PolicyText } from './draft.ts';

export type Bundle = ResourceOf<'PolicyBundle'>;

export interface Proposal {
  readonly resources: readonly Resource[];
  readonly origins: readonly string[];
  readonly cases: readonly CaseFile[];
}

/** Cedar text as errors name it. */
export const fileOf = (bundle: string, part: Part): string =>
  part === 'cases' ? `${bundle}.cases.yaml` : part === 'limits' ? `${bundle}.limits.cedar` : `${bundle}.cedar`;

export const resourceOf = (bundle: Bundle, { policies, limits }: PolicyText): Bundle => {
  const { name } = bundle.metadata;
  const { limits: _, ...spec } = bundle.spec;
  return {
    ...bundle,
    spec: {
      ...spec,
      policies: { text: policies, source: fileOf(name, 'policies') },
      ...(limits === null || limits === '' ? {} : { limits: { text: limits, source: fileOf(name, 'limits') } }),
    },
  };
};

export const proposalOf = (bundle: Bundle, draft: Draft): Proposal => {
  const { name } = bundle.metadata;
  return {
    resources: [resourceOf(bundle, draft)],
    origins: [name],
    cases: draft.cases.trim() === '' ? [] : [{ name: fileOf(name, 'cases'), text: draft.cases }],
  };
};

export const filesOf = (bundle: Bundle, { policies, limits }: PolicyText): readonly TextFile[] => {
  const { metadata, spec } = bundle;
  const file = (part: 'policies' | 'limits', text: string): TextFile => ({
    ...{ name: fileOf(metadata.name, part), text, level: spec.level, rules: part },
  });
  return [file('policies', policies), ...(limits === null || limits.trim() === '' ? [] : [file('limits', limits)])];
};
