/** How calls enter in the words of OpenAI: chat completions, responses, embeddings, and the list of models. */
import type { Fault, Form, Reply } from '../../contract/index.ts';
import { memberIn } from '../../dialects/index.ts';
import {
  type Api,
  type Asked,
  chunksOf,
  type Listed,
  type ModelDoor,
  type ModelDoorOptions,
  modelDoor,
  type Occurrence,
  type Seal,
} from '../models/index.ts';
import { errorOf } from './error.ts';
import { forwardResponse, keptResponse, revisedResponse } from './kept.ts';
import { routeOf } from './route.ts';
import { withoutUsage } from './usage.ts';

export const openaiDoor = (options: ModelDoorOptions): ModelDoor => modelDoor(options, apiWith(options.seal));

const apiWith = (seal: Seal): Api => ({
  routeOf,
  passes: new Set(['openai-beta', 'tracestate']),
  requestId: 'x-request-id',
  fault: (fault, where) => {
    const { kind, error } = errorOf(fault, where);
    return { status: kind.status, later: kind.later === true, body: JSON.stringify({ error }) };
  },
  lastWords: (fault, where, form) => lastWords(fault, where, form),
  list: (models) => ({ object: 'list', data: models.map(modelOf) }),
  model: (model) => modelOf(model),
  forward: (asked) => (asked.route.form === 'openai-responses' ? forwardResponse(seal, asked) : {}),
  kept: (route, principal) => keptResponse(seal, route, principal),
  revise: (reply, about) => {
    if (about.forwarded.form === 'openai-responses') return revisedResponse(seal, reply, about);
    return about.asked === null ? reply : revised(reply, about.asked);
  },
});

/** The time of a model is not known, and the field is not optional. */
const modelOf = ({ id, target }: Listed): object => ({
  id,
  object: 'model',
  created: 0,
  owned_by: target.domain === '' ? 'airspace' : target.domain,
});

const revised = (reply: Reply, asked: Asked): Reply => {
  const isEvents = reply.contentType.startsWith('text/event-stream') && reply.outcome === 'ok';
  if (asked.route.form !== 'openai-chat' || !isEvents || wantsUsage(asked)) return reply;
  return { ...reply, body: { kind: 'stream', chunks: withoutUsage(chunksOf(reply.body)) } };
};

const wantsUsage = ({ bytes, members }: Asked): boolean => {
  const options = memberIn(bytes, members, 'stream_options') as { readonly include_usage?: unknown } | null | undefined;
  return options?.include_usage === true;
};

/** Clients of chat completions look for `error` in the data, those of responses for an event of that type. */
const lastWords = (fault: Fault, where: Occurrence, form: Form): string => {
  const { error } = errorOf(fault, where);
  if (form !== 'openai-responses') return `data: ${JSON.stringify({ error })}\n\n`;
  return `event: error\ndata: ${JSON.stringify({ type: 'error', sequence_number: 0, ...error })}\n\n`;
};
