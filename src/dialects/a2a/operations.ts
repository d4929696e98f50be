/** The operations of A2A: what each is called in every version and binding, and what it takes and answers. */
import type { Messages } from './types.ts';

export interface OperationFacts {
  /** Name of the JSON-RPC and gRPC method of 1.0. */
  readonly method: string;
  readonly request: keyof Messages;
  readonly answer: keyof Messages;
  readonly isStream: boolean;
  /** The operation of Airspace that it is a call of. Empty: whoever serves A2A answers it itself. */
  readonly operation: string;
  /** JSON-RPC method of 0.3. Empty: 0.3 has none. */
  readonly method03: string;
  /** gRPC method of 0.3, and the messages that it takes and answers there. */
  readonly grpc03: string;
  readonly request03: string;
  readonly answer03: string;
  /** REST of 1.0: `{id}` and `{taskId}` are members of the request, the others are the query or the body. 0.3 has `/v1` before it. */
  readonly verb: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
}

const facts = (
  method: string,
  [request, answer]: readonly [keyof Messages, keyof Messages],
  operation: string,
  [method03, grpc03]: readonly [string, string],
  [verb, path]: readonly [OperationFacts['verb'], string],
  isStream = false,
): OperationFacts => ({
  ...{ method, request, answer, isStream, operation, method03, grpc03, verb, path },
  request03: grpc03 === '' ? '' : `${isStream && request === 'SendMessageRequest' ? 'SendMessage' : grpc03}Request`,
  answer03: answer === 'ListTaskPushNotificationConfigsResponse' ? 'ListTaskPushNotificationConfigResponse' : answer,
});

const PUSH = 'tasks/pushNotificationConfig';
const CONFIGS = '/tasks/{taskId}/pushNotificationConfigs';

export const OPERATIONS: readonly OperationFacts[] = [
  facts(
    'SendMessage',
    ['SendMessageRequest', 'SendMessageResponse'],
    'message',
    ['message/send', 'SendMessage'],
    ['POST', '/message:send'],
  ),
  facts(
    'SendStreamingMessage',
    ['SendMessageRequest', 'StreamResponse'],
    'message',
    ['message/stream', 'SendStreamingMessage'],
    ['POST', '/message:stream'],
    true,
  ),
  facts('GetTask', ['GetTaskRequest', 'Task'], 'task.get', ['tasks/get', 'GetTask'], ['GET', '/tasks/{id}']),
  facts('ListTasks', ['ListTasksRequest', 'ListTasksResponse'], 'task.list', ['', ''], ['GET', '/tasks']),
  facts(
    'CancelTask',
    ['CancelTaskRequest', 'Task'],
    'task.cancel',
    ['tasks/cancel', 'CancelTask'],
    ['POST', '/tasks/{id}:cancel'],
  ),
  facts(
    'SubscribeToTask',
    ['SubscribeToTaskRequest', 'StreamResponse'],
    'task.subscribe',
    ['tasks/resubscribe', 'TaskSubscription'],
    // The text of the specification says POST and its .proto GET; servers take both.
    ['GET', '/tasks/{id}:subscribe'],
    true,
  ),
  facts(
    'CreateTaskPushNotificationConfig',
    ['TaskPushNotificationConfig', 'TaskPushNotificationConfig'],
    '',
    [`${PUSH}/set`, 'CreateTaskPushNotificationConfig'],
    ['POST', CONFIGS],
  ),
  facts(
    'GetTaskPushNotificationConfig',
    ['GetTaskPushNotificationConfigRequest', 'TaskPushNotificationConfig'],
    '',
    [`${PUSH}/get`, 'GetTaskPushNotificationConfig'],
    ['GET', `${CONFIGS}/{id}`],
  ),
  facts(
    'ListTaskPushNotificationConfigs',
    ['ListTaskPushNotificationConfigsRequest', 'ListTaskPushNotificationConfigsResponse'],
    '',
    [`${PUSH}/list`, 'ListTaskPushNotificationConfig'],
    ['GET', CONFIGS],
  ),
  facts(
    'DeleteTaskPushNotificationConfig',
    ['DeleteTaskPushNotificationConfigRequest', 'Empty'],
    '',
    [`${PUSH}/delete`, 'DeleteTaskPushNotificationConfig'],
    ['DELETE', `${CONFIGS}/{id}`],
  ),
  facts(
    'GetExtendedAgentCard',
    ['GetExtendedAgentCardRequest', 'AgentCard'],
    'card',
    ['agent/getAuthenticatedExtendedCard', 'GetAgentCard'],
    ['GET', '/extendedAgentCard'],
  ),
];

const find = (key: 'method' | 'method03' | 'grpc03', name: string): OperationFacts | undefined =>
  name === '' ? undefined : OPERATIONS.find((facts) => facts[key] === name);

export const byMethod = (name: string): OperationFacts | undefined => find('method', name);
export const byMethod03 = (name: string): OperationFacts | undefined => find('method03', name);
export const byGrpc03 = (name: string): OperationFacts | undefined => find('grpc03', name);

/** What a call of Airspace is called here. Undefined: nothing of A2A. */
export const byOperation = (operation: string, stream: boolean): OperationFacts | undefined =>
  operation === ''
    ? undefined
    : OPERATIONS.find(
        (facts) => facts.operation === operation && (operation !== 'message' || facts.isStream === stream),
      );

export const VERSION_HEADER = 'a2a-version';
export const EXTENSIONS_HEADER = 'a2a-extensions';
/** Of 0.3. */
export const EXTENSIONS_HEADER_03 = 'x-a2a-extensions';
/** What HTTP+JSON of 1.0 is written in; `application/json` is understood as well. */
export const MEDIA_TYPE = 'application/a2a+json';
export const CARD_PATH = '/.well-known/agent-card.json';
/** Of 0.2. */
export const CARD_PATH_02 = '/.well-known/agent.json';
