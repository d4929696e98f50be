/** `airspace logs` and `airspace tap`: what the node says, and calls as they finish. */
import type { CallEvent } from '../../contract/index.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { styleOf } from '../render/paint.ts';
import { duration } from '../render/time.ts';

export interface LogsOptions {
  readonly limit?: string;
  readonly level?: string;
  readonly call?: string;
  readonly trace?: string;
}

interface LogLine {
  readonly time: string;
  readonly level: string;
  readonly node?: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export const logs = async (
  { admin, out }: Context,
  { limit = '100', level, call, trace }: LogsOptions,
): Promise<number> => {
  if (!/^[1-9]\d{0,3}$/.test(limit)) throw usage(`--limit must be a number from 1 to 1000, not \`${limit}\``);
  const { records } = await (await admin()).get<{ records: LogLine[] }>('/v1/logs', { limit, level, call, trace });
  if (out.format === 'table' || out.format === 'wide')
    for (const record of records) out.print(lineOf(record, out.paint));
  else await out.list({ kind: 'LogRecord', rows: records, columns: [], name: ({ message }) => message, empty: '' });
  return EXIT.ok;
};

/** Our own records: a cause with its stack is longer than a name ought to be. */
const MOST_OF_A_RECORD = 10_000;

const LEVEL_STYLES = { debug: 'gray', warn: 'yellow', error: 'red' } as const;

const lineOf = ({ time, level, message, node: _, ...fields }: LogLine, paint: Context['out']['paint']): string => {
  const style = Object.hasOwn(LEVEL_STYLES, level) ? LEVEL_STYLES[level as keyof typeof LEVEL_STYLES] : undefined;
  const rest = Object.entries(fields)
    .filter(([, value]) => value !== '' && value !== undefined)
    .map(
      ([name, value]) => `${name}=${typeof value === 'string' && !value.includes(' ') ? value : JSON.stringify(value)}`,
    );
  return `${clean(time)} ${paint(style, clean(level).padEnd(5))} ${clean([message, ...rest].join('  '), MOST_OF_A_RECORD)}`;
};

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
