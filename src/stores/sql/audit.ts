/** Audit chains in SQL: the writer gives each record its place and its hash, one after the other. */
import { createHash } from 'node:crypto';
import type { AuditEntry } from '../../contract/index.ts';
import { type Session, statement } from './statement.ts';
import type { AuditRow } from './tables.ts';

const S = {
  /** Takes the place, and the lock on the chain with it. */
  take: statement('audit.take', (db, p: { tenant: string }) =>
    db
      .updateTable('audit_head')
      .set((e) => ({ seq: e('seq', '+', 1) }))
      .where('tenant', '=', p.tenant)
      .returningAll(),
  ),
  start: statement('audit.start', (db, p: { tenant: string; hash: string }) =>
    db
      .insertInto('audit_head')
      .values({ tenant: p.tenant, seq: 0, hash: p.hash })
      .onConflict((conflict) => conflict.doNothing()),
  ),
  head: statement('audit.head', (db, p: { tenant: string; hash: string }) =>
    db.updateTable('audit_head').set({ hash: p.hash }).where('tenant', '=', p.tenant),
  ),
  insert: statement('audit.insert', (db, p: AuditRow) =>
    db.insertInto('audit').values({
      tenant: p.tenant,
      seq: p.seq,
      prev: p.prev,
      hash: p.hash,
      at_ms: p.at_ms,
      kind: p.kind,
      actor: p.actor,
      object: p.object,
      call_id: p.call_id,
      details: p.details,
    }),
  ),
  read: statement('audit.read', (db, p: { tenant: string; fromSeq: number; limit: number }) =>
    db
      .selectFrom('audit')
      .selectAll()
      .where('tenant', '=', p.tenant)
      .where('seq', '>=', p.fromSeq)
      .orderBy('seq')
      .limit(p.limit),
  ),
  recent: statement('audit.recent', (db, p: { tenant: string; beforeSeq: number; limit: number }) =>
    db
      .selectFrom('audit')
      .selectAll()
      .where('tenant', '=', p.tenant)
      .where('seq', '<', p.beforeSeq)
      .orderBy('seq', 'desc')
      .limit(p.limit),
  ),
  heads: statement('audit.heads', (db, _: Record<never, never>) =>
    db.selectFrom('audit_head').selectAll().where('seq', '>', 0).orderBy('tenant'),
  ),
};

export const auditStatements = Object.values(S);

/** Contract words that a writer thread must not load the contract for. */
const GENESIS = '0'.repeat(64);

/** An entry with the text that is hashed, split where the chain goes in: `[tenant,` and `,at,kind,...]`. */
export interface ChainedArgs {
  readonly entry: AuditEntry;
  readonly details: string;
  readonly head: string;
  readonly tail: string;
}

export const appendAudit = async (session: Session, entries: readonly ChainedArgs[]): Promise<null> => {
  for (const { entry, details, head, tail } of entries) {
    const { seq, hash: prev } = await takePlace(session, entry.tenant);
    const hash = createHash('sha256').update(`${head}${seq},"${prev}"${tail}`).digest('hex');
    const { tenant, atMs, kind, actor, object, callId } = entry;
    await session.run(S.insert, {
      ...{ tenant, seq, prev, hash, at_ms: atMs, kind, actor, object },
      ...{ call_id: callId, details },
    });
    await session.run(S.head, { tenant, hash });
  }
  return null;
};

const takePlace = async (session: Session, tenant: string) => {
  const [place] = await session.all(S.take, { tenant });
  if (place !== undefined) return place;
  await session.run(S.start, { tenant, hash: GENESIS });
  return (await session.all(S.take, { tenant }))[0]!;
};

export const readAudit = (
  session: Session,
  args: { readonly tenant: string; readonly fromSeq: number; readonly limit: number },
) => session.all(S.read, args);

export const recentAudit = (
  session: Session,
  args: { readonly tenant: string; readonly beforeSeq: number; readonly limit: number },
) => session.all(S.recent, args);

export const readAuditHeads = (session: Session, _: null) => session.all(S.heads, {});
