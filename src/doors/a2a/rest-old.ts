/** REST of 0.3, which is protobuf written as JSON: other names for the same requests and answers than JSON-RPC has. */
import {
  cardToProto03,
  eventTo03,
  eventToProto03,
  pushConfigTo03,
  type StreamResponse,
  sendFromProto03,
  type Task,
  type TaskPushNotificationConfig,
  taskTo03,
  taskToProto03,
} from '../../dialects/a2a/index.ts';
import { isObject } from './json.ts';
import { cardIn03 } from './old.ts';

type Named = Readonly<Record<string, string>>;

/** As the methods of 0.3 over JSON-RPC take it; some clients write that over REST too. */
export const paramsOfRest03 = (method: string, body: Readonly<Record<string, unknown>>, named: Named): unknown => {
  const { taskId, id } = named;
  switch (method) {
    case 'SendMessage':
    case 'SendStreamingMessage':
      return messageIn(body);
    case 'CreateTaskPushNotificationConfig':
      return { taskId, pushNotificationConfig: configIn(body) };
    case 'GetTaskPushNotificationConfig':
    case 'DeleteTaskPushNotificationConfig':
      return { id: taskId, pushNotificationConfigId: id };
    case 'ListTaskPushNotificationConfigs':
      return { id: taskId };
    default:
      return { ...body, ...named };
  }
};

const messageIn = (body: Readonly<Record<string, unknown>>): unknown => {
  const { message, request = message, ...rest } = body;
  return isObject(request) && Array.isArray(request['content']) ? sendFromProto03({ ...rest, request }) : body;
};

const configIn = (body: Readonly<Record<string, unknown>>): unknown => {
  const outer = isObject(body['config']) ? body['config'] : body;
  const config = outer['pushNotificationConfig'] ?? outer;
  if (!isObject(config)) return config;
  const { id = body['configId'], ...rest } = config;
  return id === '' || id === undefined ? rest : { ...rest, id };
};

/** What is called `msg` in protobuf is `message` when it is written as JSON. */
export const eventOfRest03 = (event: StreamResponse): object => {
  const { msg, ...rest } = eventToProto03(eventTo03(event).value);
  return msg === undefined ? rest : { message: msg };
};

/** The answer to a method of 1.0. */
export const answerOfRest03 = (method: string, value: object): unknown => {
  switch (method) {
    case 'SendMessage':
      return eventOfRest03(value as StreamResponse);
    case 'GetTask':
    case 'CancelTask':
      return taskToProto03(taskTo03(value as Task).value);
    case 'CreateTaskPushNotificationConfig':
    case 'GetTaskPushNotificationConfig':
      return pushOut(value as TaskPushNotificationConfig);
    case 'ListTaskPushNotificationConfigs':
      return {
        configs: ((value as { readonly configs?: readonly TaskPushNotificationConfig[] }).configs ?? []).map(pushOut),
        nextPageToken: '',
      };
    case 'GetExtendedAgentCard':
      return cardToProto03(cardIn03(value as never) as never);
    default:
      return {};
  }
};

const pushOut = (config: TaskPushNotificationConfig): object => {
  const { pushNotificationConfig } = pushConfigTo03(config);
  return {
    name: `tasks/${config.taskId}/pushNotificationConfigs/${config.id}`,
    pushNotificationConfig,
  };
};
