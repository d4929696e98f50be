/** How calls fail for their caller: Airspace said no, or the target itself answered with an error. */
import { type Executed, FAULT_CODES, type FaultCode } from '../contract/index.ts';
import type { ReplyMeta } from './meta.ts';

export interface Problem {
  readonly code: FaultCode;
  readonly status: number;
  readonly message: string;
  readonly executed: Executed;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly callId: string;
  readonly traceId: string;
  readonly retryAfterMs?: number;
}

/** The call got no reply from its target. `executed` says whether the work may have run all the same. */
export class AirspaceError extends Error {
  override readonly name = 'AirspaceError';
  readonly code: FaultCode;
  /** HTTP status, 0 when nothing answered at all. */
  readonly status: number;
  readonly executed: Executed;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly callId: string;
  readonly traceId: string;
  readonly retryAfterMs: number | undefined;

  constructor(problem: Problem, cause?: unknown) {
    super(problem.message, cause === undefined ? undefined : { cause });
    this.code = problem.code;
    this.status = problem.status;
    this.executed = problem.executed;
    this.facts = problem.facts;
    this.callId = problem.callId;
    this.traceId = problem.traceId;
    this.retryAfterMs = problem.retryAfterMs;
  }
}

/** The target ran and answered with a status of 400 or above. */
export class TargetError extends Error {
  override readonly name = 'TargetError';
  readonly status: number;
  /** Its body, read like that of a good reply. */
  readonly data: unknown;
  readonly meta: ReplyMeta;

  constructor(status: number, data: unknown, meta: ReplyMeta) {
    super(`the target answered with status ${status}`);
    this.status = status;
    this.data = data;
    this.meta = meta;
  }
}

export const PROBLEM_TYPE = 'application/problem+json';
const TYPE_PREFIX = 'https://airspace.dev/problems/';

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const stringOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** A code that a newer node knows and we do not is `internal`: its message still says what happened. */
const codeOf = (value: unknown): FaultCode =>
  typeof value === 'string' && Object.hasOwn(FAULT_CODES, value) ? (value as FaultCode) : 'internal';

const executedOf = (value: unknown): Executed => (value === 'no' || value === 'yes' ? value : 'unknown');

/** Undefined when the text is not a problem document of Airspace. */
export const problemFrom = (text: string, retryAfter?: string | null): AirspaceError | undefined => {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(document) || !stringOf(document['type']).startsWith(TYPE_PREFIX)) return undefined;
  const seconds = /^\d+$/.test(retryAfter ?? '') ? Number(retryAfter) : undefined;
  return new AirspaceError({
    code: codeOf(document['code']),
    status: typeof document['status'] === 'number' ? document['status'] : 0,
    message: stringOf(document['detail']),
    executed: executedOf(document['executed']),
    facts: isRecord(document['facts']) ? document['facts'] : {},
    callId: stringOf(document['callId']),
    traceId: stringOf(document['traceId']),
    ...(seconds === undefined ? {} : { retryAfterMs: seconds * 1_000 }),
  });
};

/** Nothing readable came back. Whether the request left is not known, except when the caller's own signal stopped it first. */
export const lost = (message: string, cause: unknown, code: FaultCode = 'unreachable'): AirspaceError =>
  new AirspaceError({ code, status: 0, message, executed: 'unknown', facts: {}, callId: '', traceId: '' }, cause);
