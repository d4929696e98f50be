/** The messages of A2A 0.3 in JSON-RPC. Nothing of it is ever protobuf, so fields have no numbers. */
import { type Read, readAs, type Side } from '../read.ts';
import { type MessageTable, vocabularyOf } from '../table.ts';
import { type Messages, TASK_STATES } from './types.ts';

const TASKS: MessageTable = {
  Part: { kind: '0 PartKind!', text: '0 string', file: '0 File', data: '0 Value', metadata: '0 Struct' },
  File: { bytes: '0 bytes content', uri: '0 string content', mimeType: '0 string', name: '0 string' },
  Message: {
    kind: '0 string',
    messageId: '0 id!',
    contextId: '0 id',
    taskId: '0 id',
    role: '0 Role!',
    parts: '0 Part[]!',
    metadata: '0 Struct',
    extensions: '0 string[]',
    referenceTaskIds: '0 id[]',
  },
  TaskStatus: { state: '0 TaskState!', message: '0 Message', timestamp: '0 Timestamp' },
  Artifact: {
    artifactId: '0 id!',
    name: '0 string',
    description: '0 string',
    parts: '0 Part[]!',
    metadata: '0 Struct',
    extensions: '0 string[]',
  },
  Task: {
    kind: '0 string',
    id: '0 id!',
    contextId: '0 id',
    status: '0 TaskStatus!',
    artifacts: '0 Artifact[]',
    history: '0 Message[]',
    metadata: '0 Struct',
  },
  TaskStatusUpdateEvent: {
    kind: '0 string',
    taskId: '0 id!',
    contextId: '0 id',
    status: '0 TaskStatus!',
    final: '0 bool',
    metadata: '0 Struct',
  },
  TaskArtifactUpdateEvent: {
    kind: '0 string',
    taskId: '0 id!',
    contextId: '0 id',
    artifact: '0 Artifact!',
    append: '0 bool',
    lastChunk: '0 bool',
    metadata: '0 Struct',
  },
};

const PARAMS: MessageTable = {
  MessageSendParams: { message: '0 Message!', configuration: '0 MessageSendConfiguration', metadata: '0 Struct' },
  MessageSendConfiguration: {
    acceptedOutputModes: '0 string[]',
    blocking: '0 bool?',
    historyLength: '0 int32?',
    pushNotificationConfig: '0 PushNotificationConfig',
  },
  PushNotificationConfig: {
    id: '0 id',
    url: '0 string!',
    token: '0 string',
    authentication: '0 PushNotificationAuthenticationInfo',
  },
  PushNotificationAuthenticationInfo: { schemes: '0 string[]!', credentials: '0 string' },
  TaskPushNotificationConfig: { taskId: '0 id!', pushNotificationConfig: '0 PushNotificationConfig!' },
  TaskQueryParams: { id: '0 id!', historyLength: '0 int32?', metadata: '0 Struct' },
  TaskIdParams: { id: '0 id!', metadata: '0 Struct' },
  PushConfigParams: { id: '0 id!', pushNotificationConfigId: '0 id', metadata: '0 Struct' },
};

const CARDS: MessageTable = {
  AgentCard: {
    protocolVersion: '0 string',
    name: '0 string!',
    description: '0 string!',
    url: '0 string!',
    preferredTransport: '0 string',
    additionalInterfaces: '0 AgentInterface[]',
    provider: '0 AgentProvider',
    version: '0 string!',
    documentationUrl: '0 string',
    iconUrl: '0 string',
    capabilities: '0 AgentCapabilities!',
    securitySchemes: '0 map<SecurityScheme>',
    security: '0 Struct[]',
    defaultInputModes: '0 string[]!',
    defaultOutputModes: '0 string[]!',
    skills: '0 AgentSkill[]!',
    supportsAuthenticatedExtendedCard: '0 bool',
    signatures: '0 AgentCardSignature[]',
  },
  AgentInterface: { url: '0 string!', transport: '0 string!' },
  AgentProvider: { url: '0 string!', organization: '0 string!' },
  AgentCapabilities: {
    streaming: '0 bool',
    pushNotifications: '0 bool',
    stateTransitionHistory: '0 bool',
    extensions: '0 AgentExtension[]',
  },
  AgentExtension: { uri: '0 string!', description: '0 string', required: '0 bool', params: '0 Struct' },
  AgentSkill: {
    id: '0 string!',
    name: '0 string!',
    description: '0 string!',
    tags: '0 string[]!',
    examples: '0 string[]',
    inputModes: '0 string[]',
    outputModes: '0 string[]',
    security: '0 Struct[]',
  },
  AgentCardSignature: { protected: '0 string!', signature: '0 string!', header: '0 Struct' },
  SecurityScheme: {
    type: '0 string!',
    description: '0 string',
    in: '0 string',
    name: '0 string',
    scheme: '0 string',
    bearerFormat: '0 string',
    flows: '0 map<OAuthFlow>',
    oauth2MetadataUrl: '0 string',
    openIdConnectUrl: '0 string',
  },
  OAuthFlow: { authorizationUrl: '0 string', tokenUrl: '0 string', refreshUrl: '0 string', scopes: '0 map<string>' },
};

const V03 = vocabularyOf(
  { ...TASKS, ...PARAMS, ...CARDS },
  { TaskState: TASK_STATES, Role: ['', 'user', 'agent'], PartKind: ['', 'text', 'file', 'data'] },
);

export const readV03 = <N extends keyof Messages>(name: N, value: unknown, side: Side): Read<Messages[N]> =>
  readAs(V03, name, value, side) as Read<Messages[N]>;
