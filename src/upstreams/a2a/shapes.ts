/** Requests, answers and events of one version and binding, and what they are in A2A 1.0. */
import { Fault } from '../../contract/index.ts';
import {
  cardFrom03,
  cardFromProto03,
  eventFrom03,
  eventFromProto03,
  isFinal03,
  isObject,
  type OperationFacts,
  readV1,
  type SendMessageRequest,
  type StreamResponse,
  sendParamsTo03,
  sendToProto03,
  taskFrom03,
  taskFromProto03,
  whole,
} from '../../dialects/a2a/index.ts';
import type { Asked } from './asked.ts';
import type { Plan } from './cards.ts';
import { invalid } from './wire.ts';

export interface AgentEvent {
  readonly event: StreamResponse;
  /** 0.3 says so itself: nothing comes after it. */
  readonly isFinal: boolean;
}

export interface Shape {
  /** JSON of the request. Throws `bad_request` for what the version has no words for. */
  request(asked: Asked): unknown;
  /** Throw `upstream_invalid`. */
  answer(facts: OperationFacts, value: unknown): unknown;
  event(value: unknown): AgentEvent;
}

const V1: Shape = {
  request: ({ request }) => request,
  answer: ({ answer }, value) => readV1(answer, value, 'answer').value,
  event: (value) => ({ event: readV1('StreamResponse', value, 'answer').value, isFinal: false }),
};

const params03 = ({ facts, request }: Asked): unknown => {
  if (facts.operation !== 'message') return facts.operation === 'card' ? undefined : request;
  return whole(sendParamsTo03(request as unknown as SendMessageRequest), '1.0', '0.3');
};

const RPC_03: Shape = {
  request: params03,
  answer: ({ answer }, value) => {
    if (answer === 'AgentCard') return cardFrom03(value).value;
    return answer === 'Task' ? taskFrom03(value) : messageOrTask(eventFrom03(value));
  },
  event: (value) => ({ event: eventFrom03(value), isFinal: isFinal03(value) }),
};

const PROTO_03: Shape = {
  request: (asked) => {
    const { facts, request } = asked;
    if (facts.operation === 'message') return sendToProto03(params03(asked) as never);
    if (facts.operation === 'card') return {};
    const { id, ...rest } = request;
    if (Object.keys((rest['metadata'] ?? {}) as object).length > 0)
      throw new Fault('bad_request', '`metadata` cannot be said in A2A 0.3 outside JSON-RPC; leave it out');
    if (String(id).includes('/')) throw new Fault('bad_request', 'the id of a task of A2A 0.3 cannot have a slash');
    return { ...rest, name: `tasks/${id}` };
  },
  answer: ({ answer }, value) => {
    if (answer === 'AgentCard') return cardFrom03(cardFromProto03(value)).value;
    return answer === 'Task' ? taskFrom03(taskFromProto03(value)) : messageOrTask(eventFrom03(eventFromProto03(value)));
  },
  event: (value) => {
    const event = eventFromProto03(value);
    return { event: eventFrom03(event), isFinal: isFinal03(event) };
  },
};

export const shapeOf = ({ version, binding }: Pick<Plan, 'version' | 'binding'>): Shape => {
  if (version === '1.0') return V1;
  return binding === 'JSONRPC' ? RPC_03 : PROTO_03;
};

const messageOrTask = (event: StreamResponse): StreamResponse => {
  if (event.task === undefined && event.message === undefined)
    throw invalid('answered an update where a task or a message belongs');
  return event;
};

/** Throws `bad_request` for what the version of the agent does not have. */
export const throwIfUnknown = ({ facts }: Asked, { version }: Plan): void => {
  if (version === '0.3' && facts.method03 === '')
    throw new Fault('bad_request', `the agent speaks A2A 0.3, which has no \`${facts.method}\``);
};

/** With the tenant of the interface, where it has one. */
export const withTenant = (request: unknown, { tenant, version }: Plan): unknown =>
  tenant === '' || version !== '1.0' || !isObject(request) ? request : { ...request, tenant };
