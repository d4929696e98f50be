/** `airspace logs`: what nodes wrote down, looked up and followed. Text of strangers stays on its line and moves nothing. */
import type { LogRecord, StoredResource } from '../../contract/index.ts';
import type { Admin, Query } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { clean } from '../render/clean.ts';
import { parseSelector } from '../selector.ts';
import { instantOf } from './instant.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  readonly selector?: string;
  readonly level?: string;
  /** Id of a call. */
  readonly request?: string;
  readonly call?: string;
  readonly trace?: string;
  readonly node?: string;
  readonly since?: string;
  readonly until?: string;
  readonly grep?: string;
  readonly limit?: string;
}

export const logs = async (context: Context, agent: string | undefined, options: LogsOptions): Promise<number> => {
  const { limit = '100', follow = false } = options;
  if (!/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > 1_000)
    throw usage(`--limit must be a number from 1 to 1000, not \`${limit}\``);
  if (follow && options.until !== undefined) throw usage('--until ends what -f would follow', 'one of the two');
  const admin = await context.admin();
  const { level, call, request = call, trace, node, grep } = options;
  const filter: Query = { level, call: request, trace, node, grep, agent: await agentsOf(admin, agent, options) };
  const lasting = { since: instantOf('--since', options.since), until: instantOf('--until', options.until), limit };
  // Followed before what is there is read, so that nothing falls between the two; what came twice is told once.
  const stream = follow ? admin.stream('/v1/logs/stream', filter) : undefined;
  await stream?.next();
  const found = await admin.get<Found>('/v1/logs', { ...filter, ...lasting });
  await show(context, found, follow);
  if (stream === undefined) return EXIT.ok;
  const told = new Set(found.records.map((record) => JSON.stringify(record)));
  for await (const { event, data } of stream) {
    if (event === 'gap') context.out.note(`some records were too fast to show: ${clean(data)}`);
    else if (event === 'log' && !told.delete(data)) printOne(context, JSON.parse(data) as LogRecord);
  }
  return EXIT.ok;
};

interface Found {
  readonly records: readonly LogRecord[];
  readonly isCut?: boolean;
}

const show = async ({ out }: Context, { records, isCut = false }: Found, follow: boolean): Promise<void> => {
  if (follow || out.format === 'table' || out.format === 'wide') {
    for (const record of records) printOne({ out }, record);
    if (records.length === 0 && !follow)
      out.note('nothing that fits was written down; without a filter: airspace logs');
  } else await out.list({ kind: 'LogRecord', rows: records, columns: [], name: ({ message }) => message, empty: '' });
  if (isCut) out.note('there are older records that were not looked at; --since, --request or --trace lead there');
};

const printOne = ({ out }: Pick<Context, 'out'>, record: LogRecord): void =>
  out.print(out.format === 'table' || out.format === 'wide' ? lineOf(record, out) : JSON.stringify(record));

const agentsOf = async (
  admin: Admin,
  agent: string | undefined,
  { selector }: LogsOptions,
): Promise<string | undefined> => {
  const name = agent?.replace(/^agent\//, '');
  if (name !== undefined && !/^[a-z0-9][a-z0-9.-]*$/.test(name)) throw usage(`\`${agent}\` is no name of an agent`);
  if (selector === undefined) return name;
  if (name !== undefined) throw usage('an agent and -l are two ways to say whose', 'one of the two');
  const selects = parseSelector(selector);
  const { items } = await admin.get<{ items: readonly StoredResource[] }>('/v1/resources', { kind: 'Agent' });
  const names = items.flatMap(({ resource: { metadata } }) => (selects(metadata.labels) ? [metadata.name] : []));
  if (names.length === 0) throw usage(`no agent has the labels \`${selector}\``, 'airspace get agents -o wide');
  return names.join(',');
};

/** Our own records: a cause with its stack is longer than a name ought to be. */
const MOST_OF_A_RECORD = 10_000;

const LEVEL_STYLES = { debug: 'gray', info: undefined, warn: 'yellow', error: 'red' } as const;

/** What a line has a place for, or what `-o wide` shows only. */
const PLACED: ReadonlySet<string> = new Set(['time', 'level', 'node', 'message', 'call_id', 'caller_kind']);
const WIDE_ONLY: ReadonlySet<string> = new Set(['tenant', 'domain', 'trace_id', 'span_id', 'agent']);

const lineOf = (record: LogRecord, { paint, format }: Context['out']): string => {
  const { time, level, message, node, call_id: call } = record;
  const fields = Object.entries(record).filter(
    ([name, value]) =>
      !PLACED.has(name) && value !== '' && value !== undefined && (format === 'wide' || !WIDE_ONLY.has(name)),
  );
  const said = fields.map(([name, value]) => `${name}=${spoken(value)}`);
  const parts = [message, ...(call === '' ? [] : [`call=${format === 'wide' ? call : call.slice(0, 8)}`]), ...said];
  const style = Object.hasOwn(LEVEL_STYLES, level) ? LEVEL_STYLES[level] : undefined;
  return `${clean(time)} ${paint(style, clean(level).padEnd(5))} ${clean(node)}  ${clean(parts.join('  '), MOST_OF_A_RECORD)}`;
};

const spoken = (value: unknown): string =>
  typeof value === 'string' && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value);
