/** How a node reaches its hub: HTTP through undici. The only file of the link that opens connections. */
import { Agent, request } from 'undici';
import { type CancelSignal, Fault } from '../contract/index.ts';
import { type ServerEvent, serverEvents } from './sse.ts';

/** Answers of the hub, whatever carries them. */
export interface HubWire {
  /**
   * Posts JSON and answers the parsed reply of a 2xx. Throws a Fault: `unauthenticated` for 401, `budget_exhausted` for 402, `bad_request` for another 4xx,
   * `unreachable` or `unavailable` for the rest, which may be tried again, and not before what `retry-after` says.
   */
  post(path: string, body: unknown, authorization?: string): Promise<unknown>;
  /** The event stream at a path, until it breaks (a Fault), ends, or the signal. */
  stream(path: string, authorization: string, signal: CancelSignal): AsyncIterable<ServerEvent>;
}

/** The hub says something at least each 15 s: more than twice that without a byte means that the connection is dead. */
const SILENCE_MS = 40_000;
const REPLY_MS = 10_000;
const MAX_REPLY_BYTES = 1024 * 1024;
const MAX_EVENT_CHARACTERS = 80 * 1024 * 1024;

/** `hubUrl`: base of the hub's native door, such as `http://127.0.0.1:7700`. Close it with the node. */
export class HttpHubWire implements HubWire {
  readonly #base: string;
  readonly #agent = new Agent({ connections: 4, connect: { timeout: 5_000 } });

  constructor(hubUrl: string) {
    this.#base = hubUrl.replace(/\/+$/, '');
  }

  async post(path: string, body: unknown, authorization?: string): Promise<unknown> {
    const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
    try {
      const reply = await request(`${this.#base}${path}`, {
        method: 'POST',
        dispatcher: this.#agent,
        headers,
        body: JSON.stringify(body),
        headersTimeout: REPLY_MS,
        bodyTimeout: REPLY_MS,
        // Those two begin when the request is sent; one that waits for a connection must end as well.
        signal: AbortSignal.timeout(2 * REPLY_MS),
      });
      const text = await collect(reply.body);
      if (reply.statusCode >= 200 && reply.statusCode < 300) return text === '' ? {} : JSON.parse(text);
      throw refusal(reply.statusCode, text, reply.headers['retry-after']);
    } catch (thrown) {
      throw asFault(thrown);
    }
  }

  async *stream(
    path: string,
    authorization: string,
    signal: CancelSignal,
  ): AsyncGenerator<ServerEvent, void, undefined> {
    const abort = new AbortController();
    const forget = signal.onCancel(() => abort.abort());
    try {
      const reply = await request(`${this.#base}${path}`, {
        dispatcher: this.#agent,
        headers: { accept: 'text/event-stream', authorization },
        headersTimeout: REPLY_MS,
        bodyTimeout: SILENCE_MS,
        signal: abort.signal,
      });
      if (reply.statusCode !== 200)
        throw refusal(reply.statusCode, await collect(reply.body), reply.headers['retry-after']);
      yield* serverEvents(reply.body, MAX_EVENT_CHARACTERS);
    } catch (thrown) {
      throw asFault(thrown);
    } finally {
      forget();
      abort.abort();
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

const collect = async (body: AsyncIterable<Uint8Array>): Promise<string> => {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > MAX_REPLY_BYTES)
      throw new Fault('too_large', `the hub answered with more than ${MAX_REPLY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
};

/** The hub's own words help, if they are problem details; they are cut and never trusted further. */
const refusal = (status: number, text: string, retryAfter: string | string[] | undefined): Fault => {
  const detail = detailOf(text);
  const message = detail === '' ? `the hub answered ${status}` : `the hub answered ${status}: ${detail}`;
  if (status === 401) return new Fault('unauthenticated', message);
  if (status === 402)
    return new Fault('budget_exhausted', detail === '' ? message : detail, { facts: { code: 'BUDGET_EXHAUSTED' } });
  if (status === 429 || status >= 500) return new Fault('unavailable', message, laterBy(retryAfter));
  return new Fault('bad_request', message);
};

/** A word of the hub's that could keep a node away for ever is none. */
const MOST_RETRY_AFTER_S = 60;

const laterBy = (retryAfter: string | string[] | undefined): { readonly retryAfterMs?: number } => {
  const seconds = typeof retryAfter === 'string' && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : undefined;
  return seconds === undefined ? {} : { retryAfterMs: Math.min(seconds, MOST_RETRY_AFTER_S) * 1_000 };
};

const detailOf = (text: string): string => {
  try {
    const problem: unknown = JSON.parse(text);
    const detail = typeof problem === 'object' && problem !== null && 'detail' in problem ? problem.detail : '';
    return typeof detail === 'string' ? detail.slice(0, 300) : '';
  } catch {
    return '';
  }
};

const asFault = (cause: unknown): Fault =>
  cause instanceof Fault ? cause : new Fault('unreachable', 'the hub cannot be reached', { cause });
