/** A2A 0.3 as JSON-RPC carries it. Cards that say 0.2 are read the same way. */
import type { Struct } from '../types.ts';

export const TASK_STATES = [
  'unknown',
  'submitted',
  'working',
  'completed',
  'failed',
  'canceled',
  'input-required',
  'rejected',
  'auth-required',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

export type Part =
  | { readonly kind: 'text'; readonly text: string; readonly metadata?: Struct }
  | { readonly kind: 'file'; readonly file: File; readonly metadata?: Struct }
  | { readonly kind: 'data'; readonly data: unknown; readonly metadata?: Struct };

/** One of `bytes` (base64) and `uri` is there. */
export interface File {
  readonly bytes?: string;
  readonly uri?: string;
  readonly mimeType?: string;
  readonly name?: string;
}

export interface Message {
  readonly kind: 'message';
  readonly messageId: string;
  readonly contextId?: string;
  readonly taskId?: string;
  readonly role: 'user' | 'agent';
  readonly parts: readonly Part[];
  readonly metadata?: Struct;
  readonly extensions?: readonly string[];
  readonly referenceTaskIds?: readonly string[];
}

export interface TaskStatus {
  readonly state: TaskState;
  readonly message?: Message;
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
  readonly kind: 'task';
  readonly id: string;
  readonly contextId: string;
  readonly status: TaskStatus;
  readonly artifacts?: readonly Artifact[];
  readonly history?: readonly Message[];
  readonly metadata?: Struct;
}

export interface TaskStatusUpdateEvent {
  readonly kind: 'status-update';
  readonly taskId: string;
  readonly contextId: string;
  readonly status: TaskStatus;
  /** The stream ends with it. */
  readonly final: boolean;
  readonly metadata?: Struct;
}

export interface TaskArtifactUpdateEvent {
  readonly kind: 'artifact-update';
  readonly taskId: string;
  readonly contextId: string;
  readonly artifact: Artifact;
  readonly append?: boolean;
  readonly lastChunk?: boolean;
  readonly metadata?: Struct;
}

export type StreamEvent = Task | Message | TaskStatusUpdateEvent | TaskArtifactUpdateEvent;

export interface PushNotificationConfig {
  readonly id?: string;
  readonly url: string;
  readonly token?: string;
  readonly authentication?: { readonly schemes: readonly string[]; readonly credentials?: string };
}

export interface TaskPushNotificationConfig {
  readonly taskId: string;
  readonly pushNotificationConfig: PushNotificationConfig;
}

export interface MessageSendConfiguration {
  readonly acceptedOutputModes?: readonly string[];
  readonly blocking?: boolean;
  readonly historyLength?: number;
  readonly pushNotificationConfig?: PushNotificationConfig;
}

export interface MessageSendParams {
  readonly message: Message;
  readonly configuration?: MessageSendConfiguration;
  readonly metadata?: Struct;
}

export interface TaskQueryParams {
  readonly id: string;
  readonly historyLength?: number;
  readonly metadata?: Struct;
}

export interface PushConfigParams {
  readonly id: string;
  readonly pushNotificationConfigId?: string;
  readonly metadata?: Struct;
}

export interface AgentInterface {
  readonly url: string;
  readonly transport: string;
}

/** `type` says which of the others are there. */
export interface SecurityScheme {
  readonly type: string;
  readonly description?: string;
  readonly in?: string;
  readonly name?: string;
  readonly scheme?: string;
  readonly bearerFormat?: string;
  readonly flows?: Readonly<Record<string, OAuthFlow>>;
  readonly oauth2MetadataUrl?: string;
  readonly openIdConnectUrl?: string;
}

export interface OAuthFlow {
  readonly authorizationUrl?: string;
  readonly tokenUrl?: string;
  readonly refreshUrl?: string;
  readonly scopes?: Readonly<Record<string, string>>;
}

export interface AgentSkill {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly tags: readonly string[];
  readonly examples?: readonly string[];
  readonly inputModes?: readonly string[];
  readonly outputModes?: readonly string[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
}

export interface AgentCard {
  readonly protocolVersion: string;
  readonly name: string;
  readonly description: string;
  readonly url: string;
  readonly preferredTransport?: string;
  readonly additionalInterfaces?: readonly AgentInterface[];
  readonly provider?: { readonly url: string; readonly organization: string };
  readonly version: string;
  readonly documentationUrl?: string;
  readonly iconUrl?: string;
  readonly capabilities: {
    readonly streaming?: boolean;
    readonly pushNotifications?: boolean;
    readonly stateTransitionHistory?: boolean;
    readonly extensions?: readonly {
      readonly uri: string;
      readonly description?: string;
      readonly required?: boolean;
      readonly params?: Struct;
    }[];
  };
  readonly securitySchemes?: Readonly<Record<string, SecurityScheme>>;
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly defaultInputModes: readonly string[];
  readonly defaultOutputModes: readonly string[];
  readonly skills: readonly AgentSkill[];
  readonly supportsAuthenticatedExtendedCard?: boolean;
  readonly signatures?: readonly { readonly protected: string; readonly signature: string; readonly header?: Struct }[];
}

/** Every message by its name in the specification. */
export interface Messages {
  readonly MessageSendParams: MessageSendParams;
  readonly TaskQueryParams: TaskQueryParams;
  readonly TaskIdParams: { readonly id: string; readonly metadata?: Struct };
  readonly TaskPushNotificationConfig: TaskPushNotificationConfig;
  readonly PushConfigParams: PushConfigParams;
  readonly Message: Message;
  readonly Task: Task;
  readonly TaskStatusUpdateEvent: TaskStatusUpdateEvent;
  readonly TaskArtifactUpdateEvent: TaskArtifactUpdateEvent;
  readonly AgentCard: AgentCard;
}
