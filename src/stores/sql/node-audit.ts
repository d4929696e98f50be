/** Chains that nodes handed over, in SQL: a record is taken when it follows what is here, and once. */
import { type Session, statement } from './statement.ts';
import type { Tables } from './tables.ts';

interface Chain {
  readonly node: string;
  readonly tenant: string;
}

const S = {
  /** The lock on the chain, so that hubs over one database take its records one after the other. */
  lock: statement('nodeAudit.lock', (db, p: Chain & { owner: string }) =>
    db
      .updateTable('node_audit_head')
      .set({ owner: p.owner })
      .where('node', '=', p.node)
      .where('tenant', '=', p.tenant)
      .returningAll(),
  ),
  head: statement('nodeAudit.head', (db, p: Tables['node_audit_head']) =>
    db
      .insertInto('node_audit_head')
      .values({ node: p.node, tenant: p.tenant, owner: p.owner, seq: p.seq, hash: p.hash })
      .onConflict((conflict) => conflict.columns(['node', 'tenant']).doUpdateSet({ seq: p.seq, hash: p.hash })),
  ),
  insert: statement('nodeAudit.insert', (db, p: Tables['node_audit']) =>
    db.insertInto('node_audit').values({
      node: p.node,
      tenant: p.tenant,
      seq: p.seq,
      prev: p.prev,
      hash: p.hash,
      body: p.body,
    }),
  ),
  read: statement('nodeAudit.read', (db, p: Chain & { fromSeq: number; limit: number }) =>
    db
      .selectFrom('node_audit')
      .selectAll()
      .where('node', '=', p.node)
      .where('tenant', '=', p.tenant)
      .where('seq', '>=', p.fromSeq)
      .orderBy('seq')
      .limit(p.limit),
  ),
  heads: statement('nodeAudit.heads', (db, _: Record<never, never>) =>
    db.selectFrom('node_audit_head').selectAll().orderBy('node').orderBy('tenant'),
  ),
};

export const nodeAuditStatements = Object.values(S);

/** Contract words that a writer thread must not load the contract for. */
const GENESIS = '0'.repeat(64);

export interface HandedOver {
  readonly seq: number;
  readonly prev: string;
  readonly hash: string;
  readonly body: string;
}

export interface NodeAuditArgs extends Chain {
  readonly owner: string;
  readonly records: readonly HandedOver[];
}

export interface NodeAuditAnswer {
  readonly seq: number;
  readonly hash: string;
  readonly problem: 'gap' | 'fork' | null;
}

export const appendNodeAudit = async (
  session: Session,
  { node, tenant, owner, records }: NodeAuditArgs,
): Promise<NodeAuditAnswer> => {
  const [found] = await session.all(S.lock, { node, tenant, owner });
  const { seq, hash } = found ?? { seq: 0, hash: GENESIS };
  const problem = await problemWith(session, { node, tenant }, records, { seq, hash });
  const fresh = records.filter((record) => record.seq > seq);
  const last = fresh.at(-1);
  if (problem !== null || last === undefined) return { seq, hash, problem };
  for (const record of fresh) await session.run(S.insert, { node, tenant, ...record });
  await session.run(S.head, { node, tenant, owner, seq: last.seq, hash: last.hash });
  return { seq: last.seq, hash: last.hash, problem: null };
};

/** What is here already must be the same, and the rest must follow it. That each record fits the one before it was seen where they came in. */
const problemWith = async (
  session: Session,
  chain: Chain,
  records: readonly HandedOver[],
  head: { readonly seq: number; readonly hash: string },
): Promise<NodeAuditAnswer['problem']> => {
  const known = records.findLast((record) => record.seq <= head.seq);
  if (known !== undefined) {
    const [here] = await session.all(S.read, { ...chain, fromSeq: known.seq, limit: 1 });
    if (here?.hash !== known.hash) return 'fork';
  }
  const next = records.find((record) => record.seq > head.seq);
  if (next === undefined) return null;
  if (next.seq !== head.seq + 1) return 'gap';
  return next.prev === head.hash ? null : 'fork';
};

export const readNodeAudit = (session: Session, args: Chain & { readonly fromSeq: number; readonly limit: number }) =>
  session.all(S.read, args);

export const readNodeAuditHeads = (session: Session, _: null) => session.all(S.heads, {});
