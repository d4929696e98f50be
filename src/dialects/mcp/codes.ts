/** Codes of JSON-RPC errors in both eras, and the status that each goes with. */

export const CODES = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  /** Modern: a header does not say what the body says. */
  headerMismatch: -32020,
  /** Modern: the client did not declare what answering would need. */
  missingCapability: -32021,
  /** Modern: `data.supported` has the versions that are spoken. */
  unsupportedVersion: -32022,
  /** Legacy. */
  resourceNotFound: -32002,
  /** Legacy: the client should open the addresses in `data.elicitations` and try again. */
  urlElicitationRequired: -32042,
} as const;

export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** Status of the answer that has this error in it, for whoever has to pick one. */
export const statusOfCode = (code: number): number => {
  if (code === CODES.methodNotFound) return 404;
  if (code === CODES.internal) return 500;
  return 400;
};

/** Error that stands for a status, where nothing better is known. */
export const codeOfStatus = (status: number): number => {
  if (status === 404 || status === 405) return CODES.methodNotFound;
  if (status >= 400 && status < 500) return CODES.invalidParams;
  return CODES.internal;
};

/** Codes that only the old versions had, and that the new one forbids. */
export const modernError = (error: RpcError): RpcError => {
  if (error.code === CODES.resourceNotFound) return { ...error, code: CODES.invalidParams };
  const isForbidden = (error.code <= -32001 && error.code >= -32004) || error.code === CODES.urlElicitationRequired;
  return isForbidden ? { ...error, code: CODES.internal } : error;
};

export const legacyError = (error: RpcError, method: string): RpcError => {
  if (method === 'resources/read' && error.code === CODES.invalidParams)
    return { ...error, code: CODES.resourceNotFound };
  return error.code <= -32020 && error.code >= -32029 ? { ...error, code: CODES.invalidRequest } : error;
};
