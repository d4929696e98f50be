/** What nodes hand over of their audit, looked at before it is kept: each record as it was written, after the one before it. */
import { createHash } from 'node:crypto';
import {
  type AuditRecord,
  auditText,
  Fault,
  type NodeAuditStore,
  type NodeAuditTaken,
  type NodeEntry,
} from '../contract/index.ts';
import { parseRecords } from './reports.ts';

/** Throws `bad_request` for what no honest node sends, `storage` when it must be sent again. */
export const takeRecords = async (
  store: NodeAuditStore,
  { id, tenant }: NodeEntry,
  untrusted: unknown,
): Promise<NodeAuditTaken> => {
  const { records } = parseRecords(untrusted);
  for (const [at, record] of records.entries()) throwIfBroken(record, records[at - 1]);
  return store.append(id, tenant, records);
};

const throwIfBroken = ({ seq, prev, hash, ...entry }: AuditRecord, before: AuditRecord | undefined): void => {
  const follows =
    before === undefined || (seq === before.seq + 1 && prev === before.hash && entry.tenant === before.tenant);
  const actual = createHash('sha256')
    .update(auditText(entry, seq, prev))
    .digest('hex');
  if (!follows || actual !== hash)
    throw new Fault(
      'bad_request',
      `record ${seq} of the audit ${follows ? 'is not what was written' : 'does not follow the one before it'}; nothing of this batch was kept`,
    );
};
