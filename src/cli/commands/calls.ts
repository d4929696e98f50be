/** `airspace get calls` and `request ls`: calls as nodes reported them, newest first. */
import type { CallEvent, CallStatus } from '../../contract/index.ts';
import type { Admin } from '../admin.ts';
import type { Context } from '../context.ts';
import { EXIT, usage } from '../failure.ts';
import { isHeld } from '../render/critical.ts';
import { styleOf } from '../render/paint.ts';
import type { Column } from '../render/table.ts';
import { age, duration } from '../render/time.ts';
import { instantOf } from './instant.ts';

export interface CallsOptions {
  readonly status?: CallStatus | 'held';
  /** Name, of whoever called or was called. */
  readonly agent?: string;
  readonly since?: string;
  readonly limit?: string;
}

/** What the door gives at once, and how often it is asked for older ones. */
const PAGE = 1000;
const MOST_PAGES = 10;

export const listCalls = async (context: Context, options: CallsOptions = {}): Promise<number> => {
  const { limit = '30' } = options;
  if (!/^[1-9]\d{0,3}$/.test(limit) || Number(limit) > PAGE)
    throw usage(`--limit must be a number from 1 to ${PAGE}, not \`${limit}\``);
  const sinceMs = instantOf('--since', options.since);
  const agent = options.agent?.replace(/^agents?\//, '');
  if (agent !== undefined && !/^[a-z0-9][a-z0-9.-]*$/.test(agent))
    throw usage(`\`${options.agent}\` is no name of an agent`, 'airspace get agents');
  const wanted = { sinceMs, agent, status: options.status, limit: Number(limit) };
  const { rows, isCut } = await callsIn(await context.admin(), wanted);
  await context.out.list({
    kind: 'Call',
    rows,
    columns: callColumns(Date.now()),
    name: ({ callId }) => `call/${callId}`,
    empty: isFiltered(options)
      ? 'no call that fits was seen; a longer --since or another --status looks further'
      : 'no call was seen yet; make one: airspace request <agent>/<operation>',
  });
  if (isCut)
    context.out.note(
      `only the newest calls were looked through; ${BEYOND[options.status ?? ''] ?? '--agent leads further'}`,
    );
  return EXIT.ok;
};

const BEYOND: Readonly<Record<string, string>> = {
  held: '--agent leads further, and airspace approval ls has all that wait for you',
};

const isFiltered = ({ status, agent, since }: CallsOptions): boolean =>
  status !== undefined || agent !== undefined || since !== undefined;

interface WantedCalls {
  readonly sinceMs: number | undefined;
  readonly agent: string | undefined;
  readonly status: CallsOptions['status'];
  readonly limit: number;
}

interface FoundCalls {
  readonly rows: readonly CallEvent[];
  /** There are older ones that nobody looked at, and fewer were found than were wanted. */
  readonly isCut: boolean;
}

const callsIn = async (admin: Admin, wanted: WantedCalls): Promise<FoundCalls> => {
  const { agent, limit } = wanted;
  const whose = agent === undefined ? [{}] : [{ target: agent }, { principal: agent }];
  const found = await Promise.all(whose.map((who) => pagesOf(admin, who, wanted)));
  const rows = fitting(newestFirst(found.flatMap(({ rows: events }) => events)), wanted).slice(0, limit);
  return { rows, isCut: rows.length < limit && found.some(({ isCut }) => isCut) };
};

type Who = { readonly target?: string; readonly principal?: string };

/** From the newest on until enough of them fit: a store knows neither what an answer meant nor who is called by a name. */
const pagesOf = async (admin: Admin, who: Who, wanted: WantedCalls): Promise<FoundCalls> => {
  const { sinceMs: since, status, limit } = wanted;
  const query = { ...who, since, status: status === 'held' ? undefined : status };
  let events: readonly CallEvent[] = [];
  for (let page = 0; page < MOST_PAGES; page++) {
    const size = page === 0 ? Math.min(PAGE, isPicked(wanted) ? 4 * limit : limit) : PAGE;
    const until = events.at(-1)?.startedAtMs;
    const { events: older } = await admin.get<{ events: CallEvent[] }>('/v1/calls', { ...query, until, limit: size });
    const before = events.length;
    events = newestFirst([...events, ...older]);
    // A page of one millisecond leads nowhere.
    const isAll = older.length < size || events.length === before;
    if (isAll || fitting(events, wanted).length >= limit) return { rows: events, isCut: false };
  }
  return { rows: events, isCut: true };
};

const isPicked = ({ status, agent }: WantedCalls): boolean =>
  status === 'held' || status === 'ok' || agent !== undefined;

const fitting = (events: readonly CallEvent[], { agent, status }: WantedCalls): readonly CallEvent[] =>
  events.filter((event) => isOf(event, agent) && fits(event, status, events));

/** An agent that called itself is in both lists. */
const newestFirst = (events: readonly CallEvent[]): readonly CallEvent[] =>
  [...new Map(events.map((event) => [`${event.node} ${event.span}`, event])).values()].sort(
    (a, b) => b.startedAtMs - a.startedAtMs,
  );

/** Tools and people may have the name of an agent. */
const isOf = ({ target, principal }: CallEvent, agent: string | undefined): boolean =>
  agent === undefined ||
  (target.kind === 'agent' && target.name === agent) ||
  (principal?.kind === 'agent' && principal.id === agent);

/** `held`: people were asked, and nothing has been heard of the call since. */
const fits = (event: CallEvent, status: CallsOptions['status'], events: readonly CallEvent[]): boolean => {
  if (status === 'ok') return !isHeld(event);
  if (status !== 'held') return true;
  return (
    isHeld(event) &&
    !events.some(({ callId, startedAtMs }) => callId === event.callId && startedAtMs > event.startedAtMs)
  );
};

export const callColumns = (nowMs: number): readonly Column<CallEvent>[] => [
  { title: 'AGE', value: ({ startedAtMs }) => age(startedAtMs, nowMs) },
  { title: 'CALL', value: ({ callId }) => callId.slice(0, 8) },
  { title: 'CALLER', value: ({ principal }) => (principal === null ? 'nobody' : `${principal.kind}/${principal.id}`) },
  { title: 'TARGET', value: ({ target }) => `${target.kind}/${target.name}/${target.operation}` },
  // It came back with an answer, that people are asked; to a reader it did not go well yet.
  {
    title: 'STATUS',
    value: (event) => (isHeld(event) ? 'held' : event.status),
    style: (event) => (isHeld(event) ? 'yellow' : styleOf(event.status)),
  },
  { title: 'TOOK', value: ({ durationMs }) => duration(durationMs), align: 'right' },
  { title: 'NODE', value: ({ node, role }) => `${node} ${role}`, wide: true },
  { title: 'NOTE', value: ({ attributes, code }) => String(attributes['message'] ?? code) },
];
