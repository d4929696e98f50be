/** Nothing was sent that was not allowed and written down before (I3), twice (I2, I4), or without the people it needs (I6). */
import { createHash } from 'node:crypto';
import type { AuditEntry, Begin } from '../../../../contract/index.ts';
import { approvedDigest, ownerOf } from '../desk.ts';
import { OFFERS } from '../operations.ts';
import type { Arrival } from '../story.ts';
import { type Evidence, type Fail, ofKind } from './evidence.ts';

/** What was known of a call when it arrived. */
interface Known {
  allowed: Set<string>;
  intended: boolean;
  audited: Set<string>;
  arrivals: number;
  keys: Set<string>;
}

export const checkSent = async (evidence: Evidence, fail: Fail): Promise<void> => {
  checkOrder(evidence, fail);
  checkOnce(evidence, fail);
  await checkApprovals(evidence, fail);
};

const checkOrder = ({ story }: Evidence, fail: Fail): void => {
  const calls = new Map<string, Known>();
  const of = (id: string): Known => {
    const known = calls.get(id) ?? nothingKnown();
    calls.set(id, known);
    return known;
  };
  for (const one of story.happenings) {
    if (one.kind === 'allowed') of(one.callId).allowed.add(one.body);
    else if (one.kind === 'reopened') of(one.callId).intended = true;
    else if (one.kind === 'begun') note(of(one.callId), one.begin);
    else if (one.kind === 'arrived') arrive(of(one.request.callId), one.request, fail);
  }
};

const nothingKnown = (): Known => ({
  ...{ allowed: new Set(), intended: false, audited: new Set(), arrivals: 0, keys: new Set() },
});

const note = (known: Known, { record, dispatch, audit }: Begin): void => {
  if (record !== null || dispatch !== null) known.intended = true;
  for (const entry of audit) if (entry.kind === 'call.sent') known.audited.add(shaOf(entry));
};

const shaOf = ({ details }: AuditEntry): string => String(details['sha256']);

const arrive = (known: Known, { callId, key, operation, body }: Arrival, fail: Fail): void => {
  const { entry, once } = OFFERS[operation]!;
  known.arrivals += 1;
  known.keys.add(key);
  if (!known.allowed.has(body)) fail('I3', `call ${callId} arrived and nobody allowed these bytes`);
  if (known.arrivals > 1 && !entry.idempotent && !once) fail('I4', `call ${callId} was sent ${known.arrivals} times`);
  if (known.keys.size > 1) fail('I4', `call ${callId} was sent with ${known.keys.size} keys`);
  if (entry.effect === 'read') return;
  if (!known.intended) fail('I3', `call ${callId} arrived before its intent was written`);
  if (!known.audited.has(createHash('sha256').update(body).digest('hex')))
    fail('I3', `call ${callId} arrived before its line in the audit was written`);
};

const checkOnce = ({ story }: Evidence, fail: Fail): void => {
  const runs = new Map<string, number>();
  for (const { request } of ofKind(story, 'executed')) {
    const { tenant, principal, operation, key } = request;
    if (OFFERS[operation]!.entry.idempotent) continue;
    const which = `${tenant}/${principal}/${operation}/${key}`;
    runs.set(which, (runs.get(which) ?? 0) + 1);
    if (runs.get(which) === 2) fail('I2', `key ${which} had an effect twice`);
  }
};

const checkApprovals = async ({ story, store, quorum }: Evidence, fail: Fail): Promise<void> => {
  const askedAtMs = new Map(ofKind(story, 'asked').map(({ callId, wallMs }) => [callId, wallMs]));
  const used = new Map<string, string>();
  const grants = new Map(ofKind(story, 'begun').map(({ callId, begin }) => [callId, begin.grant]));
  for (const { request } of ofKind(story, 'executed')) {
    if (!OFFERS[request.operation]!.gated) continue;
    const { callId, tenant, principal, body } = request;
    const grant = grants.get(callId);
    const approval = grant == null ? undefined : await store.approvals.get(tenant, grant.approval);
    if (approval === undefined) {
      fail('I6', `call ${callId} ran and consumed no approval`);
      continue;
    }
    const { id, digest, expiresAtMs, votes, behind, state } = approval;
    const approving = new Set(votes.filter(({ verdict }) => verdict === 'approve').map(({ user }) => user));
    const other = used.get(id);
    if (other !== undefined) fail('I6', `calls ${other} and ${callId} ran on approval ${id}`);
    used.set(id, callId);
    if (state !== 'consumed') fail('I6', `call ${callId} ran on approval ${id}, which is still ${state}`);
    if (digest !== approvedDigest(principal, body)) fail('I6', `call ${callId} ran with other bytes than approved`);
    if (expiresAtMs <= askedAtMs.get(callId)!) fail('I6', `call ${callId} ran on approval ${id}, which was over`);
    if (approving.size < quorum) fail('I6', `call ${callId} ran with ${approving.size} of ${quorum} approvers`);
    if (approving.has(ownerOf(principal)) || behind.some((who) => approving.has(who.slice('user/'.length))))
      fail('I6', `call ${callId} was approved by whom it serves`);
  }
};
