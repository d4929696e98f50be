/** Errors of A2A in one table: what each is called, and what JSON-RPC, gRPC and HTTP say for it. */
import { isObject } from './read.ts';

interface ErrorKind {
  readonly code: number;
  readonly grpc: GrpcStatus;
  readonly http: number;
}

/** Numbers of gRPC, by name. */
export const GRPC_STATUS = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type GrpcStatus = keyof typeof GRPC_STATUS;

const kind = (code: number, grpc: GrpcStatus, http: number): ErrorKind => ({ code, grpc, http });

/** By reason. Those of JSON-RPC itself come last. */
export const ERRORS = {
  TASK_NOT_FOUND: kind(-32001, 'NOT_FOUND', 404),
  TASK_NOT_CANCELABLE: kind(-32002, 'FAILED_PRECONDITION', 400),
  PUSH_NOTIFICATION_NOT_SUPPORTED: kind(-32003, 'FAILED_PRECONDITION', 400),
  UNSUPPORTED_OPERATION: kind(-32004, 'FAILED_PRECONDITION', 400),
  CONTENT_TYPE_NOT_SUPPORTED: kind(-32005, 'INVALID_ARGUMENT', 400),
  INVALID_AGENT_RESPONSE: kind(-32006, 'INTERNAL', 500),
  EXTENDED_AGENT_CARD_NOT_CONFIGURED: kind(-32007, 'FAILED_PRECONDITION', 400),
  EXTENSION_SUPPORT_REQUIRED: kind(-32008, 'FAILED_PRECONDITION', 400),
  VERSION_NOT_SUPPORTED: kind(-32009, 'FAILED_PRECONDITION', 400),
  PARSE_ERROR: kind(-32700, 'INVALID_ARGUMENT', 400),
  INVALID_REQUEST: kind(-32600, 'INVALID_ARGUMENT', 400),
  METHOD_NOT_FOUND: kind(-32601, 'UNIMPLEMENTED', 404),
  INVALID_PARAMS: kind(-32602, 'INVALID_ARGUMENT', 400),
  INTERNAL_ERROR: kind(-32603, 'INTERNAL', 500),
} as const satisfies Record<string, ErrorKind>;
export type Reason = keyof typeof ERRORS;

/** 0.3 knows no others. */
const LAST_OF_03 = -32007;

export interface A2aError {
  /** Of the table, or a word of whoever failed. */
  readonly reason: string;
  readonly message: string;
  readonly code: number;
  readonly grpc: GrpcStatus;
  readonly http: number;
  /** Of the error's own words: texts by name. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Absent: that of A2A. */
  readonly domain?: string;
}

export const DOMAIN = 'a2a-protocol.org';
export const ERROR_INFO = 'type.googleapis.com/google.rpc.ErrorInfo';
const MAX_MESSAGE_CHARS = 2_000;

export const isReason = (reason: string): reason is Reason => Object.hasOwn(ERRORS, reason);

export const errorFor = (reason: Reason, message: string, more: Partial<A2aError> = {}): A2aError => ({
  reason,
  message,
  ...ERRORS[reason],
  ...more,
});

const byCode = new Map<number, Reason>(Object.entries(ERRORS).map(([reason, { code }]) => [code, reason as Reason]));
const byGrpc = new Map<number, GrpcStatus>(
  Object.entries(GRPC_STATUS).map(([name, number]) => [number, name as GrpcStatus]),
);

const HTTP_OF: Readonly<Record<GrpcStatus, number>> = {
  OK: 200,
  CANCELLED: 499,
  UNKNOWN: 500,
  INVALID_ARGUMENT: 400,
  DEADLINE_EXCEEDED: 504,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  PERMISSION_DENIED: 403,
  RESOURCE_EXHAUSTED: 429,
  FAILED_PRECONDITION: 400,
  ABORTED: 409,
  OUT_OF_RANGE: 400,
  UNIMPLEMENTED: 501,
  INTERNAL: 500,
  UNAVAILABLE: 503,
  DATA_LOSS: 500,
  UNAUTHENTICATED: 401,
};

const grpcOfHttp = (status: number): GrpcStatus => {
  const named = (Object.keys(HTTP_OF) as GrpcStatus[]).find((name) => HTTP_OF[name] === status && name !== 'CANCELLED');
  if (named !== undefined) return named;
  return status >= 500 ? 'INTERNAL' : 'FAILED_PRECONDITION';
};

interface ErrorInfo {
  readonly '@type': string;
  readonly reason: string;
  readonly domain: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

const infoOf = ({ reason, domain, metadata }: A2aError): ErrorInfo => ({
  '@type': ERROR_INFO,
  reason,
  domain: domain ?? DOMAIN,
  ...(metadata === undefined ? {} : { metadata }),
});

/** Member `error` of a JSON-RPC answer. */
export const rpcErrorOf = (error: A2aError): { code: number; message: string; data: readonly ErrorInfo[] } => ({
  code: error.code,
  message: error.message,
  data: [infoOf(error)],
});

/** 0.3 has fewer codes, and data of any shape. */
export const rpcErrorOf03 = (error: A2aError): { code: number; message: string; data?: unknown } => {
  const isKnown = error.code <= -32600 || (error.code <= -32001 && error.code >= LAST_OF_03);
  return { code: isKnown ? error.code : ERRORS.INVALID_REQUEST.code, message: error.message, data: [infoOf(error)] };
};

/** Body of an HTTP answer, and of a failed reply in the form `a2a`. */
export const statusDocumentOf = (
  error: A2aError,
): { error: { code: number; status: GrpcStatus; message: string; details: readonly ErrorInfo[] } } => ({
  error: { code: error.http, status: error.grpc, message: error.message, details: [infoOf(error)] },
});

/** Reads `error` of a JSON-RPC answer, of either version. Never throws: whoever fails may say it badly. */
export const errorFromRpc = (error: unknown): A2aError => {
  const { code, message, data } = isObject(error) ? error : {};
  const number = typeof code === 'number' && Number.isInteger(code) ? code : ERRORS.INTERNAL_ERROR.code;
  const reason = byCode.get(number);
  const { metadata, ...told } = infoIn(data);
  const known = reason ?? (told.reason !== undefined && isReason(told.reason) ? told.reason : undefined);
  const base = ERRORS[known ?? 'INTERNAL_ERROR'];
  return {
    ...base,
    code: number,
    reason: told.reason ?? known ?? 'INTERNAL_ERROR',
    message: textIn(message),
    ...(told.domain === undefined || told.domain === DOMAIN ? {} : { domain: told.domain }),
    ...(metadata === undefined ? {} : { metadata }),
  };
};

/** Reads what an agent answers over HTTP with a status of 400 or more: `google.rpc.Status`, or what JSON-RPC would say. */
export const errorFromHttp = (payload: unknown, status: number): A2aError => {
  const error = isObject(payload) && isObject(payload['error']) ? payload['error'] : payload;
  if (!isObject(error)) return bare(status, typeof payload === 'string' ? payload : '');
  if (typeof error['code'] === 'number' && error['code'] < 0) return errorFromRpc(error);
  const { reason, ...told } = infoIn(error['details']);
  const message = textIn(error['message'] ?? error['detail'] ?? error['title']);
  if (reason !== undefined && isReason(reason) && (told.domain ?? DOMAIN) === DOMAIN)
    return { ...errorFor(reason, message), ...told };
  const plain = bare(status, message);
  return { ...plain, ...told, reason: reason ?? plain.reason };
};

export const errorFromGrpc = (status: number, message: string, details: readonly unknown[]): A2aError => {
  const { reason, ...told } = infoIn(details);
  const grpc = byGrpc.get(status) ?? 'UNKNOWN';
  const text = textIn(message);
  if (reason !== undefined && isReason(reason) && (told.domain ?? DOMAIN) === DOMAIN)
    return { ...errorFor(reason, text), ...told };
  // An unknown method is UNIMPLEMENTED here; what is not found is what was asked for.
  const plain = grpc === 'NOT_FOUND' ? errorFor('TASK_NOT_FOUND', text) : bare(HTTP_OF[grpc], text);
  return { ...plain, ...told, grpc, reason: reason ?? plain.reason };
};

const bare = (http: number, message: string): A2aError => {
  const grpc = grpcOfHttp(http);
  const known: Reason = http === 404 ? 'METHOD_NOT_FOUND' : http < 500 ? 'INVALID_REQUEST' : 'INTERNAL_ERROR';
  return { reason: known, code: ERRORS[known].code, grpc, http, message: textIn(message) || `status ${http}` };
};

const textIn = (text: unknown): string => (typeof text === 'string' ? text.slice(0, MAX_MESSAGE_CHARS) : '');

type Told = Partial<Pick<A2aError, 'reason' | 'domain' | 'metadata'>>;

const infoIn = (details: unknown): Told => {
  const info = Array.isArray(details)
    ? details.slice(0, 20).find((detail) => isObject(detail) && detail['@type'] === ERROR_INFO)
    : undefined;
  if (!isObject(info) || typeof info['reason'] !== 'string' || !/^[A-Z][A-Z0-9_]{0,62}$/.test(info['reason']))
    return {};
  const metadata = isObject(info['metadata'])
    ? Object.entries(info['metadata'])
        .filter((entry): entry is [string, string] => typeof entry[1] === 'string')
        .slice(0, 32)
        .map(([name, text]) => [name, text.slice(0, MAX_MESSAGE_CHARS)])
    : [];
  return {
    reason: info['reason'],
    ...(typeof info['domain'] === 'string' && info['domain'] !== DOMAIN
      ? { domain: info['domain'].slice(0, 200) }
      : {}),
    ...(metadata.length === 0 ? {} : { metadata: Object.fromEntries(metadata) }),
  };
};
