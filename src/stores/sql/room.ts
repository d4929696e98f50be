/** Room for telemetry in SQL: what goes, goes in few rows at a time, with what agents said in it, and is counted out. */
import type { AgentSpan } from '../../contract/index.ts';
import { isBadOutcome } from '../worth.ts';
import { type Session, statement } from './statement.ts';
import { count, readTally } from './tally.ts';

interface Sized {
  readonly bytes: number;
}

interface TracePlace {
  readonly tenant: string;
  readonly trace: string;
}

const S = {
  oldest: statement('room.oldest', (db, _: Record<never, never>) =>
    db.selectFrom('event').select('started_at').orderBy('started_at').limit(1),
  ),
  newest: statement('room.newest', (db, _: Record<never, never>) =>
    db
      .selectFrom('event')
      .select((column) => column.ref('seq').$notNull().as('seq'))
      .orderBy('seq', 'desc')
      .limit(1),
  ),
  /** Of the first so many: when the last of them began. */
  eventsUntil: statement('room.eventsUntil', (db, p: { limit: number }) =>
    db
      .selectFrom((from) =>
        from.selectFrom('event').select('started_at').orderBy('started_at').limit(p.limit).as('first'),
      )
      .select((or) => or.fn.max('first.started_at').as('at')),
  ),
  spansUntil: statement('room.spansUntil', (db, p: { limit: number }) =>
    db
      .selectFrom((from) =>
        from.selectFrom('agent_span').select('received_at').orderBy('received_at').limit(p.limit).as('first'),
      )
      .select((or) => or.fn.max('first.received_at').as('at')),
  ),
  removeEvents: statement('room.removeEvents', (db, p: { throughMs: number; limit: number }) =>
    db
      .deleteFrom('event')
      .where('seq', 'in', (q) =>
        q
          .selectFrom('event')
          .select((column) => column.ref('seq').$notNull().as('seq'))
          .where('started_at', '<=', p.throughMs)
          .orderBy('started_at')
          .limit(p.limit),
      )
      .returning('bytes'),
  ),
  removeSpans: statement('room.removeSpans', (db, p: { throughMs: number; limit: number }) =>
    db
      .deleteFrom('agent_span')
      .where('seq', 'in', (q) =>
        q
          .selectFrom('agent_span')
          .select((column) => column.ref('seq').$notNull().as('seq'))
          .where('received_at', '<=', p.throughMs)
          .orderBy('received_at')
          .limit(p.limit),
      )
      .returning('bytes'),
  ),
  arrived: statement('room.arrived', (db, p: { after: number; through: number; limit: number }) =>
    db
      .selectFrom('event')
      .select((column) => [column.ref('seq').$notNull().as('seq'), 'tenant', 'trace'])
      .where('seq', '>', p.after)
      .where('seq', '<=', p.through)
      .orderBy('seq')
      .limit(p.limit),
  ),
  ofTrace: statement('room.ofTrace', (db, p: TracePlace) =>
    db
      .selectFrom('event')
      .select((column) => [column.ref('seq').$notNull().as('seq'), 'worth', 'started_at'])
      .where('trace', '=', p.trace)
      .where('tenant', '=', p.tenant),
  ),
  /** By their ids, which are none that spans have. */
  outcomesOf: statement('room.outcomesOf', (db, p: TracePlace) =>
    db
      .selectFrom('agent_span')
      .select('body')
      .where('tenant', '=', p.tenant)
      .where('trace', '=', p.trace)
      .where((or) => or(or.fn<string>('substr', [or.ref('span'), or.lit(1), or.lit(8)]), '=', 'outcome/')),
  ),
  dropEvents: statement('room.dropEvents', (db, p: TracePlace & { through: number }) =>
    db
      .deleteFrom('event')
      .where('trace', '=', p.trace)
      .where('tenant', '=', p.tenant)
      .where('seq', '<=', p.through)
      .returning('bytes'),
  ),
  dropSpans: statement('room.dropSpans', (db, p: TracePlace) =>
    db.deleteFrom('agent_span').where('tenant', '=', p.tenant).where('trace', '=', p.trace).returning('bytes'),
  ),
};

export const roomStatements = Object.values(S);

export const telemetrySize = async (session: Session, _: null) => {
  const [tally, [oldest]] = [await readTally(session), await session.all(S.oldest, {})];
  const of = (name: string): number => tally.get(name) ?? 0;
  return {
    events: of('events'),
    agentSpans: of('spans'),
    bytes: of('event bytes') + of('span bytes'),
    oldestMs: oldest?.started_at ?? null,
  };
};

export interface Removed {
  readonly events: number;
  readonly agentSpans: number;
  readonly bytes: number;
}

/** Both go to the same time, as far as the limit: else a flood of one would leave nothing of the other. */
export const removeOldest = async (
  session: Session,
  { limit, part }: { readonly limit: number; readonly part: string },
): Promise<Removed> => {
  const [events] = await session.all(S.eventsUntil, { limit });
  const [spans] = await session.all(S.spansUntil, { limit });
  const ends = [events?.at, spans?.at].filter((at): at is number => at !== null && at !== undefined);
  if (ends.length === 0) return { events: 0, agentSpans: 0, bytes: 0 };
  const asked = { throughMs: Math.min(...ends), limit };
  return counted(session, part, await session.all(S.removeEvents, asked), await session.all(S.removeSpans, asked));
};

const counted = async (
  session: Session,
  part: string,
  events: readonly Sized[],
  spans: readonly Sized[],
): Promise<Removed> => {
  await count(session, part, 'event', -1, events);
  await count(session, part, 'span', -1, spans);
  return {
    events: events.length,
    agentSpans: spans.length,
    bytes: [...events, ...spans].reduce((sum, { bytes }) => sum + bytes, 0),
  };
};

export const newestEvent = async (session: Session, _: null): Promise<number> =>
  (await session.all(S.newest, {}))[0]?.seq ?? 0;

export const arrivedEvents = (
  session: Session,
  args: { readonly after: number; readonly through: number; readonly limit: number },
) => session.all(S.arrived, args);

export interface DropArgs {
  readonly traces: readonly TracePlace[];
  readonly throughSeq: number;
  readonly overMs: number;
  readonly part: string;
}

export const dropTraces = async (
  session: Session,
  { traces, throughSeq, overMs, part }: DropArgs,
): Promise<Removed & { readonly traces: number }> => {
  const gone = await Promise.all(traces.map((place) => dropTrace(session, place, throughSeq, overMs)));
  const events = gone.flatMap((one) => one.events);
  const removed = await counted(
    session,
    part,
    events,
    gone.flatMap((one) => one.spans),
  );
  return { ...removed, traces: gone.filter((one) => one.events.length > 0).length };
};

const NOTHING = { events: [] as readonly Sized[], spans: [] as readonly Sized[] };

const dropTrace = async (session: Session, place: TracePlace, throughSeq: number, overMs: number) => {
  const found = await session.all(S.ofTrace, place);
  if (found.length === 0 || found.some(({ worth }) => worth !== '')) return NOTHING;
  const goesOn = found.some(({ seq }) => seq! > throughSeq);
  if (goesOn && found.every(({ started_at }) => started_at >= overMs)) return NOTHING;
  if (await endedBadly(session, place)) return NOTHING;
  // What came in since it was looked at may be worth keeping, and is looked at by itself.
  const through = Math.max(...found.map(({ seq }) => seq!));
  return {
    events: await session.all(S.dropEvents, { ...place, through }),
    spans: await session.all(S.dropSpans, place),
  };
};

const endedBadly = async (session: Session, place: TracePlace): Promise<boolean> =>
  (await session.all(S.outcomesOf, place)).some(({ body }) => {
    const { outcome }: AgentSpan = JSON.parse(body);
    return outcome !== undefined && isBadOutcome(outcome);
  });
