/** `airspace trace` and `airspace why`: what happened to one call, as a picture and as reasons. */
import type { CallEvent } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { waterfall } from '../render/waterfall.ts';
import { why as reasons } from '../render/why.ts';

const eventsOf = async (context: Context, id: string): Promise<readonly CallEvent[]> => {
  const wanted = id.toLowerCase();
  if (!/^[0-9a-f]{8,32}$/.test(wanted))
    throw usage(`\`${id}\` is neither a call nor a trace: 8 to 32 hex digits`, 'airspace get calls');
  const { events } = await (await context.admin()).get<{ events: CallEvent[] }>(`/v1/traces/${wanted}`);
  return events;
};

export const trace = async (context: Context, id: string): Promise<number> => {
  const events = await eventsOf(context, id);
  const { out } = context;
  await out.one({ events }, () => waterfall(events, { width: out.width, paint: out.paint }));
  return EXIT.ok;
};

/** Of a call that was named, only that call, on all its nodes; of a trace, every call. */
export const why = async (context: Context, id: string): Promise<number> => {
  const events = await eventsOf(context, id);
  const own = events.filter(({ callId }) => callId.startsWith(id.toLowerCase()));
  const shown = own.length === 0 ? events : own;
  await context.out.one({ events: shown }, () => reasons(shown, context.out.paint));
  return EXIT.ok;
};
