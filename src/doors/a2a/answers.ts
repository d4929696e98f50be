/** What a target answered, in the words of A2A: one document, or events as they come; and an error of it as our own. */
import { Buffer } from 'node:buffer';
import { type Body, Fault, formOf, type Reply } from '../../contract/index.ts';
import { errorFromHttp, type Messages, readV1, type StreamResponse } from '../../dialects/a2a/index.ts';
import { readEvents } from '../../dialects/index.ts';
import { guardJson } from '../http/index.ts';
import { isObject } from './json.ts';
import { isRefusal, refusal } from './refuse.ts';

type Answered = Pick<Reply, 'outcome' | 'status' | 'contentType' | 'body'>;

/** Of one answer, in bytes. */
const MOST_BYTES = 16 * 1024 * 1024;
const ANSWER_LIMITS = { maxDepth: 64, maxTokens: 500_000 };

/** Throws `upstream_invalid`, or what the target refused with. */
export const documentOf = async <N extends keyof Messages>(name: N, reply: Answered): Promise<Messages[N]> => {
  const payload = jsonIn(await collected(reply.body));
  if (reply.outcome === 'failed') throw failureOf(payload, reply.status);
  return readV1(name, payload, 'answer').value;
};

/** A message or a task that came at once is the first event, and the last. */
export async function* eventsOf(reply: Answered): AsyncGenerator<StreamResponse> {
  if (reply.outcome === 'failed' || !reply.contentType.startsWith('text/event-stream')) {
    yield await documentOf('SendMessageResponse', reply);
    return;
  }
  for await (const { data } of readEvents(chunksOf(reply.body)))
    yield readV1('StreamResponse', jsonIn(Buffer.from(data)), 'answer').value;
}

/** What nodes answer for a call that waits for people: no target can say so, because what targets say has a form. */
export const isHeld = ({ status, contentType }: Pick<Reply, 'status' | 'contentType'>): boolean =>
  status === 202 && contentType === 'application/json' && formOf(contentType) === 'plain';

export interface Held {
  /** Of the call that waits: an earlier one, when the same was asked before. */
  readonly id: string;
  readonly approval: Readonly<Record<string, unknown>>;
}

export const heldIn = async (body: Body): Promise<Held> => {
  const payload = jsonIn(await collected(body));
  if (!isObject(payload) || typeof payload['id'] !== 'string') throw invalid('that it waits, and not where');
  return { id: payload['id'], approval: isObject(payload['approval']) ? payload['approval'] : {} };
};

const invalid = (problem: string): Fault =>
  new Fault('upstream_invalid', `the target answered ${problem}`, { executed: 'yes' });

const jsonIn = (bytes: Uint8Array): unknown => {
  try {
    guardJson(bytes, ANSWER_LIMITS);
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    throw invalid('something that is not valid JSON');
  }
};

async function* chunksOf(body: Body): AsyncGenerator<Uint8Array> {
  if (body.kind === 'bytes') yield body.bytes;
  else yield* body.chunks;
}

const collected = async (body: Body): Promise<Uint8Array> => {
  if (body.kind === 'bytes') return body.bytes;
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.chunks) {
    size += chunk.byteLength;
    if (size > MOST_BYTES) throw invalid(`more than ${MOST_BYTES} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts, size);
};

/** Its own reason if it gave one that A2A knows; its words are bounded, and nothing else of it goes on. */
const failureOf = (payload: unknown, status: number): Fault => {
  const { reason, message } = errorFromHttp(payload, status);
  if (isRefusal(reason)) return refusal(reason, message);
  const facts = { reason };
  if (status === 400 || status === 422) return new Fault('bad_request', `the target refused it: ${message}`, { facts });
  if (status === 404) return new Fault('not_found', `the target does not know it: ${message}`, { facts });
  return new Fault('upstream_broken', `the target failed: ${message}`, { executed: 'yes', facts });
};
