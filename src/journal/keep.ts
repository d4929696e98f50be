/** Turns how a call ended into what the journal keeps, and a kept reply back into the same answer. */
import type { Reply, StoredReply } from '../contract/index.ts';
import { FAULT_CODES, Fault, type FaultCode } from '../contract/index.ts';

/** Replies beyond this are not kept whole: the outcome is, the bytes are not. */
export const KEEP_LIMIT = 1024 * 1024;

const NO_BYTES = new Uint8Array(0);

/** Null when there are too many to keep. */
export const withinLimit = (bytes: Uint8Array, limit = KEEP_LIMIT): Uint8Array | null =>
  bytes.byteLength <= limit ? bytes : null;

/** `bytes` is null when the body was too large to keep. */
export const keepReply = (reply: Reply, bytes: Uint8Array | null): StoredReply => ({
  outcome: reply.outcome,
  status: reply.status,
  contentType: reply.contentType,
  body: bytes ?? NO_BYTES,
  code: bytes === null ? 'too_large' : '',
  message: bytes === null ? `the reply was longer than ${KEEP_LIMIT} bytes and was not kept` : '',
  endpoint: reply.endpoint,
  attempts: reply.attempts,
  ...(reply.pin === undefined ? {} : { pin: reply.pin }),
});

export const keepFault = (fault: Fault, executed = fault.executed): StoredReply => ({
  outcome: 'fault',
  status: 0,
  contentType: '',
  body: NO_BYTES,
  code: fault.code,
  message: fault.message,
  endpoint: '',
  attempts: 0,
  executed,
});

/** The same answer again. Throws what was thrown then, or `conflict` when the bytes were not kept. */
export const replay = (stored: StoredReply): Reply => {
  if (stored.outcome === 'fault') throw faultOf(stored);
  if (stored.code !== '')
    throw new Fault('conflict', `this call already ran, and ${stored.message}`, { executed: 'yes' });
  return {
    outcome: stored.outcome,
    status: stored.status,
    contentType: stored.contentType,
    headers: [],
    body: { kind: 'bytes', bytes: stored.body },
    endpoint: stored.endpoint,
    attempts: stored.attempts,
    ...(stored.pin === undefined ? {} : { pin: stored.pin }),
    notes: ['replayed'],
  };
};

/** As it was thrown then. */
const faultOf = ({ code, message, executed }: StoredReply): Fault =>
  new Fault(codeOf(code), message, executed === undefined ? {} : { executed });

const codeOf = (text: string): FaultCode => (text in FAULT_CODES ? (text as FaultCode) : 'internal');
