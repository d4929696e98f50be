/** Requests and answers of A2A 0.3 in the words of 1.0, in which the door thinks, and back. */
import { Fault, type TaskRecord } from '../../contract/index.ts';
import {
  type AgentCard,
  cancelFrom03,
  cardTo03,
  eventTo03,
  getFrom03,
  pushConfigFrom03,
  pushConfigTo03,
  pushIdFrom03,
  type StreamResponse,
  sendParamsFrom03,
  subscribeFrom03,
  type Task,
  type TaskPushNotificationConfig,
  taskTo03,
  whole,
} from '../../dialects/a2a/index.ts';
import { isObject } from './json.ts';
import { refusal } from './refuse.ts';
import type { Version } from './version.ts';

/** Parameters of a method of 0.3, for the method of 1.0. Throws `bad_request` for what 1.0 has no words for. */
export const paramsFrom03 = (method: string, params: unknown): unknown => {
  switch (method) {
    case 'SendMessage':
    case 'SendStreamingMessage':
      return whole(sendParamsFrom03(params), '0.3', '1.0');
    case 'GetTask':
      return whole(getFrom03(params), '0.3', '1.0');
    case 'CancelTask':
      return whole(cancelFrom03(params), '0.3', '1.0');
    case 'SubscribeToTask':
      return whole(subscribeFrom03(params), '0.3', '1.0');
    case 'CreateTaskPushNotificationConfig': {
      const config = whole(pushConfigFrom03(params), '0.3', '1.0');
      // Without an id there is one for each task.
      return { ...config, id: config.id ?? config.taskId };
    }
    case 'GetTaskPushNotificationConfig':
    case 'DeleteTaskPushNotificationConfig':
      return whole(pushIdFrom03(params), '0.3', '1.0');
    case 'ListTaskPushNotificationConfigs':
      return { taskId: isObject(params) ? params['id'] : undefined };
    default:
      return {};
  }
};

export const eventIn03 = (event: StreamResponse): object => whole03(eventTo03(event));

/** What an answer has that 0.3 has no words for is left out: the task has it still, for whoever asks in 1.0. */
const whole03 = <T>({ value }: { readonly value: T }): T => value;

/** The answer to a method of 1.0, as 0.3 says it. */
export const answerIn03 = (method: string, value: object): unknown => {
  switch (method) {
    case 'SendMessage':
      return eventIn03(value as StreamResponse);
    case 'GetTask':
    case 'CancelTask':
      return whole03(taskTo03(value as Task));
    case 'CreateTaskPushNotificationConfig':
    case 'GetTaskPushNotificationConfig':
      return pushConfigTo03(value as TaskPushNotificationConfig);
    case 'ListTaskPushNotificationConfigs':
      return ((value as { readonly configs?: readonly TaskPushNotificationConfig[] }).configs ?? []).map(
        pushConfigTo03,
      );
    case 'DeleteTaskPushNotificationConfig':
      return null;
    case 'GetExtendedAgentCard':
      return cardIn03(value as AgentCard);
    default:
      throw refusal('UNSUPPORTED_OPERATION', 'A2A 0.3 has no such operation; speak 1.0');
  }
};

export const cardIn03 = (card: AgentCard): object => {
  const said = cardTo03(card);
  if (said === undefined) throw new Fault('internal', 'a card of this node has no address for 0.3');
  return said.value;
};

/** Receivers of 0.3 get the whole task; those of 1.0 what happened. */
export const saidToReceiver = (version: Version, record: TaskRecord, event: StreamResponse): object | undefined =>
  version === '1.0' ? event : whole03(taskTo03(JSON.parse(record.body) as Task));
