/** A2A 1.0 said in the words of 0.3. */
import { present } from '../present.ts';
import type * as V1 from '../types.ts';
import { isInterrupted, isTerminal, TASK_STATES as V1_STATES } from '../types.ts';
import { type Lose, type Translated, translating } from './loss.ts';
import type * as V03 from './types.ts';
import { TASK_STATES } from './types.ts';

/** Marks a data part that is no object, which 0.3 has no place for: it stands in `value`. */
export const WRAPPED = 'data_part_compat';

export const sendParamsTo03 = (request: V1.SendMessageRequest): Translated<V03.MessageSendParams> =>
  translating((lose) => {
    const { message, configuration, metadata } = request;
    if (said(request.tenant) !== undefined) lose('tenant');
    return present({
      message: messageTo03(message, 'message', lose),
      configuration: configurationTo03(configuration, lose),
      metadata,
    });
  });

/** Always said: what 0.3 does when nobody says is not the same everywhere. */
const configurationTo03 = (
  configuration: V1.SendMessageConfiguration | undefined,
  lose: Lose,
): V03.MessageSendConfiguration =>
  present({
    acceptedOutputModes: some(configuration?.acceptedOutputModes),
    blocking: configuration?.returnImmediately !== true,
    historyLength: configuration?.historyLength,
    pushNotificationConfig:
      configuration?.taskPushNotificationConfig && pushTo03(configuration.taskPushNotificationConfig, lose),
  });

const pushTo03 = (config: V1.TaskPushNotificationConfig, lose: Lose): V03.PushNotificationConfig => {
  for (const name of ['tenant', 'taskId'] as const) if (said(config[name]) !== undefined) lose(name);
  return present({
    id: config.id,
    url: config.url,
    token: said(config.token),
    authentication:
      config.authentication &&
      present({ schemes: [config.authentication.scheme], credentials: said(config.authentication.credentials) }),
  });
};

export const pushConfigTo03 = (config: V1.TaskPushNotificationConfig): V03.TaskPushNotificationConfig => ({
  taskId: config.taskId ?? '',
  pushNotificationConfig: pushTo03(config, () => {}),
});

export const messageTo03 = (message: V1.Message, path: string, lose: Lose): V03.Message => {
  if (message.role === 'ROLE_UNSPECIFIED') lose(`${path}.role`);
  return present({
    kind: 'message' as const,
    messageId: message.messageId,
    contextId: message.contextId,
    taskId: message.taskId,
    role: message.role === 'ROLE_USER' ? ('user' as const) : ('agent' as const),
    parts: message.parts.map((part, at) => partTo03(part, `${path}.parts[${at}]`, lose)),
    metadata: message.metadata,
    extensions: some(message.extensions),
    referenceTaskIds: some(message.referenceTaskIds),
  });
};

const partTo03 = (part: V1.Part, path: string, lose: Lose): V03.Part => {
  const { text, raw, url, data } = part;
  const metadata = part.metadata === undefined ? {} : { metadata: part.metadata };
  if (raw !== undefined || url !== undefined) {
    const named = { mimeType: said(part.mediaType), name: said(part.filename) };
    return { kind: 'file', file: present({ bytes: raw, uri: url, ...named }), ...metadata };
  }
  if (said(part.filename) !== undefined) lose(`${path}.filename`);
  const usual = text === undefined ? 'application/json' : 'text/plain';
  if (said(part.mediaType) !== undefined && part.mediaType !== usual) lose(`${path}.mediaType`);
  if (text !== undefined) return { kind: 'text', text, ...metadata };
  const isWhole = typeof data === 'object' && data !== null && !Array.isArray(data);
  // The mark means something to who reads it: a caller that wrote it itself would be understood otherwise.
  if (isWhole && part.metadata?.[WRAPPED] === true) lose(`${path}.metadata.${WRAPPED}`);
  if (isWhole) return { kind: 'data', data, ...metadata };
  return { kind: 'data', data: { value: data ?? null }, metadata: { ...part.metadata, [WRAPPED]: true } };
};

const statusTo03 = (status: V1.TaskStatus, path: string, lose: Lose): V03.TaskStatus =>
  present({
    state: TASK_STATES[V1_STATES.indexOf(status.state)] ?? 'unknown',
    message: status.message && messageTo03(status.message, `${path}.message`, lose),
    timestamp: status.timestamp,
  });

const artifactTo03 = (artifact: V1.Artifact, path: string, lose: Lose): V03.Artifact =>
  present({
    artifactId: artifact.artifactId,
    name: said(artifact.name),
    description: said(artifact.description),
    parts: artifact.parts.map((part, at) => partTo03(part, `${path}.parts[${at}]`, lose)),
    metadata: artifact.metadata,
    extensions: some(artifact.extensions),
  });

const taskIn03 = (task: V1.Task, path: string, lose: Lose): V03.Task =>
  present({
    kind: 'task' as const,
    id: task.id,
    contextId: task.contextId ?? '',
    status: statusTo03(task.status, `${path}.status`, lose),
    artifacts: task.artifacts?.map((one, at) => artifactTo03(one, `${path}.artifacts[${at}]`, lose)),
    history: task.history?.map((one, at) => messageTo03(one, `${path}.history[${at}]`, lose)),
    metadata: task.metadata,
  });

export const taskTo03 = (task: V1.Task): Translated<V03.Task> => translating((lose) => taskIn03(task, 'task', lose));

/** Answers, and events of streams. */
export const eventTo03 = (event: V1.StreamResponse): Translated<V03.StreamEvent> =>
  translating((lose) => {
    const { task, message, statusUpdate, artifactUpdate } = event;
    if (task !== undefined) return taskIn03(task, 'task', lose);
    if (message !== undefined) return messageTo03(message, 'message', lose);
    if (statusUpdate !== undefined) return statusUpdateTo03(statusUpdate, lose);
    return artifactUpdateTo03(artifactUpdate!, lose);
  });

const statusUpdateTo03 = (event: V1.TaskStatusUpdateEvent, lose: Lose): V03.TaskStatusUpdateEvent =>
  present({
    kind: 'status-update' as const,
    taskId: event.taskId,
    contextId: event.contextId ?? '',
    status: statusTo03(event.status, 'statusUpdate.status', lose),
    final: isTerminal(event.status.state) || isInterrupted(event.status.state),
    metadata: event.metadata,
  });

const artifactUpdateTo03 = (event: V1.TaskArtifactUpdateEvent, lose: Lose): V03.TaskArtifactUpdateEvent =>
  present({
    kind: 'artifact-update' as const,
    taskId: event.taskId,
    contextId: event.contextId ?? '',
    artifact: artifactTo03(event.artifact, 'artifactUpdate.artifact', lose),
    append: event.append,
    lastChunk: event.lastChunk,
    metadata: event.metadata,
  });

/** An empty text is none: ProtoJSON says so, and 0.3 would read it as a name. */
const said = (text: string | undefined): string | undefined => (text === '' ? undefined : text);

const some = <T>(list: readonly T[] | undefined): readonly T[] | undefined => (list?.length === 0 ? undefined : list);
