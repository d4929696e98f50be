/** HTTP+JSON: a path for every operation. */
import { Buffer } from 'node:buffer';
import type { Reply } from '../../contract/index.ts';
import { errorFromHttp, isObject } from '../../dialects/a2a/index.ts';
import { readEvents } from '../../dialects/index.ts';
import type { Asked } from './asked.ts';
import type { Plan } from './cards.ts';
import { sentHeaders } from './headers.ts';
import { type Shape, shapeOf } from './shapes.ts';
import { type Answered, type Happened, MAX_ANSWER_BYTES, QUIET_MS, type Speak } from './speaker.ts';
import { collected, failureIn, invalid, isEventStream, isJsonType, jsonIn } from './wire.ts';

export const speakRest: Speak = (asked, plan, call) => {
  const { facts } = asked;
  const shape = shapeOf(plan);
  const body = facts.verb === 'POST' ? bodyOf(asked, plan, shape) : null;
  return {
    request: {
      method: facts.verb,
      path: pathOf(asked, plan),
      // What servers of every patch version take.
      contentType: body === null ? '' : 'application/json',
      accept: facts.isStream ? 'text/event-stream, application/json' : 'application/a2a+json, application/json',
      headers: sentHeaders(plan, call),
      body,
      quietMs: QUIET_MS,
    },
    answer: (reply) => answerIn(reply, asked, shape),
    events: (reply) => eventsIn(reply, asked, shape),
  };
};

/** Ids are the agent's, and stand in a path all the same. */
const pathOf = ({ facts, request }: Asked, { version, tenant }: Plan): string => {
  const before = version === '0.3' ? '/v1' : tenant === '' ? '' : `/${encodeURIComponent(tenant)}`;
  if (facts.operation === 'card' && version === '0.3') return '/v1/card';
  const path = facts.path.replace('{id}', () => encodeURIComponent(String(request['id'] ?? '')));
  return `${before}${path}${facts.verb === 'GET' ? queryOf(request) : ''}`;
};

const queryOf = (request: Readonly<Record<string, unknown>>): string => {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(request))
    if (name !== 'id' && typeof value !== 'object' && value !== '') query.set(name, String(value));
  return query.size === 0 ? '' : `?${query}`;
};

const bodyOf = (asked: Asked, { version, tenant }: Plan, shape: Shape): Uint8Array => {
  if (asked.facts.operation !== 'message') {
    const { id: _, ...rest } = asked.request;
    return Buffer.from(JSON.stringify(version === '0.3' ? {} : rest));
  }
  if (version === '1.0' && tenant === '' && asked.bytes !== undefined) return asked.bytes;
  return Buffer.from(JSON.stringify(shape.request(asked)));
};

const answerIn = async (reply: Reply, { facts }: Asked, shape: Shape): Promise<Answered> => {
  const bytes = await collected(reply, MAX_ANSWER_BYTES);
  if (reply.outcome === 'failed') return { kind: 'error', error: errorFromHttp(failureIn(bytes), reply.status) };
  if (!isJsonType(reply.contentType)) throw invalid('answered something that is no JSON');
  return { kind: 'answer', value: shape.answer(facts, jsonIn(bytes)) };
};

async function* eventsIn(reply: Reply, asked: Asked, shape: Shape): AsyncGenerator<Happened> {
  if (reply.outcome === 'failed' || !isEventStream(reply.contentType)) {
    const answered = await answerIn(reply, asked, { ...shape, answer: (_, value) => shape.event(value) });
    yield answered.kind === 'error' ? answered : { kind: 'event', ...(answered.value as ReturnType<Shape['event']>) };
    return;
  }
  if (reply.body.kind === 'bytes') throw invalid('closed its stream before it began');
  for await (const { name, data } of readEvents(reply.body.chunks)) {
    const value = jsonIn(Buffer.from(data));
    if (name === 'error' || isFailure(value)) yield { kind: 'error', error: errorFromHttp(value, 500) };
    else yield { kind: 'event', ...shape.event(value) };
  }
}

const isFailure = (value: unknown): boolean => isObject(value) && (isObject(value['error']) || 'code' in value);
