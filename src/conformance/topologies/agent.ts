/** The fixture agent: a plain HTTP server that knows nothing of Airspace and keeps its own ledger. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { lastingPort } from '../port.ts';
import type { Execution } from './deployment.ts';
import { completion } from './script.ts';

export interface FixtureAgent {
  readonly name: string;
  readonly url: string;
  /** Nobody listens at its address any more. */
  stop(): Promise<void>;
  /** Somebody does again. */
  resume(): Promise<void>;
}

type Behaviour = (
  request: { readonly body: Buffer; readonly instance: string; readonly released: Promise<void> },
  response: ServerResponse,
) => void | Promise<void>;

const echo: Behaviour = ({ body }, response) => reply(response, 200, body);

/** What differs in these is only what is said of them: who may, for how much, after whose word. */
const ECHOES =
  'echo,pay,transfer,letter,count,guarded,vault,brief,scrap,hazard,priced,unpriced,asked,noted,paused,treed,kept,spent,work,crowd';

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  ...Object.fromEntries(ECHOES.split(',').map((name) => [name, echo])),
  put: ({ body }, response) => reply(response, 201, body),
  /** Answers when it is told to. */
  wait: async ({ body, released }, response) => {
    await released;
    reply(response, 200, body);
  },
  /** Says that it did not run. */
  busy: (_, response) =>
    void response.writeHead(503, { 'airspace-executed': 'no', 'content-type': 'text/plain' }).end('not now'),
  /** Has the status that it is asked for. */
  uneven: ({ body }, response) => reply(response, Number(String(body)), body),
  /** An information point. What it knows of accounts is in their names. */
  account: ({ body }, response) => {
    const { id } = JSON.parse(String(body)) as { id: string };
    if (id === 'unknown') return reply(response, 404, '{}');
    const about = { frozen: id === 'frozen', owner: id === 'orphan' ? 'unknown' : 'ann', person: { trust: 3 } };
    reply(response, 200, JSON.stringify(about));
  },
  boom: (_, response) => reply(response, 500, '{"problem":"the agent itself failed"}'),
  /** Never answers. */
  hang: () => {},
  /** Runs, then breaks the connection before it answers. */
  break: (_, response) => void response.socket?.destroy(),
  /** Instance `a` says that it did not run; `b` does the work. */
  flaky: ({ body, instance }, response) => {
    if (instance !== 'a') return reply(response, 200, body);
    response.writeHead(503, { 'airspace-executed': 'no', 'content-type': 'text/plain' }).end('not now');
  },
  /** Promises more bytes than it sends. */
  liar: (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"half":');
    setImmediate(() => response.socket?.destroy());
  },
  stream: async (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    for (let n = 1; n <= 3; n++) {
      response.write(`event: token\ndata: {"n":${n}}\n\n`);
      await new Promise((next) => setImmediate(next));
    }
    response.end();
  },
  /** Says something every few milliseconds until nobody listens. */
  endless: (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    const timer = setInterval(() => response.write('data: still here\n\n'), 5);
    response.once('close', () => clearInterval(timer));
  },
  /** Breaks after its first event. */
  cut: (_, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: first\n\n', () => setImmediate(() => response.socket?.destroy()));
  },
};

export const OPERATIONS = Object.keys(BEHAVIOURS);

export const startAgent = async (name: string, ledger: Execution[]): Promise<FixtureAgent> => {
  const server = createServer((request, response) => void serve(name, ledger, request, response));
  const listen = (at: number): Promise<void> => new Promise((ready) => void server.listen(at, '127.0.0.1', ready));
  const port = await lastingPort();
  await listen(port);
  return {
    name,
    url: `http://127.0.0.1:${port}`,
    resume: () => listen(port),
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
};

const serve = async (
  instance: string,
  ledger: Execution[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> => {
  const operation = (request.url ?? '/').slice(1);
  if (operation === 'healthz') return reply(response, 200, 'ok');
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return; // The caller left before its request was complete: nothing ran.
  }
  const body = Buffer.concat(chunks);
  const header = (name: string): string => String(request.headers[name] ?? '');
  const dropped = new Promise<void>((left) =>
    response.on('close', () => (response.writableFinished ? undefined : left())),
  );
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  ledger.push({
    instance,
    release,
    operation,
    callId: header('airspace-call-id'),
    idempotencyKey: header('idempotency-key'),
    body: body.toString('latin1'),
    headers: Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)])),
    dropped,
  });
  const behaviour = BEHAVIOURS[operation] ?? (operation.endsWith('/chat/completions') ? completion : undefined);
  if (behaviour === undefined) return reply(response, 404, 'no such operation');
  await behaviour({ body, instance, released }, response);
};

const reply = (response: ServerResponse, status: number, body: string | Buffer): void => {
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body);
};
