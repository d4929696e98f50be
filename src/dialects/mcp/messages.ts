/** One JSON-RPC message, read as far as it must be understood: everything else of it stays the text that it was. */
import type { RpcError } from './codes.ts';
import { membersOf } from './members.ts';

export type RpcId = string | number;

export type Message =
  | { readonly kind: 'request'; readonly id: RpcId; readonly method: string; readonly params: string | undefined }
  | { readonly kind: 'notification'; readonly method: string; readonly params: string | undefined }
  /** JSON text of an object. */
  | { readonly kind: 'result'; readonly id: RpcId; readonly result: string }
  | { readonly kind: 'error'; readonly id: RpcId | null; readonly error: RpcError };

const MEMBERS = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);
const LIKE: ReadonlySet<string> = new Set([...MEMBERS].map((name) => name.toLowerCase()));

/** `json` must have passed `guardJson`. A string says what is wrong with it. */
export const readMessage = (json: string): Message | string => {
  const members = membersOf(json);
  if (members === undefined) return 'it is no object';
  for (const name of members.keys())
    if (!MEMBERS.has(name) && LIKE.has(name.toLowerCase())) return `it has \`${name}\` in a wrong case`;
  if (members.get('jsonrpc') !== '"2.0"') return 'it is not JSON-RPC 2.0';
  const method = members.get('method');
  return method === undefined ? answerIn(members) : questionIn(members, method);
};

type Members = ReadonlyMap<string, string>;

const questionIn = (members: Members, methodJson: string): Message | string => {
  if (members.has('result') || members.has('error')) return 'it is a question and an answer at once';
  const method: unknown = JSON.parse(methodJson);
  if (typeof method !== 'string' || !/^[$A-Za-z0-9_./-]{1,128}$/.test(method)) return 'its `method` is none';
  const params = members.get('params');
  if (params !== undefined && !params.startsWith('{')) return 'its `params` are no object';
  const idJson = members.get('id');
  if (idJson === undefined) return { kind: 'notification', method, params };
  const id = idIn(idJson);
  return id === undefined ? 'its `id` is no string and no whole number' : { kind: 'request', id, method, params };
};

const answerIn = (members: Members): Message | string => {
  const result = members.get('result');
  const error = members.get('error');
  if ((result === undefined) === (error === undefined)) return 'it has no method, and not one of `result` and `error`';
  const idJson = members.get('id');
  const id = idJson === undefined ? undefined : idIn(idJson);
  if (error !== undefined) {
    const parsed: unknown = JSON.parse(error);
    return isError(parsed) ? { kind: 'error', id: id ?? null, error: parsed } : 'its `error` is none';
  }
  if (id === undefined) return 'it answers nothing: its `id` is missing';
  return result!.startsWith('{') ? { kind: 'result', id, result: result! } : 'its `result` is no object';
};

const idIn = (json: string): RpcId | undefined => {
  const id: unknown = JSON.parse(json);
  if (typeof id === 'string') return id.length <= 256 ? id : undefined;
  return typeof id === 'number' && Number.isSafeInteger(id) ? id : undefined;
};

const isError = (value: unknown): value is RpcError => {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message } = value as Partial<RpcError>;
  return typeof code === 'number' && Number.isSafeInteger(code) && typeof message === 'string';
};

/** `params` and `result` are JSON texts. */
export const requestText = (id: RpcId, method: string, params: string): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)},"params":${params}}`;
export const notificationText = (method: string, params?: string): string =>
  `{"jsonrpc":"2.0","method":${JSON.stringify(method)}${params === undefined ? '' : `,"params":${params}`}}`;
export const resultText = (id: RpcId, result: string): string =>
  `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}`;
export const errorText = (id: RpcId | null, error: RpcError): string => JSON.stringify({ jsonrpc: '2.0', id, error });
