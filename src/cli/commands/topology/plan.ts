/** `airspace topology plan`: what recorded calls say about another topology. */
import type { AdviceView } from '../../../topologies/index.ts';
import type { Context } from '../../context.ts';
import { EXIT } from '../../failure.ts';
import { adviceText, footOf } from '../../render/topology.ts';
import { spanIn } from './show.ts';

export interface PlanOptions {
  readonly to?: string;
  readonly window?: string;
}

/** Exit 1 where there is nothing that advice could be given about: too few calls say nothing. */
export const plan = async (context: Context, route: string | undefined, options: PlanOptions): Promise<number> => {
  const windowMs = spanIn('--window', options.window ?? '24h', 1_000);
  const view = await (await context.admin()).get<AdviceView>('/v1/topology/advice', {
    to: options.to ?? 'mesh',
    route,
    windowMs,
  });
  const { out } = context;
  if (view.items.length === 0)
    out.note(options.to === 'hierarchy' ? 'there is no domain to advise about' : 'there is no route to advise about');
  await out.one(view, () => adviceText(view, out.paint));
  out.note(footOf(view));
  return view.items.some(({ verdict }) => verdict !== 'unknown') ? EXIT.ok : EXIT.no;
};
