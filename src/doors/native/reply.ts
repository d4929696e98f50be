/** Writes a reply to its caller: the target's own status and bytes, with what Airspace knows about them in headers. */
import type { ServerResponse } from 'node:http';
import { type Call, type Clock, type Fault, HEADERS, outwards, type Reply } from '../../contract/index.ts';
import { pour } from '../http/index.ts';
import { problemOf } from './problem.ts';

export interface ReplyWriter {
  readonly res: ServerResponse;
  readonly call: Call;
  readonly clock: Clock;
  /** Ends the call below when its reader is gone or stuck. */
  readonly cancel: (reason: Fault) => void;
}

const FIELD_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

const headersOf = (call: Call, reply: Reply): string[] => {
  const out = [HEADERS.callId, call.id, HEADERS.traceId, call.trace.trace, 'x-content-type-options', 'nosniff'];
  // No try, no target: the reply is Airspace's own, such as "accepted".
  if (reply.attempts > 0)
    out.push(HEADERS.endpoint, reply.endpoint, HEADERS.attempts, String(reply.attempts), HEADERS.executed, 'yes');
  if (reply.pin !== undefined && call.via.length > 0) out.push(HEADERS.pin, reply.pin);
  if (reply.contentType !== '')
    out.push('content-type', call.via.length > 0 ? reply.contentType : outwards(reply.contentType));
  if (reply.version !== undefined && FIELD_TEXT.test(reply.version)) out.push(HEADERS.version, reply.version);
  if (reply.notes !== undefined && reply.notes.length > 0) out.push(HEADERS.notes, reply.notes.join(', '));
  for (const [name, value] of reply.headers) out.push(name, value);
  return out;
};

/** Resolves when the last byte is handed to the socket, or nobody is there to take it. Never throws. */
export const writeReply = ({ res, call, clock, cancel }: ReplyWriter, reply: Reply): Promise<void> =>
  pour(
    { res, clock, cancel, onFault: (fault, between) => errorEvent(fault, call, between) },
    reply.status,
    headersOf(call, reply),
    reply.body,
    reply.contentType.startsWith('text/event-stream'),
  );

/**
 * The terminal event of S1. In the middle of an event it turns that one into the error, so that half an event is never
 * taken for a whole one: the last line of its data is the problem document.
 */
const errorEvent = (fault: Fault, call: Call, between: boolean): string => {
  const problem = problemOf(fault, { callId: call.id, traceId: call.trace.trace });
  return `${between ? '' : '\n'}event: error\ndata: ${problem}\n\n`;
};
