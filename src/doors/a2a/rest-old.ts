/** Requests over REST of 0.3, which is protobuf written as JSON: other names for the same than JSON-RPC has. */
import { sendFromProto03 } from '../../dialects/a2a/index.ts';
import { isObject } from './json.ts';

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
