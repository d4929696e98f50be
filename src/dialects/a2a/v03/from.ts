/** A2A 0.3 said in the words of 1.0. */
import { Fault } from '../../../contract/index.ts';
import { present } from '../present.ts';
import { isObject, type Side } from '../read.ts';
import type * as V1 from '../types.ts';
import { TASK_STATES as V1_STATES } from '../types.ts';
import { type Lose, type Translated, translating } from './loss.ts';
import { WRAPPED } from './to.ts';
import type * as V03 from './types.ts';
import { TASK_STATES } from './types.ts';
import { readV03 } from './vocabulary.ts';

export const sendParamsFrom03 = (params: unknown): Translated<V1.SendMessageRequest> =>
  translating((lose) => {
    const { message, configuration, metadata } = readTold('MessageSendParams', params, lose);
    return present({
      message: messageFrom03(message, 'ask'),
      configuration: configuration && configurationFrom03(configuration, lose),
      metadata,
    });
  });

type Name = keyof V03.Messages;

const readTold = <N extends Name>(name: N, value: unknown, lose: Lose): V03.Messages[N] => {
  const { value: read, unknown } = readV03(name, value, 'ask');
  for (const path of unknown) lose(path);
  return read;
};

const configurationFrom03 = (configuration: V03.MessageSendConfiguration, lose: Lose): V1.SendMessageConfiguration =>
  present({
    acceptedOutputModes: configuration.acceptedOutputModes,
    historyLength: configuration.historyLength,
    // Who does not say waits: that is what the servers of 0.3 do.
    returnImmediately: configuration.blocking === false ? true : undefined,
    taskPushNotificationConfig:
      configuration.pushNotificationConfig && pushFrom03(configuration.pushNotificationConfig, lose),
  });

const pushFrom03 = (config: V03.PushNotificationConfig, lose: Lose): V1.TaskPushNotificationConfig => {
  const { id, url, token, authentication } = config;
  const [scheme, ...more] = authentication?.schemes ?? [];
  if (more.length > 0) lose('pushNotificationConfig.authentication.schemes');
  return present({
    id,
    url,
    token,
    authentication: scheme === undefined ? undefined : present({ scheme, credentials: authentication?.credentials }),
  });
};

/** Of `tasks/pushNotificationConfig/set`. */
export const pushConfigFrom03 = (params: unknown): Translated<V1.TaskPushNotificationConfig> =>
  translating((lose) => {
    const { taskId, pushNotificationConfig } = readTold('TaskPushNotificationConfig', params, lose);
    return { ...pushFrom03(pushNotificationConfig, lose), taskId };
  });

/** Of `get` and `delete`; without an id the only one is meant, whose id is that of the task. */
export const pushIdFrom03 = (params: unknown): Translated<V1.GetTaskPushNotificationConfigRequest> =>
  translating((lose) => {
    const { id, pushNotificationConfigId, metadata } = readTold('PushConfigParams', params, lose);
    if (hasMembers(metadata)) lose('metadata');
    return { taskId: id, id: pushNotificationConfigId ?? id };
  });

export const getFrom03 = (params: unknown): Translated<V1.GetTaskRequest> =>
  translating((lose) => {
    const { id, historyLength, metadata } = readTold('TaskQueryParams', params, lose);
    if (hasMembers(metadata)) lose('metadata');
    return present({ id, historyLength });
  });

export const cancelFrom03 = (params: unknown): Translated<V1.CancelTaskRequest> =>
  translating((lose) => {
    const { id, metadata } = readTold('TaskIdParams', params, lose);
    return present({ id, metadata });
  });

export const subscribeFrom03 = (params: unknown): Translated<V1.SubscribeToTaskRequest> =>
  translating((lose) => {
    const { id, metadata } = readTold('TaskIdParams', params, lose);
    if (hasMembers(metadata)) lose('metadata');
    return { id };
  });

const hasMembers = (metadata: V1.Struct | undefined): boolean =>
  metadata !== undefined && Object.keys(metadata).length > 0;

/** Answers, and events of streams. What an agent adds to them of its own is left out. */
export const eventFrom03 = (event: unknown, side: Side = 'answer'): V1.StreamResponse => {
  switch (kindOf(event)) {
    case 'task':
      return { task: taskIn(readV03('Task', event, side).value, side) };
    case 'message':
      return { message: messageFrom03(readV03('Message', event, side).value, side) };
    case 'status-update':
      return { statusUpdate: statusUpdateFrom03(readV03('TaskStatusUpdateEvent', event, side).value, side) };
    case 'artifact-update':
      return { artifactUpdate: artifactUpdateFrom03(readV03('TaskArtifactUpdateEvent', event, side).value, side) };
    default:
      throw wrong(side, 'is no task, message or update');
  }
};

export const taskFrom03 = (task: unknown): V1.Task => taskIn(readV03('Task', task, 'answer').value, 'answer');

/** Does the stream end with this event? */
export const isFinal03 = (event: unknown): boolean => isObject(event) && event['final'] === true;

const kindOf = (event: unknown): unknown => {
  if (!isObject(event)) return undefined;
  // Agents of 0.2 say no kind in some places.
  if (event['kind'] === undefined) return 'messageId' in event ? 'message' : 'id' in event ? 'task' : undefined;
  return event['kind'];
};

const wrong = (side: Side, problem: string): Fault =>
  side === 'ask'
    ? new Fault('bad_request', `the A2A request ${problem}`)
    : new Fault('upstream_invalid', `the A2A answer ${problem}`, { executed: 'yes' });

const messageFrom03 = (message: V03.Message, side: Side): V1.Message =>
  present({
    messageId: message.messageId,
    contextId: message.contextId,
    taskId: message.taskId,
    role: message.role === 'user' ? ('ROLE_USER' as const) : ('ROLE_AGENT' as const),
    parts: (message.parts ?? []).map((part) => partFrom03(part, side)),
    metadata: message.metadata,
    extensions: message.extensions,
    referenceTaskIds: message.referenceTaskIds,
  });

const partFrom03 = (part: V03.Part, side: Side): V1.Part => {
  const metadata = part.metadata === undefined ? {} : { metadata: part.metadata };
  if (part.kind === 'text') {
    if (typeof part.text !== 'string') throw wrong(side, 'has a text part without `text`');
    return { text: part.text, ...metadata };
  }
  if (part.kind === 'file') {
    if (part.file === undefined) throw wrong(side, 'has a file part without `file`');
    const { bytes, uri, mimeType, name } = part.file;
    return { ...present({ raw: bytes, url: uri, mediaType: mimeType, filename: name }), ...metadata };
  }
  if (part.data === undefined) throw wrong(side, 'has a data part without `data`');
  return part.metadata?.[WRAPPED] === true && isObject(part.data) && 'value' in part.data
    ? unwrapped(part.data['value'], part.metadata)
    : { data: part.data, ...metadata };
};

const unwrapped = (data: unknown, { [WRAPPED]: _, ...rest }: V1.Struct): V1.Part => ({
  data,
  ...(Object.keys(rest).length === 0 ? {} : { metadata: rest }),
});

const statusFrom03 = (status: V03.TaskStatus, side: Side): V1.TaskStatus =>
  present({
    state: V1_STATES[TASK_STATES.indexOf(status.state)] ?? ('TASK_STATE_UNSPECIFIED' as const),
    message: status.message && messageFrom03(status.message, side),
    timestamp: status.timestamp && inUtc(status.timestamp),
  });

/** 0.3 lets writers leave the zone out; 1.0 wants UTC. */
const inUtc = (time: string): string => {
  if (/z$/i.test(time)) return time;
  return new Date(/[+-]\d\d:\d\d$/.test(time) ? time : `${time}Z`).toISOString();
};

const artifactFrom03 = (artifact: V03.Artifact, side: Side): V1.Artifact =>
  present({
    artifactId: artifact.artifactId,
    name: artifact.name,
    description: artifact.description,
    parts: (artifact.parts ?? []).map((part) => partFrom03(part, side)),
    metadata: artifact.metadata,
    extensions: artifact.extensions,
  });

const taskIn = (task: V03.Task, side: Side): V1.Task =>
  present({
    id: task.id,
    contextId: task.contextId as string | undefined,
    status: statusFrom03(task.status, side),
    artifacts: task.artifacts?.map((one) => artifactFrom03(one, side)),
    history: task.history?.map((one) => messageFrom03(one, side)),
    metadata: task.metadata,
  });

const statusUpdateFrom03 = (event: V03.TaskStatusUpdateEvent, side: Side): V1.TaskStatusUpdateEvent =>
  present({
    taskId: event.taskId,
    contextId: event.contextId as string | undefined,
    status: statusFrom03(event.status, side),
    metadata: event.metadata,
  });

const artifactUpdateFrom03 = (event: V03.TaskArtifactUpdateEvent, side: Side): V1.TaskArtifactUpdateEvent =>
  present({
    taskId: event.taskId,
    contextId: event.contextId as string | undefined,
    artifact: artifactFrom03(event.artifact, side),
    append: event.append,
    lastChunk: event.lastChunk,
    metadata: event.metadata,
  });
