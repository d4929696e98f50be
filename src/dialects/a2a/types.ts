/** A2A 1.0 as JSON: what callers write, what agents answer, and what the form `a2a` of a payload means. */

export type Struct = Readonly<Record<string, unknown>>;

export const TASK_STATES = [
  'TASK_STATE_UNSPECIFIED',
  'TASK_STATE_SUBMITTED',
  'TASK_STATE_WORKING',
  'TASK_STATE_COMPLETED',
  'TASK_STATE_FAILED',
  'TASK_STATE_CANCELED',
  'TASK_STATE_INPUT_REQUIRED',
  'TASK_STATE_REJECTED',
  'TASK_STATE_AUTH_REQUIRED',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** Nothing comes after these. */
export const isTerminal = (state: TaskState): boolean =>
  state === 'TASK_STATE_COMPLETED' ||
  state === 'TASK_STATE_FAILED' ||
  state === 'TASK_STATE_CANCELED' ||
  state === 'TASK_STATE_REJECTED';

/** The task waits for its caller. */
export const isInterrupted = (state: TaskState): boolean =>
  state === 'TASK_STATE_INPUT_REQUIRED' || state === 'TASK_STATE_AUTH_REQUIRED';

export type Role = 'ROLE_UNSPECIFIED' | 'ROLE_USER' | 'ROLE_AGENT';

/** Exactly one of `text`, `raw` (base64), `url` and `data` is there. */
export interface Part {
  readonly text?: string;
  readonly raw?: string;
  readonly url?: string;
  readonly data?: unknown;
  readonly metadata?: Struct;
  readonly filename?: string;
  readonly mediaType?: string;
}

export interface Message {
  readonly messageId: string;
  readonly contextId?: string;
  readonly taskId?: string;
  readonly role: Role;
  readonly parts: readonly Part[];
  readonly metadata?: Struct;
  readonly extensions?: readonly string[];
  readonly referenceTaskIds?: readonly string[];
}

export interface TaskStatus {
  readonly state: TaskState;
  readonly message?: Message;
  /** RFC 3339. */
  readonly timestamp?: string;
}

export interface Artifact {
  readonly artifactId: string;
  readonly name?: string;
  readonly description?: string;
  readonly parts: readonly Part[];
  readonly metadata?: Struct;
  readonly extensions?: readonly string[];
}

export interface Task {
  readonly id: string;
  readonly contextId?: string;
  readonly status: TaskStatus;
  readonly artifacts?: readonly Artifact[];
  readonly history?: readonly Message[];
  readonly metadata?: Struct;
}

export interface TaskStatusUpdateEvent {
  readonly taskId: string;
  readonly contextId?: string;
  readonly status: TaskStatus;
  readonly metadata?: Struct;
}

export interface TaskArtifactUpdateEvent {
  readonly taskId: string;
  readonly contextId?: string;
  readonly artifact: Artifact;
  readonly append?: boolean;
  readonly lastChunk?: boolean;
  readonly metadata?: Struct;
}

export interface AuthenticationInfo {
  readonly scheme: string;
  readonly credentials?: string;
}

export interface TaskPushNotificationConfig {
  readonly tenant?: string;
  readonly id?: string;
  readonly taskId?: string;
  readonly url: string;
  readonly token?: string;
  readonly authentication?: AuthenticationInfo;
}

export interface SendMessageConfiguration {
  readonly acceptedOutputModes?: readonly string[];
  readonly taskPushNotificationConfig?: TaskPushNotificationConfig;
  /** Absent: as the server likes. 0: none. */
  readonly historyLength?: number;
  readonly returnImmediately?: boolean;
}

export interface SendMessageRequest {
  readonly tenant?: string;
  readonly message: Message;
  readonly configuration?: SendMessageConfiguration;
  readonly metadata?: Struct;
}

/** One of them. */
export interface SendMessageResponse {
  readonly task?: Task;
  readonly message?: Message;
}

/** One of them. */
export interface StreamResponse extends SendMessageResponse {
  readonly statusUpdate?: TaskStatusUpdateEvent;
  readonly artifactUpdate?: TaskArtifactUpdateEvent;
}

export interface GetTaskRequest {
  readonly tenant?: string;
  readonly id: string;
  readonly historyLength?: number;
}

export interface ListTasksRequest {
  readonly tenant?: string;
  readonly contextId?: string;
  readonly status?: TaskState;
  readonly pageSize?: number;
  readonly pageToken?: string;
  readonly historyLength?: number;
  readonly statusTimestampAfter?: string;
  readonly includeArtifacts?: boolean;
}

export interface ListTasksResponse {
  readonly tasks?: readonly Task[];
  readonly nextPageToken?: string;
  readonly pageSize?: number;
  readonly totalSize?: number;
}

export interface CancelTaskRequest {
  readonly tenant?: string;
  readonly id: string;
  readonly metadata?: Struct;
}

export interface SubscribeToTaskRequest {
  readonly tenant?: string;
  readonly id: string;
}

/** Also the request that deletes one. */
export interface GetTaskPushNotificationConfigRequest {
  readonly tenant?: string;
  readonly taskId: string;
  readonly id: string;
}

export interface ListTaskPushNotificationConfigsRequest {
  readonly tenant?: string;
  readonly taskId: string;
  readonly pageSize?: number;
  readonly pageToken?: string;
}

export interface ListTaskPushNotificationConfigsResponse {
  readonly configs?: readonly TaskPushNotificationConfig[];
  readonly nextPageToken?: string;
}

export interface GetExtendedAgentCardRequest {
  readonly tenant?: string;
}

export interface AgentInterface {
  readonly url: string;
  /** `JSONRPC`, `HTTP+JSON`, `GRPC`, or a URI. */
  readonly protocolBinding: string;
  readonly tenant?: string;
  readonly protocolVersion: string;
}

export interface AgentExtension {
  readonly uri: string;
  readonly description?: string;
  readonly required?: boolean;
  readonly params?: Struct;
}

export interface AgentCapabilities {
  readonly streaming?: boolean;
  readonly pushNotifications?: boolean;
  readonly extensions?: readonly AgentExtension[];
  readonly extendedAgentCard?: boolean;
}

export interface SecurityRequirement {
  readonly schemes?: Readonly<Record<string, { readonly list?: readonly string[] }>>;
}

export interface AgentSkill {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags?: readonly string[];
  readonly examples?: readonly string[];
  readonly inputModes?: readonly string[];
  readonly outputModes?: readonly string[];
  readonly securityRequirements?: readonly SecurityRequirement[];
}

export interface AgentCardSignature {
  readonly protected: string;
  readonly signature: string;
  readonly header?: Struct;
}

interface OAuthFlow {
  readonly authorizationUrl?: string;
  readonly deviceAuthorizationUrl?: string;
  readonly tokenUrl?: string;
  readonly refreshUrl?: string;
  readonly scopes?: Readonly<Record<string, string>>;
  readonly pkceRequired?: boolean;
}

export interface OAuthFlows {
  readonly authorizationCode?: OAuthFlow;
  readonly clientCredentials?: OAuthFlow;
  readonly implicit?: OAuthFlow;
  readonly password?: OAuthFlow;
  readonly deviceCode?: OAuthFlow;
}

/** One of them. */
export interface SecurityScheme {
  readonly apiKeySecurityScheme?: { readonly description?: string; readonly location: string; readonly name: string };
  readonly httpAuthSecurityScheme?: {
    readonly description?: string;
    readonly scheme: string;
    readonly bearerFormat?: string;
  };
  readonly oauth2SecurityScheme?: {
    readonly description?: string;
    readonly flows: OAuthFlows;
    readonly oauth2MetadataUrl?: string;
  };
  readonly openIdConnectSecurityScheme?: { readonly description?: string; readonly openIdConnectUrl: string };
  readonly mtlsSecurityScheme?: { readonly description?: string };
}

export interface AgentCard {
  readonly name: string;
  readonly description: string;
  readonly supportedInterfaces: readonly AgentInterface[];
  readonly provider?: { readonly url?: string; readonly organization?: string };
  readonly version: string;
  readonly documentationUrl?: string;
  readonly capabilities: AgentCapabilities;
  readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
  readonly securityRequirements?: readonly SecurityRequirement[];
  readonly defaultInputModes?: readonly string[];
  readonly defaultOutputModes?: readonly string[];
  readonly skills?: readonly AgentSkill[];
  readonly signatures?: readonly AgentCardSignature[];
  readonly iconUrl?: string;
}

/** Every message by its name in the specification. */
export interface Messages {
  readonly SendMessageRequest: SendMessageRequest;
  readonly SendMessageResponse: SendMessageResponse;
  readonly StreamResponse: StreamResponse;
  readonly GetTaskRequest: GetTaskRequest;
  readonly Task: Task;
  readonly Message: Message;
  readonly ListTasksRequest: ListTasksRequest;
  readonly ListTasksResponse: ListTasksResponse;
  readonly CancelTaskRequest: CancelTaskRequest;
  readonly SubscribeToTaskRequest: SubscribeToTaskRequest;
  readonly TaskPushNotificationConfig: TaskPushNotificationConfig;
  readonly GetTaskPushNotificationConfigRequest: GetTaskPushNotificationConfigRequest;
  readonly DeleteTaskPushNotificationConfigRequest: GetTaskPushNotificationConfigRequest;
  readonly ListTaskPushNotificationConfigsRequest: ListTaskPushNotificationConfigsRequest;
  readonly ListTaskPushNotificationConfigsResponse: ListTaskPushNotificationConfigsResponse;
  readonly GetExtendedAgentCardRequest: GetExtendedAgentCardRequest;
  readonly AgentCard: AgentCard;
  readonly Empty: Struct;
}
