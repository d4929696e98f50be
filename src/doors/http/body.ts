/** Takes the payload off the connection: collected under a limit, or handed on as it comes. */
import type { IncomingMessage } from 'node:http';
import { type Body, DEFAULT_BODY_LIMIT, Fault } from '../../contract/index.ts';
import { guardJson } from '../../kernel/index.ts';
import type { Inbound } from './inbound.ts';

export interface BodyLimits {
  /** Of a collected payload, in bytes. */
  readonly payload: number;
  /** Of a streamed one. */
  readonly stream: number;
  /** Of all payloads that are being collected at one time: nobody is identified yet when they arrive. */
  readonly collecting: number;
}

/** 64 MiB: a streamed request is not kept, but it is not endless either (S6). */
const DEFAULT_STREAM_LIMIT = 64 * 1024 * 1024;
/** 256 payloads of the largest default size. */
const DEFAULT_COLLECTING_LIMIT = 256 * 1024 * 1024;

export const limitsOf = (limits: Partial<BodyLimits> = {}): BodyLimits => ({
  payload: DEFAULT_BODY_LIMIT,
  stream: DEFAULT_STREAM_LIMIT,
  collecting: DEFAULT_COLLECTING_LIMIT,
  ...limits,
});

/** Bytes of payloads that are being collected now. One per listener. */
export interface Collecting {
  bytes: number;
}

const JSON_TYPE = /^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i;
const STREAM_TYPE = /^application\/(x-ndjson|octet-stream)\s*(;|$)/i;

/**
 * The visible rule: a request is streamed when it is chunked and says `application/x-ndjson` or
 * `application/octet-stream`. Everything else is collected, and everything that says JSON is checked.
 */
export const isStreamed = (inbound: Inbound): boolean => inbound.chunked && STREAM_TYPE.test(inbound.contentType);

const tooLarge = (limit: number): Fault =>
  new Fault('too_large', `the payload is larger than the limit of ${limit} bytes`, { facts: { limitBytes: limit } });

const EMPTY = new Uint8Array(0);

/** Throws `too_large`, `bad_request` for JSON that is refused, `cancelled` when the caller leaves before its end. */
export const readBody = async (
  req: IncomingMessage,
  inbound: Inbound,
  limits: BodyLimits,
  now: Collecting,
): Promise<Body> => {
  if (isStreamed(inbound)) return { kind: 'stream', chunks: streamed(req, limits.stream) };
  if (inbound.contentLength !== null && inbound.contentLength > limits.payload) throw tooLarge(limits.payload);
  const bytes = inbound.contentLength === 0 ? EMPTY : await collected(req, limits, now);
  if (bytes.byteLength > 0 && JSON_TYPE.test(inbound.contentType)) guardJson(bytes);
  return { kind: 'bytes', bytes };
};

const gone = (cause?: unknown): Fault =>
  new Fault('cancelled', 'the caller went away before the end of its request', { executed: 'no', cause });

const crowded = (): Fault =>
  new Fault('overloaded', 'too many payloads are arriving at once; try again', { executed: 'no' });

const collected = async (req: IncomingMessage, limits: BodyLimits, now: Collecting): Promise<Uint8Array> => {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    await new Promise<void>((resolve, reject) => {
      const take = (chunk: Buffer): void => {
        size += chunk.byteLength;
        now.bytes += chunk.byteLength;
        parts.push(chunk);
        if (size <= limits.payload && now.bytes <= limits.collecting) return;
        req.off('data', take);
        reject(size > limits.payload ? tooLarge(limits.payload) : crowded());
      };
      req.on('data', take);
      req.on('end', resolve);
      req.on('error', (error) => reject(gone(error)));
      // Every request closes in the end; only one that is not complete has lost its caller.
      req.on('close', () => {
        if (!req.complete) reject(gone());
      });
    });
  } finally {
    now.bytes -= size;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, size);
};

async function* streamed(req: IncomingMessage, limit: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  try {
    for await (const chunk of req.iterator({ destroyOnReturn: false })) {
      size += (chunk as Buffer).byteLength;
      if (size > limit) throw tooLarge(limit);
      yield chunk as Buffer;
    }
  } catch (thrown) {
    throw thrown instanceof Fault ? thrown : gone(thrown);
  }
}
