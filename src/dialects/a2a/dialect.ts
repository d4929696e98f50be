/** A2A 1.0 in the words that all dialects share. */
import { Fault } from '../../contract/index.ts';
import type { Answer, Ask, Failure, Part as Word } from '../ask.ts';
import { type About, type Dialect, lost, saidToModels } from '../dialect.ts';
import { errorFor, errorFromHttp, type Reason, statusDocumentOf } from './errors.ts';
import { readDeltas, writeDeltas } from './events.ts';
import { byOperation } from './operations.ts';
import { partOf, stateOf, stopOf, wordOf } from './parts.ts';
import { present } from './present.ts';
import { isObject, readV1 } from './read.ts';
import type { Message, Part, SendMessageRequest, SendMessageResponse, Task } from './types.ts';

export const a2a: Dialect = {
  form: 'a2a',
  readAsk: (payload, about) => {
    const other = otherRequest(about);
    // The task operations of A2A mean nothing to anybody else: they stay the document that they are.
    if (other !== undefined) return { input: readV1(other, payload, 'ask').value, turns: [], stream: false, rest: [] };
    const { value, unknown } = readV1('SendMessageRequest', payload, 'ask');
    return askOf(value, unknown, about);
  },
  writeAsk: (ask, about) => {
    const other = otherRequest(about);
    if (other !== undefined) return readV1(other, ask.input ?? {}, 'ask').value;
    return requestOf(ask, about);
  },
  readAnswer: (payload, about) => {
    if (otherRequest(about) !== undefined) return { parts: [{ kind: 'data', data: payload }], stop: 'end', rest: [] };
    return answerOf(readV1('SendMessageResponse', payload, 'answer').value);
  },
  writeAnswer: (answer, about) => {
    if (otherRequest(about) === undefined) return responseOf(answer, about);
    const [only] = answer.parts;
    return only?.kind === 'data' ? only.data : {};
  },
  readEvents: (chunks) => readDeltas(chunks),
  writeEvents: (deltas, about) => writeDeltas(deltas, about),
  readFailure: (payload, status) => {
    const { reason, message } = errorFromHttp(payload, status);
    return { status, message, type: reason };
  },
  writeFailure: (failure) =>
    statusDocumentOf({ ...errorFor(reasonOf(failure), failure.message), http: failure.status }),
};

/** Name of the request, for operations of A2A other than `message`. */
const otherRequest = ({ kind, operation }: About): 'GetTaskRequest' | undefined => {
  if (kind !== 'agent' || operation === 'message') return undefined;
  return byOperation(operation, false)?.request as 'GetTaskRequest' | undefined;
};

const reasonOf = ({ status }: Failure): Reason => {
  if (status === 404) return 'TASK_NOT_FOUND';
  return status < 500 ? 'INVALID_PARAMS' : 'INTERNAL_ERROR';
};

const askOf = (request: SendMessageRequest, unknown: readonly string[], about: About): Ask => {
  const { message } = request;
  if (message.role !== 'ROLE_USER') throw new Fault('bad_request', '`message.role` must be ROLE_USER');
  const words = message.parts.map(wordOf);
  const known = present({ context: message.contextId, task: message.taskId, message: message.messageId });
  const rest = [...unknown, ...restOf(request)];
  const takesArguments = about.kind === 'tool' || (about.kind === 'agent' && about.operation !== 'message');
  if (takesArguments) return { input: argumentsOf(words), turns: [], stream: false, ...known, rest };
  return { turns: [{ role: 'user', parts: words }], stream: false, ...known, rest };
};

/** One document is the arguments; text is text. */
const argumentsOf = (words: readonly Word[]): unknown => {
  const [first, ...more] = words;
  if (first?.kind === 'data' && more.length === 0) return first.data;
  const others = new Set(words.filter(({ kind }) => kind !== 'text').map(({ kind }) => kind));
  if (others.size > 0)
    throw lost(
      'a2a',
      'plain',
      [...others].map((kind) => `${kind} together with other parts`),
    );
  return { text: words.flatMap((word) => (word.kind === 'text' ? [word.text] : [])).join('\n') };
};

/** What is about the task itself (how long to wait, how much history) is the affair of whoever keeps it. */
const restOf = ({ message, metadata }: SendMessageRequest): string[] => {
  const rest: string[] = [];
  for (const name of Object.keys(metadata ?? {})) rest.push(`metadata.${name}`);
  // Says which operation is meant, and has done so.
  for (const name of Object.keys(message.metadata ?? {})) if (name !== 'skill') rest.push(`message.metadata.${name}`);
  if ((message.extensions ?? []).length > 0) rest.push('message.extensions');
  if ((message.referenceTaskIds ?? []).length > 0) rest.push('message.referenceTaskIds');
  for (const [at, part] of message.parts.entries()) rest.push(...restOfPart(part, `message.parts[${at}]`));
  return rest.slice(0, 20);
};

const restOfPart = (part: Part, path: string): string[] => {
  const rest = Object.keys(part.metadata ?? {}).map((name) => `${path}.metadata.${name}`);
  if (part.raw !== undefined || part.url !== undefined) return rest;
  if ((part.filename ?? '') !== '') rest.push(`${path}.filename`);
  const usual = part.text === undefined ? 'application/json' : 'text/plain';
  if ((part.mediaType ?? usual) !== usual && part.mediaType !== '') rest.push(`${path}.mediaType`);
  return rest;
};

const requestOf = (ask: Ask, about: About): SendMessageRequest => {
  const unsaid = [...saidToModels(ask, about), ...ask.rest];
  if (ask.turns.length > 1) unsaid.push('a conversation of several turns');
  if (ask.turns[0] !== undefined && ask.turns[0].role !== 'user') unsaid.push(`a turn of ${ask.turns[0].role}`);
  if (unsaid.length > 0) throw lost(about.from ?? 'plain', 'a2a', unsaid);
  const parts = ask.input === undefined ? (ask.turns[0]?.parts ?? []).map(partOf) : [inputPart(ask.input)];
  if (parts.length === 0)
    throw new Fault('bad_request', 'a message to an A2A agent needs a text, a document or a file');
  return {
    message: present({
      messageId: ask.message ?? about.callId,
      contextId: ask.context,
      taskId: ask.task,
      role: 'ROLE_USER' as const,
      parts,
    }),
  };
};

/** A document with nothing but a text is that text. */
const inputPart = (input: unknown): Part => {
  if (typeof input === 'string') return { text: input };
  const isText = isObject(input) && Object.keys(input).length === 1 && typeof input['text'] === 'string';
  return isText ? { text: input['text'] as string } : { data: input };
};

const answerOf = ({ task, message }: SendMessageResponse): Answer => {
  if (message !== undefined)
    return {
      parts: message.parts.map(wordOf),
      stop: 'end',
      rest: [],
      ...present({ id: message.messageId, context: message.contextId, task: message.taskId }),
    };
  return answerOfTask(task!);
};

/** What a task says last counts where it made nothing, or where it wants something or failed. */
export const answerOfTask = (task: Task): Answer => {
  const { status, artifacts = [] } = task;
  const made = artifacts.flatMap(({ parts }) => parts);
  const isDone = status.state === 'TASK_STATE_COMPLETED' && made.length > 0;
  const said = isDone ? [] : (status.message?.parts ?? []);
  return {
    parts: [...made, ...said].map(wordOf),
    stop: stopOf(status.state),
    rest: [],
    ...present({ id: task.id, context: task.contextId, task: task.id }),
  };
};

/** What came to an end at once and is no task of anybody is a message. */
const responseOf = (answer: Answer, about: About): SendMessageResponse => {
  const parts = answer.parts.map(partOf);
  const state = stateOf(answer.stop);
  const metadata = metadataOf(answer);
  if (state === 'TASK_STATE_COMPLETED' && answer.task === undefined)
    return {
      message: present({
        messageId: `${about.callId}-1`,
        contextId: answer.context,
        role: 'ROLE_AGENT' as const,
        parts: parts.length === 0 ? [{ text: '' }] : parts,
        metadata,
      }),
    };
  const isAnswer = state === 'TASK_STATE_COMPLETED';
  const contextId = answer.context ?? about.callId;
  const id = answer.task ?? about.callId;
  const said: Message = { messageId: `${about.callId}-1`, contextId, taskId: id, role: 'ROLE_AGENT', parts };
  return {
    task: present({
      id,
      contextId,
      status: {
        state,
        timestamp: timeOf(about),
        ...(isAnswer || parts.length === 0 ? {} : { message: said }),
      },
      artifacts: isAnswer && parts.length > 0 ? [{ artifactId: 'answer', parts }] : undefined,
      metadata,
    }),
  };
};

export const timeOf = ({ atS }: About): string => new Date(atS * 1_000).toISOString();

/** Tokens and an end that is not a whole answer have no fields of their own. */
const metadataOf = ({ use, stop }: Answer): Record<string, unknown> | undefined => {
  const cut = stop === 'length' || stop === 'filtered' ? { stop } : {};
  const metadata = { ...cut, ...(use === undefined ? {} : { usage: use }) };
  return Object.keys(metadata).length === 0 ? undefined : metadata;
};
