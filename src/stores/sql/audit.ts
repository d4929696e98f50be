/** Audit chains in SQL: the writer gives each record its place and its hash, one after the other. */
import { createHash } from 'node:crypto';
import { type Session, statement } from './statement.ts';
import type { AuditRow } from './tables.ts';

const S = {
  /** Takes so many places, and the lock on the chain with them. */
  take: statement('audit.take', (db, p: { tenant: string; count: number }) =>
    db
      .updateTable('audit_head')
      .set((e) => ({ seq: e('seq', '+', p.count) }))
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
      body: p.body,
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

/** An entry as it is hashed and kept: a JSON array of all that it says, without tenant and place. */
export interface ChainedArgs {
  readonly tenant: string;
  readonly body: string;
}

/** Two statements for each run of one tenant's entries, and one for each entry: every call pays for this. */
export const appendAudit = async (session: Session, entries: readonly ChainedArgs[]): Promise<null> => {
  for (let from = 0; from < entries.length; ) {
    const { tenant } = entries[from]!;
    let to = from + 1;
    while (to < entries.length && entries[to]!.tenant === tenant) to++;
    await appendRun(session, tenant, entries.slice(from, to));
    from = to;
  }
  return null;
};

const appendRun = async (session: Session, tenant: string, run: readonly ChainedArgs[]): Promise<void> => {
  const { seq: last, hash: before } = await takePlaces(session, tenant, run.length);
  // As `auditText` writes it: the tenant is quoted once, and hashes need no escapes.
  const head = `[${JSON.stringify(tenant)},`;
  let prev = before;
  for (const [at, { body }] of run.entries()) {
    const seq = last - run.length + 1 + at;
    const hash = createHash('sha256')
      .update(`${head}${seq},"${prev}",${body.slice(1)}`)
      .digest('hex');
    await session.run(S.insert, { tenant, seq, prev, hash, body });
    prev = hash;
  }
  await session.run(S.head, { tenant, hash: prev });
};

const takePlaces = async (session: Session, tenant: string, count: number) => {
  const [places] = await session.all(S.take, { tenant, count });
  if (places !== undefined) return places;
  await session.run(S.start, { tenant, hash: GENESIS });
  return (await session.all(S.take, { tenant, count }))[0]!;
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
