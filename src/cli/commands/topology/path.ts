/** `airspace topology path`: the nodes and ways that a request went over, call by call. */
import type { CallEvent } from '../../../contract/index.ts';
import type { Context } from '../../context.ts';
import { EXIT, usage } from '../../failure.ts';
import { passageColumns, passagesOf } from '../../render/passage.ts';

export const path = async (context: Context, word: string): Promise<number> => {
  const id = word.toLowerCase();
  if (!/^[0-9a-f]{8,32}$/.test(id))
    throw usage(`\`${word}\` is neither a call nor a trace: 8 to 32 hex digits`, 'airspace request ls');
  const { events } = await (await context.admin()).get<{ events: readonly CallEvent[] }>(`/v1/traces/${id}`);
  const rows = passagesOf(events);
  await context.out.list({
    kind: 'Passage',
    rows,
    columns: passageColumns(Math.min(...rows.map(({ startedAtMs }) => startedAtMs))),
    name: ({ callId }) => `call/${callId}`,
    empty: `no node reported a call of \`${id}\`; agents may have said something of it: airspace trace ${id}`,
  });
  return EXIT.ok;
};
