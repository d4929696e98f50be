/** Real agents for tests: the reference of both versions, unmodified, in all bindings; and agents that answer whatever a test wants. */
import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import * as v1 from '@a2a-js/sdk';
import * as v1Server from '@a2a-js/sdk/server';
import * as v1Express from '@a2a-js/sdk/server/express';
import * as v1Grpc from '@a2a-js/sdk/server/grpc';
import * as grpc from '@grpc/grpc-js';
import type * as v03 from 'a2a-sdk-v0.3';
import * as v03Server from 'a2a-sdk-v0.3/server';
import * as v03Express from 'a2a-sdk-v0.3/server/express';
import * as v03Grpc from 'a2a-sdk-v0.3/server/grpc';

export interface Agent {
  readonly url: string;
  /** Of its gRPC, as a URL. */
  readonly grpc: string;
  /** Resolves when the agent was told to cancel the task. */
  readonly cancelled: (task: string) => Promise<void>;
  close(): Promise<void>;
}

interface App {
  use(path: string, handler: unknown): void;
}

const appOf = async (): Promise<App & http.RequestListener> => {
  const found = (await import('express' as string)) as { readonly default: () => App & http.RequestListener };
  return found.default();
};

const listen = async (app: http.RequestListener): Promise<{ url: string; close: () => Promise<void> }> => {
  const server = http.createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
};

const listenGrpc = async (service: unknown, handlers: unknown): Promise<{ url: string; close: () => void }> => {
  const server = new grpc.Server();
  server.addService(service as never, handlers as never);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return { url: `http://127.0.0.1:${port}`, close: () => server.forceShutdown() };
};

/** Signals by name, so that nobody has to look again and again. */
class Signals {
  readonly #waiting = new Map<string, { readonly promise: Promise<void>; readonly resolve: () => void }>();

  of(name: string): { readonly promise: Promise<void>; readonly resolve: () => void } {
    const known = this.#waiting.get(name);
    if (known !== undefined) return known;
    const made = Promise.withResolvers<void>();
    this.#waiting.set(name, made);
    return made;
  }
}

/** What an agent does is in the first word that it hears. */
type Step =
  | { readonly kind: 'state'; readonly state: string; readonly text?: string }
  | {
      readonly kind: 'artifact';
      readonly id: string;
      readonly part: Record<string, unknown>;
      readonly append: boolean;
    };

const state = (name: string, text?: string): Step => ({
  kind: 'state',
  state: name,
  ...(text === undefined ? {} : { text }),
});
const artifact = (id: string, part: Record<string, unknown>, append = false): Step => ({
  kind: 'artifact',
  id,
  part,
  append,
});

const stepsFor = (text: string, isKnown: boolean): readonly Step[] => {
  if (text.startsWith('ask') && !isKnown) return [state('INPUT_REQUIRED', 'which order?')];
  if (text.startsWith('chunks'))
    return [
      state('WORKING'),
      artifact('a', { text: 'one ' }),
      artifact('a', { text: 'two' }, true),
      state('COMPLETED'),
    ];
  if (text.startsWith('data')) return [artifact('a', { data: { n: [1, 'a'] } }), state('COMPLETED')];
  if (text.startsWith('file'))
    return [artifact('a', { raw: 'aGk=', mediaType: 'text/csv', filename: 'f.csv' }), state('COMPLETED')];
  if (text.startsWith('wait')) return [state('WORKING', 'busy')];
  if (text.startsWith('fail')) return [state('FAILED', 'no luck')];
  return [artifact('a', { text: `echo: ${text}` }), state('COMPLETED')];
};

const now = (): string => new Date().toISOString();

class Executor1 implements v1Server.AgentExecutor {
  readonly signals: Signals;

  constructor(signals: Signals) {
    this.signals = signals;
  }

  execute: v1Server.AgentExecutor['execute'] = async ({ taskId, contextId, userMessage, task }, bus) => {
    const [first] = userMessage.parts;
    const text = first?.content?.$case === 'text' ? first.content.value : '';
    const said = (words: string) => ({
      messageId: randomUUID(),
      role: 'ROLE_AGENT',
      taskId,
      contextId,
      parts: [{ text: words }],
    });
    if (text.startsWith('message')) {
      bus.publish(v1Server.AgentEvent.message(v1.Message.fromJSON({ ...said('just so'), taskId: '' })));
      return bus.finished();
    }
    const begun = { id: taskId, contextId, status: { state: 'TASK_STATE_SUBMITTED', timestamp: now() } };
    bus.publish(
      v1Server.AgentEvent.task(task ?? v1.Task.fromJSON({ ...begun, history: [v1.Message.toJSON(userMessage)] })),
    );
    for (const step of stepsFor(text, task !== undefined)) {
      if (step.kind === 'state') {
        const message = step.text === undefined ? undefined : said(step.text);
        const status = { state: `TASK_STATE_${step.state}`, timestamp: now(), message };
        bus.publish(v1Server.AgentEvent.statusUpdate(v1.TaskStatusUpdateEvent.fromJSON({ taskId, contextId, status })));
      } else
        bus.publish(
          v1Server.AgentEvent.artifactUpdate(
            v1.TaskArtifactUpdateEvent.fromJSON({
              taskId,
              contextId,
              artifact: { artifactId: step.id, parts: [step.part] },
              append: step.append,
            }),
          ),
        );
    }
    if (text.startsWith('wait')) await this.signals.of(taskId).promise;
    bus.finished();
  };

  cancelTask: v1Server.AgentExecutor['cancelTask'] = async (taskId, bus) => {
    const status = { state: 'TASK_STATE_CANCELED', timestamp: now() };
    bus.publish(v1Server.AgentEvent.statusUpdate(v1.TaskStatusUpdateEvent.fromJSON({ taskId, contextId: '', status })));
    this.signals.of(taskId).resolve();
    bus.finished();
  };
}

const CARD = {
  name: 'echo',
  description: 'says it again',
  version: '1',
  defaultInputModes: ['text/plain', 'application/json'],
  defaultOutputModes: ['text/plain', 'application/json'],
  skills: [{ id: 'echo', name: 'echo', description: 'says it again', tags: ['echo'] }],
};

export const agent1 = async (order: readonly string[] = ['JSONRPC', 'HTTP+JSON']): Promise<Agent> => {
  const app = await appOf();
  const { url, close } = await listen(app);
  const paths: Readonly<Record<string, string>> = { JSONRPC: `${url}/rpc`, 'HTTP+JSON': `${url}/rest` };
  const card = v1.AgentCard.fromJSON({
    ...CARD,
    supportedInterfaces: [
      ...order.map((protocolBinding) => ({ url: paths[protocolBinding], protocolBinding, protocolVersion: '1.0' })),
    ],
    capabilities: { streaming: true, extendedAgentCard: true },
  });
  const signals = new Signals();
  const requestHandler = new v1Server.DefaultRequestHandler(
    card,
    new v1Server.InMemoryTaskStore(),
    new Executor1(signals),
    undefined,
    undefined,
    undefined,
    async () => ({ ...card, description: 'for those we know' }),
  );
  const userBuilder = v1Express.UserBuilder.noAuthentication;
  app.use('/.well-known/agent-card.json', v1Express.agentCardHandler({ agentCardProvider: async () => card }));
  app.use('/rpc', v1Express.jsonRpcHandler({ requestHandler, userBuilder }));
  app.use('/rest', v1Express.restHandler({ requestHandler, userBuilder }));
  const overGrpc = await listenGrpc(
    v1Grpc.A2AService,
    v1Grpc.grpcService({ requestHandler, userBuilder: v1Grpc.UserBuilder.noAuthentication }),
  );
  // As cards name it: without a scheme, and with a port of its own.
  const address = {
    url: overGrpc.url.slice('http://'.length),
    protocolBinding: 'GRPC',
    protocolVersion: '1.0',
    tenant: '',
  };
  card.supportedInterfaces.push(address);
  return {
    url,
    grpc: overGrpc.url,
    cancelled: (task) => signals.of(task).promise,
    close: async () => {
      overGrpc.close();
      await close();
    },
  };
};

const partOf03 = ({ text, data, raw, mediaType, filename }: Record<string, unknown>): v03.Part => {
  if (typeof text === 'string') return { kind: 'text', text };
  if (data !== undefined) return { kind: 'data', data: data as Record<string, unknown> };
  return { kind: 'file', file: { bytes: raw as string, mimeType: mediaType as string, name: filename as string } };
};

class Executor03 implements v03Server.AgentExecutor {
  readonly signals: Signals;
  readonly #contexts = new Map<string, string>();

  constructor(signals: Signals) {
    this.signals = signals;
  }

  execute: v03Server.AgentExecutor['execute'] = async ({ taskId, contextId, userMessage, task }, bus) => {
    const [first] = userMessage.parts;
    const text = first?.kind === 'text' ? first.text : '';
    const said = (words: string): v03.Message => ({
      kind: 'message',
      messageId: randomUUID(),
      role: 'agent',
      contextId,
      parts: [{ kind: 'text', text: words }],
    });
    if (text.startsWith('message')) {
      bus.publish(said('just so'));
      return bus.finished();
    }
    this.#contexts.set(taskId, contextId);
    const status = { state: 'submitted' as const, timestamp: now() };
    if (task === undefined) bus.publish({ kind: 'task', id: taskId, contextId, status, history: [userMessage] });
    for (const step of stepsFor(text, task !== undefined)) {
      if (step.kind === 'artifact') {
        const made = { artifactId: step.id, parts: [partOf03(step.part)] };
        bus.publish({ kind: 'artifact-update', taskId, contextId, artifact: made, append: step.append });
        continue;
      }
      const name = step.state.toLowerCase().replace('_', '-') as v03.TaskStatusUpdateEvent['status']['state'];
      const told = step.text === undefined ? {} : { message: said(step.text) };
      bus.publish({
        kind: 'status-update',
        taskId,
        contextId,
        status: { state: name, timestamp: now(), ...told },
        final: name !== 'working',
      });
    }
    if (text.startsWith('wait')) await this.signals.of(taskId).promise;
    bus.finished();
  };

  cancelTask: v03Server.AgentExecutor['cancelTask'] = async (taskId, bus) => {
    const status = { state: 'canceled' as const, timestamp: now() };
    const contextId = this.#contexts.get(taskId) ?? '';
    bus.publish({ kind: 'status-update', taskId, contextId, status, final: true });
    this.signals.of(taskId).resolve();
    bus.finished();
  };
}

/** `says`: the version in its card. */
export const agent03 = async (preferred: 'JSONRPC' | 'HTTP+JSON' = 'JSONRPC', says = '0.3.0'): Promise<Agent> => {
  const app = await appOf();
  const { url, close } = await listen(app);
  const card = {
    ...CARD,
    protocolVersion: says,
    url: preferred === 'JSONRPC' ? `${url}/rpc` : `${url}/rest`,
    preferredTransport: preferred,
    capabilities: { streaming: true },
    supportsAuthenticatedExtendedCard: true,
  };
  const signals = new Signals();
  const requestHandler = new v03Server.DefaultRequestHandler(
    card,
    new v03Server.InMemoryTaskStore(),
    new Executor03(signals),
    undefined,
    undefined,
    undefined,
    { ...card, description: 'for those we know' },
  );
  const userBuilder = v03Express.UserBuilder.noAuthentication;
  app.use('/.well-known/agent-card.json', v03Express.agentCardHandler({ agentCardProvider: async () => card }));
  app.use('/rpc', v03Express.jsonRpcHandler({ requestHandler, userBuilder }));
  app.use('/rest', v03Express.restHandler({ requestHandler, userBuilder }));
  const overGrpc = await listenGrpc(
    v03Grpc.A2AService,
    v03Grpc.grpcService({ requestHandler, userBuilder: v03Grpc.UserBuilder.noAuthentication }),
  );
  return {
    url,
    grpc: overGrpc.url,
    cancelled: (task) => signals.of(task).promise,
    close: async () => {
      overGrpc.close();
      await close();
    },
  };
};

export interface Heard {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** An agent that answers what a test wants. */
export const agentThat = async (
  answer: (heard: Heard, response: http.ServerResponse) => void,
): Promise<{ readonly url: string; readonly heard: readonly Heard[]; close(): Promise<void> }> => {
  const heard: Heard[] = [];
  const { url, close } = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
    };
    heard.push(one);
    answer(one, response);
  });
  return { url, heard, close };
};
