/** Answers of 0.3 in the shapes of `a2a.v1`: gRPC carries them as protobuf, and REST as the JSON of that. */
import {
  cardToProto03,
  eventTo03,
  eventToProto03,
  pushConfigTo03,
  type StreamResponse,
  type Task,
  type TaskPushNotificationConfig,
  taskTo03,
  taskToProto03,
} from '../../dialects/a2a/index.ts';
import { cardIn03 } from './old.ts';

export const eventInProto03 = (event: StreamResponse): object => eventToProto03(eventTo03(event).value);

/** The answer to a method of 1.0. */
export const answerInProto03 = (method: string, value: object): object => {
  switch (method) {
    case 'SendMessage':
      return eventInProto03(value as StreamResponse);
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
