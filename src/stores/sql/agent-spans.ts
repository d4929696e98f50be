/** What agents said of themselves in SQL: the span as text, beside it what it is found by and who said it. */
import type { SpanOutcome } from '../../contract/index.ts';
import type { PruneArgs } from './events.ts';
import { type Session, statement } from './statement.ts';
import type { AgentSpanRow } from './tables.ts';
import { count } from './tally.ts';

interface OfTrace {
  readonly tenant: string;
  readonly trace: string;
}

const S = {
  insert: statement('agentSpans.insert', (db, p: AgentSpanRow) =>
    db
      .insertInto('agent_span')
      .values({
        tenant: p.tenant,
        trace: p.trace,
        span: p.span,
        principal: p.principal,
        started_at: p.started_at,
        received_at: p.received_at,
        bytes: p.bytes,
        body: p.body,
      })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  known: statement('agentSpans.known', (db, p: OfTrace) =>
    db
      .selectFrom('agent_span')
      .select(['span', 'principal'])
      .where('tenant', '=', p.tenant)
      .where('trace', '=', p.trace),
  ),
  byTrace: statement('agentSpans.byTrace', (db, p: OfTrace) =>
    db
      .selectFrom('agent_span')
      .select('body')
      .where('tenant', '=', p.tenant)
      .where('trace', '=', p.trace)
      .orderBy('started_at')
      .orderBy('span'),
  ),
  prune: statement('agentSpans.prune', (db, p: { beforeMs: number; limit: number }) =>
    db
      .deleteFrom('agent_span')
      .where('seq', 'in', (q) =>
        q
          .selectFrom('agent_span')
          .select((column) => column.ref('seq').$notNull().as('seq'))
          .where('received_at', '<', p.beforeMs)
          .limit(p.limit),
      )
      .returning('bytes'),
  ),
};

export const agentSpanStatements = Object.values(S);

export interface AppendSpansArgs {
  readonly rows: readonly AgentSpanRow[];
  readonly mostPerTrace: number;
  /** Who counts them. */
  readonly part: string;
}

/** What each becomes follows from what its trace has; one that another hub over the same database wrote meanwhile is a clash. */
export const appendAgentSpans = async (
  session: Session,
  { rows, mostPerTrace, part }: AppendSpansArgs,
): Promise<readonly SpanOutcome[]> => {
  const traces = new Map<string, Map<string, string>>();
  const outcomes: SpanOutcome[] = [];
  for (const row of rows) {
    const key = JSON.stringify([row.tenant, row.trace]);
    const known = traces.get(key) ?? (await knownOf(session, row));
    traces.set(key, known);
    outcomes.push(outcomeOf(row, known, mostPerTrace));
  }
  // All at once: a connection that answers later can send them one behind the other.
  const written = await Promise.all(rows.map((row, at) => (outcomes[at] === 'kept' ? session.run(S.insert, row) : 1)));
  await count(
    session,
    part,
    'span',
    1,
    rows.filter((_, at) => outcomes[at] === 'kept' && written[at] === 1),
  );
  return outcomes.map((outcome, at) => (written[at] === 0 ? 'clashed' : outcome));
};

/** Who said what, by span. */
const knownOf = async (session: Session, { tenant, trace }: OfTrace): Promise<Map<string, string>> =>
  new Map((await session.all(S.known, { tenant, trace })).map(({ span, principal }) => [span, principal]));

const outcomeOf = ({ span, principal }: AgentSpanRow, known: Map<string, string>, most: number): SpanOutcome => {
  const before = known.get(span);
  if (before !== undefined) return before === principal ? 'repeated' : 'clashed';
  if (known.size >= most) return 'crowded';
  known.set(span, principal);
  return 'kept';
};

export const readAgentSpans = async (session: Session, args: OfTrace): Promise<readonly string[]> =>
  (await session.all(S.byTrace, args)).map(({ body }) => body);

export const pruneAgentSpans = async (session: Session, { part, ...args }: PruneArgs): Promise<number> => {
  const gone = await session.all(S.prune, args);
  await count(session, part, 'span', -1, gone);
  return gone.length;
};
