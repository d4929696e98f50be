/** A small agent server for Node: functions in, an endpoint that Airspace can call out. Other frameworks need none of it. */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { HEADERS, MAX_BODY_LIMIT } from '../contract/index.ts';
import { type Answer, answerOf, type Operations, problem } from './operation.ts';
import { type Registration, register } from './register.ts';
import { Seen } from './seen.ts';
import { contextOf, type Ending } from './serve-context.ts';

export { NotExecuted, type Operation, OperationError, type Operations } from './operation.ts';
export type { AgentContext, CallerInfo } from './serve-context.ts';

export interface ServeOptions {
  /** Name of the agent, as it is configured. */
  readonly name: string;
  /**
   * What it can do. An operation gets the parsed JSON payload (bytes for other content types) and its context. What it
   * returns becomes JSON, bytes become bytes, an async generator becomes a stream of events.
   */
  readonly operations: Operations;
  /** 0 takes a free one. */
  readonly port: number;
  /** Default 127.0.0.1: only nodes of Airspace should reach an agent. */
  readonly host?: string;
  /** Registers this instance and sends its heartbeat every 2 s. Absent: its address is configured. */
  readonly hub?: { readonly url: string; readonly key: string };
  /** How the hub reaches this agent. Default: the address that it listens on. */
  readonly advertise?: string;
  readonly version?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Replies remembered by idempotency key. Default 1000, the oldest is forgotten first. */
  readonly remember?: number;
  /** Errors of operations that were not meant for their caller. Default: `console.error`. */
  readonly onError?: (error: unknown, operation: string) => void;
}

export interface AgentServer {
  readonly url: string;
  /** Says that it drains, finishes what runs, and stops; what still runs after `drainMs` (default 25 s) is cut. */
  close(options?: { readonly drainMs?: number }): Promise<void>;
}

export const serveAgent = async (options: ServeOptions): Promise<AgentServer> => {
  const agent = new Agent(options);
  const server = http.createServer({ headersTimeout: 10_000, keepAliveTimeout: 65_000 }, (req, res) => {
    void agent.take(req, res);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port: options.port, host: options.host ?? '127.0.0.1' }, resolve);
  });
  const { address, family, port } = server.address() as AddressInfo;
  const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
  const registration = registrationOf(options, url);
  return {
    url,
    close: async ({ drainMs = 25_000 } = {}) => {
      agent.draining = true;
      await registration?.drain();
      await stop(server, drainMs);
      await registration?.end();
    },
  };
};

const registrationOf = (
  { hub, name, advertise, version, labels }: ServeOptions,
  url: string,
): Registration | undefined =>
  hub === undefined
    ? undefined
    : register(hub, { kind: 'agent', name, url: advertise ?? url, version: version ?? '1', labels: labels ?? {} });

const stop = async (server: http.Server, drainMs: number): Promise<void> => {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const late = setTimeout(() => server.closeAllConnections(), drainMs);
  const sweep = setInterval(() => server.closeIdleConnections(), 50);
  server.closeIdleConnections();
  await closed;
  clearTimeout(late);
  clearInterval(sweep);
};

class Agent {
  readonly #options: ServeOptions;
  readonly #seen: Seen<Answer>;
  draining = false;

  constructor(options: ServeOptions) {
    this.#options = options;
    this.#seen = new Seen(options.remember ?? 1_000);
  }

  /** Never throws. */
  async take(req: IncomingMessage, res: ServerResponse): Promise<void> {
    if (this.draining) res.shouldKeepAlive = false;
    const { context, end } = contextOf(req, res);
    try {
      await write(res, await this.#answer(req, context), context.signal);
    } catch (thrown) {
      // The caller is gone, or its payload never came: there is nobody to answer.
      if (!res.destroyed) this.#options.onError?.(thrown, req.url ?? '');
      res.destroy();
    } finally {
      end();
    }
  }

  async #answer(req: IncomingMessage, context: Ending['context']): Promise<Answer> {
    if (req.headers.origin !== undefined) return problem(403, 'agents are called by nodes, not by web pages');
    const path = req.url ?? '';
    if (path === '/healthz' && req.method === 'GET')
      return problem(this.draining ? 503 : 200, this.draining ? 'draining' : 'ok');
    const name = path.slice(1);
    const operation = Object.hasOwn(this.#options.operations, name) ? this.#options.operations[name] : undefined;
    if (operation === undefined) return problem(404, `no operation \`${name}\`; there is ${this.#names()}`);
    if (req.method !== 'POST') return problem(405, 'operations are called with POST');
    if (this.draining) return problem(503, 'this agent is stopping', [HEADERS.executed, 'no', 'retry-after', '1']);
    const body = await bodyOf(req);
    if (body === undefined) return problem(413, `the payload is larger than ${MAX_BODY_LIMIT} bytes`);
    const input = inputOf(req, body);
    if (input instanceof SyntaxError) return problem(400, 'the payload is not valid JSON');
    const run = () => answerOf(operation, input.value, context, (error) => this.#report(error, name));
    const key = req.headers[HEADERS.idempotencyKey];
    if (typeof key !== 'string') return run();
    const holder = `${context.principal.tenant}/${context.principal.kind}/${context.principal.id}`;
    const taken = await this.#seen.once(`${holder}\n${name}\n${key}`, body, run, ({ keep }) => keep);
    return taken ?? problem(422, 'this idempotency key was used with another payload');
  }

  #names(): string {
    return Object.keys(this.#options.operations)
      .map((name) => `\`${name}\``)
      .join(', ');
  }

  #report(error: unknown, operation: string): void {
    if (this.#options.onError !== undefined) this.#options.onError(error, operation);
    else console.error(`operation ${operation} failed:`, error);
  }
}

/** Undefined when it is too large. Rejects when the caller leaves before its end. */
const bodyOf = async (req: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).byteLength;
    if (size > MAX_BODY_LIMIT) return undefined;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
};

const inputOf = (req: IncomingMessage, body: Buffer): { readonly value: unknown } | SyntaxError => {
  if (body.byteLength === 0) return { value: undefined };
  if (!/^application\/([a-z0-9.+-]+\+)?json\b/i.test(req.headers['content-type'] ?? '')) return { value: body };
  try {
    return { value: JSON.parse(body.toString('utf8')) };
  } catch {
    return new SyntaxError();
  }
};

const write = async (res: ServerResponse, answer: Answer, signal: AbortSignal): Promise<void> => {
  if (!res.req.complete) res.shouldKeepAlive = false;
  const headers = ['content-type', answer.contentType, ...answer.headers];
  if (answer.events === undefined) {
    res.writeHead(answer.status, [...headers, 'content-length', String(answer.body.byteLength)]);
    res.end(answer.body);
    return;
  }
  res.writeHead(answer.status, headers);
  res.flushHeaders();
  for await (const event of answer.events) {
    if (res.destroyed) return;
    if (!res.write(event)) await drained(res, signal);
  }
  res.end();
};

const drained = (res: ServerResponse, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      res.off('drain', done);
      signal.removeEventListener('abort', done);
      resolve();
    };
    res.on('drain', done);
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });
