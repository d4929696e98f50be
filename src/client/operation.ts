/** Runs one operation and turns whatever it returns or throws into an answer. */
import { HEADERS } from '../contract/index.ts';
import type { AgentContext } from './serve-context.ts';

export type Operation = (input: unknown, context: AgentContext) => unknown;
export type Operations = Readonly<Record<string, Operation>>;

export interface Answer {
  readonly status: number;
  readonly contentType: string;
  /** Names and values in turns. */
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  /** Instead of the body: events as they come. */
  readonly events?: AsyncIterable<string>;
  /** The same idempotency key gets the same answer. Not so for streams, accidents, and what never ran. */
  readonly keep: boolean;
}

/** The operation says no, and tells its caller why: a status from 400 to 599 and a body for it. */
export class OperationError extends Error {
  override readonly name = 'OperationError';
  readonly status: number;
  readonly data: unknown;

  constructor(status: number, message: string, data: unknown = { error: message }) {
    super(message);
    this.status = status;
    this.data = data;
  }
}

/** The operation did nothing at all, so the call may safely go elsewhere (R4). */
export class NotExecuted extends Error {
  override readonly name = 'NotExecuted';
  readonly retryAfterMs: number;

  constructor(message: string, retryAfterMs = 1_000) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}

const encode = (value: unknown): Buffer => Buffer.from(JSON.stringify(value ?? null));

const json = (status: number, value: unknown, keep: boolean, headers: readonly string[] = []): Answer => ({
  status,
  contentType: 'application/json',
  headers,
  body: encode(value),
  keep,
});

/** An answer of the server itself; `ok` is no problem, but looks alike. */
export const problem = (status: number, message: string, headers: readonly string[] = []): Answer =>
  json(status, status < 400 ? { status: message } : { error: message }, false, headers);

/** Never throws. `report` gets what the caller may not see. */
export const answerOf = async (
  operation: Operation,
  input: unknown,
  context: AgentContext,
  report: (error: unknown) => void,
): Promise<Answer> => {
  try {
    const value = await operation(input, context);
    if (isAsyncIterable(value)) return stream(value, report);
    if (value instanceof Uint8Array)
      return { status: 200, contentType: 'application/octet-stream', headers: [], body: value, keep: true };
    return json(200, value, true);
  } catch (thrown) {
    return failure(thrown, report);
  }
};

const failure = (thrown: unknown, report: (error: unknown) => void): Answer => {
  if (thrown instanceof OperationError) return json(thrown.status, thrown.data, true);
  if (thrown instanceof NotExecuted) {
    const seconds = String(Math.ceil(thrown.retryAfterMs / 1_000));
    return problem(503, thrown.message, [HEADERS.executed, 'no', 'retry-after', seconds]);
  }
  report(thrown);
  return problem(500, 'the operation failed');
};

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

const stream = (values: AsyncIterable<unknown>, report: (error: unknown) => void): Answer => ({
  status: 200,
  contentType: 'text/event-stream',
  headers: ['cache-control', 'no-store'],
  body: new Uint8Array(0),
  events: events(values, report),
  keep: false,
});

/** JSON has no line breaks, so one line of data holds any value. */
async function* events(values: AsyncIterable<unknown>, report: (error: unknown) => void): AsyncGenerator<string> {
  try {
    for await (const value of values) yield `data: ${JSON.stringify(value ?? null)}\n\n`;
  } catch (thrown) {
    if (!(thrown instanceof OperationError)) report(thrown);
    const data = thrown instanceof OperationError ? thrown.data : { error: 'the operation failed' };
    yield `event: error\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
