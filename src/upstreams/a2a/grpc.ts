/** gRPC: protobuf in frames over HTTP/2, and a status behind them. */
import { Buffer } from 'node:buffer';
import { Fault, type Reply, type Scope } from '../../contract/index.ts';
import {
  type A2aError,
  type Codec,
  decodeDetails,
  errorFromGrpc,
  errorFromHttp,
  protobuf,
  protobuf03,
} from '../../dialects/a2a/index.ts';
import { remainingMs } from '../../kernel/index.ts';
import type { Asked } from './asked.ts';
import type { Plan } from './cards.ts';
import { sentHeaders } from './headers.ts';
import { type Shape, shapeOf, withTenant } from './shapes.ts';
import { type Answered, type Happened, MAX_ANSWER_BYTES, QUIET_MS, type Speak } from './speaker.ts';
import { collected, failureIn, invalid } from './wire.ts';

type Trailers = Readonly<Record<string, string | string[] | undefined>>;

export const speakGrpc: Speak = (asked, plan, call, scope) => {
  const talk = talkOf(asked, plan);
  let trailers: Trailers = {};
  return {
    request: {
      method: 'POST',
      path: `/${talk.codec.service}/${talk.method}`,
      contentType: 'application/grpc+proto',
      accept: 'application/grpc+proto',
      headers: [...sentHeaders(plan, call), 'te', 'trailers', ...timeoutOf(scope)],
      body: framed(talk.codec.encode(talk.request, withTenant(talk.shape.request(asked), plan))),
      quietMs: QUIET_MS,
      isHttp2: true,
      onTrailers: (found) => {
        trailers = found;
      },
    },
    answer: (reply) => answerIn(reply, talk, () => trailers),
    events: (reply) => eventsIn(reply, talk, () => trailers),
  };
};

interface Talk {
  readonly asked: Asked;
  readonly codec: Codec;
  readonly shape: Shape;
  readonly method: string;
  readonly request: string;
  readonly answer: string;
}

const talkOf = (asked: Asked, plan: Plan): Talk => {
  const { facts } = asked;
  const isOld = plan.version === '0.3';
  return {
    asked,
    codec: isOld ? protobuf03 : protobuf,
    shape: shapeOf(plan),
    method: isOld ? facts.grpc03 : facts.method,
    request: isOld ? facts.request03 : facts.request,
    answer: isOld ? facts.answer03 : facts.answer,
  };
};

const timeoutOf = (scope: Scope): string[] => {
  const left = remainingMs(scope);
  return left === Number.POSITIVE_INFINITY ? [] : ['grpc-timeout', `${Math.min(99_999_999, Math.ceil(left))}m`];
};

const HEAD_BYTES = 5;

const framed = (message: Uint8Array): Uint8Array => {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(message.byteLength, 1);
  return Buffer.concat([head, message]);
};

const answerIn = async (reply: Reply, talk: Talk, trailers: () => Trailers): Promise<Answered> => {
  for await (const happened of messagesIn(reply, talk, trailers, true)) {
    if ('error' in happened) return { kind: 'error', error: happened.error };
    const value = talk.codec.decode(talk.answer, happened.bytes, 'answer');
    return { kind: 'answer', value: talk.shape.answer(talk.asked.facts, value) };
  }
  throw invalid('answered nothing');
};

async function* eventsIn(reply: Reply, talk: Talk, trailers: () => Trailers): AsyncGenerator<Happened> {
  for await (const happened of messagesIn(reply, talk, trailers, false)) {
    if ('error' in happened) yield { kind: 'error', error: happened.error };
    else yield { kind: 'event', ...talk.shape.event(talk.codec.decode(talk.answer, happened.bytes, 'answer')) };
  }
}

type Framed = { readonly bytes: Uint8Array } | { readonly error: A2aError };

/** `single`: there is one message, and it counts only if the status behind it says so. */
async function* messagesIn(
  reply: Reply,
  talk: Talk,
  trailers: () => Trailers,
  single: boolean,
): AsyncGenerator<Framed> {
  if (reply.status !== 200) {
    yield { error: errorFromHttp(failureIn(await collected(reply, MAX_ANSWER_BYTES)), reply.status) };
    return;
  }
  if (!/^application\/grpc(?:\+proto)?\s*(?:;|$)/.test(reply.contentType))
    throw invalid('answered something that is not gRPC');
  const held: Uint8Array[] = [];
  for await (const bytes of framesIn(reply)) {
    if (!single) yield { bytes };
    else if (held.push(bytes) > 1) throw invalid(`answered twice to \`${talk.method}\``);
  }
  const error = statusIn(reply, trailers());
  if (error !== undefined) yield { error };
  else if (single) yield* held.map((bytes) => ({ bytes }));
}

async function* framesIn({ body }: Reply): AsyncGenerator<Uint8Array> {
  const chunks = body.kind === 'bytes' ? [body.bytes] : body.chunks;
  let parts: Uint8Array[] = [];
  let size = 0;
  let wanted = HEAD_BYTES;
  let isHead = true;
  for await (const chunk of chunks) {
    parts.push(chunk);
    size += chunk.byteLength;
    if (size < wanted) continue;
    // Joined once for all messages in it: small ones must not copy what follows them again and again.
    const all = Buffer.concat(parts, size);
    let at = 0;
    while (size - at >= wanted) {
      const taken = all.subarray(at, at + wanted);
      at += wanted;
      if (!isHead) yield taken;
      wanted = isHead ? lengthIn(taken) : HEAD_BYTES;
      isHead = !isHead;
    }
    parts = [all.subarray(at)];
    size -= at;
  }
  if (!isHead || size > 0) throw new Fault('upstream_broken', 'the agent closed its stream in the middle of a message');
}

const lengthIn = (head: Buffer): number => {
  if (head[0] !== 0) throw invalid('compressed a message, which nobody asked it for');
  const length = head.readUInt32BE(1);
  if (length > MAX_ANSWER_BYTES) throw invalid(`announced a message of more than ${MAX_ANSWER_BYTES} bytes`);
  return length;
};

/** Of a reply without messages it stands in its head. Undefined: all is well. */
const statusIn = (reply: Reply, trailers: Trailers): A2aError | undefined => {
  const field = (name: string): string => {
    const found = trailers[name];
    const text = Array.isArray(found) ? found[0] : found;
    return text ?? reply.headers.find(([header]) => header === name)?.[1] ?? '';
  };
  const status = field('grpc-status');
  if (status === '') throw new Fault('upstream_broken', 'the agent closed its stream without a status');
  if (!/^\d{1,2}$/.test(status)) throw invalid('answered a status that is no number');
  if (status === '0') return undefined;
  const details = decodeDetails(Buffer.from(field('grpc-status-details-bin'), 'base64'));
  return errorFromGrpc(Number(status), textIn(field('grpc-message')), details);
};

const textIn = (message: string): string => {
  try {
    return decodeURIComponent(message);
  } catch {
    return message;
  }
};
