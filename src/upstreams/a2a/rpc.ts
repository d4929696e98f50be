/** JSON-RPC: one POST for every operation, and an envelope around what is asked and answered. */
import { Buffer } from 'node:buffer';
import type { Reply } from '../../contract/index.ts';
import { errorFromHttp, errorFromRpc, isObject } from '../../dialects/a2a/index.ts';
import { readEvents } from '../../dialects/index.ts';
import type { Asked } from './asked.ts';
import type { Plan } from './cards.ts';
import { sentHeaders } from './headers.ts';
import { type Shape, shapeOf, withTenant } from './shapes.ts';
import { type Answered, type Happened, MAX_ANSWER_BYTES, QUIET_MS, type Speak } from './speaker.ts';
import { collected, failureIn, invalid, isEventStream, isJsonType, jsonIn } from './wire.ts';

export const speakRpc: Speak = (asked, plan, call) => {
  const { facts } = asked;
  const shape = shapeOf(plan);
  const read: Reading = { id: call.id, shape, asked };
  return {
    request: {
      method: 'POST',
      path: '',
      contentType: 'application/json',
      accept: facts.isStream ? 'text/event-stream, application/json' : 'application/json',
      headers: sentHeaders(plan, call),
      body: envelope(asked, plan, shape, call.id),
      quietMs: QUIET_MS,
    },
    answer: (reply) => answerIn(reply, read),
    events: (reply) => eventsIn(reply, read),
  };
};

/** What the caller wrote goes as it is, where the agent speaks as the caller does. */
const envelope = (asked: Asked, plan: Plan, shape: Shape, id: string): Uint8Array => {
  const method = plan.version === '1.0' ? asked.facts.method : asked.facts.method03;
  const head = `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"method":${JSON.stringify(method)}`;
  if (plan.version === '1.0' && plan.tenant === '' && asked.bytes !== undefined)
    return Buffer.concat([Buffer.from(`${head},"params":`), asked.bytes, Buffer.from('}')]);
  const params = withTenant(shape.request(asked), plan);
  return Buffer.from(params === undefined ? `${head}}` : `${head},"params":${JSON.stringify(params)}}`);
};

interface Reading {
  /** Of the request: an answer to another one is none. */
  readonly id: string;
  readonly shape: Shape;
  readonly asked: Asked;
}

const answerIn = async (reply: Reply, read: Reading): Promise<Answered> => {
  const bytes = await collected(reply, MAX_ANSWER_BYTES);
  if (reply.outcome === 'failed') return { kind: 'error', error: errorFromHttp(failureIn(bytes), reply.status) };
  if (!isJsonType(reply.contentType)) throw invalid('answered something that is no JSON');
  const opened = resultIn(jsonIn(bytes), read.id);
  return 'error' in opened
    ? { kind: 'error', error: errorFromRpc(opened.error) }
    : { kind: 'answer', value: read.shape.answer(read.asked.facts, opened.result) };
};

async function* eventsIn(reply: Reply, read: Reading): AsyncGenerator<Happened> {
  if (reply.outcome === 'failed' || !isEventStream(reply.contentType)) {
    const answered = await answerIn(reply, { ...read, shape: oneEvent(read.shape) });
    yield answered.kind === 'error' ? answered : { kind: 'event', ...(answered.value as ReturnType<Shape['event']>) };
    return;
  }
  if (reply.body.kind === 'bytes') throw invalid('closed its stream before it began');
  for await (const { data } of readEvents(reply.body.chunks)) {
    const opened = resultIn(jsonIn(Buffer.from(data)), read.id);
    if ('error' in opened) yield { kind: 'error', error: errorFromRpc(opened.error) };
    else yield { kind: 'event', ...read.shape.event(opened.result) };
  }
}

/** An agent that does not stream answers at once. */
const oneEvent = (shape: Shape): Shape => ({ ...shape, answer: (_, value) => shape.event(value) });

type Opened = { readonly result: unknown } | { readonly error: unknown };

/** An error may come without id: the agent could not read ours. */
const resultIn = (envelope: unknown, id: string): Opened => {
  if (!isObject(envelope) || envelope['jsonrpc'] !== '2.0') throw invalid('answered something that is not JSON-RPC');
  const { result, error } = envelope;
  const isError = error !== undefined && error !== null;
  if (isError && result !== undefined && result !== null) throw invalid('answered a result and an error at once');
  if (envelope['id'] !== id && !(isError && (envelope['id'] ?? null) === null))
    throw invalid('answered with the id of another request');
  if (isError) return { error };
  if (result === undefined) throw invalid('answered neither a result nor an error');
  return { result };
};
