/** A2A 0.3 as HTTP+JSON and gRPC carry it: the messages of `a2a.v1`, which are shaped otherwise than those of JSON-RPC. */
import { Fault } from '../../../contract/index.ts';
import { present } from '../present.ts';
import { isObject, readAs, type Side } from '../read.ts';
import { type MessageTable, vocabularyOf } from '../table.ts';
import { CARDS, REQUIREMENTS, SCHEMES } from '../v1.ts';
import type * as V03 from './types.ts';
import { TASK_STATES } from './types.ts';

const STATES = TASK_STATES.map((state) =>
  state === 'unknown'
    ? 'TASK_STATE_UNSPECIFIED'
    : state === 'canceled'
      ? 'TASK_STATE_CANCELLED'
      : `TASK_STATE_${state.toUpperCase().replace('-', '_')}`,
);

const TASKS: MessageTable = {
  Task: {
    id: '1 id!',
    contextId: '2 id',
    status: '3 TaskStatus!',
    artifacts: '4 Artifact[]',
    history: '5 Message[]',
    metadata: '6 Struct',
  },
  TaskStatus: { state: '1 TaskState!', message: '2 Message =update', timestamp: '3 Timestamp' },
  Part: { text: '1 string part', file: '2 FilePart part', data: '3 DataPart part', metadata: '4 Struct' },
  FilePart: { fileWithUri: '1 string file', fileWithBytes: '2 bytes file', mimeType: '3 string', name: '4 string' },
  DataPart: { data: '1 Struct' },
  Message: {
    messageId: '1 id!',
    contextId: '2 id',
    taskId: '3 id',
    role: '4 Role!',
    content: '5 Part[]!',
    metadata: '6 Struct',
    extensions: '7 string[]',
  },
  Artifact: {
    artifactId: '1 id!',
    name: '3 string',
    description: '4 string',
    parts: '5 Part[]!',
    metadata: '6 Struct',
    extensions: '7 string[]',
  },
  TaskStatusUpdateEvent: {
    taskId: '1 id!',
    contextId: '2 id',
    status: '3 TaskStatus!',
    final: '4 bool',
    metadata: '5 Struct',
  },
  TaskArtifactUpdateEvent: {
    taskId: '1 id!',
    contextId: '2 id',
    artifact: '3 Artifact!',
    append: '4 bool',
    lastChunk: '5 bool',
    metadata: '6 Struct',
  },
};

const REQUESTS: MessageTable = {
  SendMessageRequest: {
    message: '1 Message! =request',
    configuration: '2 SendMessageConfiguration',
    metadata: '3 Struct',
  },
  SendMessageConfiguration: {
    acceptedOutputModes: '1 string[]',
    pushNotification: '2 PushNotificationConfig',
    historyLength: '3 int32',
    blocking: '4 bool',
  },
  PushNotificationConfig: { id: '1 id', url: '2 string!', token: '3 string', authentication: '4 AuthenticationInfo' },
  AuthenticationInfo: { schemes: '1 string[]', credentials: '2 string' },
  SendMessageResponse: { task: '1 Task payload', message: '2 Message =msg payload' },
  StreamResponse: {
    task: '1 Task payload',
    message: '2 Message =msg payload',
    statusUpdate: '3 TaskStatusUpdateEvent payload',
    artifactUpdate: '4 TaskArtifactUpdateEvent payload',
  },
  GetTaskRequest: { name: '1 string!', historyLength: '2 int32' },
  CancelTaskRequest: { name: '1 string!' },
  TaskSubscriptionRequest: { name: '1 string!' },
  CreateTaskPushNotificationConfigRequest: {
    parent: '1 string!',
    configId: '2 string',
    config: '3 TaskPushNotificationConfig!',
  },
  TaskPushNotificationConfig: { name: '1 string', pushNotificationConfig: '2 PushNotificationConfig!' },
  GetTaskPushNotificationConfigRequest: { name: '1 string!' },
  ListTaskPushNotificationConfigRequest: { parent: '1 string!', pageSize: '2 int32', pageToken: '3 string' },
  ListTaskPushNotificationConfigResponse: { configs: '1 TaskPushNotificationConfig[]', nextPageToken: '2 string' },
  DeleteTaskPushNotificationConfigRequest: { name: '1 string!' },
  GetAgentCardRequest: {},
  Empty: {},
};

/** Devices and PKCE came with 1.0. */
const { OAuthFlows, AuthorizationCodeOAuthFlow, DeviceCodeOAuthFlow: _, ...OTHER_SCHEMES } = SCHEMES;
const { deviceCode: __, ...FLOWS } = OAuthFlows!;
const { pkceRequired: ___, ...AUTHORIZATION_CODE } = AuthorizationCodeOAuthFlow!;

const CARD: MessageTable = {
  ...OTHER_SCHEMES,
  OAuthFlows: FLOWS,
  AuthorizationCodeOAuthFlow: AUTHORIZATION_CODE,
  ...REQUIREMENTS,
  AgentProvider: CARDS['AgentProvider']!,
  AgentExtension: CARDS['AgentExtension']!,
  AgentCardSignature: CARDS['AgentCardSignature']!,
  AgentInterface: { url: '1 string!', transport: '2 string!' },
  AgentCapabilities: { streaming: '1 bool', pushNotifications: '2 bool', extensions: '3 AgentExtension[]' },
  AgentSkill: {
    id: '1 string!',
    name: '2 string!',
    description: '3 string!',
    tags: '4 string[]!',
    examples: '5 string[]',
    inputModes: '6 string[]',
    outputModes: '7 string[]',
    security: '8 SecurityRequirement[]',
  },
  AgentCard: {
    name: '1 string!',
    description: '2 string!',
    url: '3 string!',
    provider: '4 AgentProvider',
    version: '5 string!',
    documentationUrl: '6 string',
    capabilities: '7 AgentCapabilities!',
    securitySchemes: '8 map<SecurityScheme>',
    security: '9 SecurityRequirement[]',
    defaultInputModes: '10 string[]!',
    defaultOutputModes: '11 string[]!',
    skills: '12 AgentSkill[]!',
    supportsAuthenticatedExtendedCard: '13 bool',
    preferredTransport: '14 string',
    additionalInterfaces: '15 AgentInterface[]',
    protocolVersion: '16 string',
    signatures: '17 AgentCardSignature[]',
  },
};

export const PROTO_03 = vocabularyOf(
  { ...TASKS, ...REQUESTS, ...CARD },
  { TaskState: STATES, Role: ['ROLE_UNSPECIFIED', 'ROLE_USER', 'ROLE_AGENT'] },
);

type Json = Readonly<Record<string, unknown>>;

const readProto = (name: string, value: unknown, side: Side): Json => readAs(PROTO_03, name, value, side).value as Json;

/** Throws `bad_request` for what only JSON-RPC has words for. */
export const sendToProto03 = ({ message, configuration, metadata }: V03.MessageSendParams): Json => {
  if ((message.referenceTaskIds ?? []).length > 0)
    throw new Fault(
      'bad_request',
      '`message.referenceTaskIds` cannot be said in A2A 0.3 outside JSON-RPC; leave it out',
    );
  return present({
    message: messageToProto(message),
    configuration:
      configuration &&
      present({
        acceptedOutputModes: configuration.acceptedOutputModes,
        pushNotification: configuration.pushNotificationConfig,
        historyLength: configuration.historyLength,
        blocking: configuration.blocking,
      }),
    metadata,
  });
};

export const sendFromProto03 = (request: unknown): V03.MessageSendParams => {
  const { message, configuration, metadata } = readProto('SendMessageRequest', request, 'ask');
  const config = configuration as Json | undefined;
  return present({
    message: messageFromProto(message as Json),
    configuration:
      config &&
      present({
        acceptedOutputModes: config['acceptedOutputModes'],
        pushNotificationConfig: config['pushNotification'],
        historyLength: config['historyLength'] || undefined,
        blocking: config['blocking'],
      }),
    metadata,
  }) as V03.MessageSendParams;
};

/** What a message refers to is left out, as other things are that answers of 0.3 have no words for. */
const messageToProto = (message: V03.Message): Json => {
  const { kind: _, role, parts, referenceTaskIds: __, ...rest } = message;
  return { ...rest, role: role === 'user' ? 'ROLE_USER' : 'ROLE_AGENT', content: parts.map(partToProto) };
};

const partToProto = (part: V03.Part): Json => {
  const metadata = part.metadata === undefined ? {} : { metadata: part.metadata };
  if (part.kind === 'text') return { text: part.text, ...metadata };
  if (part.kind === 'data') return { data: { data: part.data }, ...metadata };
  const { bytes, uri, mimeType, name } = part.file;
  return { file: present({ fileWithBytes: bytes, fileWithUri: uri, mimeType, name }), ...metadata };
};

const statusToProto = ({ state, message, timestamp }: V03.TaskStatus): Json =>
  present({ state: STATES[TASK_STATES.indexOf(state)], message: message && messageToProto(message), timestamp });

const artifactToProto = ({ parts, ...rest }: V03.Artifact): Json => ({ ...rest, parts: parts.map(partToProto) });

export const taskToProto03 = ({ kind: _, status, artifacts, history, ...rest }: V03.Task): Json =>
  present({
    ...rest,
    status: statusToProto(status),
    artifacts: artifacts?.map(artifactToProto),
    history: history?.map(messageToProto),
  });

/** Answers, and events of streams. */
export const eventToProto03 = (event: V03.StreamEvent): Json => {
  switch (event.kind) {
    case 'task':
      return { task: taskToProto03(event) };
    case 'message':
      return { message: messageToProto(event) };
    case 'status-update': {
      const { kind: _, status, ...rest } = event;
      return { statusUpdate: { ...rest, status: statusToProto(status) } };
    }
    default: {
      const { kind: _, artifact, ...rest } = event;
      return { artifactUpdate: { ...rest, artifact: artifactToProto(artifact) } };
    }
  }
};

export const eventFromProto03 = (event: unknown): V03.StreamEvent => {
  const { task, message, statusUpdate, artifactUpdate } = readProto('StreamResponse', event, 'answer') as Json & {
    readonly [name in 'task' | 'message' | 'statusUpdate' | 'artifactUpdate']?: Json;
  };
  if (task !== undefined) return taskIn(task);
  if (message !== undefined) return messageFromProto(message);
  const update = statusUpdate ?? artifactUpdate!;
  return (
    statusUpdate === undefined
      ? { ...update, kind: 'artifact-update', artifact: artifactFromProto(update['artifact'] as Json) }
      : { ...update, kind: 'status-update', status: statusFromProto(update['status'] as Json) }
  ) as V03.StreamEvent;
};

export const taskFromProto03 = (task: unknown): V03.Task => taskIn(readProto('Task', task, 'answer'));

const taskIn = ({ status, artifacts, history, ...rest }: Json): V03.Task =>
  present({
    ...rest,
    kind: 'task' as const,
    status: statusFromProto(status as Json),
    artifacts: (artifacts as readonly Json[] | undefined)?.map(artifactFromProto),
    history: (history as readonly Json[] | undefined)?.map(messageFromProto),
  }) as unknown as V03.Task;

const statusFromProto = ({ state, message, timestamp }: Json): V03.TaskStatus =>
  present({
    state: TASK_STATES[STATES.indexOf(state as string)] ?? ('unknown' as const),
    message: message === undefined ? undefined : messageFromProto(message as Json),
    timestamp: timestamp as string | undefined,
  });

const messageFromProto = ({ role, content, ...rest }: Json): V03.Message =>
  ({
    ...rest,
    kind: 'message',
    role: role === 'ROLE_USER' ? 'user' : 'agent',
    parts: partsFromProto(content),
  }) as unknown as V03.Message;

const artifactFromProto = (artifact: Json): V03.Artifact =>
  ({ ...artifact, parts: partsFromProto(artifact['parts']) }) as unknown as V03.Artifact;

const partsFromProto = (parts: unknown): readonly V03.Part[] => ((parts ?? []) as readonly Json[]).map(partFromProto);

const partFromProto = ({ text, file, data, metadata }: Json): V03.Part => {
  const more = metadata === undefined ? {} : { metadata };
  if (text !== undefined) return { kind: 'text', text, ...more } as V03.Part;
  if (data !== undefined) return { kind: 'data', data: (data as Json)['data'] ?? {}, ...more } as V03.Part;
  const { fileWithBytes, fileWithUri, mimeType, name } = file as Json;
  const found = { bytes: fileWithBytes, uri: fileWithUri, mimeType: mimeType || undefined, name: name || undefined };
  return { kind: 'file', file: present(found), ...more } as V03.Part;
};

/** The types of security schemes, as either shape names them. */
const TYPES: readonly (readonly [string, string])[] = [
  ['apiKey', 'apiKeySecurityScheme'],
  ['http', 'httpAuthSecurityScheme'],
  ['oauth2', 'oauth2SecurityScheme'],
  ['openIdConnect', 'openIdConnectSecurityScheme'],
  ['mutualTLS', 'mtlsSecurityScheme'],
];

export const cardFromProto03 = (card: unknown): Json => {
  const { securitySchemes, security, skills, ...rest } = readProto('AgentCard', card, 'answer');
  return present({
    ...rest,
    securitySchemes: isObject(securitySchemes) ? mapped(securitySchemes, schemeFromProto) : undefined,
    security: requirementsFromProto(security),
    skills: ((skills ?? []) as readonly Json[]).map(({ security: own, ...skill }) =>
      present({ ...skill, security: requirementsFromProto(own) }),
    ),
  });
};

export const cardToProto03 = ({ securitySchemes, security, skills, iconUrl: _, ...rest }: V03.AgentCard): Json =>
  present({
    ...rest,
    securitySchemes: securitySchemes && mapped(securitySchemes as unknown as Json, schemeToProto),
    security: requirementsToProto(security),
    skills: skills.map(({ security: own, ...skill }) => present({ ...skill, security: requirementsToProto(own) })),
  });

const mapped = (entries: Json, change: (value: Json) => Json): Json =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, change(value as Json)]));

const schemeFromProto = (scheme: Json): Json => {
  const [type, member] = TYPES.find(([, name]) => scheme[name] !== undefined) ?? ['', ''];
  const { location, ...rest } = (scheme[member] ?? {}) as Json;
  return present({ ...rest, type, in: location });
};

const schemeToProto = ({ type, in: location, ...rest }: Json): Json => {
  const member = TYPES.find(([name]) => name === type)?.[1] ?? 'mtlsSecurityScheme';
  return { [member]: present({ ...rest, location }) };
};

const requirementsFromProto = (list: unknown): readonly Json[] | undefined =>
  Array.isArray(list)
    ? list.map((requirement: Json) =>
        mapped((requirement['schemes'] ?? {}) as Json, (scopes) => (scopes['list'] ?? []) as unknown as Json),
      )
    : undefined;

const requirementsToProto = (
  list: readonly Readonly<Record<string, readonly string[]>>[] | undefined,
): readonly Json[] | undefined =>
  list?.map((requirement) => ({
    schemes: mapped(requirement as unknown as Json, (scopes) => ({ list: scopes })),
  }));
