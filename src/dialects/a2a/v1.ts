/** The messages of A2A 1.0, as `lf.a2a.v1` numbers them. */
import { type MessageTable, vocabularyOf } from './table.ts';
import { TASK_STATES } from './types.ts';

export const SCHEMES: MessageTable = {
  SecurityScheme: {
    apiKeySecurityScheme: '1 APIKeySecurityScheme scheme',
    httpAuthSecurityScheme: '2 HTTPAuthSecurityScheme scheme',
    oauth2SecurityScheme: '3 OAuth2SecurityScheme scheme',
    openIdConnectSecurityScheme: '4 OpenIdConnectSecurityScheme scheme',
    mtlsSecurityScheme: '5 MutualTlsSecurityScheme scheme',
  },
  APIKeySecurityScheme: { description: '1 string', location: '2 string!', name: '3 string!' },
  HTTPAuthSecurityScheme: { description: '1 string', scheme: '2 string!', bearerFormat: '3 string' },
  OAuth2SecurityScheme: { description: '1 string', flows: '2 OAuthFlows!', oauth2MetadataUrl: '3 string' },
  OpenIdConnectSecurityScheme: { description: '1 string', openIdConnectUrl: '2 string!' },
  MutualTlsSecurityScheme: { description: '1 string' },
  OAuthFlows: {
    authorizationCode: '1 AuthorizationCodeOAuthFlow flow',
    clientCredentials: '2 ClientCredentialsOAuthFlow flow',
    implicit: '3 ImplicitOAuthFlow flow',
    password: '4 PasswordOAuthFlow flow',
    deviceCode: '5 DeviceCodeOAuthFlow flow',
  },
  AuthorizationCodeOAuthFlow: {
    authorizationUrl: '1 string!',
    tokenUrl: '2 string!',
    refreshUrl: '3 string',
    scopes: '4 map<string>!',
    pkceRequired: '5 bool',
  },
  ClientCredentialsOAuthFlow: { tokenUrl: '1 string!', refreshUrl: '2 string', scopes: '3 map<string>!' },
  ImplicitOAuthFlow: { authorizationUrl: '1 string', refreshUrl: '2 string', scopes: '3 map<string>' },
  PasswordOAuthFlow: { tokenUrl: '1 string', refreshUrl: '2 string', scopes: '3 map<string>' },
  DeviceCodeOAuthFlow: {
    deviceAuthorizationUrl: '1 string!',
    tokenUrl: '2 string!',
    refreshUrl: '3 string',
    scopes: '4 map<string>!',
  },
};

export const CARDS: MessageTable = {
  AgentCard: {
    name: '1 string!',
    description: '2 string!',
    supportedInterfaces: '3 AgentInterface[]!',
    provider: '4 AgentProvider',
    version: '5 string!',
    documentationUrl: '6 string?',
    capabilities: '7 AgentCapabilities!',
    securitySchemes: '8 map<SecurityScheme>',
    securityRequirements: '9 SecurityRequirement[]',
    defaultInputModes: '10 string[]!',
    defaultOutputModes: '11 string[]!',
    skills: '12 AgentSkill[]!',
    signatures: '13 AgentCardSignature[]',
    iconUrl: '14 string?',
  },
  AgentInterface: {
    url: '1 string!',
    protocolBinding: '2 string!',
    tenant: '3 string',
    protocolVersion: '4 string!',
  },
  AgentProvider: { url: '1 string!', organization: '2 string!' },
  AgentCapabilities: {
    streaming: '1 bool?',
    pushNotifications: '2 bool?',
    extensions: '3 AgentExtension[]',
    extendedAgentCard: '4 bool?',
  },
  AgentExtension: { uri: '1 string', description: '2 string', required: '3 bool', params: '4 Struct' },
  AgentSkill: {
    id: '1 string!',
    name: '2 string!',
    description: '3 string!',
    tags: '4 string[]!',
    examples: '5 string[]',
    inputModes: '6 string[]',
    outputModes: '7 string[]',
    securityRequirements: '8 SecurityRequirement[]',
  },
  AgentCardSignature: { protected: '1 string!', signature: '2 string!', header: '3 Struct' },
};

export const REQUIREMENTS: MessageTable = {
  SecurityRequirement: { schemes: '1 map<StringList>' },
  StringList: { list: '1 string[]' },
};

const TASKS: MessageTable = {
  Task: {
    id: '1 id!',
    contextId: '2 id',
    status: '3 TaskStatus!',
    artifacts: '4 Artifact[]',
    history: '5 Message[]',
    metadata: '6 Struct',
  },
  TaskStatus: { state: '1 TaskState!', message: '2 Message', timestamp: '3 Timestamp' },
  Part: {
    text: '1 string content',
    raw: '2 bytes content',
    url: '3 string content',
    data: '4 Value content',
    metadata: '5 Struct',
    filename: '6 string',
    mediaType: '7 string',
  },
  Message: {
    messageId: '1 id!',
    contextId: '2 id',
    taskId: '3 id',
    role: '4 Role!',
    parts: '5 Part[]!',
    metadata: '6 Struct',
    extensions: '7 string[]',
    referenceTaskIds: '8 id[]',
  },
  Artifact: {
    artifactId: '1 id!',
    name: '2 string',
    description: '3 string',
    parts: '4 Part[]!',
    metadata: '5 Struct',
    extensions: '6 string[]',
  },
  TaskStatusUpdateEvent: { taskId: '1 id!', contextId: '2 id', status: '3 TaskStatus!', metadata: '4 Struct' },
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
  SendMessageConfiguration: {
    acceptedOutputModes: '1 string[]',
    taskPushNotificationConfig: '2 TaskPushNotificationConfig',
    historyLength: '3 int32?',
    returnImmediately: '4 bool',
  },
  AuthenticationInfo: { scheme: '1 string!', credentials: '2 string' },
  TaskPushNotificationConfig: {
    tenant: '1 string',
    id: '2 id',
    taskId: '3 id',
    url: '4 string!',
    token: '5 string',
    authentication: '6 AuthenticationInfo',
  },
  SendMessageRequest: {
    tenant: '1 string',
    message: '2 Message!',
    configuration: '3 SendMessageConfiguration',
    metadata: '4 Struct',
  },
  GetTaskRequest: { tenant: '1 string', id: '2 id!', historyLength: '3 int32?' },
  ListTasksRequest: {
    tenant: '1 string',
    contextId: '2 id',
    status: '3 TaskState',
    pageSize: '4 int32?',
    pageToken: '5 string',
    historyLength: '6 int32?',
    statusTimestampAfter: '7 Timestamp',
    includeArtifacts: '8 bool?',
  },
  ListTasksResponse: { tasks: '1 Task[]', nextPageToken: '2 string', pageSize: '3 int32', totalSize: '4 int32' },
  CancelTaskRequest: { tenant: '1 string', id: '2 id!', metadata: '3 Struct' },
  GetTaskPushNotificationConfigRequest: { tenant: '1 string', taskId: '2 id!', id: '3 id!' },
  DeleteTaskPushNotificationConfigRequest: { tenant: '1 string', taskId: '2 id!', id: '3 id!' },
  SubscribeToTaskRequest: { tenant: '1 string', id: '2 id!' },
  ListTaskPushNotificationConfigsRequest: {
    taskId: '1 id!',
    pageSize: '2 int32',
    pageToken: '3 string',
    tenant: '4 string',
  },
  ListTaskPushNotificationConfigsResponse: { configs: '1 TaskPushNotificationConfig[]', nextPageToken: '2 string' },
  GetExtendedAgentCardRequest: { tenant: '1 string' },
  SendMessageResponse: { task: '1 Task payload', message: '2 Message payload' },
  StreamResponse: {
    task: '1 Task payload',
    message: '2 Message payload',
    statusUpdate: '3 TaskStatusUpdateEvent payload',
    artifactUpdate: '4 TaskArtifactUpdateEvent payload',
  },
  Empty: {},
};

export const V1 = vocabularyOf(
  { ...TASKS, ...REQUESTS, ...CARDS, ...SCHEMES, ...REQUIREMENTS },
  { TaskState: TASK_STATES, Role: ['ROLE_UNSPECIFIED', 'ROLE_USER', 'ROLE_AGENT'] },
);
