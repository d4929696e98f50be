/** What comes of a request to an MCP server, in order, and how it is read off the wire. */
import { Fault, type Reply } from '../../contract/index.ts';
import { codeOfStatus, type Message, membersOf, type RpcError, statusOfCode } from '../../dialects/mcp/index.ts';
import { type Incoming, invalid, isEvents, messagesIn, NOTHING } from './wire.ts';

/** JSON text of an object, or an error with the status that goes with it. */
export type Answer =
  | {
      readonly kind: 'result';
      readonly result: string;
      readonly headers?: readonly (readonly [string, string])[];
      /** The server has not answered yet: what follows is kept for a client that comes back. */
      readonly isHeld?: true;
    }
  | { readonly kind: 'error'; readonly status: number; readonly error: RpcError };

/** The last is an answer; what comes before are messages for the client, as JSON text. An empty one says that the server listens. */
export type Said = Answer | { readonly kind: 'message'; readonly json: string };

export const failed = (error: RpcError, status = statusOfCode(error.code)): Answer => ({
  kind: 'error',
  status: statusFor(error, status),
  error,
});

/** A server that does not know us says nothing about the client, which must not take it for a word about its own keys. */
const statusFor = ({ code }: RpcError, status: number): number => {
  if (status === 401 || status === 403 || status === 407) return 502;
  return status >= 400 ? status : statusOfCode(code);
};

/** Messages before an answer; a server that says more than that never comes to an end. */
const MOST_MESSAGES = 10_000;

export interface Reading {
  readonly id: number;
  /** `progressToken` of the client: what is said of another is not about this call. Undefined: it wants none; null: whatever comes. */
  readonly token: unknown;
  /** May the server ask something itself? */
  readonly mayAsk: boolean;
  /** May several messages come at once? */
  readonly mayBatch: boolean;
}

/** Everything but the answer to `id` and what may come before it is `upstream_invalid`. */
export async function* reading(reply: Reply, rules: Reading): AsyncGenerator<Incoming> {
  if (reply.status >= 400 && !isEvents(reply)) {
    yield await refusalIn(reply, rules);
    return;
  }
  let count = 0;
  for await (const incoming of messagesIn(reply, rules.mayBatch)) {
    const { message } = incoming;
    if (++count > MOST_MESSAGES) throw invalid(`sent more than ${MOST_MESSAGES} messages and no answer`);
    check(message, reply.status, rules);
    yield incoming;
    if (isAnswer(message)) return;
  }
}

/** Whoever refuses may do so without a word of its protocol: a gateway in front of it, for example. */
const refusalIn = async (reply: Reply, rules: Reading): Promise<Incoming> => {
  const { status } = reply;
  try {
    for await (const incoming of messagesIn(reply, false)) {
      check(incoming.message, status, rules);
      if (incoming.message.kind === 'error') return incoming;
    }
  } catch (thrown) {
    if (!(thrown instanceof Fault) || thrown.code !== 'upstream_invalid') throw thrown;
  }
  const error = { code: codeOfStatus(status), message: `the server answered with status ${status}` };
  return { message: { kind: 'error', id: rules.id, error }, json: '' };
};

export const isAnswer = (message: Message): message is Extract<Message, { kind: 'result' | 'error' }> =>
  message.kind === 'result' || message.kind === 'error';

const check = (message: Message, status: number, { id, token, mayAsk }: Reading): void => {
  // Whoever could not read a request does not know its id.
  const isNobodys = message.kind === 'error' && message.id === null && status >= 400;
  if (isAnswer(message) && message.id !== id && !isNobodys)
    throw invalid('answered a request that was not made on this connection');
  if (message.kind === 'request' && !mayAsk) throw invalid('asks something where it may only answer');
  if (message.kind !== 'notification' || message === NOTHING) return;
  if (!message.method.startsWith('notifications/')) throw invalid('sent a notification that is none');
  if (message.method === 'notifications/progress' && token !== null && !isOf(token, message.params))
    throw invalid('tells of the progress of something else');
};

const isOf = (token: unknown, params: string | undefined): boolean => {
  const said = membersOf(params ?? '{}')?.get('progressToken');
  return token !== undefined && said !== undefined && JSON.stringify(JSON.parse(said)) === JSON.stringify(token);
};

export const answered = (message: Extract<Message, { kind: 'result' | 'error' }>, status: number): Answer =>
  message.kind === 'result' ? { kind: 'result', result: message.result } : failed(message.error, status);
