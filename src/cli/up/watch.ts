/** What happens, a line per finished call, for people who watch `airspace up`. */
import type { CallEvent } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { clean } from '../render/clean.ts';
import { styleOf } from '../render/paint.ts';

/** Until the hub ends the stream. Only the node that a call entered by is shown: the others saw the same call. */
export const watch = async (admin: Admin, { out }: Context, say: (line?: string) => void): Promise<void> => {
  try {
    for await (const { event, data } of admin.stream('/v1/events/stream')) {
      if (event !== 'call') continue;
      const call = JSON.parse(data) as CallEvent;
      if (call.role !== 'hub') continue;
      const word = out.paint(styleOf(call.status), call.status.padEnd(9));
      const time = new Date(call.startedAtMs).toISOString().slice(11, 19);
      const what = `${clean(call.principal?.id ?? 'somebody')} -> ${clean(call.target.name)}.${clean(call.target.operation)}`;
      say(
        `  ${time}  ${word} ${what.padEnd(36)} ${`${call.durationMs.toFixed(0)} ms`.padStart(8)}  ${call.callId.slice(0, 8)}  ${reasonOf(call)}`,
      );
    }
  } catch {
    // The hub goes away: so do we.
  }
};

const reasonOf = ({ status, code, attributes, steps }: CallEvent): string => {
  const attempts = steps.filter(({ name }) => name === 'attempt').length;
  if (status === 'ok') return attempts > 1 ? `tried ${attempts} times` : '';
  const rules = attributes['policy.rule'];
  const rule = code === 'denied' && Array.isArray(rules) ? `${rules.join(', ')}: ` : '';
  return clean(`${rule}${attributes['message'] ?? ''}`);
};
