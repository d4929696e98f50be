/** What a caller is told about a call that is on record already: its answer, byte for byte, or where to ask for it. */
import type { CallRecord, Reply } from '../contract/index.ts';
import { Fault } from '../contract/index.ts';
import { replay } from './keep.ts';

export const answerTaken = (taken: CallRecord, digest: string): Reply => {
  if (taken.digest !== digest) throw mismatch(taken);
  if (taken.state === 'accepted' || taken.state === 'dispatched') {
    throw new Fault(
      'idempotency_in_flight',
      `a call with idempotency key \`${taken.idempotencyKey}\` is still running; ask again when it is done`,
    );
  }
  if (taken.reply === null && taken.state === 'done')
    throw new Fault(
      'conflict',
      `the call with idempotency key \`${taken.idempotencyKey}\` ran, and its reply is not known`,
      { executed: 'yes' },
    );
  if (taken.reply === null)
    throw new Fault('conflict', `the outcome of the call with idempotency key \`${taken.idempotencyKey}\` is unknown`, {
      executed: 'unknown',
    });
  return replay(taken.reply);
};

export const mismatch = (taken: CallRecord): Fault =>
  new Fault(
    'idempotency_mismatch',
    `idempotency key \`${taken.idempotencyKey}\` was used with another body; use a new key for a new request`,
  );

/** 202 and where to ask. The door adds the `location` header from the id. */
export const accepted = (record: CallRecord): Reply => ({
  outcome: 'ok',
  status: 202,
  contentType: 'application/json',
  headers: [['location', `/v1/calls/${record.id}`]],
  body: { kind: 'bytes', bytes: new TextEncoder().encode(JSON.stringify({ id: record.id, state: record.state })) },
  endpoint: '',
  attempts: 0,
});
