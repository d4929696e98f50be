/** Refusals in A2A's own words: a fault that carries the reason by which the specification knows it. */
import { Fault } from '../../contract/index.ts';

/** Reasons of the specification, as `google.rpc.ErrorInfo` writes them. */
export type Reason =
  | 'TASK_NOT_FOUND'
  | 'TASK_NOT_CANCELABLE'
  | 'PUSH_NOTIFICATION_NOT_SUPPORTED'
  | 'UNSUPPORTED_OPERATION'
  | 'CONTENT_TYPE_NOT_SUPPORTED'
  | 'INVALID_AGENT_RESPONSE'
  | 'EXTENDED_AGENT_CARD_NOT_CONFIGURED'
  | 'EXTENSION_SUPPORT_REQUIRED'
  | 'VERSION_NOT_SUPPORTED';

const CODES: Readonly<Record<Reason, ConstructorParameters<typeof Fault>[0]>> = {
  TASK_NOT_FOUND: 'not_found',
  TASK_NOT_CANCELABLE: 'conflict',
  PUSH_NOTIFICATION_NOT_SUPPORTED: 'bad_request',
  UNSUPPORTED_OPERATION: 'conflict',
  CONTENT_TYPE_NOT_SUPPORTED: 'bad_request',
  INVALID_AGENT_RESPONSE: 'upstream_invalid',
  EXTENDED_AGENT_CARD_NOT_CONFIGURED: 'bad_request',
  EXTENSION_SUPPORT_REQUIRED: 'bad_request',
  VERSION_NOT_SUPPORTED: 'bad_request',
};

export const refusal = (reason: Reason, message: string): Fault =>
  new Fault(CODES[reason], message, { facts: { a2a: reason } });

export const isRefusal = (text: unknown): text is Reason => typeof text === 'string' && Object.hasOwn(CODES, text);

/** Undefined for a fault that the specification has no words for. */
export const reasonOf = ({ facts, code, remote }: Fault): Reason | undefined => {
  if (isRefusal(facts['a2a'])) return facts['a2a'];
  return code === 'upstream_invalid' && !remote ? 'INVALID_AGENT_RESPONSE' : undefined;
};

/** The same words for a task of somebody else and for one that never was: the two must look alike. */
export const noSuchTask = (id: string): Fault =>
  refusal('TASK_NOT_FOUND', `there is no task \`${id.slice(0, 64)}\` of yours`);
