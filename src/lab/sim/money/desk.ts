/** People in the way of a call, as plainly as it can be: a record of exactly its bytes, votes on it, and one use. */
import { createHash } from 'node:crypto';
import type { ApprovalRecord, ApprovalSummary, Call } from '../../../contract/index.ts';
import { Fault } from '../../../contract/index.ts';
import { Admission, type Layer, Permit } from '../../../kernel/index.ts';
import { textOf } from './network.ts';
import { OFFERS } from './operations.ts';
import type { Room, RoomParts } from './rooms.ts';

/** The header in which a caller names the approval that it means. */
export const SHOWN = 'approval';
const NOBODY = { contentType: '', body: new Uint8Array(0), votes: [], decidedAtMs: null, version: 1 } as const;

/** Each agent is somebody's: `agent/ada-1` works for Ada, who may not vote on what it wants. */
export const ownerOf = (principal: string): string => principal.split('-')[0]!;

export const approvedDigest = (principal: string, body: string): string =>
  createHash('sha256').update(`${principal}\n${body}`).digest('hex');

export interface DeskRules {
  readonly quorum: number;
  readonly ttlMs: number;
}

export interface Desk extends Room {
  pending(): Promise<readonly ApprovalSummary[]>;
  /** Throws `denied` and `conflict`. */
  vote(record: ApprovalSummary, user: string, verdict: 'approve' | 'deny'): Promise<void>;
}

export type MayVote = (user: string, record: ApprovalSummary) => boolean;

/** Four eyes, and one vote for each of them. */
export const mayVote: MayVote = (user, { behind, votes }) =>
  !behind.includes(`user/${user}`) && !votes.some((vote) => vote.user === user);

export const desk = (rules: DeskRules, isAllowed: MayVote, { store, life }: RoomParts): Desk => {
  const { clock, ids } = life.world;
  const { approvals } = store;
  const open = async (call: Call, digest: string): Promise<ApprovalRecord | undefined> => {
    const { tenant } = call.principal!;
    const found = await approvals.latest(tenant, call.principal!, digest);
    const isOpen = found?.state === 'pending' || found?.state === 'approved';
    return isOpen && found.expiresAtMs > clock.wallMs() ? found : undefined;
  };
  const ask = async (call: Call, digest: string): Promise<Fault> => {
    const id = ids.callId();
    const nowMs = clock.wallMs();
    const principal = call.principal!;
    await approvals.put({
      ...{ ...NOBODY, id, tenant: principal.tenant, state: 'pending', principal, target: call.target, digest },
      ...{ behind: [`user/${ownerOf(principal.id)}`], rules: ['org/eyes'], reason: 'money leaves' },
      spec: { quorum: rules.quorum, roles: [], ttlMs: rules.ttlMs },
      policyVersion: Permit.check(call).policyVersion,
      ...{ createdAtMs: nowMs, expiresAtMs: nowMs + rules.ttlMs },
    });
    return waiting(id);
  };
  const layer: Layer = (next) => async (call, scope) => {
    if (!OFFERS[call.target.operation]!.gated || call.detach === true) return next(call, scope);
    const digest = approvedDigest(call.principal!.id, textOf(call));
    const shown = call.headers.find(([name]) => name === SHOWN)?.[1];
    const found = shown === undefined ? await open(call, digest) : undefined;
    if (shown === undefined && found?.state !== 'approved')
      throw found === undefined ? await ask(call, digest) : waiting(found.id);
    Admission.of(call).grant = { approval: shown ?? found!.id, digest };
    return next(call, scope);
  };
  return {
    layer,
    attempts: 1,
    start: () => {},
    pending: async () => [...(await approvals.list({ tenant: null, state: 'pending', limit: 3 }))],
    vote: async ({ tenant, id }, user, verdict) => {
      const record = await approvals.get(tenant, id);
      if (record?.state !== 'pending' || record.expiresAtMs <= clock.wallMs())
        throw new Fault('conflict', 'it is over');
      if (!isAllowed(user, record)) throw new Fault('denied', 'somebody else must decide');
      const votes = [...record.votes, { user, verdict, roles: [], comment: '', atMs: clock.wallMs() }];
      const enough = votes.filter((vote) => vote.verdict === 'approve').length >= record.spec.quorum;
      const state = verdict === 'deny' ? 'denied' : enough ? 'approved' : 'pending';
      await approvals.put({ ...record, votes, state, version: record.version + 1 });
    },
  };
};

const waiting = (id: string): Fault =>
  new Fault('approval_required', 'this call waits for people', { facts: { approval: id } });
