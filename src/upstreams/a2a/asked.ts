/** A call in the words of A2A 1.0, read once more where it leaves: whoever made it may have come through any door. */
import { type Body, type Call, Fault } from '../../contract/index.ts';
import {
  byOperation,
  type CancelTaskRequest,
  type GetTaskRequest,
  type OperationFacts,
  readV1,
  type SendMessageRequest,
} from '../../dialects/a2a/index.ts';
import { payloadOf } from '../../kernel/index.ts';
import type { Words } from '../words.ts';

export interface Asked {
  readonly facts: OperationFacts;
  readonly request: Readonly<Record<string, unknown>>;
  /** The request as it came. Undefined: there were no bytes. */
  readonly bytes: Uint8Array | undefined;
  /** The task that it is about. Undefined: of a new one, or of none. */
  readonly task: string | undefined;
}

/** Throws `bad_request`. */
export const askedIn = (call: Call, words: Words): Asked => {
  const { operation, name } = call.target;
  const facts = byOperation(operation, call.stream);
  if (facts === undefined) throw new Fault('bad_request', `\`${operation}\` is no operation of A2A agent \`${name}\``);
  const request = readV1(facts.request, payloadIn(words), 'ask').value as Readonly<Record<string, unknown>>;
  if (request['tenant'] !== undefined && request['tenant'] !== '')
    throw new Fault('bad_request', '`tenant` is for whoever serves A2A, and not for the agent behind it; leave it out');
  if (facts.operation === 'message') throwIfUnfit(request as unknown as SendMessageRequest);
  return { facts, request, bytes: bytesIn(words.body), task: taskIn(facts, request) };
};

const payloadIn = (words: Words): unknown => {
  if (words.body.kind === 'bytes' && words.body.bytes.byteLength === 0) return {};
  const payload = payloadOf(words);
  if ('problem' in payload) throw new Fault('bad_request', `the payload ${payload.problem}, and A2A wants JSON`);
  return payload.data;
};

const bytesIn = (body: Body): Uint8Array | undefined =>
  body.kind === 'bytes' && body.bytes.byteLength > 0 ? body.bytes : undefined;

/** An agent that is told where to push to would be sent anywhere by anybody. */
const throwIfUnfit = ({ message, configuration }: SendMessageRequest): void => {
  if (message.role !== 'ROLE_USER') throw new Fault('bad_request', '`message.role` must be ROLE_USER');
  if (configuration?.taskPushNotificationConfig !== undefined)
    throw new Fault(
      'bad_request',
      'push notifications are sent by Airspace and not by the agent; set them at its door',
    );
};

const taskIn = (facts: OperationFacts, request: unknown): string | undefined => {
  if (facts.operation === 'message') return (request as SendMessageRequest).message.taskId;
  return (request as Partial<GetTaskRequest & CancelTaskRequest>).id;
};
