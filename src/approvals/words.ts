/** Approvals in words: what the caller gets, what people see, what the audit keeps. */
import type { ApprovalSummary, AuditEntry, CallRecord, Fault as FaultType, Reply } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { rolesFor } from './four-eyes.ts';

/** What the caller may know of its approval: why it waits, for how many, until when. Not who voted: it must not go and ask them. */
export interface PublicApproval {
  readonly id: string;
  readonly state: ApprovalSummary['state'];
  readonly reason: string;
  readonly rules: readonly string[];
  readonly quorum: number;
  readonly roles: readonly string[];
  readonly approvals: number;
  readonly expiresAt: string;
}

export const approvalsOf = ({ votes }: Pick<ApprovalSummary, 'votes'>): number =>
  votes.filter(({ verdict }) => verdict === 'approve').length;

export const publicOf = (record: ApprovalSummary): PublicApproval => ({
  id: record.id,
  state: record.state,
  reason: record.reason,
  rules: record.rules,
  quorum: record.spec.quorum,
  roles: rolesFor(record.spec),
  approvals: approvalsOf(record),
  expiresAt: new Date(record.expiresAtMs).toISOString(),
});

/** `held` while people think; then the call is on its way like any other that nobody waits for. */
export const stateOf = (record: ApprovalSummary, call: Pick<CallRecord, 'state'> | undefined): string =>
  record.state === 'pending' ? 'held' : (call?.state ?? 'accepted');

/** 202 and where to ask: a handle, never a socket that hangs. */
export const handle = (record: ApprovalSummary, call: Pick<CallRecord, 'state'> | undefined): Reply => ({
  outcome: 'ok',
  status: 202,
  contentType: 'application/json',
  headers: [['location', `/v1/calls/${record.id}`]],
  body: {
    kind: 'bytes',
    bytes: new TextEncoder().encode(
      JSON.stringify({ id: record.id, state: stateOf(record, call), approval: publicOf(record) }),
    ),
  },
  endpoint: '',
  attempts: 0,
  notes: ['held'],
});

/** Nothing was sent, and the grant is of no use any more, or never was. */
export const voided = (why: string, policyVersion: string): FaultType =>
  new Fault('denied', `${why}; ask again for an approval of this call`, {
    facts: { code: 'APPROVAL_VOID', policyVersion },
  });

/** What a held call ends with when people say no, nobody says anything, or its caller takes it back. */
export const endOf = (record: ApprovalSummary): FaultType => {
  const { state, votes, policyVersion, rules } = record;
  if (state === 'cancelled') return new Fault('cancelled', 'the caller took this call back', { executed: 'no' });
  const comment = votes.find(({ verdict }) => verdict === 'deny')?.comment ?? '';
  const denied = state === 'denied';
  return new Fault(
    'denied',
    denied
      ? `an approver denied this call${comment === '' ? '' : `: ${comment}`}`
      : 'nobody approved this call in time, so it is denied',
    { facts: { code: denied ? 'APPROVAL_DENIED' : 'APPROVAL_EXPIRED', rules, policyVersion } },
  );
};

type Noted = Omit<AuditEntry, 'atMs'>;

/** Digests and names, and not a byte of what would be sent. */
export const noted = (kind: string, actor: string, record: ApprovalSummary, details: Noted['details'] = {}): Noted => ({
  tenant: record.tenant,
  kind,
  actor,
  object: `approval/${record.id}`,
  callId: record.id,
  details: { digest: record.digest, policy: record.policyVersion, ...details },
});
