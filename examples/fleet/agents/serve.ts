/** An agent as a process: operations by name over plain HTTP, from `--port` until SIGTERM or the end of its parent. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { type Airspace, airspaceAt, NotAnswered } from './airspace.ts';

export interface Context {
  /** Name of this process, such as `orders-a`: it shows which instance answered. */
  readonly instance: string;
  /** For calls that belong to the one that is being answered. */
  readonly airspace: Airspace;
  /** Ends when the caller is gone. */
  readonly signal: AbortSignal;
  /** The caller would like the answer as it comes. */
  readonly eventStream: boolean;
}

/** An async iterable is sent as server-sent events, anything else as JSON. */
export type Operation = (input: unknown, context: Context) => unknown;

/** The caller's fault: becomes a problem document (RFC 9457) with this status. */
export class Problem extends Error {
  readonly status: number;
  constructor(status: number, detail: string) {
    super(detail);
    this.status = status;
  }
}

/** What an operation sends as one server-sent event. */
export interface ServerEvent {
  readonly event: string;
  readonly data: unknown;
}

export const operation =
  <S extends z.ZodType>(schema: S, run: (input: z.output<S>, context: Context) => unknown): Operation =>
  (input, context) => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return run(parsed.data, context);
    const [issue] = parsed.error.issues;
    throw new Problem(400, `\`${issue?.path.join('.') || 'input'}\`: ${issue?.message.toLowerCase()}`);
  };

export interface AgentOptions {
  /** Of this process: instances of one agent differ in it. */
  readonly name: string;
  /** 0: any free one. */
  readonly port: number;
  readonly operations: Readonly<Record<string, Operation>>;
  /** Stands in front of every request but health checks. */
  readonly around?: (listener: RequestListener) => RequestListener;
}

const DEFAULT_TIMEOUT_MS = 30_000;
const MAX_BODY_BYTES = 64 * 1024;
/** How long calls in flight may take to end after SIGTERM. */
const GRACE_MS = 2_000;

/** Flags that every agent of the fleet understands, for `parseArgs`. */
export const FLAGS = { port: { type: 'string', default: '0' }, name: { type: 'string' } } as const;

export const readFlags = (defaultName: string): { readonly name: string; readonly port: number } => {
  const { name = defaultName, port } = parseArgs({ options: FLAGS }).values;
  return { name, port: Number(port) };
};

/** Prints `listening on http://127.0.0.1:PORT` once it can be called. */
export const runAgent = async (options: AgentOptions): Promise<void> => {
  const { name, port, operations, around = (listener) => listener } = options;
  const inner = around((request, response) => void answer(name, operations, request, response));
  const server = createServer((request, response) => {
    if (request.url === '/healthz') response.writeHead(200, { 'content-type': 'text/plain' }).end('ok\n');
    else inner(request, response);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  endWith(server);
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
};

const endWith = (server: Server): void => {
  const end = (): void => {
    server.close(() => process.exit(0));
    server.closeIdleConnections();
    setTimeout(() => process.exit(0), GRACE_MS);
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
  process.once('disconnect', end); // whoever started it through IPC is gone
};

const answer = async (
  instance: string,
  operations: AgentOptions['operations'],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    const run = operationOf(operations, request);
    const context = contextOf(instance, request, gone.signal);
    const reply = await run(await readJson(request), context);
    if (isStream(reply)) await sendEvents(response, reply);
    else send(response, 200, 'application/json', reply);
  } catch (thrown) {
    if (!gone.signal.aborted) fail(response, thrown);
  }
};

const operationOf = (operations: AgentOptions['operations'], { method, url = '/' }: IncomingMessage): Operation => {
  const name = url.slice(1);
  const found = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (found === undefined)
    throw new Problem(404, `there is no operation \`${name}\`; there are ${Object.keys(operations).join(', ')}`);
  if (method !== 'POST') throw new Problem(405, `send POST /${name} with the input as JSON`);
  return found;
};

const header = ({ headers }: IncomingMessage, name: string): string => String(headers[name] ?? '');

const contextOf = (instance: string, request: IncomingMessage, signal: AbortSignal): Context => {
  const endsAtMs = performance.now() + (Number(header(request, 'airspace-timeout-ms')) || DEFAULT_TIMEOUT_MS);
  const passed = ['traceparent', 'airspace-session'].map((name) => [name, header(request, name)] as const);
  return {
    instance,
    signal,
    eventStream: header(request, 'accept').includes('text/event-stream'),
    airspace: airspaceAt({
      url: process.env['AIRSPACE_URL'] ?? '',
      key: process.env['AIRSPACE_KEY'] ?? '',
      signal,
      headers: Object.fromEntries(passed.filter(([, value]) => value !== '')),
      remainingMs: () => endsAtMs - performance.now(),
    }),
  };
};

const readJson = async (request: IncomingMessage): Promise<unknown> => {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk); // the rest is read and dropped, so that the caller hears the 413
  }
  if (size > MAX_BODY_BYTES) throw new Problem(413, `the input may have ${MAX_BODY_BYTES} bytes, this has ${size}`);
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new Problem(400, 'the input must be JSON');
  }
};

const isStream = (reply: unknown): reply is AsyncIterable<ServerEvent> =>
  typeof reply === 'object' && reply !== null && Symbol.asyncIterator in reply;

const sendEvents = async (response: ServerResponse, events: AsyncIterable<ServerEvent>): Promise<void> => {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  for await (const { event, data } of events) {
    if (response.destroyed) return;
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }
  response.end();
};

const send = (response: ServerResponse, status: number, type: string, body: unknown): void => {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(text) }).end(text);
};

const fail = (response: ServerResponse, thrown: unknown): void => {
  if (response.headersSent) return void response.destroy();
  const { status, detail } = problemOf(thrown);
  send(response, status, 'application/problem+json', { type: 'about:blank', status, detail });
};

/** What was not answered to us is not the fault of our caller, so it is no 4xx of ours. */
const problemOf = (thrown: unknown): { readonly status: number; readonly detail: string } => {
  if (thrown instanceof Problem) return { status: thrown.status, detail: thrown.message };
  if (thrown instanceof NotAnswered) return { status: 502, detail: thrown.message };
  console.error(thrown);
  return { status: 500, detail: 'the agent failed; its log says why' };
};
