/** Calls agents, tools and models through a node of Airspace, and says precisely how it went. */
import { type CallState, HEADERS, type StoredReply, type TargetKind } from '../contract/index.ts';
import { type CallerContext, contextOf, merge } from './context.ts';
import { AirspaceError, lost, PROBLEM_TYPE, problemFrom, TargetError } from './errors.ts';
import { metaOf, type ReplyMeta } from './meta.ts';
import { OUTCOMES_PATH, type Outcome, outcomeRequest } from './outcome.ts';
import { readEvents, type ServerEvent } from './sse.ts';

export interface ClientOptions {
  /** Base URL of a hub or of the agent's own sidecar. */
  readonly url: string;
  /** API key. Absent behind a sidecar that knows its agent. */
  readonly key?: string;
  /** For tests, proxies and unusual runtimes. Default: the global one. */
  readonly fetch?: typeof fetch;
}

/** The name of an agent, or what kind of thing it is and its name. */
export type TargetRef = string | { readonly kind: TargetKind; readonly name: string };

/** A capability to call: the same as of a target, and what it was resolved to is in `meta.capability`. */
export interface Capability {
  call(payload?: Payload, options?: CallOptions): Promise<CallResult>;
  stream(payload?: Payload, options?: CallOptions): AsyncGenerator<ServerEvent>;
  callAsync(payload?: Payload, options?: CallOptions): Promise<{ readonly id: string }>;
}

/** Bytes are sent as they are; anything else becomes JSON. Undefined: no payload. */
export type Payload = unknown;

export interface CallOptions extends CallerContext {
  /** The same key with the same payload runs once (R6). */
  readonly idempotencyKey?: string;
  /** Default: `application/json`, and `application/octet-stream` for bytes. */
  readonly contentType?: string;
  readonly accept?: string;
  /** Further headers that pass through to the target. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface CallResult {
  /** Parsed JSON, text for `text/*`, bytes for everything else, undefined for nothing. */
  readonly data: unknown;
  readonly status: number;
  readonly contentType: string;
  readonly meta: ReplyMeta;
}

export interface AsyncCallView {
  readonly id: string;
  readonly state: CallState;
  readonly reply: (Omit<StoredReply, 'body'> & { readonly href: string }) | null;
}

/** All methods throw `AirspaceError` when there is no reply, and `TargetError` when the target answered with an error. */
export interface Client {
  call(target: TargetRef, operation: string, payload?: Payload, options?: CallOptions): Promise<CallResult>;
  /** Events as they come. Throws where the stream breaks; leaving the loop cancels the call. */
  stream(target: TargetRef, operation: string, payload?: Payload, options?: CallOptions): AsyncGenerator<ServerEvent>;
  /** Accepted durably, runs on without us. Answers the id to ask with. */
  callAsync(
    target: TargetRef,
    operation: string,
    payload?: Payload,
    options?: CallOptions,
  ): Promise<{ readonly id: string }>;
  /** Calls by what is wanted instead of by name: `client.capability('query_database', '^2').call({ sql })`. */
  capability(name: string, range?: string): Capability;
  status(id: string): Promise<AsyncCallView>;
  /** Asks again until the call is over, then answers its reply like `call`. `everyMs` default 500. */
  poll(id: string, options?: { readonly everyMs?: number; readonly signal?: AbortSignal }): Promise<CallResult>;
  cancel(id: string): Promise<AsyncCallView>;
  /** Said again it changes nothing, and `repeated` is true. Throws `AirspaceError`: `conflict` when something else was said before. */
  outcome(outcome: Outcome): Promise<{ readonly repeated: boolean }>;
  /** The same client inside the call that an agent is answering: its tree, trace, session and end are handed on. */
  within(context: CallerContext): Client;
}

const PLURAL: Readonly<Record<TargetKind, string>> = { agent: 'agents', tool: 'tools', model: 'models' };

export const createClient = (options: ClientOptions): Client => clientOf(new Wire(options), {});

const clientOf = (wire: Wire, context: CallerContext): Client => {
  const post = (
    path: string,
    payload: Payload,
    options: CallOptions,
    extra: Record<string, string> = {},
  ): Promise<Response> => {
    const merged = merge(context, options);
    const { body, contentType } = encode(payload, options.contentType);
    const headers = { ...headersOf(merged, contentType), ...extra };
    return wire.send('POST', path, {
      headers,
      body,
      signal: merged.signal,
      timeoutMs: merged.timeoutMs,
    });
  };
  const recordAt = async (method: string, id: string): Promise<AsyncCallView> =>
    (await jsonOf(await wire.send(method, recordPath(id), {}))) as AsyncCallView;
  const at = (path: string): Capability => ({
    call: async (payload, given = {}) => resultOf(await post(path, payload, given)),
    stream: async function* (payload, given = {}) {
      const reply = await post(path, payload, given, { accept: 'text/event-stream' });
      yield* eventsOf(reply);
    },
    callAsync: async (payload, given = {}) => {
      const reply = await post(path, payload, given, { prefer: 'respond-async' });
      return { id: ((await jsonOf(reply)) as { id: string }).id };
    },
  });
  return {
    call: (target, operation, payload, given) => at(pathOf(target, operation)).call(payload, given),
    stream: (target, operation, payload, given) => at(pathOf(target, operation)).stream(payload, given),
    callAsync: (target, operation, payload, given) => at(pathOf(target, operation)).callAsync(payload, given),
    capability: (name, range) => at(capabilityPath(name, range)),
    status: (id) => recordAt('GET', id),
    cancel: (id) => recordAt('DELETE', id),
    poll: async (id, { everyMs = 500, signal } = {}) => {
      while (isRunning(await recordAt('GET', id))) await pause(everyMs, signal);
      return resultOf(await wire.send('GET', `${recordPath(id)}/reply`, { signal }));
    },
    outcome: async (outcome) => {
      const reply = await wire.send('POST', OUTCOMES_PATH, outcomeRequest(outcome, context));
      return { repeated: ((await jsonOf(reply)) as { repeated: boolean }).repeated };
    },
    within: (inner) => clientOf(wire, merge(context, contextOf(inner))),
  };
};

const isRunning = ({ state }: AsyncCallView): boolean => state === 'accepted' || state === 'dispatched';

const pathOf = (target: TargetRef, operation: string): string => {
  const { kind, name } = typeof target === 'string' ? { kind: 'agent' as const, name: target } : target;
  return `/v1/${PLURAL[kind]}/${encodeURIComponent(name)}/${encodeURIComponent(operation)}`;
};

const capabilityPath = (name: string, range: string | undefined): string =>
  `/v1/capabilities/${encodeURIComponent(name)}${range === undefined ? '' : `@${encodeURIComponent(range)}`}`;

const recordPath = (id: string): string => `/v1/calls/${encodeURIComponent(id)}`;

type Bytes = string | Uint8Array<ArrayBuffer>;

const encode = (payload: Payload, contentType?: string): { body?: Bytes; contentType: string } => {
  if (payload === undefined) return { contentType: contentType ?? '' };
  if (payload instanceof Uint8Array)
    return { body: new Uint8Array(payload), contentType: contentType ?? 'application/octet-stream' };
  return { body: JSON.stringify(payload), contentType: contentType ?? 'application/json' };
};

const headersOf = (options: CallOptions, contentType: string): Record<string, string> => {
  const headers: Record<string, string> = { ...options.headers };
  if (contentType !== '') headers['content-type'] = contentType;
  if (options.accept !== undefined) headers['accept'] = options.accept;
  if (options.timeoutMs !== undefined) headers[HEADERS.timeoutMs] = String(Math.max(1, Math.floor(options.timeoutMs)));
  if (options.session !== undefined) headers[HEADERS.session] = options.session;
  if (options.idempotencyKey !== undefined) headers[HEADERS.idempotencyKey] = options.idempotencyKey;
  if (options.run !== undefined) headers[HEADERS.run] = options.run;
  if (options.traceparent !== undefined) headers[HEADERS.traceparent] = options.traceparent;
  if (options.tracestate !== undefined) headers[HEADERS.tracestate] = options.tracestate;
  return headers;
};

interface Sending {
  readonly headers?: Record<string, string>;
  readonly body?: Bytes | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

/** How much longer than the node we wait, so that its own, better answer about a timeout comes first. */
const GRACE_MS = 1_000;

/** Requests with the key, and replies that are not Airspace's refusals. */
export class Wire {
  readonly #base: string;
  readonly #key: string | undefined;
  readonly #fetch: typeof fetch;

  constructor({ url, key, fetch: given }: ClientOptions) {
    this.#base = new URL(url).href.replace(/\/+$/, '');
    this.#key = key;
    this.#fetch = given ?? ((...args) => fetch(...args));
  }

  async send(method: string, path: string, sending: Sending): Promise<Response> {
    const headers = {
      ...sending.headers,
      ...(this.#key === undefined ? {} : { authorization: `Bearer ${this.#key}` }),
    };
    const signal = boundedBy(sending);
    let reply: Response;
    try {
      reply = await this.#fetch(this.#base + path, {
        method,
        headers,
        body: sending.body ?? null,
        redirect: 'manual',
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (thrown) {
      throw lostOf(thrown, sending.signal);
    }
    const problem = await refusalIn(reply);
    if (problem !== undefined) throw problem;
    return reply;
  }
}

const boundedBy = ({ signal, timeoutMs }: Sending): AbortSignal | undefined => {
  if (timeoutMs === undefined) return signal;
  const time = AbortSignal.timeout(timeoutMs + GRACE_MS);
  return signal === undefined ? time : AbortSignal.any([signal, time]);
};

const lostOf = (thrown: unknown, signal?: AbortSignal): AirspaceError => {
  if (thrown instanceof AirspaceError) return thrown;
  if (signal?.aborted) return lost('the caller stopped this call; the work may have run', thrown, 'cancelled');
  if (thrown instanceof Error && thrown.name === 'TimeoutError')
    return lost('the node did not answer in time; the work may have run', thrown, 'timeout');
  return lost('the node could not be reached, or the connection broke', thrown);
};

/** A problem document is Airspace's own only when no target is named beside it. */
const refusalIn = async (reply: Response): Promise<AirspaceError | undefined> => {
  const isProblem = reply.headers.get('content-type')?.startsWith(PROBLEM_TYPE) ?? false;
  if (reply.status < 400 || !isProblem || reply.headers.has(HEADERS.endpoint)) return undefined;
  return problemFrom(await reply.clone().text(), reply.headers.get('retry-after'));
};

const dataOf = async (reply: Response): Promise<unknown> => {
  const type = reply.headers.get('content-type') ?? '';
  const bytes = new Uint8Array(await reply.arrayBuffer());
  if (bytes.byteLength === 0) return undefined;
  const isJson = /^application\/([a-z0-9.+-]+\+)?json\b/i.test(type);
  if (!isJson && !type.startsWith('text/')) return bytes;
  const text = new TextDecoder().decode(bytes);
  return isJson ? JSON.parse(text) : text;
};

const resultOf = async (reply: Response): Promise<CallResult> => {
  const meta = metaOf(reply.headers);
  let data: unknown;
  try {
    data = await dataOf(reply);
  } catch (thrown) {
    const because = thrown instanceof SyntaxError ? 'is not the JSON that it says' : 'broke off';
    throw lost(
      `the reply ${because}; the work may have run`,
      thrown,
      thrown instanceof SyntaxError ? 'upstream_invalid' : 'upstream_broken',
    );
  }
  if (reply.status >= 400) throw new TargetError(reply.status, data, meta);
  return { data, status: reply.status, contentType: reply.headers.get('content-type') ?? '', meta };
};

const jsonOf = async (reply: Response): Promise<unknown> => (await resultOf(reply)).data;

async function* eventsOf(reply: Response): AsyncGenerator<ServerEvent> {
  const isStream = reply.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  if (reply.status >= 400 || !isStream || reply.body === null) {
    // A target that does not stream answers in one piece: give it as one event.
    const { data } = await resultOf(reply);
    yield { event: 'message', data: typeof data === 'string' ? data : JSON.stringify(data ?? null), id: '' };
    return;
  }
  try {
    for await (const event of readEvents(chunksOf(reply.body))) {
      const problem =
        event.event === 'error' ? problemFrom(event.data.slice(event.data.lastIndexOf('\n') + 1)) : undefined;
      if (problem !== undefined) throw problem;
      yield event;
    }
  } catch (thrown) {
    throw thrown instanceof AirspaceError
      ? thrown
      : lost('the stream broke off; the work may have run', thrown, 'upstream_broken');
  }
}

/** Not every browser lets a `ReadableStream` be iterated. */
export async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

export const pause = (delayMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    signal?.addEventListener('abort', stop, { once: true });
  });
