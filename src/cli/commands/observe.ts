/** `airspace tap`: calls as they finish. */
import type { CallEvent } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { styleOf } from '../render/paint.ts';
import { duration } from '../render/time.ts';

export interface TapOptions {
  readonly status?: string;
  readonly target?: string;
}

/** Ends with the node, or when nobody reads any more. */
export const tap = async ({ admin, out }: Context, { status, target }: TapOptions): Promise<number> => {
  const stream = (await admin()).stream('/v1/events/stream', { status, target: target?.split('/').at(-1) });
  for await (const { event, data } of stream) {
    if (event === 'gap') out.note(`some calls were too fast to show: ${clean(data)}`);
    else if (out.format === 'jsonl' || out.format === 'json') out.print(data);
    else out.print(callLine(JSON.parse(data) as CallEvent, out.paint));
  }
  return EXIT.ok;
};

/** One finished call in one line. */
export const callLine = (event: CallEvent, paint: Context['out']['paint']): string => {
  const { target, principal, status, code, attributes } = event;
  const time = new Date(event.startedAtMs).toISOString().slice(11, 19);
  const caller = principal === null ? 'nobody' : `${principal.kind}/${principal.id}`;
  const note = status === 'ok' ? '' : `  ${clean(String(attributes['message'] ?? code))}`;
  return [
    time,
    paint(styleOf(status), status.padEnd(9)),
    clean(`${caller} → ${target.kind}/${target.name}/${target.operation}`).padEnd(52),
    duration(event.durationMs).padStart(7),
    ` ${clean(event.callId.slice(0, 8))}${note}`,
  ].join(' ');
};
