/** JSON-RPC 2.0 as far as a language server speaks it: each request is answered once, and what is none is told so. */

/** Of JSON-RPC, and two of the Language Server Protocol. */
export const RPC = {
  parse: -32_700,
  request: -32_600,
  method: -32_601,
  params: -32_602,
  internal: -32_603,
  notInitialized: -32_002,
} as const;

export class RpcError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export type Id = number | string | null;
export type Params = Readonly<Record<string, unknown>>;

export interface Incoming {
  /** Absent for a notification, which has no answer. */
  readonly id?: Id;
  readonly method: string;
  readonly params: Params;
}

/** Undefined for an answer to a request of ours: we make none that matters. Throws RpcError. */
export const incoming = (text: string): Incoming | undefined => {
  const message = parsed(text);
  if (!isRecord(message) || message['jsonrpc'] !== '2.0')
    throw new RpcError(RPC.request, 'this is no JSON-RPC 2.0 message');
  const { id, method, params = {} } = message;
  if (method === undefined && ('result' in message || 'error' in message)) return undefined;
  if (typeof method !== 'string') throw new RpcError(RPC.request, 'a request needs a method');
  if (id !== undefined && id !== null && typeof id !== 'string' && typeof id !== 'number')
    throw new RpcError(RPC.request, 'the id of a request is a text or a number');
  return { ...(id === undefined ? {} : { id }), method, params: isRecord(params) ? params : {} };
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    throw new RpcError(RPC.parse, 'this is not JSON');
  }
};

export const isRecord = (value: unknown): value is Params =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const result = (id: Id, value: unknown): object => ({ jsonrpc: '2.0', id, result: value ?? null });

export const failure = (id: Id, thrown: unknown): object => ({
  jsonrpc: '2.0',
  id,
  error:
    thrown instanceof RpcError
      ? { code: thrown.code, message: thrown.message }
      : { code: RPC.internal, message: thrown instanceof Error ? thrown.message : String(thrown) },
});

export const notification = (method: string, params: object): object => ({ jsonrpc: '2.0', method, params });
