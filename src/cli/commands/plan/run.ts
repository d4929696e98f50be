/** `airspace plan run`: calls the plan like any agent, and does not wait for the end unless it is to be watched. */
import { HEADERS, RUN } from '../../../contract/index.ts';
import { reach } from '../../admin.ts';
import type { Context } from '../../context.ts';
import { EXIT, problemOf, refusalOf, usage } from '../../failure.ts';
import { clean } from '../../render/clean.ts';
import { jsonOf } from './input.ts';
import { follow } from './runs.ts';

export interface RunOptions {
  readonly input?: string;
  readonly asKey?: string;
  readonly session?: string;
  readonly idempotencyKey?: string;
  readonly watch?: boolean;
}

export const run = async (context: Context, name: string, options: RunOptions): Promise<number> => {
  if (!/^[a-z0-9-]{1,63}$/.test(name)) throw usage(`\`${clean(name)}\` is no name of a plan`, 'airspace get plans');
  const settings = await context.settings();
  const key = options.asKey ?? settings.key;
  const body = JSON.stringify((await jsonOf('--input', options.input)) ?? {});
  await context.changing();
  const response = await reach(settings, () =>
    fetch(`${settings.url}/v1/agents/${name}/${RUN}`, {
      method: 'POST',
      redirect: 'error',
      body,
      headers: {
        'content-type': 'application/json',
        prefer: 'respond-async',
        ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
        ...(options.session === undefined ? {} : { [HEADERS.session]: options.session }),
        ...(options.idempotencyKey === undefined ? {} : { [HEADERS.idempotencyKey]: options.idempotencyKey }),
      },
    }),
  );
  const answer: unknown = await response.json().catch(() => undefined);
  if (!response.ok) throw refusalOf(problemOf(response.status, answer));
  const id = idOf(answer) ?? response.headers.get(HEADERS.callId) ?? '';
  const isHeld = (response.headers.get(HEADERS.notes) ?? '').split(', ').includes('held');
  if (isHeld) {
    await context.out.one({ id, state: 'held' }, () => id);
    context.out.note('people are asked about this run first: airspace approval ls');
    return EXIT.held;
  }
  if (options.watch === true) return follow(context, id);
  await context.out.one({ id }, () => id);
  context.out.note(`started; airspace plan show ${id.slice(0, 12)} -w`);
  return EXIT.ok;
};

/** With a key that was used before it is the id of the run from then. */
const idOf = (answer: unknown): string | undefined => {
  const id = typeof answer === 'object' && answer !== null ? Reflect.get(answer, 'id') : undefined;
  return typeof id === 'string' && /^[0-9a-f]{32}$/.test(id) ? id : undefined;
};
