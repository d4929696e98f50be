/**
 * The fence of a step: which call its newest intent names, and whether that has begun. Calls look at it in their own two transactions,
 * and their runs hear of them there.
 */

import { dueNow, others } from './plans.ts';
import { type Db, type Session, statement } from './statement.ts';
import type { RunBlobRow, RunEventRow, RunStepRow } from './tables.ts';

export interface StepId {
  readonly tenant: string;
  readonly run: string;
  readonly step: string;
}

export interface StepCall extends StepId {
  readonly call: string;
}

const standing = (db: Db, p: StepId) =>
  db
    .selectFrom('run')
    .innerJoin('run_step', (join) =>
      join.onRef('run_step.tenant', '=', 'run.tenant').onRef('run_step.run', '=', 'run.id'),
    )
    .select(['run.seq', 'run.ended_at', 'run_step.call', 'run_step.phase', 'run_step.taint'])
    .where('run_step.tenant', '=', p.tenant)
    .where('run_step.run', '=', p.run)
    .where('run_step.step', '=', p.step);

type Bump = { readonly tenant: string; readonly run: string; readonly cost: number };

const S = {
  /** Nobody else changes run or step until this transaction is over. */
  standing: statement('runSteps.standing', (db, p: StepId) =>
    others(db) ? standing(db, p).forUpdate() : standing(db, p),
  ),
  put: statement('runSteps.put', (db, p: RunStepRow) =>
    db
      .insertInto('run_step')
      .values({ tenant: p.tenant, run: p.run, step: p.step, call: p.call, phase: p.phase, taint: p.taint })
      .onConflict((conflict) =>
        conflict.columns(['tenant', 'run', 'step']).doUpdateSet({ call: p.call, phase: p.phase, taint: p.taint }),
      ),
  ),
  phase: statement('runSteps.phase', (db, p: StepCall & { phase: string }) =>
    db
      .updateTable('run_step')
      .set({ phase: p.phase })
      .where('tenant', '=', p.tenant)
      .where('run', '=', p.run)
      .where('step', '=', p.step)
      .where('call', '=', p.call),
  ),
  unknown: statement('runSteps.unknown', (db, p: StepCall) =>
    db
      .updateTable('run_step')
      .set({ phase: 'unknown' })
      .where('tenant', '=', p.tenant)
      .where('run', '=', p.run)
      .where('step', '=', p.step)
      .where('call', '=', p.call)
      .where('phase', '=', 'begun'),
  ),
  /** Of a run that is over: nobody need look. */
  note: statement('runSteps.note', (db, p: Bump) =>
    db
      .updateTable('run')
      .set((e) => ({ seq: e('seq', '+', 1), cost: e('cost', '+', p.cost) }))
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.run),
  ),
  noteDue: statement('runSteps.noteDue', (db, p: Bump & { atMs: number }) =>
    db
      .updateTable('run')
      .set((e) => ({
        seq: e('seq', '+', 1),
        cost: e('cost', '+', p.cost),
        ...dueNow(e, p.atMs),
      }))
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.run),
  ),
  event: statement('runSteps.event', (db, p: RunEventRow) =>
    db.insertInto('run_event').values({ tenant: p.tenant, run: p.run, seq: p.seq, at_ms: p.at_ms, body: p.body }),
  ),
  blob: statement('runSteps.blob', (db, p: RunBlobRow) =>
    db
      .insertInto('run_blob')
      .values({ tenant: p.tenant, run: p.run, digest: p.digest, content_type: p.content_type, body: p.body })
      .onConflict((conflict) => conflict.doNothing()),
  ),
};

export const stepStatements = Object.values(S);

export interface Standing {
  /** Of the newest event of its run. */
  readonly seq: number;
  readonly ended_at: number | null;
  readonly call: string;
  readonly phase: string;
  readonly taint: string;
}

/** Undefined: there is no such step, or no such run. */
export const stepStanding = async (session: Session, id: StepId): Promise<Standing | undefined> =>
  (await session.all(S.standing, id))[0];

export interface BeginStepArgs extends StepCall {
  /** `dispatched`, as JSON. */
  readonly body: string;
}

/** Null: another intent has taken its place, it has begun, or its run is over. */
export const mayBeginStep = async (session: Session, args: StepCall): Promise<Standing | null> => {
  const standing = await stepStanding(session, args);
  return standing?.call === args.call && standing.phase === 'waiting' && standing.ended_at === null ? standing : null;
};

/** With what `mayBeginStep` has answered in the same transaction. */
export const beginStep = async (
  session: Session,
  { tenant, run, step, call, body }: BeginStepArgs,
  { seq }: Standing,
  atMs: number,
): Promise<void> => {
  // All at once: a connection that answers later can send them one behind the other.
  await Promise.all([
    session.run(S.note, { tenant, run, cost: 0 }),
    session.run(S.event, { tenant, run, seq: seq + 1, at_ms: atMs, body }),
    session.run(S.phase, { tenant, run, step, call, phase: 'begun' }),
  ]);
};

export interface EndStepArgs extends StepCall {
  /** JSON of the fact, cut where the taint of its intent belongs. */
  readonly body: readonly string[];
  /** What the fence says afterwards, and where it must stand for that. */
  readonly phase: string;
  readonly from: readonly string[];
  readonly cost: number;
  readonly blob: RunBlobRow | null;
}

/** What is no news to the run changes nothing. Of a call that was given up and replaced only the history hears, and what it cost. */
export const endStep = async (session: Session, args: EndStepArgs, atMs: number, wasGivenUp = false): Promise<void> => {
  const { tenant, run, step, call, body, phase, from, cost, blob } = args;
  const standing = await stepStanding(session, { tenant, run, step });
  const isNewest = standing?.call === call;
  if (standing === undefined || !(isNewest ? from.includes(standing.phase) : wasGivenUp)) return;
  const bump = { tenant, run, cost, atMs };
  await Promise.all([
    session.run(S.event, { tenant, run, seq: standing.seq + 1, at_ms: atMs, body: body.join(standing.taint) }),
    standing.ended_at === null ? session.run(S.noteDue, bump) : session.run(S.note, bump),
    isNewest ? session.run(S.phase, { tenant, run, step, call, phase }) : 0,
    blob === null ? 0 : session.run(S.blob, blob),
  ]);
};

export const addEvent = (session: Session, row: RunEventRow) => session.run(S.event, row);

export const addBlob = (session: Session, row: RunBlobRow) => session.run(S.blob, row);

export const putStep = (session: Session, row: RunStepRow) => session.run(S.put, row);

export const moveStep = (session: Session, args: StepCall & { readonly phase: string }) => session.run(S.phase, args);

/** False when it had not begun, or its end is known. */
export const giveUpStep = async (session: Session, args: StepCall): Promise<boolean> =>
  (await session.run(S.unknown, args)) === 1;
