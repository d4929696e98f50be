/** Requests over gRPC of 0.3, which names a task where others give its id, and says nowhere whom a request is for. */
import { Fault, HEADERS } from '../../contract/index.ts';
import { sendFromProto03 } from '../../dialects/a2a/index.ts';
import { isObject } from './json.ts';
import { type Addressed, addressIn } from './targets.ts';

type Json = Readonly<Record<string, unknown>>;

/** As the methods of 0.3 over JSON-RPC take it. `request`: what was decoded. Throws `bad_request`. */
export const paramsOfGrpc03 = (method: string, request: unknown): unknown => {
  const { name, parent, historyLength } = request as Json;
  switch (method) {
    case 'SendMessage':
    case 'SendStreamingMessage':
      return sendFromProto03(withBlocking(request as Json));
    case 'GetTask':
      return { id: taskIn('name', name), ...(historyLength === undefined ? {} : { historyLength }) };
    case 'CancelTask':
    case 'SubscribeToTask':
      return { id: taskIn('name', name) };
    case 'CreateTaskPushNotificationConfig':
      return configIn(request as Json);
    case 'GetTaskPushNotificationConfig':
    case 'DeleteTaskPushNotificationConfig':
      return pushIn(name);
    case 'ListTaskPushNotificationConfigs':
      return { id: taskIn('parent', parent) };
    default:
      return {};
  }
};

/** Whom a request is for, as the metadata says it: the messages of 0.3 have no tenant. Null: the message says, or nobody. */
export const addressedBy = (said: string | readonly string[] | undefined): Addressed => {
  if (said === undefined) return null;
  if (typeof said === 'string' && !said.includes(',')) return addressIn(said);
  throw new Fault('bad_request', `\`${HEADERS.target}\` is there twice; send it once`);
};

/** protobuf does not tell false from nothing: who says how it wants to be answered and not that it waits does not wait, who says nothing does. */
const withBlocking = (request: Json): Json =>
  isObject(request['configuration'])
    ? { ...request, configuration: { blocking: false, ...request['configuration'] } }
    : request;

const TASK = /^tasks\/([^/]{1,256})$/;
const CONFIG = /^tasks\/([^/]{1,256})\/pushNotificationConfigs\/([^/]{1,256})$/;

const taskIn = (field: string, name: unknown): string => {
  const [, id] = TASK.exec(String(name ?? '')) ?? [];
  if (id === undefined) throw new Fault('bad_request', `\`${field}\` must be such as \`tasks/<id>\``);
  return id;
};

const pushIn = (name: unknown): object => {
  const [, id, pushNotificationConfigId] = CONFIG.exec(String(name ?? '')) ?? [];
  if (id !== undefined) return { id, pushNotificationConfigId };
  throw new Fault('bad_request', '`name` must be such as `tasks/<id>/pushNotificationConfigs/<id>`');
};

const configIn = ({ parent, configId, config }: Json): object => {
  const taskId = taskIn('parent', parent);
  const { name, pushNotificationConfig } = isObject(config) ? config : {};
  if (!isObject(pushNotificationConfig))
    throw new Fault('bad_request', '`config.pushNotificationConfig` must say where');
  if (name !== undefined && !String(name).startsWith(`tasks/${taskId}/`))
    throw new Fault('bad_request', '`config.name` is of another task than `parent`');
  const { id = configId } = pushNotificationConfig;
  if (configId !== undefined && id !== configId)
    throw new Fault('bad_request', '`configId` is not the id of `config.pushNotificationConfig`');
  return { taskId, pushNotificationConfig: { ...pushNotificationConfig, ...(id === undefined ? {} : { id }) } };
};
