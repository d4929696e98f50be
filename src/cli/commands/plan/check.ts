/** `airspace plan check`: what a plan would do, whom it would call, what policy says at every level, and what it may cost. */
import type { PlanCheck } from '../../../contract/index.ts';
import { checkSources } from '../../../control/index.ts';
import type { Context } from '../../context.ts';
import { EXIT, usage } from '../../failure.ts';
import { planCheckText } from '../../render/plan-check.ts';
import { sourcesOf } from '../apply.ts';
import { jsonOf } from './input.ts';

export interface CheckOptions {
  readonly file?: string;
  readonly input?: string;
  readonly as?: string;
}

export const check = async (context: Context, name: string | undefined, options: CheckOptions): Promise<number> => {
  const { out } = context;
  const input = await jsonOf('--input', options.input);
  const asked = {
    ...(await planIn(context, name, options.file)),
    ...(input === undefined ? {} : { input }),
    ...(options.as === undefined ? {} : { as: options.as.replace(/^agent\//, '') }),
  };
  const found = await (await context.admin()).post<PlanCheck>('/v1/plans:check', asked);
  if (out.format === 'table' || out.format === 'wide') out.print(planCheckText(out, found));
  else await out.data(found);
  if (found.problems.length > 0) return EXIT.no;
  if (found.steps.some(({ policy }) => policy === 'missing')) return EXIT.no;
  return found.steps.some(({ policy }) => policy === 'deny') ? EXIT.denied : EXIT.ok;
};

const planIn = async (context: Context, name: string | undefined, file: string | undefined): Promise<object> => {
  if ((name === undefined) === (file === undefined))
    throw usage('say which plan: its name, or a file with -f', 'airspace plan check -f plan.yaml');
  if (file === undefined) return { plan: name };
  const sources = await sourcesOf(context, [file]);
  checkSources(sources);
  const plans = sources.resources.filter(isPlan);
  if (plans.length !== 1)
    throw usage(`there ${plans.length === 0 ? 'is no Plan' : `are ${plans.length} Plans`} in ${file}`);
  return { spec: plans[0]!.spec };
};

const isPlan = (resource: unknown): resource is { readonly spec: object } =>
  typeof resource === 'object' && resource !== null && Reflect.get(resource, 'kind') === 'Plan';
