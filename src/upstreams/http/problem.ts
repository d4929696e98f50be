/** Turns another node's problem document back into the fault that it was, so that a refusal reads the same in every topology. */
import { type Executed, FAULT_CODES, Fault, type FaultCode, type FaultDetails } from '../../contract/index.ts';

type Facts = NonNullable<FaultDetails['facts']>;

const MAX_FACTS = 32;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCode = (value: unknown): value is FaultCode => typeof value === 'string' && Object.hasOwn(FAULT_CODES, value);

const isExecuted = (value: unknown): value is Executed => value === 'no' || value === 'yes' || value === 'unknown';

const isFact = (value: unknown): value is Facts[string] =>
  ['string', 'number', 'boolean'].includes(typeof value) ||
  (Array.isArray(value) && value.every((item) => typeof item === 'string'));

const factsOf = (value: unknown): Facts => {
  const facts: Record<string, Facts[string]> = {};
  if (!isRecord(value)) return facts;
  for (const [name, fact] of Object.entries(value).slice(0, MAX_FACTS)) {
    if (name !== '__proto__' && isFact(fact)) facts[name] = fact;
  }
  return facts;
};

const parse = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
};

/** `remote`: is the sender's word final (R1)? Undefined when the bytes are not a problem document of ours. */
export const faultFrom = (bytes: Uint8Array, remote: boolean, retryAfterMs: number | undefined): Fault | undefined => {
  const document = parse(bytes);
  if (!isRecord(document) || !isCode(document['code'])) return undefined;
  const { code, detail, executed } = document;
  return new Fault(code, typeof detail === 'string' ? detail.slice(0, 2_000) : code, {
    facts: factsOf(document['facts']),
    remote,
    ...(isExecuted(executed) ? { executed } : {}),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
};

const BEGINS_ERROR = 'event: error\n';
const ERROR_EVENT = /^event: error\ndata: (\{"type":"https:\/\/airspace\.dev\/problems\/.*\})\n\n$/;
const MAX_EVENT_BYTES = 8 * 1024;
const NEWLINE = 0x0a;

/**
 * The terminal error event of another node's stream, and what came with it before: a node writes it as one chunk, and on the way it
 * may be put together with the one before. Should it arrive in pieces, its bytes pass through and tell the reader the same.
 */
export const streamFaultFrom = (
  chunk: Buffer,
  remote: boolean,
): { readonly before: Buffer; readonly fault: Fault } | undefined => {
  const at = chunk.lastIndexOf(BEGINS_ERROR);
  if (at < 0 || chunk.byteLength - at > MAX_EVENT_BYTES || (at > 0 && chunk[at - 1] !== NEWLINE)) return undefined;
  const problem = ERROR_EVENT.exec(chunk.toString('utf8', at))?.[1];
  const fault = problem === undefined ? undefined : faultFrom(Buffer.from(problem), remote, undefined);
  return fault === undefined ? undefined : { before: chunk.subarray(0, at), fault };
};
