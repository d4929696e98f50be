/** `airspace request cancel`: the caller asks its own call to stop. Cancellation is a request: the record says what came of it. */
import type { CallEvent } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, type Exit, Failure, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';

export interface CancelOptions {
  readonly asKey?: string;
}

/** As the native door says it. */
interface Recorded {
  readonly id: string;
  readonly state: string;
}

export const cancelRequest = async (context: Context, word: string, { asKey }: CancelOptions): Promise<number> => {
  const id = await wholeId(context, word.toLowerCase());
  const caller = await context.admin(asKey);
  const recorded = await caller.delete<Recorded>(`/v1/calls/${id}`).catch((thrown: unknown) => {
    throw explained(thrown, id);
  });
  await context.out.one(recorded, () => sentence(id, clean(String(recorded.state))));
  return exitOf(recorded.state);
};

/** Whoever may not look at calls has the whole id: `request` has told it. */
const wholeId = async (context: Context, word: string): Promise<string> => {
  if (!/^[0-9a-f]{8,32}$/.test(word)) throw usage(`\`${word}\` is no call: 8 to 32 hex digits`, 'airspace request ls');
  if (word.length === 32) return word;
  const { events } = await (await context.admin()).get<{ events: readonly CallEvent[] }>(`/v1/traces/${word}`);
  const ids = [...new Set(events.map(({ callId }) => callId).filter((one) => one.startsWith(word)))];
  if (ids.length === 1) return ids[0]!;
  throw usage(
    ids.length === 0 ? `\`${word}\` is a trace, and no call` : `\`${word}\` fits ${ids.length} calls; give more digits`,
    'airspace request ls -o name',
  );
};

const explained = (thrown: unknown, id: string): unknown =>
  thrown instanceof Failure && thrown.exit === EXIT.notFound
    ? new Failure(EXIT.notFound, `there is no call \`${id}\` that this key made and that runs by itself`, {
        because: 'a call belongs to whoever made it, and one that its caller waits for ends when the caller leaves',
        try: 'the same with --as-key <key>; airspace kill tree/<id> stops what others have begun',
        code: 'not_found',
      })
    : thrown;

/** Of a call that is over, however long: there is nothing left to stop. */
const OVER: Readonly<Record<string, string>> = {
  done: 'is over, and was not stopped',
  unknown: 'is over, and may have run; airspace request reconcile says what came of it',
};

const sentence = (id: string, state: string): string => {
  if (state === 'cancelled') return `call ${id} is cancelled`;
  if (Object.hasOwn(OVER, state)) return `call ${id} ${OVER[state]}`;
  return `call ${id} is asked to stop, and still ${state}; the same again says what came of it`;
};

const exitOf = (state: string): Exit => (Object.hasOwn(OVER, state) ? EXIT.no : EXIT.ok);
