/** A2A: its messages in JSON and protobuf, in versions 1.0 and 0.3, its errors, and its cards. */
export { type Codec, decodeDetails, encodeStatus, protobuf, protobuf03 } from './codec.ts';
export { a2a } from './dialect.ts';
export {
  type A2aError,
  DOMAIN,
  ERROR_INFO,
  ERRORS,
  errorFor,
  errorFromGrpc,
  errorFromHttp,
  errorFromRpc,
  GRPC_STATUS,
  type GrpcStatus,
  isReason,
  type Reason,
  rpcErrorOf,
  rpcErrorOf03,
  statusDocumentOf,
} from './errors.ts';
export { readStream, writeStreamEvent } from './events.ts';
export {
  byGrpc03,
  byMethod,
  byMethod03,
  byOperation,
  CARD_PATH,
  CARD_PATH_02,
  EXTENSIONS_HEADER,
  EXTENSIONS_HEADER_03,
  MEDIA_TYPE,
  OPERATIONS,
  type OperationFacts,
  VERSION_HEADER,
} from './operations.ts';
export { isObject, type Read, readV1, type Side } from './read.ts';
export { type CardKey, canonicalJson, type KeyOf, signCard, type Verdict, verifyCard } from './signing.ts';
export type * from './types.ts';
export { isInterrupted, isTerminal, TASK_STATES } from './types.ts';
export * from './v03/index.ts';
