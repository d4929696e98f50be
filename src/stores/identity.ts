/** What makes two records the same, and for how long: shared by all stores, without imports, because a writer thread loads it too. */
import type { ApprovalRecord, CallRecord, ReleaseState } from '../contract/index.ts';

/** How long an idempotency key stays taken, counted from acceptance (R6). */
export const KEY_LIFETIME_MS = 24 * 3600 * 1000;

/** The shortest prefix of a trace or call id that is looked up. */
export const MIN_PREFIX = 8;

/** How many matches of an ambiguous prefix a fault names. */
export const NAMED_MATCHES = 5;

/** Who asks for what, as text that is unambiguous whatever the names contain. Records of one call id must agree in it. */
export const ownerOf = ({ tenant, principal, target }: CallRecord): string =>
  JSON.stringify([tenant, principal.kind, principal.id, target.kind, target.name, target.operation]);

/**
 * The text under which an idempotency key is unique (R6), or null when the caller gave none. The attempts of a step share one key:
 * the fence of their run says which of them may go, and nobody else can be in their way by taking the key before.
 */
export const uniqueKey = (record: CallRecord): string | null =>
  record.idempotencyKey === '' || record.step !== undefined
    ? null
    : JSON.stringify([ownerOf(record), record.idempotencyKey]);

/** Of an unknown call that may run twice, the same again needs no answer of somebody first. What is sent again by itself keeps its key. */
export const givesWay = (
  holder: Pick<CallRecord, 'state' | 'idempotent' | 'digest' | 'request'>,
  record: Pick<CallRecord, 'idempotent' | 'digest'>,
): boolean =>
  holder.state === 'unknown' &&
  holder.request === null &&
  holder.idempotent &&
  record.idempotent &&
  holder.digest === record.digest;

/** States of a release that nodes may be running. */
export const IN_FORCE: readonly ReleaseState[] = ['shadow', 'canary', 'active'];

/** Why an approval does not let these bytes go, or null when it does: approved, in time, and for exactly them. */
export const noGrant = (
  approval: Pick<ApprovalRecord, 'state' | 'digest' | 'expiresAtMs'> | undefined,
  digest: string,
  atMs: number,
): string | null => {
  if (approval === undefined) return 'there is no such approval';
  if (approval.state !== 'approved') return `the approval is ${approval.state}`;
  if (approval.expiresAtMs <= atMs) return 'the time of the approval is over';
  return approval.digest === digest ? null : 'the call is not the one that was approved';
};
