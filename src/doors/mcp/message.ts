/** JSON-RPC as MCP sends it: one message, or several where the version allows that, read strictly and written in one way. */
import type { Fault } from '../../contract/index.ts';
import { CODES, type RpcError } from '../../dialects/mcp/index.ts';
import { exactJson } from '../../kernel/index.ts';

export type Id = string | number;
export type Json = Readonly<Record<string, unknown>>;
export type { RpcError };

/** Of the server's own range: what is refused and has no code of its own. */
export const REFUSED = -32000;

export type Message =
  | { readonly kind: 'request'; readonly id: Id; readonly method: string; readonly params: Json }
  | { readonly kind: 'notification'; readonly method: string; readonly params: Json }
  | {
      readonly kind: 'response';
      readonly id: Id;
      readonly answer: { readonly result: Json } | { readonly error: Json };
    };

/** A request that is refused before there is a call: the error, and the status of the answer. */
export class Refusal extends Error {
  readonly status: number;
  readonly error: RpcError;
  readonly headers: readonly string[];

  constructor(status: number, error: RpcError, headers: readonly string[] = []) {
    super(error.message);
    this.status = status;
    this.error = error;
    this.headers = headers;
  }
}

/** Of one POST. A batch is run at once, and each of its messages may be dear. */
const MOST_IN_BATCH = 50;
const LONGEST_ID = 256;
const METHOD = /^[$A-Za-z][A-Za-z0-9_$./-]{0,127}$/;

/** Members that decide what a message means. Written in another case they would mean one thing here and another thing elsewhere. */
const ENVELOPE = ['jsonrpc', 'id', 'method', 'params', 'result', 'error'];
const PARAMS = [
  'name',
  'arguments',
  '_meta',
  'uri',
  'cursor',
  'inputResponses',
  'requestState',
  'ref',
  'argument',
  'taskId',
  'protocolVersion',
  'capabilities',
  'clientInfo',
  'notifications',
];

export const isJson = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !('rawJSON' in value);

const invalid = (message: string): Refusal => new Refusal(400, { code: CODES.invalidRequest, message });

/** Throws Refusal. `isBatch`: they came in a list, even if it holds only one. */
export const readMessages = (
  bytes: Uint8Array,
): { readonly messages: readonly Message[]; readonly isBatch: boolean } => {
  let payload: unknown;
  try {
    payload = exactJson(bytes);
  } catch {
    throw new Refusal(400, { code: CODES.parse, message: 'the request is no JSON' });
  }
  if (!Array.isArray(payload)) return { messages: [messageIn(payload)], isBatch: false };
  if (payload.length === 0) throw invalid('the batch is empty');
  if (payload.length > MOST_IN_BATCH) throw invalid(`a batch has ${MOST_IN_BATCH} messages at most`);
  return { messages: payload.map(messageIn), isBatch: true };
};

const messageIn = (payload: unknown): Message => {
  if (!isJson(payload)) throw invalid('a message is a JSON object');
  exactly(payload, ENVELOPE);
  const { jsonrpc, id, method, params = {} } = payload;
  if (jsonrpc !== '2.0') throw invalid('`jsonrpc` must be `2.0`');
  if (method === undefined) return responseIn(payload);
  if (typeof method !== 'string' || !METHOD.test(method)) throw invalid('`method` must be the name of a method');
  if (!isJson(params)) throw invalid('`params` must be an object');
  exactly(params, PARAMS);
  if (!Object.hasOwn(payload, 'id')) return { kind: 'notification', method, params };
  if (!isId(id)) throw invalid(`\`id\` must be a whole number, or a string of at most ${LONGEST_ID} characters`);
  return { kind: 'request', id, method, params };
};

const responseIn = (payload: Json): Message => {
  const { id, result, error } = payload;
  if (!isId(id) || (result === undefined) === (error === undefined)) throw invalid('a message has a `method`');
  if (isJson(result)) return { kind: 'response', id, answer: { result } };
  if (isJson(error)) return { kind: 'response', id, answer: { error } };
  throw invalid('a response has `result` or `error`');
};

const isId = (value: unknown): value is Id =>
  typeof value === 'number' ? Number.isSafeInteger(value) : typeof value === 'string' && value.length <= LONGEST_ID;

const exactly = (object: Json, names: readonly string[]): void => {
  for (const key of Object.keys(object)) {
    if (names.includes(key)) continue;
    const meant = names.find((name) => name.toLowerCase() === key.toLowerCase());
    if (meant !== undefined) throw invalid(`\`${meant}\` is written \`${key}\``);
  }
};

/** What came from a JSON guard, in the words of JSON-RPC. */
export const unreadable = (fault: Fault): Refusal => {
  if (fault.code === 'too_large') return new Refusal(413, { code: REFUSED, message: fault.message });
  if (fault.code === 'overloaded') return new Refusal(503, { code: REFUSED, message: fault.message });
  return new Refusal(400, { code: CODES.parse, message: fault.message });
};

export const resultMessage = (id: Id, result: Json): Json => ({ jsonrpc: '2.0', id, result });

export const errorMessage = (id: Id | null, error: RpcError): Json => ({ jsonrpc: '2.0', id, error });
