/** The fixture agent: a plain HTTP server that knows nothing of Airspace and keeps its own ledger. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Execution } from './deployment.ts';

export interface FixtureAgent {
  readonly name: string;
  readonly url: string;
  stop(): Promise<void>;
}

type Behaviour = (
  request: { readonly body: Buffer; readonly instance: string },
  response: ServerResponse,
) => void | Promise<void>;

const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  echo: ({ body }, response) => reply(response, 200, body),
  put: ({ body }, response) => reply(response, 201, body),
  pay: ({ body }, response) => reply(response, 200, body),
  transfer: ({ body }, response) => reply(response, 200, body),
  letter: ({ body }, response) => reply(response, 200, body),
  count: ({ body }, response) => reply(response, 200, body),
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
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return {
    name,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
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
  ledger.push({
    instance,
    operation,
    callId: header('airspace-call-id'),
    idempotencyKey: header('idempotency-key'),
    body: body.toString('latin1'),
    headers: Object.fromEntries(Object.entries(request.headers).map(([key, value]) => [key, String(value)])),
    dropped,
  });
  const behaviour = BEHAVIOURS[operation];
  if (behaviour === undefined) return reply(response, 404, 'no such operation');
  await behaviour({ body, instance }, response);
};

const reply = (response: ServerResponse, status: number, body: string | Buffer): void => {
  response
    .writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) })
    .end(body);
};
