/** What of the audit is not safe yet. */
import type { AuditTrail } from '../../../audit/index.ts';
import type { Source } from '../../../telemetry/index.ts';

export const auditSource = (trail: Pick<AuditTrail, 'waiting' | 'lost'>): Source => ({
  name: 'audit',
  read: (say) => {
    say('airspace_audit_waiting_records', {}, trail.waiting);
    say('airspace_audit_lost_total', {}, trail.lost);
  },
});
