/** One request to an MCP server over HTTP, and the messages that come back: each of them checked before anybody looks at it. */
import { Buffer } from 'node:buffer';
import { type Call, type Endpoint, Fault, type Reply, type Scope } from '../../contract/index.ts';
import { readEvents } from '../../dialects/index.ts';
import { type Message, readMessage } from '../../dialects/mcp/index.ts';
import { guardJson } from '../../kernel/index.ts';
import type { HttpUpstream } from '../http/index.ts';

/** Whom to ask, on behalf of which call, until when. */
/** What requests go out by: HTTP, or what looks like it. */
export type Sender = Pick<HttpUpstream, 'send'>;

export interface Wire {
  readonly upstream: Sender;
  readonly endpoint: Endpoint;
  readonly call: Call;
  readonly scope: Scope;
}

export interface Incoming {
  readonly message: Message;
  /** The same as it came. */
  readonly json: string;
  /** Of its event: where a stream that breaks can be taken up again. */
  readonly eventId?: string;
  readonly retryMs?: number;
}

export interface Outgoing {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Names in lower case and values in turns. */
  readonly headers: readonly string[];
  readonly body: string | null | ((traceparent: string) => string);
  readonly quietMs?: number;
}

/** Headers of a client are about its own connection: a server would take them for ours. */
const OF_CLIENT = /^(?:mcp-.*|last-event-id|origin|referer|sec-.*|access-control-.*)$/;

export const exchange = ({ upstream, endpoint, call, scope }: Wire, request: Outgoing): Promise<Reply> => {
  const { body } = request;
  return upstream.send(endpoint, { ...call, headers: call.headers.filter(([name]) => !OF_CLIENT.test(name)) }, scope, {
    method: request.method,
    path: '',
    contentType: body === null ? '' : 'application/json',
    accept: request.method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
    headers: request.headers,
    body: body === null ? null : (traceparent) => Buffer.from(typeof body === 'string' ? body : body(traceparent)),
    ...(request.quietMs === undefined ? {} : { quietMs: request.quietMs }),
  });
};

/** Header of the target's own, which no caller sees. */
export const headerOf = (reply: Reply, name: string): string =>
  reply.headers.find(([found]) => found === name)?.[1] ?? '';

export const invalid = (what: string): Fault => new Fault('upstream_invalid', `the MCP server ${what}`);

/** A reply that is no stream, and one event of a stream. */
const MOST_BYTES = 16 * 1024 * 1024;
const LIMITS = { maxDepth: 64, maxTokens: 500_000 };
/** Messages of one POST, where versions allow several. */
const MOST_IN_BATCH = 100;

export const isEvents = (reply: Reply): boolean => /^text\/event-stream\s*(;|$)/i.test(reply.contentType);

/**
 * What a reply says, message for message. Throws `upstream_invalid` for what is none. A stream that ends says nothing more; whether
 * that was all is for the reader to know.
 */
export async function* messagesIn(reply: Reply, mayBatch: boolean): AsyncGenerator<Incoming> {
  if (!isEvents(reply)) {
    const text = await collected(reply);
    if (text.trim() !== '') yield* parsed(text, mayBatch);
    return;
  }
  const { body } = reply;
  for await (const { data, id, retryMs } of readEvents(body.kind === 'stream' ? body.chunks : of(body.bytes))) {
    const place = { ...(id === undefined ? {} : { eventId: id }), ...(retryMs === undefined ? {} : { retryMs }) };
    // An event without data is there for its id: a place to go on from.
    if (data === '') yield { message: NOTHING, json: '', ...place };
    else for (const one of parsed(data, mayBatch)) yield { ...one, ...place };
  }
}

/** Stands for an event that says nothing. */
export const NOTHING: Message = { kind: 'notification', method: '', params: undefined };

async function* of(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const parsed = (text: string, mayBatch: boolean): readonly Incoming[] => {
  try {
    guardJson(Buffer.from(text), LIMITS);
  } catch (cause) {
    throw new Fault('upstream_invalid', 'the MCP server answered JSON that is not accepted', { cause });
  }
  if (!text.trimStart().startsWith('[')) return [readOne(text)];
  if (!mayBatch) throw invalid('answered a batch, which this version does not have');
  const batch = JSON.parse(text) as readonly unknown[];
  if (batch.length === 0 || batch.length > MOST_IN_BATCH) throw invalid('answered a batch that is empty or too long');
  return batch.map((one) => readOne(JSON.stringify(one)));
};

const readOne = (json: string): Incoming => {
  const message = readMessage(json);
  if (typeof message === 'string') throw invalid(`sent a message that is none: ${message}`);
  return { message, json };
};

/** Reads a whole reply as text. */
export const collected = async ({ body }: Reply): Promise<string> => {
  if (body.kind === 'bytes')
    return Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength).toString();
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.chunks) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw invalid(`answered more than ${MOST_BYTES} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts, size).toString();
};

/** Lets go of what nobody reads. */
export const drop = ({ body }: Reply): void => {
  if (body.kind === 'stream')
    body.chunks[Symbol.asyncIterator]()
      .return?.()
      ?.then(undefined, () => {});
};
