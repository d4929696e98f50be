/** What went wrong on a socket, said in our words: a code, a sentence that reveals no address, and whether the work may have run (O1). */
import { type Endpoint, Fault, type Target } from '../../contract/index.ts';
import { NOT_THE_NODE, OFF_LIMITS } from './connector.ts';

/** `queued`: no byte of the request has left yet. */
export type Progress = 'queued' | 'sent' | 'answering';

const codeOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' ? code : '';
};

const UNREACHABLE_BECAUSE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its host name does not resolve',
  EAI_AGAIN: 'its host name does not resolve at the moment',
  EHOSTUNREACH: 'there is no way to its host',
  ENETUNREACH: 'there is no way to its network',
  ETIMEDOUT: 'it did not accept a connection in time',
  [OFF_LIMITS]: 'its address is one that no target may have: link-local, or the metadata service of a cloud',
  [NOT_THE_NODE]: 'whoever answers there could not prove to be its node',
  UND_ERR_CONNECT_TIMEOUT: 'it did not accept a connection in time',
};

/** The target spoke, but not HTTP. A connection that merely ended too early says nothing about what it spoke. */
const isGarbage = (error: unknown, code: string, progress: Progress): boolean => {
  if (code === 'UND_ERR_HEADERS_OVERFLOW') return true;
  if (!(error instanceof Error)) return false;
  if (error.name === 'HTTPParserError') return !error.message.includes('EOF');
  // A length that was wrong before the head was complete: the head itself contradicts itself.
  if (code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH') return progress === 'sent';
  return error.message === 'bad response' || error.message === 'bad upgrade';
};

export const describeTarget = (target: Target): string => `${target.kind} \`${target.name}\``;

export const unreachable = (target: Target, endpoint: Endpoint, because: string, cause?: unknown): Fault =>
  new Fault('unreachable', `${describeTarget(target)} could not be reached: ${because}; nothing was sent`, {
    executed: 'no',
    facts: { endpoint: endpoint.id },
    cause,
  });

/** The fault for an error that the HTTP client raised at this point of the exchange. */
export const faultOf = (error: unknown, progress: Progress, target: Target, endpoint: Endpoint): Fault => {
  if (error instanceof Fault) return error;
  const code = codeOf(error);
  const facts = { endpoint: endpoint.id };
  if (progress === 'queued') {
    if (code === 'UND_ERR_INVALID_ARG')
      return new Fault('bad_request', 'a header of this call cannot be sent over HTTP', {
        executed: 'no',
        cause: error,
      });
    if (code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED')
      return new Fault('unavailable', 'this node is stopping; nothing was sent', { cause: error });
    return unreachable(target, endpoint, UNREACHABLE_BECAUSE[code] ?? 'the connection failed', error);
  }
  const name = describeTarget(target);
  if (isGarbage(error, code, progress))
    return new Fault('upstream_invalid', `${name} answered something that is not valid HTTP`, { facts, cause: error });
  const when = progress === 'sent' ? 'before it answered' : 'before its reply was complete';
  return new Fault('upstream_broken', `${name} closed the connection ${when}; the work may have run`, {
    facts,
    cause: error,
  });
};

/** The scope ended: say what that means for work at this point. */
export const stopped = (reason: Fault, progress: Progress): Fault => {
  const late = progress === 'queued' && reason.code === 'timeout';
  return new Fault(late ? 'expired' : reason.code, reason.message, {
    executed: progress === 'queued' ? 'no' : 'unknown',
    facts: reason.facts,
    cause: reason.cause,
    ...(reason.retryAfterMs === undefined ? {} : { retryAfterMs: reason.retryAfterMs }),
  });
};
