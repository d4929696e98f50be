/** What lies on the disks of nodes, read beside them. */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const read = <T>(dir: string, file: string, sql: string): readonly T[] => {
  const db = new DatabaseSync(join(dir, file), { readOnly: true, timeout: 5_000 });
  try {
    return db.prepare(sql).all() as unknown as readonly T[];
  } finally {
    db.close();
  }
};

export interface LocalHead {
  readonly tenant: string;
  readonly seq: number;
  readonly hash: string;
}

export const headsAt = (dir: string): readonly LocalHead[] =>
  read<LocalHead>(dir, 'control.db', 'select tenant, seq, hash from audit_head where seq > 0');

export const chainAt = (dir: string, tenant: string): readonly { readonly seq: number; readonly hash: string }[] =>
  read<{ seq: number; hash: string; tenant: string }>(
    dir,
    'control.db',
    'select tenant, seq, hash from audit order by seq',
  ).filter((one) => one.tenant === tenant);

export const spooled = (dir: string): number =>
  read<{ n: number }>(dir, 'control.db', 'select count(*) as n from spool')[0]?.n ?? 0;

export interface EventRow {
  readonly call_id: string;
  readonly span: string;
  readonly node: string;
  readonly body: string;
}

export const eventsAt = (dir: string): readonly EventRow[] =>
  read<EventRow>(dir, 'telemetry.db', 'select call_id, span, node, body from event order by started_at');
