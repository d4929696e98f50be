/**
 * An agent built with the reference SDK, unmodified, that does what the id of a message begins with: for our own requirements, and for
 * the official kit, whose prefixes it knows.
 */
import { once } from 'node:events';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AgentCard, Message, Task, TaskArtifactUpdateEvent, type TaskState, TaskStatusUpdateEvent } from '@a2a-js/sdk';
import { ContentTypeNotSupportedError } from '@a2a-js/sdk/errors';
import {
  AgentEvent,
  type AgentExecutor,
  DefaultPushNotificationSender,
  DefaultRequestHandler,
  type ExecutionEventBus,
  InMemoryPushNotificationStore,
  InMemoryTaskStore,
  type RequestContext,
} from '@a2a-js/sdk/server';
import { agentCardHandler, jsonRpcHandler, restHandler, UserBuilder } from '@a2a-js/sdk/server/express';
import { A2AService, grpcService } from '@a2a-js/sdk/server/grpc';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import express from 'express';

export interface ReferenceAgent {
  readonly url: string;
  /** `host:port`. */
  readonly grpc: string;
  /** Message ids that reached it. */
  readonly heard: readonly string[];
  readonly cancelled: readonly string[];
  /** Contexts of the messages that it heard, as it knows them. */
  readonly contexts: readonly string[];
  /** Lets tasks whose message id begins with `wait` or `test-resubscribe` go on. */
  release(): void;
  close(): Promise<void>;
}

export interface ReferenceOptions {
  /** Only 0.3 is spoken then. */
  readonly old?: boolean;
  readonly port?: number;
  readonly streaming?: boolean;
}

const TYPES = ['text/plain', 'application/json'];
const OTHERS = ['image/png', 'application/octet-stream'];

/** What a message makes it do, by the beginning of its id; the longest that fits counts. */
const PARTS: Readonly<Record<string, readonly object[]>> = {
  'tck-artifact-text': [{ text: 'Generated text content' }],
  'tck-artifact-file': [
    { raw: Buffer.from('file body').toString('base64'), filename: 'output.txt', mediaType: 'text/plain' },
  ],
  'tck-artifact-file-url': [{ url: 'https://example.com/output.txt', filename: 'output.txt', mediaType: 'text/plain' }],
  'tck-artifact-data': [{ data: { key: 'value', count: 42 } }],
  'tck-stream-artifact-text': [{ text: 'Streamed text content' }],
  'tck-stream-artifact-file': [
    { raw: Buffer.from('file body').toString('base64'), filename: 'output.txt', mediaType: 'text/plain' },
  ],
};

class Executor implements AgentExecutor {
  readonly heard: string[] = [];
  readonly contexts: string[] = [];
  readonly cancelled: string[] = [];
  readonly #contexts = new Map<string, string>();
  readonly #waiting = new Map<string, () => void>();

  release(): void {
    for (const go of this.#waiting.values()) go();
    this.#waiting.clear();
  }

  async cancelTask(taskId: string, bus: ExecutionEventBus): Promise<void> {
    this.cancelled.push(taskId);
    this.#tell(bus, taskId, 'TASK_STATE_CANCELED');
    this.#waiting.get(taskId)?.();
    bus.finished();
  }

  async execute({ taskId, contextId, userMessage, task }: RequestContext, bus: ExecutionEventBus): Promise<void> {
    const id = userMessage.messageId;
    this.heard.push(id);
    this.contexts.push(contextId);
    this.#contexts.set(taskId, contextId);
    if (userMessage.parts.some(({ mediaType }) => OTHERS.includes(mediaType)))
      throw new ContentTypeNotSupportedError('this media type is not taken');
    if (id.startsWith('tck-message-response') || id.startsWith('answer')) {
      bus.publish(AgentEvent.message(said('Direct message response', { contextId })));
      bus.finished();
      return;
    }
    const begun = { id: taskId, contextId, status: { state: 'TASK_STATE_SUBMITTED', timestamp: now() } };
    bus.publish(AgentEvent.task(task ?? Task.fromJSON({ ...begun, history: [Message.toJSON(userMessage)] })));
    await this.#work(id, taskId, task !== undefined, userMessage, bus);
    bus.finished();
  }

  async #work(id: string, taskId: string, isAgain: boolean, message: Message, bus: ExecutionEventBus): Promise<void> {
    if (id.startsWith('tck-reject-task')) return this.#tell(bus, taskId, 'TASK_STATE_REJECTED', 'rejected');
    if (id.startsWith('fail')) return this.#tell(bus, taskId, 'TASK_STATE_FAILED', 'it failed');
    if (id.startsWith('tck-input-required') && !isAgain)
      return this.#tell(bus, taskId, 'TASK_STATE_INPUT_REQUIRED', 'which one?');
    this.#tell(bus, taskId, 'TASK_STATE_WORKING');
    if (id.startsWith('test-resubscribe') || id.startsWith('wait')) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.set(taskId, resolve);
      await promise;
      if (this.cancelled.includes(taskId)) return;
    }
    this.#make(id, taskId, message, bus);
    this.#tell(bus, taskId, 'TASK_STATE_COMPLETED', 'Hello from the agent');
  }

  #make(id: string, taskId: string, message: Message, bus: ExecutionEventBus): void {
    const artifactId = `artifact-${taskId}`;
    if (id.startsWith('tck-stream-artifact-chunked')) {
      this.#give(bus, taskId, { artifactId, parts: [{ text: 'chunk-1 ' }] }, { lastChunk: false });
      this.#give(bus, taskId, { artifactId, parts: [{ text: 'chunk-2' }] }, { append: true, lastChunk: true });
      return;
    }
    const known = Object.keys(PARTS)
      .filter((prefix) => id.startsWith(prefix))
      .sort((a, b) => b.length - a.length)[0];
    const text = message.parts.map(({ content }) => (content?.$case === 'text' ? content.value : '')).join(' ');
    this.#give(bus, taskId, { artifactId, parts: known === undefined ? [{ text: `echo: ${text}` }] : PARTS[known]! });
  }

  #give(bus: ExecutionEventBus, taskId: string, artifact: object, more: object = { lastChunk: true }): void {
    const contextId = this.#contexts.get(taskId) ?? '';
    bus.publish(
      AgentEvent.artifactUpdate(
        TaskArtifactUpdateEvent.fromJSON({ taskId, contextId, artifact: { name: 'result', ...artifact }, ...more }),
      ),
    );
  }

  #tell(bus: ExecutionEventBus, taskId: string, state: keyof typeof TaskState, text?: string): void {
    const contextId = this.#contexts.get(taskId) ?? '';
    const message = text === undefined ? undefined : Message.toJSON(said(text, { taskId, contextId }));
    bus.publish(
      AgentEvent.statusUpdate(
        TaskStatusUpdateEvent.fromJSON({ taskId, contextId, status: { state, timestamp: now(), message } }),
      ),
    );
  }
}

let counted = 0;
const said = (text: string, more: object): Message =>
  Message.fromJSON({ messageId: `said-${++counted}`, role: 'ROLE_AGENT', parts: [{ text }], ...more });
const now = (): string => new Date().toISOString();

const cardAt = (url: string, grpc: string, { old = false, streaming = true }: ReferenceOptions): AgentCard => {
  const versions = old ? ['0.3'] : ['1.0', '0.3'];
  return AgentCard.fromJSON({
    name: 'reference',
    description: 'does what the id of a message begins with',
    version: '1',
    provider: { organization: 'example', url: 'https://example.com' },
    supportedInterfaces: [
      ...versions.flatMap((protocolVersion) => [
        { url: `${url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion },
        { url: `${url}/rest`, protocolBinding: 'HTTP+JSON', protocolVersion },
      ]),
      ...(old ? [] : [{ url: grpc, protocolBinding: 'GRPC', protocolVersion: '1.0' }]),
    ],
    capabilities: { streaming, pushNotifications: true, extendedAgentCard: true },
    defaultInputModes: TYPES,
    defaultOutputModes: TYPES,
    skills: [{ id: 'echo', name: 'Echo', description: 'says it again', tags: ['echo'] }],
  });
};

export const startReference = async (options: ReferenceOptions = {}): Promise<ReferenceAgent> => {
  // It tells the console of everything that it refuses.
  for (const way of ['log', 'info', 'warn', 'error'] as const) console[way] = () => {};
  const app = express();
  const http = app.listen(options.port ?? 0, '127.0.0.1') as HttpServer;
  await once(http, 'listening');
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const rpc = new Server();
  const grpcPort = await new Promise<number>((resolve, reject) =>
    rpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  );
  const grpc = `127.0.0.1:${grpcPort}`;
  const executor = new Executor();
  const card = cardAt(url, grpc, options);
  const pushes = new InMemoryPushNotificationStore();
  const requestHandler = new DefaultRequestHandler(
    card,
    new InMemoryTaskStore(),
    executor,
    undefined,
    pushes,
    new DefaultPushNotificationSender(pushes),
    async () => card,
  );
  const shared = { requestHandler, userBuilder: UserBuilder.noAuthentication, legacyCompat: { enabled: true } };
  app.use(
    '/.well-known/agent-card.json',
    agentCardHandler({ agentCardProvider: requestHandler, legacyCompat: { enabled: true } }),
  );
  app.use('/rpc', jsonRpcHandler(shared));
  app.use('/rest', restHandler(shared));
  rpc.addService(A2AService, grpcService({ requestHandler, userBuilder: UserBuilder.noAuthentication }));
  return {
    url,
    grpc,
    heard: executor.heard,
    cancelled: executor.cancelled,
    contexts: executor.contexts,
    release: () => executor.release(),
    close: async () => {
      executor.release();
      rpc.forceShutdown();
      http.closeAllConnections();
      await new Promise<void>((closed) => http.close(() => closed()));
    },
  };
};
