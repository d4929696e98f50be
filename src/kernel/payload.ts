/** The payload of a call as JSON and as a digest, each made once however many layers want to look at it. */
import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import { type Body, type Call, formOf } from '../contract/index.ts';

/** `problem` completes "the payload". */
export type Payload = { readonly data: unknown } | { readonly problem: string };

const payloads = new WeakMap<Body, Payload>();

const JSON_TYPE = /^application\/([a-z0-9.+-]+\+)?json\s*(;|$)/i;

export const isJson = (contentType: string): boolean => JSON_TYPE.test(contentType);

/**
 * Never throws, and never takes a stream away from the target. Treat what it answers as read-only: others see the same object.
 * INVARIANT: the bytes of a body do not change. The door has refused duplicate keys and depths that a parser breaks down on.
 */
export const payloadOf = ({ body, contentType }: Pick<Call, 'body' | 'contentType'>): Payload => {
  const known = payloads.get(body);
  if (known !== undefined) return known;
  const payload = read(body, contentType);
  payloads.set(body, payload);
  return payload;
};

/** What `payloadOf` answered for this body, if anybody has asked. */
export const parsedPayload = (body: Body): Payload | undefined => payloads.get(body);

const read = (body: Body, contentType: string): Payload => {
  if (body.kind === 'stream') return { problem: 'is a stream' };
  // A target may read it as JSON all the same; the door has not checked it then, so nobody here does.
  if (!isJson(contentType)) return { problem: 'is not sent as `application/json`' };
  try {
    const data = JSON.parse(Buffer.from(body.bytes.buffer, body.bytes.byteOffset, body.bytes.byteLength).toString());
    return { data: argumentsIn(contentType, data) };
  } catch {
    return { problem: body.bytes.byteLength === 0 ? 'is empty' : 'is not valid JSON' };
  }
};

/**
 * What rules are about: the arguments of a tool, however it is called. In the words of MCP they are one field of several. `data` is the
 * parsed payload; what is answered is a part of it, and not a copy.
 */
export const argumentsIn = (contentType: string, data: unknown): unknown => {
  if (formOf(contentType) !== 'mcp') return data;
  const found = typeof data === 'object' && data !== null && Object.hasOwn(data, 'arguments');
  return found ? (data as { readonly arguments: unknown }).arguments : data;
};

const digests = new WeakMap<Body, string>();

/** SHA-256 of the bytes, hex. A megabyte takes a millisecond or three, and four layers ask. */
export const payloadDigest = (body: Extract<Body, { kind: 'bytes' }>): string => {
  const known = digests.get(body);
  if (known !== undefined) return known;
  const digest = hash('sha256', body.bytes, 'hex');
  digests.set(body, digest);
  return digest;
};
