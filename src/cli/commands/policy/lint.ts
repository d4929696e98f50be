/** `airspace policy lint`: what is wrong with policies in files although they would be accepted, and what they would widen. */
import { idOf, type Resource, resourceKey, type StoredResource } from '../../../contract/index.ts';
import { type Configuration, checkShape, checkSources, type Sources } from '../../../control/index.ts';
import { type Change, comparePolicies, compilePolicy, type Finding, lintPolicies } from '../../../policy/index.ts';
import type { Context } from '../../context.ts';
import { EXIT, usage } from '../../failure.ts';
import { gather, levelOf, lintInputOf } from '../../gather.ts';
import { lintText } from '../../render/lint.ts';
import { sourcesOf } from '../apply.ts';

export interface LintOptions {
  readonly file: readonly string[];
  readonly against?: boolean;
}

export interface Linted {
  readonly findings: readonly Finding[];
  /** Null when there was nothing to compare with, or the files are wrong. */
  readonly changes: readonly Change[] | null;
}

/** Exit 1 when there is an error; warnings, and a policy that becomes wider, are for people to judge. */
export const lint = async (context: Context, options: LintOptions): Promise<number> => {
  const sources = await sourcesOf(context, options.file);
  checkSources(sources);
  const own = configurationOf(withLines(sources));
  if (![...own.values()].some(({ kind }) => kind === 'PolicyBundle'))
    throw usage(`there is no PolicyBundle in ${options.file.join(', ')}`);
  const running = options.against === true ? await runningConfiguration(context) : undefined;
  const linted = await judge(own, running);
  await context.out.one(linted, () => lintText(linted, context.out.paint));
  return linted.findings.some(({ severity }) => severity === 'error') ? EXIT.no : EXIT.ok;
};

/** The files on top of what runs: what an apply would make of them. */
const judge = async (own: Configuration, running: Configuration | undefined): Promise<Linted> => {
  const after = await gather(new Map([...(running ?? []), ...own]));
  const levels = new Set(
    [...own.values()].flatMap((one) =>
      one.kind === 'PolicyBundle' ? [levelOf(one.metadata.tenant, one.spec.level)] : [],
    ),
  );
  const findings = lintPolicies(lintInputOf(after, levels));
  const wrong = findings.some(({ rule }) => REFUSED.has(rule));
  if (running === undefined || wrong) return { findings, changes: null };
  const before = await gather(running);
  const policy = await compilePolicy(after.bundles, after.world);
  const base = await compilePolicy(before.bundles, before.world);
  return { findings, changes: comparePolicies(base, { ...after.draft, policy }) };
};

/** What `apply` refuses as well: such files make no policy that could be compared. */
const REFUSED: ReadonlySet<string> = new Set(['invalid', 'unknown-name']);

const configurationOf = (resources: readonly Resource[]): Configuration =>
  new Map(resources.map((resource) => [resourceKey(idOf(resource)), resource]));

const runningConfiguration = async (context: Context): Promise<Configuration> => {
  const { items } = await (await context.admin()).get<{ items: StoredResource[] }>('/v1/resources');
  return configurationOf(items.map(({ resource }) => resource));
};

/** Text inside a YAML file is judged as a part of that file: empty lines before it make its lines those of the file. */
const withLines = (sources: Sources): readonly Resource[] =>
  checkShape(sources, null).resources.map(({ resource }, index) => {
    if (resource.kind !== 'PolicyBundle') return resource;
    const { spec } = resource;
    const placed = (field: 'policies' | 'limits') => {
      const source = spec[field];
      if (source === undefined || source.source !== undefined) return {};
      const [, file = '', line = '0'] = /^(.*):(\d+)$/s.exec(sources.locate(index, ['spec', field, 'text'])) ?? [];
      return { [field]: { text: '\n'.repeat(Number(line)) + source.text, source: file } };
    };
    return { ...resource, spec: { ...spec, ...placed('policies'), ...placed('limits') } };
  });
