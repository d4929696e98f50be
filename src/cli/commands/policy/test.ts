/** `airspace policy test` and `coverage`: do the policies say what their authors think, and does anything say so at all? */
import { DEFAULT_TENANT, idOf, type Resource, resourceKey, type StoredResource } from '../../../contract/index.ts';
import {
  type Configuration,
  checkConfiguration,
  checkShape,
  compile,
  readSources,
  refuseIfAny,
} from '../../../control/index.ts';
import { compilePolicy, type Proof, prove } from '../../../policy/index.ts';
import { casesIn } from '../../case-file.ts';
import type { Context } from '../../context.ts';
import { EXIT, usage } from '../../failure.ts';
import { clean } from '../../render/clean.ts';
import { caseFiles } from './cases.ts';

export interface TestOptions {
  readonly live?: boolean;
}

export const test = async (context: Context, folder: string, options: TestOptions): Promise<number> => {
  const proof = await proofOf(context, folder, options);
  const failed = proof.results.filter(({ problems }) => problems.length > 0);
  await context.out.one({ cases: proof.results.length, failed }, () => resultText(proof, context));
  context.out.note(`${proof.results.length - failed.length} of ${proof.results.length} cases hold, in both engines`);
  return failed.length === 0 ? EXIT.ok : EXIT.no;
};

const resultText = ({ results }: Proof, { out: { paint } }: Context): string =>
  results
    .flatMap(({ case: { name, origin }, problems }) =>
      problems.length === 0
        ? [`${paint('green', 'ok')}    ${clean(name)}`]
        : [
            `${paint('red', 'FAIL')}  ${clean(name)}  (${origin})`,
            ...problems.map((problem) => `      ${clean(problem)}`),
          ],
    )
    .join('\n');

export const coverage = async (context: Context, folder: string, options: TestOptions): Promise<number> => {
  const { unreached, rules, results } = await proofOf(context, folder, options);
  await context.out.one({ rules, unreached }, () =>
    unreached.length === 0
      ? 'every rule is reached'
      : unreached.map((rule) => `no case reaches ${clean(rule)}`).join('\n'),
  );
  context.out.note(`${rules - unreached.length} of ${rules} rules are reached by ${results.length} cases`);
  return unreached.length === 0 ? EXIT.ok : EXIT.no;
};

const proofOf = async (context: Context, folder: string, { live }: TestOptions): Promise<Proof> => {
  const configuration = new Map([...(live === true ? await present(context) : []), ...(await brought(folder))]);
  const { problems } = checkConfiguration(configuration, (key) => key, Date.now());
  refuseIfAny(problems);
  const cases = casesIn(await caseFiles([folder]), { configuration, tenant: DEFAULT_TENANT });
  if (cases.length === 0) throw usage(`there is no case in ${folder}`, 'write `NAME.cases.yaml` beside the policies');
  return prove(await compile(configuration, compilePolicy), cases);
};

const brought = async (folder: string): Promise<Configuration> => {
  const { resources, problems } = checkShape(await readSources([folder]), DEFAULT_TENANT);
  refuseIfAny(problems);
  return byKey(resources.map(({ resource }) => resource));
};

/** Everything of the hub but its policy, so that what is tested is what the folder says. */
const present = async (context: Context): Promise<Configuration> => {
  const { items } = await (await context.admin()).get<{ items: StoredResource[] }>('/v1/resources');
  return byKey(items.map(({ resource }) => resource).filter(({ kind }) => kind !== 'PolicyBundle' && kind !== 'Key'));
};

const byKey = (resources: readonly Resource[]): Configuration =>
  new Map(resources.map((resource) => [resourceKey(idOf(resource)), resource]));
