/** The way to A2A agents: both versions, three bindings, and answers that are what they should be. */
import { Buffer } from 'node:buffer';
import {
  type Binding,
  type Call,
  documentIn,
  type Endpoint,
  eventsIn,
  Fault,
  HEADERS,
  type Reply,
  type Scope,
} from '../../contract/index.ts';
import {
  type A2aError,
  byOperation,
  isReason,
  type StreamResponse,
  statusDocumentOf,
  writeStreamEvent,
} from '../../dialects/a2a/index.ts';
import type { HttpUpstream } from '../http/index.ts';
import type { Way, Words } from '../words.ts';
import { type Asked, askedIn } from './asked.ts';
import { Cards, type Plan } from './cards.ts';
import { speakGrpc } from './grpc.ts';
import { inOrder, throwIfOther } from './order.ts';
import { speakRest } from './rest.ts';
import { speakRpc } from './rpc.ts';
import { throwIfUnknown } from './shapes.ts';
import type { Conversation, Happened, Speak } from './speaker.ts';

const SPEAK: Readonly<Record<Binding, Speak>> = { JSONRPC: speakRpc, 'HTTP+JSON': speakRest, GRPC: speakGrpc };

export const a2aWay = (upstream: HttpUpstream): Way => {
  const cards = new Cards(upstream);
  return {
    forms: ({ target, stream }) => (byOperation(target.operation, stream) === undefined ? [] : ['a2a']),
    to: (endpoint) => async (call, words, scope) => {
      const asked = askedIn(call, words);
      const plan = await cards.plan(endpoint, call, scope);
      throwIfUnknown(asked, plan);
      const reply = await spoken({ upstream, endpoint, call, scope }, asked, plan, words);
      if (isOfOther(reply)) cards.forget(endpoint, call);
      return reply;
    },
  };
};

interface Sending {
  readonly upstream: HttpUpstream;
  readonly endpoint: Endpoint;
  readonly call: Call;
  readonly scope: Scope;
}

/** An agent that cannot stream is asked for its answer, which is then the only event. */
const spoken = async (sending: Sending, asked: Asked, plan: Plan, words: Words): Promise<Reply> => {
  const { upstream, endpoint, call, scope } = sending;
  const isUnary = asked.facts.isStream && asked.facts.operation === 'message' && !plan.streams;
  const told = isUnary ? askedIn({ ...call, stream: false }, words) : asked;
  const talk = SPEAK[plan.binding](told, plan, call, scope);
  const reply = await upstream.send({ ...endpoint, url: plan.url }, call, scope, talk.request);
  try {
    if (told.facts.isStream) return await streamed(reply, talk, told, plan, scope);
    return await answered(reply, talk, told, asked.facts.isStream);
  } catch (thrown) {
    leave(reply);
    throw thrown;
  }
};

/** Closes the exchange at once, also while something is waited for. */
const leave = ({ body }: Reply): void => {
  if (body.kind === 'stream') void body.chunks[Symbol.asyncIterator]().return?.();
};

const answered = async (reply: Reply, talk: Conversation, asked: Asked, asEvent: boolean): Promise<Reply> => {
  const answer = await talk.answer(reply);
  if (answer.kind === 'error') return failed(reply, answer.error);
  throwIfOther(asked, answer.value);
  if (asEvent) return { ...ok(reply), contentType: eventsIn('a2a'), body: streamOf([answer.value as StreamResponse]) };
  return { ...ok(reply), contentType: documentIn('a2a'), body: bytesOf(answer.value) };
};

/** Its first event is waited for: what fails at once is a failed reply, and no stream that breaks. */
const streamed = async (reply: Reply, talk: Conversation, asked: Asked, plan: Plan, scope: Scope): Promise<Reply> => {
  const events = talk.events(reply);
  const first = await events.next();
  if (first.done === true) throw new Fault('upstream_broken', 'the agent closed its stream before it said anything');
  if (first.value.kind === 'error') {
    leave(reply);
    return failed(reply, first.value.error);
  }
  const stream = { events: again(first.value, events), asked, version: plan.version, leave: () => leave(reply) };
  const chunks = written(inOrder(stream, scope));
  return { ...ok(reply), contentType: eventsIn('a2a'), body: { kind: 'stream', chunks } };
};

async function* again(first: Happened, rest: AsyncGenerator<Happened>): AsyncGenerator<Happened> {
  yield first;
  yield* rest;
}

async function* written(events: AsyncIterable<StreamResponse>): AsyncGenerator<Uint8Array> {
  for await (const event of events) yield writeStreamEvent(event);
}

const streamOf = (events: readonly StreamResponse[]): Reply['body'] => ({
  kind: 'stream',
  chunks: (async function* () {
    for (const event of events) yield writeStreamEvent(event);
  })(),
});

const bytesOf = (value: unknown): Reply['body'] => ({ kind: 'bytes', bytes: Buffer.from(JSON.stringify(value)) });

/** What a reply may still say beside its answer; everything else is the affair of its transport. */
const PASSED: ReadonlySet<string> = new Set(['a2a-extensions', 'retry-after', HEADERS.policy]);

const ok = (reply: Reply): Reply => ({
  ...reply,
  outcome: 'ok',
  status: 200,
  headers: reply.headers.flatMap(([name, value]) => {
    const told = name === 'x-a2a-extensions' ? 'a2a-extensions' : name;
    return PASSED.has(told) ? [[told, value] as const] : [];
  }),
});

const failed = (reply: Reply, error: A2aError): Reply => ({
  ...ok(reply),
  outcome: 'failed',
  status: error.http,
  contentType: documentIn('a2a'),
  body: bytesOf(statusDocumentOf(error)),
});

/** It does not know the method or the version that its card said. */
const isOfOther = ({ outcome, body }: Reply): boolean => {
  if (outcome === 'ok' || body.kind === 'stream') return false;
  const { error } = JSON.parse(Buffer.from(body.bytes).toString()) as ReturnType<typeof statusDocumentOf>;
  const reason = error.details[0]?.reason ?? '';
  return isReason(reason) && (reason === 'METHOD_NOT_FOUND' || reason === 'VERSION_NOT_SUPPORTED');
};
