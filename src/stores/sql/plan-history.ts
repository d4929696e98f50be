/** What is added to the history of a run by its owner and by people. The first statement decides, and locks the run for the others. */
import type { Refusal } from '../refusals.ts';
import { appendAudit, type ChainedArgs } from './audit.ts';
import { concludeOpen } from './calls.ts';
import { addBlob, addEvent, giveUpStep, moveStep, putStep, stepStanding } from './plan-steps.ts';
import { dueNow, type RunId, type RunOwner, readRun } from './plans.ts';
import { type Session, statement } from './statement.ts';
import type { RunBlobRow, RunRow, RunStepRow } from './tables.ts';

type Advance = RunOwner & {
  readonly afterSeq: number;
  readonly count: number;
  readonly state: string;
  readonly dueMs: number | null;
  readonly cost: number;
};

type Wish = RunId & { readonly atMs: number; readonly isRetry: boolean };

const S = {
  insert: statement('runHistory.insert', (db, p: RunRow) =>
    db
      .insertInto('run')
      .values({
        tenant: p.tenant,
        id: p.id,
        plan: p.plan,
        principal: p.principal,
        state: p.state,
        seq: p.seq,
        epoch: p.epoch,
        holder: p.holder,
        opener: p.opener,
        lease_until: p.lease_until,
        due: p.due,
        claim_at: p.claim_at,
        started_at: p.started_at,
        ended_at: p.ended_at,
        cost: p.cost,
        head: p.head,
      })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  advance: statement('runHistory.advance', (db, p: Advance) =>
    db
      .updateTable('run')
      .set((e) => ({
        seq: e('seq', '+', p.count),
        cost: e('cost', '+', p.cost),
        state: p.state,
        due: p.dueMs,
        ended_at: null,
      }))
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.id)
      .where('epoch', '=', p.epoch)
      .where('seq', '=', p.afterSeq)
      .where('holder', '!=', ''),
  ),
  finish: statement('runHistory.finish', (db, p: Advance & { atMs: number }) =>
    db
      .updateTable('run')
      .set((e) => ({
        seq: e('seq', '+', p.count),
        cost: e('cost', '+', p.cost),
        state: p.state,
        due: p.dueMs,
        claim_at: p.dueMs,
        ended_at: p.atMs,
        holder: '',
        lease_until: 0,
      }))
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.id)
      .where('epoch', '=', p.epoch)
      .where('seq', '=', p.afterSeq)
      .where('holder', '!=', ''),
  ),
  wish: statement('runHistory.wish', (db, p: Omit<Wish, 'isRetry'>) =>
    db
      .updateTable('run')
      .set((e) => ({
        seq: e('seq', '+', 1),
        ...dueNow(e, p.atMs),
      }))
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.id)
      .where('ended_at', 'is', null)
      .returning('seq'),
  ),
  retry: statement('runHistory.retry', (db, p: Omit<Wish, 'isRetry'>) =>
    db
      .updateTable('run')
      .set((e) => ({
        seq: e('seq', '+', 1),
        ...dueNow(e, p.atMs),
      }))
      .where('tenant', '=', p.tenant)
      .where('id', '=', p.id)
      .where('state', 'in', ['failed', 'stuck'])
      .returning('seq'),
  ),
};

export const historyStatements = Object.values(S);

export interface StartArgs {
  readonly row: RunRow;
  /** `started`, as JSON. */
  readonly body: string;
  readonly audit: readonly ChainedArgs[];
  readonly atMs: number;
}

export const startRun = async (session: Session, { row, body, audit, atMs }: StartArgs): Promise<RunRow> => {
  if ((await session.run(S.insert, row)) !== 1) return (await readRun(session, row))!;
  await addEvent(session, { tenant: row.tenant, run: row.id, seq: 1, at_ms: atMs, body });
  if (audit.length > 0) await appendAudit(session, audit);
  return row;
};

export interface MoveArgs {
  readonly step: string;
  readonly call: string;
  readonly phase: string;
  /** JSON; null: it is no intent. */
  readonly taint: string | null;
}

export interface AppendArgs extends RunOwner {
  readonly afterSeq: number;
  /** The facts as JSON. */
  readonly bodies: readonly string[];
  readonly moves: readonly MoveArgs[];
  /** Steps with a new intent, none of whose calls may be running. */
  readonly guarded: readonly string[];
  readonly state: string;
  readonly isOver: boolean;
  readonly dueMs: number | null;
  readonly cost: number;
  readonly blobs: readonly RunBlobRow[];
  readonly audit: readonly ChainedArgs[];
  readonly atMs: number;
}

export type AppendedRow = { readonly kind: 'appended'; readonly seq: number } | { readonly kind: 'lost' | 'behind' };

export const appendRun = async (session: Session, args: AppendArgs): Promise<AppendedRow | Refusal> => {
  const { tenant, id, afterSeq, bodies, moves, isOver, blobs, audit, atMs } = args;
  const refusal = await underWay(session, args);
  if (refusal !== null) return refusal;
  const advance = { ...args, count: bodies.length };
  const advanced = await (isOver ? session.run(S.finish, advance) : session.run(S.advance, advance));
  if (advanced !== 1) return whyNot(session, args);
  // All at once: a connection that answers later can send them one behind the other.
  await Promise.all([
    ...bodies.map((body, at) => addEvent(session, { tenant, run: id, seq: afterSeq + 1 + at, at_ms: atMs, body })),
    ...blobs.map((blob) => addBlob(session, blob)),
    ...moves.map((move) => apply(session, { tenant, run: id }, move, atMs)),
  ]);
  if (audit.length > 0) await appendAudit(session, audit);
  return { kind: 'appended', seq: afterSeq + bodies.length };
};

const underWay = async (
  session: Session,
  args: AppendArgs,
): Promise<Refusal | { readonly kind: 'lost' | 'behind' } | null> => {
  for (const step of args.guarded) {
    const standing = await stepStanding(session, { tenant: args.tenant, run: args.id, step });
    if (standing?.phase !== 'begun') continue;
    // Whoever is behind may not know that it has begun.
    if (!(await isCurrent(session, args))) return whyNot(session, args);
    return { refusal: 'stepUnderWay', details: [args.id, step, standing.call] };
  }
  return null;
};

const isCurrent = async (session: Session, { tenant, id, epoch, afterSeq }: AppendArgs): Promise<boolean> => {
  const run = await readRun(session, { tenant, id });
  return run?.epoch === epoch && run.holder !== '' && run.seq === afterSeq;
};

const whyNot = async (
  session: Session,
  { tenant, id, epoch }: RunOwner,
): Promise<{ readonly kind: 'lost' | 'behind' }> => {
  const run = await readRun(session, { tenant, id });
  return { kind: run?.epoch === epoch && run.holder !== '' ? 'behind' : 'lost' };
};

const apply = async (
  session: Session,
  run: Pick<RunStepRow, 'tenant' | 'run'>,
  { step, call, phase, taint }: MoveArgs,
  atMs: number,
): Promise<void> => {
  if (taint !== null) await putStep(session, { ...run, step, call, phase, taint });
  else if (phase !== 'unknown') await moveStep(session, { ...run, step, call, phase });
  // Its node is silent: from now on it can be asked about, and resolved.
  else if (await giveUpStep(session, { ...run, step, call })) await concludeOpen(session, { id: call, atMs });
};

export interface WishArgs extends Wish {
  /** `wished`, as JSON. */
  readonly body: string;
  readonly audit: readonly ChainedArgs[];
}

/** Whoever works on it. */
export const wishRun = async (
  session: Session,
  { tenant, id, isRetry, body, audit, atMs }: WishArgs,
): Promise<number | Refusal> => {
  const [row] = await session.all(isRetry ? S.retry : S.wish, { tenant, id, atMs });
  if (row === undefined) {
    const run = await readRun(session, { tenant, id });
    if (run === undefined) return { refusal: 'unknownRun', details: [id] };
    return { refusal: isRetry ? 'runNotFailed' : 'runOver', details: [id, run.state] };
  }
  await addEvent(session, { tenant, run: id, seq: row.seq, at_ms: atMs, body });
  if (audit.length > 0) await appendAudit(session, audit);
  return row.seq;
};
