/** `airspace plan cancel | pause | resume | retry | signal`: what people want of a run. */
import type { RunDetail } from '../../../contract/index.ts';
import type { Context } from '../../context.ts';
import { EXIT } from '../../failure.ts';
import { clean } from '../../render/clean.ts';
import { idIn } from './find.ts';
import { jsonOf } from './input.ts';

export const wish = async (
  context: Context,
  what: 'cancel' | 'pause' | 'resume',
  ids: readonly string[],
): Promise<number> => {
  for (const id of ids) await send(context, id, what, {});
  return EXIT.ok;
};

export const retry = (context: Context, id: string, { from }: { readonly from: string }): Promise<number> =>
  send(context, id, 'retry', { from });

export const signal = async (
  context: Context,
  id: string,
  name: string,
  { data }: { readonly data?: string },
): Promise<number> => send(context, id, 'signal', { name, body: (await jsonOf('--data', data)) ?? null });

const send = async (context: Context, given: string, what: string, body: object): Promise<number> => {
  const admin = await context.admin();
  const id = await idIn(admin, given);
  const run = await admin.post<RunDetail>(`/v1/runs/${id}:${what}`, body);
  await context.out.one(run, () => `${run.id.slice(0, 12)} of ${clean(run.plan)}: ${what} noted, it is ${run.state}`);
  return EXIT.ok;
};
