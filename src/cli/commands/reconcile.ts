/** `airspace request reconcile`: calls that may have run, and what a person found out about one. */
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { age } from '../render/time.ts';

export interface ReconcileOptions {
  readonly executed?: boolean;
  readonly notExecuted?: boolean;
  readonly reason?: string;
}

interface UnknownCall {
  readonly id: string;
  readonly principal: { readonly kind: string; readonly id: string };
  readonly target: { readonly kind: string; readonly name: string; readonly operation: string };
  readonly acceptedAtMs: number;
  readonly why: string;
}

export const reconcile = async (
  context: Context,
  id: string | undefined,
  options: ReconcileOptions,
): Promise<number> => (id === undefined ? list(context) : say(context, id, options));

const list = async ({ admin, out }: Context): Promise<number> => {
  const { items } = await (await admin()).get<{ readonly items: readonly UnknownCall[] }>('/v1/unknown');
  const now = Date.now();
  await out.list({
    kind: 'UnknownCall',
    rows: items,
    columns: [
      { title: 'CALL', value: ({ id }) => id },
      { title: 'AGE', value: ({ acceptedAtMs }) => age(acceptedAtMs, now) },
      { title: 'WHO', value: ({ principal }) => `${principal.kind}/${principal.id}` },
      { title: 'WHAT', value: ({ target }) => `${target.kind}/${target.name}/${target.operation}` },
      { title: 'WHY', value: ({ why }) => why },
    ],
    name: ({ id }) => id,
    empty: 'of every call it is known how it went',
  });
  return EXIT.ok;
};

const say = async ({ admin, out }: Context, id: string, options: ReconcileOptions): Promise<number> => {
  const { executed = false, notExecuted = false, reason } = options;
  if (executed === notExecuted)
    throw usage('did it run?', `airspace request reconcile ${clean(id)} --executed (or --not-executed) --reason "..."`);
  if (reason === undefined) throw usage('how do you know?', 'the same with --reason "..."');
  const verdict = executed ? 'executed' : 'not_executed';
  await (await admin()).post(`/v1/unknown/${encodeURIComponent(id)}:resolve`, { verdict, reason });
  out.print(
    executed
      ? `${clean(id)} ran; what was set aside for it is booked, and its key stays taken`
      : `${clean(id)} did not run; its money is free, and its key may be used again`,
  );
  return EXIT.ok;
};
